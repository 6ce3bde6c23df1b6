import CBenchmarkLimit
import HTTPMessages
import JOSE
import OAuthResourceServer
import Synchronization
import TokenVerification
import WireFormat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Measures requests with tokens that are bound to a key (DPoP), in process and on one thread, against the two
/// signature checks that such a request needs in libcrypto; and the store that remembers used proofs.
struct ProofBenchmark {
    let rounds: Int
    let judgements: Judgements

    private let mint: TokenMint
    private let key: SigningKey
    private let bound: [UInt8]
    private let bearer: [UInt8]

    private struct Unusable: Error {}

    init(rounds: Int, _ judgements: Judgements) throws {
        self.rounds = rounds
        self.judgements = judgements
        mint = try TokenMint(.es256)
        key = try SigningKey.generate(.es256, keyID: nil)
        let jwk = try JSONWebKey(JSONDocument(parsing: JSONValue.object(key.publicJWK).encoded()).root)
        let confirmation = #""cnf":{"jkt":"\#(jwk.thumbprint)"},"#
        bound = try mint.token(claims: "{" + confirmation + mint.claims().dropFirst())
        bearer = try mint.token()
    }

    /// Runs on a thread of the pool. There is no suspension, so that it stays on this thread.
    @concurrent
    func run() async throws {
        try await requests()
        try await proofs()
        try await store()
    }

    // MARK: Requests

    private func requests() async throws {
        let proof = try proof(0)
        let limits = (try limit(mint.key, bound), try limit(key, Array(proof.utf8)))
        // A proof is good once. A run that needs more of them ends with a wrong result. A turn of 2 ms needs about 15.
        let each = rounds * 40 + 4_000
        let timings = try await PairedRun([
            .init("limit: the two signature checks in libcrypto alone") { count in
                min(limits.0.verify(LIMIT_KEPT, count), limits.1.verify(LIMIT_KEPT, count))
            },
            .init("limit: one of them") { limits.1.verify(LIMIT_KEPT, $0) },
            variant("bare handler", ClosureHandler { _ in .text("Hello, world!") }, try bearerRequests()),
            variant("Bearer, remembered token", try guarded(.standard), try bearerRequests()),
            variant("Bearer, token verified each time", try guarded(.off), try bearerRequests()),
            variant("DPoP, remembered token", try guarded(.standard), try boundRequests(0, each)),
            variant("DPoP, token verified each time", try guarded(.off), try boundRequests(1, each)),
            variant(
                "DPoP with nonces, token verified each time", try guarded(.off, nonces: true),
                try boundRequests(2, each, nonces: true)),
        ]).measure(rounds: rounds)
        var table = TextTable(["ES256 token and ES256 proof", "of the two checks", "µs", "requests/s"])
        for timing in timings {
            table.append([
                timing.name, (1 / timing.speed).percent, (timing.nanoseconds / 1_000).written(decimals: 2),
                (1_000_000_000 / timing.nanoseconds).written(decimals: 0),
            ])
        }
        print(table.text)
        let ratio = 1 / timings[6].speed
        judgements.add("DPoP-bound request: ≤ 1.15 × its two signature checks", ratio <= 1.15, ratio.percent)
    }

    private func limit(_ key: SigningKey, _ token: [UInt8]) throws -> LibcryptoLimit {
        guard let limit = LibcryptoLimit(jwk: key.publicJWK, token: token) else { throw Unusable() }
        return limit
    }

    private static let nonces = try? DPoPNonces(current: [UInt8](repeating: 7, count: 32))

    private func guarded(_ caching: TokenCaching, nonces: Bool = false) throws -> any HTTPHandler {
        var policy = JWTPolicy(issuer: mint.issuer, resource: TokenWorkload.resource)
        policy.confirmations = [.dpop]
        let verifier = try JWTTokenVerifier(
            [.init(try JWTValidation(policy), keys: StaticKeySource(try mint.keys()))], caching: caching, clock: clock)
        var configuration = ResourceServerConfiguration(resource: TokenWorkload.resource, requiredScopes: ["mcp:use"])
        configuration.metadata.authorizationServers = [TokenWorkload.issuer]
        configuration.dpop.mode = .optional
        configuration.dpop.clock = clock
        if nonces, let keys = Self.nonces { configuration.dpop.nonces = .required(keys) }
        return try ResourceServer(configuration, verifier: verifier).protecting { _, _ in .text("Hello, world!") }
    }

    /// A clock that costs as much as the system's clock, and stands near the time at which the tokens are valid.
    private var clock: WallClock {
        let difference = TokenWorkload.now - WallClock.system.now()
        return WallClock { WallClock.system.now() + difference }
    }

    private func variant(_ name: String, _ handler: any HTTPHandler, _ requests: [HTTPRequest]) -> PairedRun.Variant {
        let turn = Turn()
        return PairedRun.Variant(name) { count in
            var right = 0
            for _ in 0..<count {
                let response = try? await handler.respond(to: requests[turn.next % requests.count])
                turn.next += 1
                if response?.status == .ok { right += 1 }
            }
            return right
        }
    }

    private final class Turn {
        var next = 0
    }

    private func bearerRequests() throws -> [HTTPRequest] { [try request("Bearer ", bearer, proof: nil)] }

    private func boundRequests(_ series: Int, _ count: Int, nonces: Bool = false) throws -> [HTTPRequest] {
        let nonce = nonces ? Self.nonces?.make(now: TokenWorkload.now) : nil
        return try (0..<count).map { number in
            try request("DPoP ", bound, proof: proof(series * 1_000_000 + number, nonce: nonce))
        }
    }

    private func request(_ scheme: String, _ token: [UInt8], proof: String?) throws -> HTTPRequest {
        guard let target = HTTPRequest.Target("/mcp") else { throw Unusable() }
        var fields = HTTPFields()
        fields.append(.host, "mcp.example.com")
        fields.append(.accept, "application/json, text/event-stream")
        fields.append(.authorization, HTTPFields.Value(validated: Array(scheme.utf8) + token))
        if let proof { fields.append(.dpop, HTTPFields.Value(validated: Array(proof.utf8))) }
        fields.append(.contentType, "application/json")
        fields.append(.contentLength, "58")
        return HTTPRequest(
            method: .post, target: target, fields: fields,
            body: HTTPRequest.Body(Array(#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#.utf8)))
    }

    private func proof(_ number: Int, nonce: String? = nil) throws -> String {
        var jwk = key.publicJWK
        (jwk["use"], jwk["alg"]) = (nil, nil)
        let header: JSONValue = ["typ": "dpop+jwt", "alg": "ES256", "jwk": .object(jwk)]
        var claims: JSONDocument.Object = [
            "jti": .string("e1j3V_bKic8-\(number)"), "htm": "POST", "htu": .string(TokenWorkload.resource),
            "iat": 1_800_000_000, "ath": .string(Base64URL.encode(Digest.sha256(bound))),
        ]
        claims["nonce"] = nonce.map { .string($0) }
        let input = [header, .object(claims)].map { Base64URL.encode($0.encoded()) }.joined(separator: ".")
        return input + "." + Base64URL.encode(try key.sign(Array(input.utf8)))
    }

    // MARK: Proofs

    /// The parts of the verification of a proof, and the import of its key, which the verifier saves by keeping keys.
    private func proofs() async throws {
        let bytes = Array(try proof(0).utf8)
        let parse = { try SelfSignedJWT(parsing: bytes, type: "dpop+jwt", algorithms: [.es256], limit: 8_192) }
        let parsed = try parse()
        let key = try parsed.importKey()
        let server = try AbsoluteURL(parsing: TokenWorkload.resource)
        let target = (server: server, value: DPoPTarget(server))
        let timings = try await PairedRun([
            .init("the signature") { count in repeated(count) { (try? parsed.verify(with: key)) != nil } },
            .init("parsing and thumbprint") { count in repeated(count) { (try? parse()) != nil } },
            .init("import of the key") { count in repeated(count) { (try? parsed.importKey()) != nil } },
            .init("target of the request") { count in
                repeated(count) { DPoPTarget(server: target.server, path: "/mcp") == target.value }
            },
        ]).measure(rounds: max(1, rounds / 4))
        var table = TextTable(["a proof of \(bytes.count) bytes", "of the signature", "µs"])
        for timing in timings {
            table.append([
                timing.name, (1 / timing.speed).percent, (timing.nanoseconds / 1_000).written(decimals: 2),
            ])
        }
        print(table.text)
    }

    // MARK: The store

    /// Fills a store with a million identifiers, and goes on at the same number while old ones expire.
    private func store() async throws {
        let live = 1_000_000
        let seconds = ManualSeconds()
        let store = InMemoryReplayStore(
            capacity: 2 * live, clock: MonotonicClock { .milliseconds(seconds.milliseconds) })
        let before = residentBytes()
        // 301 seconds of lifetime at this rate are a million live identifiers.
        let filling = await insert(0..<live, into: store, seconds, perSecond: live / 301)
        let after = residentBytes()
        let steady = await insert(live..<(2 * live), into: store, seconds, perSecond: live / 301)
        var table = TextTable(["in-memory store", "median, ns", "p99, ns", "p99.9, ns", "largest, µs"])
        for (name, times) in [("filling to 1,000,000", filling), ("at 1,000,000 live", steady)] {
            func quantile(_ part: Double) -> Double { times[min(times.count - 1, Int(Double(times.count) * part))] }
            table.append([
                name, quantile(0.5).written(decimals: 0), quantile(0.99).written(decimals: 0),
                quantile(0.999).written(decimals: 0), ((times.last ?? 0) / 1_000).written(decimals: 0),
            ])
        }
        print(table.text)
        let each = Double(after - before) / Double(live)
        let grown = Double(residentBytes() - before) / Double(live)
        print(
            "resident bytes for each live identifier: \(each.written(decimals: 0)) after filling, "
                + "\(grown.written(decimals: 0)) after another million\n")
    }

    /// A clock of the benchmark.
    private final class ManualSeconds: Sendable {
        private let value = Atomic<Int>(0)
        var milliseconds: Int { value.load(ordering: .relaxed) }
        func set(_ milliseconds: Int) { value.store(milliseconds, ordering: .relaxed) }
    }

    /// The times of the insertions in nanoseconds of CPU time, sorted.
    private func insert(
        _ numbers: Range<Int>, into store: InMemoryReplayStore, _ seconds: ManualSeconds, perSecond: Int
    ) async -> [Double] {
        var times: [Double] = []
        times.reserveCapacity(numbers.count)
        for number in numbers {
            seconds.set(number * 1_000 / perSecond)
            let identifier = ReplayIdentifier(.dpopProof, owner: "owner", id: "e1j3V_bKic8-\(number)")
            let start = limit_thread_cpu_time()
            let verdict = try? await store.record(identifier, for: .seconds(301))
            times.append(Double(limit_thread_cpu_time() - start))
            guard verdict == .first else { return [] }
        }
        return times.sorted()
    }

    /// The resident memory of this process; 0 where the system does not tell it.
    private func residentBytes() -> Int {
        guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
        defer { _ = unsafe fclose(file) }
        var text = [CChar](repeating: 0, count: 256)
        guard unsafe fgets(&text, 255, file) != nil else { return 0 }
        let words = text.prefix { $0 != 0 }.split(separator: 0x20)
        let digits = words.count > 1 ? String(decoding: words[1].map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
        return (Int(digits) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
