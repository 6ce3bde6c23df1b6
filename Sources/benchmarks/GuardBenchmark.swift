import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import TokenVerification
import WireFormat

/// Measures what the guard adds to a handler, in process: without sockets, on one thread.
struct GuardBenchmark {
    let rounds: Int

    private let rs256: TokenMint
    private let es256: TokenMint

    init(rounds: Int) throws {
        self.rounds = rounds
        rs256 = try TokenMint(.rs256)
        es256 = try TokenMint(.es256)
    }

    /// Runs on a thread of the pool. There is no suspension, so that it stays on this thread.
    @concurrent
    func run() async throws {
        try await cacheHit()
        try await threads()
        try await overTheHandler()
        try await issuers()
    }

    /// Workloads for a profiler: each repeats one operation and measures nothing.
    enum Single: String {
        /// Hashing a token.
        case hash
        /// Verifying a token whose verdict is cached.
        case verdict
        /// A request with a token whose verdict is cached.
        case request
    }

    @concurrent
    func run(_ single: Single, count: Int) async throws {
        let token = try rs256.token()
        let right: Int
        switch single {
        case .hash: right = repeated(count) { SHA256Digest(of: token).prefix != 0 }
        case .verdict: right = await verify(token, try verifier([rs256]), count)
        case .request: right = await (try handler("", try guarded([rs256]), token: token)).run(count)
        }
        print("\(right) of \(count) as expected")
    }

    // MARK: A cached verdict

    private func cacheHit() async throws {
        let token = try rs256.token()
        let verifier = try verifier([rs256])
        let full = try await self.verifier([rs256]).filled(with: rs256, 10_000)
        let timings = try await PairedRun([
            .init("SHA-256 of the token") { count in repeated(count) { SHA256Digest(of: token).prefix != 0 } },
            .init("hash, and a remembered verdict") { count in await verify(token, verifier, count) },
            .init("the same among 10,000, each in turn") { count in await full.verify(count) },
        ]).measure(rounds: rounds)
        var table = TextTable(["RS256, \(token.count) bytes", "of the hash", "beyond it, ns", "ns"])
        for timing in timings {
            table.append([
                timing.name, (1 / timing.speed).percent,
                (timing.nanoseconds - timings[0].nanoseconds).written(decimals: 0),
                timing.nanoseconds.written(decimals: 0),
            ])
        }
        print(table.text)
        let ratio = 1 / timings[1].speed
        judge("a remembered verdict costs 1.3 times the hash of its token or less", ratio <= 1.3, ratio.percent)
    }

    private func threads() async throws {
        let token = try rs256.token()
        let verifier = try verifier([rs256])
        _ = await verify(token, verifier, 1)
        let scalings = await ThreadScaling.measure(
            [
                .init(name: "one token") { _, count in
                    repeated(count) { verifier.rememberedToken(PresentedToken(token)) != nil }
                },
                .init(name: "SHA-256 of it alone") { _, count in
                    repeated(count) { SHA256Digest(of: token).prefix != 0 }
                },
            ], rounds: rounds)
        var table = TextTable(["remembered verdict, two threads", "of one thread", "turns that count"])
        for scaling in scalings {
            table.append([scaling.name, scaling.ratio.written(decimals: 2), "\(scaling.turns)"])
        }
        print(table.text)
    }

    // MARK: The guard

    private func overTheHandler() async throws {
        let bare = ClosureHandler { _ in .text("Hello, world!") }
        let pass = try StaticPass()
        let timings = try await PairedRun([
            handler("bare handler", bare, token: try rs256.token()),
            handler("guard, remembered token", try guarded([rs256]), token: try rs256.token()),
            handler(
                "the same, with an observer", try guarded([rs256], observer: { _ in }), token: try rs256.token()),
            handler("guard, static token (the last of 10)", try guarded(pass.verifier), token: pass.token),
            handler("guard, no token: 401", try guarded([rs256]), token: nil, expecting: .unauthorized),
            handler("guard, ES256 verified each time", try guarded([es256], caching: .off), token: try es256.token()),
            handler("guard, RS256 verified each time", try guarded([rs256], caching: .off), token: try rs256.token()),
        ]).measure(rounds: rounds)
        var table = TextTable(["in process", "beyond the bare handler, µs", "µs"])
        for timing in timings {
            table.append([
                timing.name, ((timing.nanoseconds - timings[0].nanoseconds) / 1_000).written(decimals: 2),
                (timing.nanoseconds / 1_000).written(decimals: 2),
            ])
        }
        print(table.text)
        let cost = (timings[1].nanoseconds - timings[0].nanoseconds) / 1_000
        judge("the guard with a remembered token costs 2 µs or less", cost <= 2, "\(cost.written(decimals: 2)) µs")
    }

    private func issuers() async throws {
        let mints = try (0..<100).map { try TokenMint(.es256, issuer: "https://login-\($0).example.com/realms/main") }
        var variants: [PairedRun.Variant] = []
        for count in [1, 10, 100] {
            let some = Array(mints.suffix(count))
            let token = try mints[99].token()
            let remembering = try verifier(some)
            let forgetting = try verifier(some, caching: .off)
            variants.append(.init("\(count), remembered") { await verify(token, remembering, $0) })
            variants.append(.init("\(count), verified each time") { await verify(token, forgetting, $0) })
        }
        let timings = try await PairedRun(variants).measure(rounds: rounds / 2)
        var table = TextTable(["issuers (ES256, the last one's token)", "of one issuer's", "ns"])
        for (index, timing) in timings.enumerated() {
            table.append([
                timing.name, (timing.nanoseconds / timings[index % 2].nanoseconds).percent,
                timing.nanoseconds.written(decimals: 0),
            ])
        }
        print(table.text)
        let ratios = [4, 5].map { timings[$0].nanoseconds / timings[$0 - 4].nanoseconds }
        judge(
            "flat from 1 to 100 issuers", ratios.allSatisfy { $0 < 1.05 },
            ratios.map(\.percent).joined(separator: ", "))
    }

    // MARK: Parts

    /// A clock that costs as much as the system's clock, and shows a time at which the tokens are valid.
    private var clock: WallClock {
        let difference = TokenWorkload.now - WallClock.system.now()
        return WallClock { WallClock.system.now() + difference }
    }

    private func verifier(_ mints: [TokenMint], caching: TokenCaching = .standard) throws -> JWTTokenVerifier {
        try JWTTokenVerifier(
            mints.map { .init($0.validation, keys: StaticKeySource(try $0.keys())) }, caching: caching, clock: clock)
    }

    private func guarded(
        _ mints: [TokenMint], caching: TokenCaching = .standard, observer: ResourceServerEvent.Observer? = nil
    ) throws -> any HTTPHandler {
        try guarded(verifier(mints, caching: caching), observer: observer)
    }

    private func guarded(_ verifier: any TokenVerifier, observer: ResourceServerEvent.Observer? = nil) throws
        -> any HTTPHandler
    {
        var configuration = ResourceServerConfiguration(
            resource: TokenWorkload.resource, requiredScopes: ["mcp:use"])
        configuration.metadata.authorizationServers = [TokenWorkload.issuer]
        return try ResourceServer(configuration, verifier: verifier, observer: observer).protecting { _, _ in
            .text("Hello, world!")
        }
    }

    private func handler(
        _ name: String, _ handler: any HTTPHandler, token: [UInt8]?, expecting status: HTTPStatus = .ok
    ) throws -> PairedRun.Variant {
        guard let target = HTTPRequest.Target("/mcp") else { throw UnusableRequest() }
        var fields = HTTPFields()
        fields.append(.host, "mcp.example.com")
        fields.append(.accept, "application/json, text/event-stream")
        if let token { fields.append(.authorization, HTTPFields.Value(validated: Array("Bearer ".utf8) + token)) }
        fields.append(.contentType, "application/json")
        fields.append(.mcpProtocolVersion, "2025-11-25")
        fields.append(.contentLength, "58")
        let request = HTTPRequest(
            method: .post, target: target, fields: fields,
            body: HTTPRequest.Body(Array(#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#.utf8)))
        return PairedRun.Variant(name) { count in
            var right = 0
            for _ in 0..<count {
                let response = try? await handler.respond(to: request)
                if response?.status == status { right += 1 }
            }
            return right
        }
    }

    private struct UnusableRequest: Error {}

    private func judge(_ goal: String, _ isMet: Bool, _ measured: String) {
        print("\(isMet ? "MET    " : "NOT MET") goal: \(goal) (\(measured))\n")
    }
}

/// Verifies a token `count` times from its bytes. Returns how many times it was good.
private func verify(_ token: [UInt8], _ verifier: any TokenVerifier, _ count: Int) async -> Int {
    var good = 0
    for _ in 0..<count where (try? await verifier.verify(PresentedToken(token))) != nil { good += 1 }
    return good
}

/// A verifier with many cached tokens, which are presented in turn.
private final class FullMemory {
    private let verifier: JWTTokenVerifier
    private let tokens: [[UInt8]]
    private var next = 0

    init(_ verifier: JWTTokenVerifier, _ tokens: [[UInt8]]) {
        self.verifier = verifier
        self.tokens = tokens
    }

    func verify(_ count: Int) async -> Int {
        var good = 0
        for _ in 0..<count {
            next = (next + 1) % tokens.count
            if (try? await verifier.verify(PresentedToken(tokens[next]))) != nil { good += 1 }
        }
        return good
    }
}

extension JWTTokenVerifier {
    fileprivate func filled(with mint: TokenMint, _ count: Int) async throws -> FullMemory {
        let claims = mint.claims()
        let tokens = try (0..<count).map { number in
            try mint.token(claims: claims.replacing("f0a1b2c3d4e5f607", with: "f0a1b2c3\(10_000_000 + number)"))
        }
        let memory = FullMemory(self, tokens)
        _ = await memory.verify(count)
        return memory
    }
}

/// A pass over ten static tokens, of which the last is presented.
private struct StaticPass {
    let verifier: StaticTokenVerifier
    let token: [UInt8]

    struct NoToken: Error {}

    init() throws {
        let scopes = ScopeSet(keepingValid: ["mcp:use"])
        let passes = (0..<10).compactMap { StaticToken(name: "n\($0)", scopes: scopes) }
        guard let last = passes.last else { throw NoToken() }
        token = Array(last.text.utf8)
        let lines = passes.map(\.line).joined(separator: "\n")
        verifier = StaticTokenVerifier(try StaticTokenList(parsing: Array(lines.utf8)))
    }
}
