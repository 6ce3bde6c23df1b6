import HTTPMessages
import JOSE
import OAuthResourceServer
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

@Suite("The guard and proofs", .timeLimit(.minutes(5)))
struct ProofGuardTests {
    private final class Clock: Sendable {
        private let time = Mutex(GuardUnderTest.now)
        var now: Double { time.withLock { $0 } }
        func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
    }

    // MARK: Replay

    @Test("RFC 9449 §11.1: a proof is good once, also when the verdict on its token is remembered")
    func replay() async throws {
        let guarded = try ProofGuard(.required)
        let first = ProofRequest()
        var second = ProofRequest(first.token)
        second.fields = [second.proof.signed()]
        #expect(try await guarded.answer(first) == .passed())
        #expect(try await guarded.answer(second) == .passed())
        #expect(try await guarded.answer(second) == .invalidProof)
        #expect(guarded.takeCodes() == ["dpop_replayed"])
        // A new signature of the same identifier is the same proof.
        var again = ProofRequest(first.token)
        again.proof.claims["jti"] = second.proof.claims["jti"]
        #expect(try await guarded.answer(again) == .invalidProof)
        // The remembered verdict does not replace the proof.
        var bare = first
        bare.fields = []
        #expect(try await guarded.answer(bare) == .invalidProof)
        bare.scheme = "Bearer"
        #expect(try await guarded.answer(bare) == .invalidTokenByProof)
        #expect(guarded.takeCodes() == ["dpop_replayed", "dpop_missing", "dpop_bound_token_as_bearer"])
    }

    @Test("A replay after the window is refused because of its age")
    func replayLater() async throws {
        let clock = Clock()
        let guarded = try ProofGuard(.required, clock: WallClock { clock.now })
        var request = ProofRequest()
        request.fields = [request.proof.signed()]
        #expect(try await guarded.answer(request) == .passed())
        clock.advance(301)
        #expect(try await guarded.answer(request) == .invalidProof)
        #expect(guarded.takeCodes() == ["dpop_iat_not_recent"])
    }

    @Test("Of 64 concurrent requests with one proof, exactly one is accepted")
    func concurrentReplay() async throws {
        let guarded = try ProofGuard(.required)
        var request = ProofRequest()
        request.fields = [request.proof.signed()]
        let answers = try await withThrowingTaskGroup(of: RowAnswer.self) { group in
            for _ in 0..<64 { group.addTask { [request] in try await guarded.answer(request) } }
            return try await group.reduce(into: [RowAnswer]()) { $0.append($1) }
        }
        #expect(answers.count == 64)
        #expect(answers.count(where: { $0 == .passed() }) == 1)
        #expect(answers.count(where: { $0 == .invalidProof }) == 63)
        #expect(guarded.takeCodes() == [String](repeating: "dpop_replayed", count: 63))
    }

    @Test(
        "A store that cannot decide: 503 with a wait and without a challenge, and the reason for the operator",
        arguments: [
            (ReplayStoreError.full, 10, "dpop_replay_store_full"),
            (.unavailable, 1, "dpop_replay_store_unavailable"),
        ] as [(ReplayStoreError, Int, String)])
    func store(error: ReplayStoreError, retryAfter: Int, code: String) async throws {
        let guarded = try ProofGuard(.optional) { $0.dpop.replayStore = .store(BrokenStore(error: error)) }
        #expect(try await guarded.answer(ProofRequest()) == .unavailable(retryAfter: retryAfter))
        #expect(guarded.takeCodes() == [code])
        // A request that the store is not asked about is not affected.
        var bearer = ProofRequest(GuardUnderTest.issuer.token())
        bearer.scheme = "Bearer"
        #expect(try await guarded.answer(bearer) == .passed())
    }

    private struct BrokenStore: ReplayStore {
        let error: ReplayStoreError

        func record(
            _ identifier: ReplayIdentifier, for lifetime: Duration
        ) async throws(ReplayStoreError) -> ReplayVerdict { throw error }
    }

    @Test("Two guards with one store accept a proof once; each with its own store accepts it once each")
    func sharedStore() async throws {
        let store = InMemoryReplayStore()
        var request = ProofRequest()
        request.fields = [request.proof.signed()]
        let one = try ProofGuard(.required) { $0.dpop.replayStore = .store(store) }
        let other = try ProofGuard(.required) { $0.dpop.replayStore = .store(store) }
        #expect(try await one.answer(request) == .passed())
        #expect(try await other.answer(request) == .invalidProof)
        #expect(try await ProofGuard(.required).answer(request) == .passed())
    }

    // MARK: Nonces

    /// An answer without its nonce, and the nonce.
    private static func parted(_ answer: RowAnswer) -> (answer: RowAnswer, nonce: String?) {
        let name = "DPoP-Nonce: "
        let nonces = answer.lines.filter { $0.hasPrefix(name) }
        let rest = RowAnswer(answer.status, answer.lines.filter { !$0.hasPrefix(name) }, answer.body)
        return (rest, nonces.count == 1 ? String(nonces[0].dropFirst(name.count)) : nil)
    }

    @Test("RFC 9449 §8 and §9: a proof needs a nonce, each challenge has one, and a success refreshes one that is old")
    func nonces() async throws {
        let clock = Clock()
        let (first, second) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
        let current = try DPoPNonces(current: second, previous: first)
        let guarded = try ProofGuard(.required, clock: WallClock { clock.now }) { $0.dpop.nonces = .required(current) }
        func answer(_ nonce: JSONValue?) async throws -> (answer: RowAnswer, nonce: String?) {
            var request = ProofRequest()
            request.proof.claims["nonce"] = nonce
            request.proof.claims["iat"] = .number(JSONDocument.Number(Int64(clock.now)))
            return try await Self.parted(guarded.answer(request))
        }
        let missing = try await answer(nil)
        #expect(missing.answer == .useNonce)
        let nonce = try #require(missing.nonce)
        let good = try await answer(.string(nonce))
        #expect(good.answer == .passed() && good.nonce == nil)
        for bad in ["", 1, .null, .string(DPoPNonces().make(now: clock.now))] as [JSONValue] {
            let refused = try await answer(bad)
            #expect(refused.answer == .useNonce && refused.nonce != nil)
        }
        #expect(guarded.takeCodes() == [String](repeating: "dpop_nonce", count: 5))
        // The key before: still good, and replaced.
        let old = try await answer(.string(DPoPNonces(current: first).make(now: clock.now)))
        #expect(old.answer == .passed())
        #expect(try current.admits(#require(old.nonce), now: clock.now))
        // Near its end.
        clock.advance(151)
        let late = try await answer(.string(nonce))
        #expect(late.answer == .passed())
        let refreshed = try #require(late.nonce)
        clock.advance(150)
        let expired = try await answer(.string(nonce))
        #expect(expired.answer == .useNonce)
        #expect(try await answer(.string(refreshed)).answer == .passed())
        // A challenge about something else has a nonce too.
        let bare = try await Self.parted(RowPaths(guarded: guarded.guarded).inProcess(RowRequest()))
        #expect(bare.answer.status == 401 && bare.nonce != nil)
    }

    @Test("A nonce is not put into a response that a cache may store")
    func nonceOfCacheableResponse() async throws {
        let nonces = try DPoPNonces(current: [UInt8](repeating: 1, count: 32))
        let guarded = try ProofGuard(.required) { $0.dpop.nonces = .required(nonces) }
        var request = ProofRequest()
        let old = nonces.make(now: GuardUnderTest.now - 200)
        request.target = "/mcp/own"
        request.proof.claims["htu"] = "https://mcp.example/mcp/own"
        request.proof.claims["nonce"] = .string(old)
        let answer = try await guarded.answer(request)
        #expect(answer.lines == ["Cache-Control: private, max-age=5"])
    }

    @Test("An allowed page may read the challenge and the nonce, and may send proofs")
    func pages() async throws {
        let guarded = try ProofGuard(.required) {
            $0.dpop.nonces = .required(DPoPNonces())
            $0.browsers.allowedOrigins = ["https://app.example"]
        }
        var request = ProofRequest()
        request.lines = [("Origin", "https://app.example")]
        let answer = try await guarded.answer(request)
        #expect(answer.status == 401)
        #expect(answer.lines.contains("Access-Control-Expose-Headers: WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce"))
        #expect(answer.lines.contains("Access-Control-Allow-Origin: https://app.example"))
        let preflight = try await RowPaths(guarded: guarded.guarded).inProcess(
            RowRequest("OPTIONS", "/mcp", ("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST")))
        #expect(preflight.status == 204)
        #expect(preflight.lines.contains { $0.hasPrefix("Access-Control-Allow-Headers: ") && $0.contains(" DPoP,") })
    }

    // MARK: What is advertised

    @Test(
        "RFC 9728 §2: the metadata says which proofs are accepted and whether they are required",
        arguments: [
            (ResourceServerConfiguration.DPoP.Mode.off, nil, nil), (.optional, ["ES256", "EdDSA"], nil),
            (.required, ["ES256", "EdDSA"], true),
        ] as [(ResourceServerConfiguration.DPoP.Mode, [String]?, Bool?)])
    func metadata(mode: ResourceServerConfiguration.DPoP.Mode, algorithms: [String]?, isRequired: Bool?) async throws {
        let guarded = try ProofGuard(mode) {
            $0.dpop.algorithms = [.es256, .edDSA]
            // What the program describes does not count.
            $0.metadata.describe = {
                $0.dpopSigningAlgorithms = ["RS1"]
                $0.dpopBoundAccessTokensRequired = false
            }
        }
        let answer = try await RowPaths(guarded: guarded.guarded).inProcess(
            RowRequest("GET", "/.well-known/oauth-protected-resource/mcp"))
        let document = try JSONDocument(parsing: Array(answer.body.utf8)).root.value.object
        let names = algorithms.map { JSONValue.array($0.map { name in JSONValue.string(name) }) }
        #expect(document?["dpop_signing_alg_values_supported"] == names)
        #expect(document?["dpop_bound_access_tokens_required"] == isRequired.map { JSONValue.bool($0) })
        guard mode != .off else { return }
        // An algorithm that is not accepted.
        let request = ProofRequest(ProofRequest.boundToken(to: Self.rsaKey), by: Self.rsaKey)
        #expect(try await guarded.answer(request).status == 401)
        #expect(guarded.takeCodes() == ["dpop_alg_not_allowed"])
    }

    private static let rsaKey = DPoPKey(.rs256, clock: WallClock { GuardUnderTest.now })

    // MARK: Other settings

    @Test("A public path needs no proof; an optional one needs it for a token that is sent")
    func routes() async throws {
        let guarded = try ProofGuard(.required) {
            $0.requirements.routes = [.init("/health", .public), .init("/page", .optional)]
        }
        let paths = RowPaths(guarded: guarded.guarded)
        #expect(try await paths.inProcess(RowRequest("GET", "/health")).status == 200)
        #expect(try await paths.inProcess(RowRequest("GET", "/page")).status == 200)
        func page(_ edit: (inout ProofRequest) -> Void) async throws -> RowAnswer {
            var request = ProofRequest()
            request.target = "/page"
            request.proof.claims["htu"] = "https://mcp.example/page"
            edit(&request)
            return try await guarded.answer(request)
        }
        #expect(try await page { _ in } == .passed())
        #expect(try await page { $0.fields = [] }.status == 401)
        #expect(try await page { $0.scheme = "Bearer" }.status == 401)
        #expect(guarded.takeCodes() == ["dpop_missing", "dpop_bound_token_as_bearer"])
        var open = ProofRequest()
        open.target = "/health"
        open.fields = ["garbage"]
        #expect(try await guarded.answer(open).status == 200)
    }

    @Test("Shadow mode reports a bad proof, and lets the request through anonymously")
    func shadow() async throws {
        let guarded = try ProofGuard(.required) { $0.mode = .shadow }
        #expect(try await guarded.answer(ProofRequest()) == .passed())
        var request = ProofRequest()
        request.fields = []
        #expect(try await guarded.answer(request) == .passed("nobody"))
        request.scheme = "Bearer"
        #expect(try await guarded.answer(request) == .passed("nobody"))
        #expect(guarded.takeCodes() == ["dpop_missing", "dpop_bound_token_as_bearer"])
    }

    @Test("The token of a verifier of the program is judged by its cnf all the same, and refused while DPoP is off")
    func ownVerifier() async throws {
        for (mode, code) in [
            (.off, "cnf_unsatisfied"), (.required, "dpop_missing"),
        ] as [(ResourceServerConfiguration.DPoP.Mode, String)] {
            let cnf = #"{"jkt":"\#(DPoPKey.client.thumbprint)"}"#
            let server = try Self.server(mode, verifier: Claims(cnf: cnf))
            #expect(try await Self.refusal(server, mode == .off ? "Bearer x" : "DPoP x")?.code == code)
        }
        for cnf in ["null", "{}", "1", #"{"jkt":"x"}"#, #"{"kid":"x"}"#] {
            let server = try Self.server(.off, verifier: Claims(cnf: cnf))
            #expect(try await Self.refusal(server, "Bearer x")?.code == "cnf_unsatisfied")
        }
        let unbound = try Self.server(.off, verifier: Claims(cnf: nil))
        #expect(try await Self.refusal(unbound, "Bearer x") == nil)
    }

    private struct Claims: TokenVerifier {
        let cnf: String?

        func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
            let text = #"{"sub":"a","scope":"mcp:use"\#(cnf.map { #","cnf":\#($0)"# } ?? "")}"#
            guard let claims = try? JSONDocument(parsing: Array(text.utf8)) else { throw .invalid(.syntax) }
            return AccessToken(issuer: nil, expiresAt: nil, claims: claims)
        }
    }

    private final class Refusals: Sendable {
        let last = Mutex<ResourceServer.Refusal?>(nil)
    }

    private static func server(
        _ mode: ResourceServerConfiguration.DPoP.Mode, verifier: any TokenVerifier
    ) throws -> (ResourceServer, Refusals) {
        let refusals = Refusals()
        var configuration = ResourceServerConfiguration(resource: GuardUnderTest.resource, requiredScopes: ["mcp:use"])
        configuration.metadata.authorizationServers = ["https://issuer.example"]
        configuration.dpop.mode = mode
        let server = try ResourceServer(configuration, verifier: verifier) { event in
            if case .denied(let refusal, _) = event { refusals.last.withLock { $0 = refusal } }
        }
        return (server, refusals)
    }

    private static func refusal(
        _ guarded: (server: ResourceServer, refusals: Refusals), _ authorization: String
    ) async throws -> ResourceServer.Refusal? {
        var fields = HTTPFields()
        fields.append(.authorization, try #require(HTTPFields.Value(authorization)))
        let target: HTTPRequest.Target = "/mcp"
        switch await guarded.server.decide(method: .post, target: target, fields: fields) {
        case .proceed: return nil
        case .respond: return guarded.refusals.last.withLock { $0 }
        }
    }

    @Test("The principal says how its token is bound")
    func principal() async throws {
        let bindings = Mutex<[Set<KeyConfirmation.Method>]>([])
        var configuration = ResourceServerConfiguration(resource: GuardUnderTest.resource, requiredScopes: ["mcp:use"])
        configuration.dpop.mode = .optional
        configuration.clocks.wall = WallClock { GuardUnderTest.now }
        var policy = JWTPolicy(issuer: GuardUnderTest.issuer.url, resource: GuardUnderTest.resource)
        policy.confirmations = [.dpop]
        let verifier = try JWTTokenVerifier(
            [.init(try JWTValidation(policy), keys: GuardUnderTest.issuer.keySource)],
            clock: WallClock { GuardUnderTest.now })
        let handler = try ResourceServer(configuration, verifier: verifier).protecting { _, principal in
            bindings.withLock { $0.append(principal.bindings) }
            return .text("")
        }
        let paths = RowPaths(guarded: GuardUnderTest(handler: handler))
        #expect(try await paths.inProcess(ProofRequest().row).status == 200)
        var bearer = ProofRequest(GuardUnderTest.issuer.token())
        bearer.scheme = "Bearer"
        #expect(try await paths.inProcess(bearer.row).status == 200)
        #expect(bindings.withLock { $0 } == [[.dpop], []])
        #expect(Principal.anonymous.bindings.isEmpty)
    }

    @Test("Settings that do not fit together are named at construction")
    func faults() throws {
        func lines(_ configure: (inout ResourceServerConfiguration) -> Void) throws -> [String] {
            var configuration = ResourceServerConfiguration(
                resource: GuardUnderTest.resource, issuers: ["https://issuer.example"])
            configuration.dpop.mode = .required
            configure(&configuration)
            do throws(ConfigurationError) {
                _ = try ResourceServer(configuration, fetcher: ScriptedFetcher(), observer: { _ in })
                return []
            } catch {
                return error.lines
            }
        }
        #expect(try lines { _ in } == [])
        #expect(
            try lines {
                $0.dpop.maximumAge = 4
                $0.dpop.algorithms = []
                $0.dpop.replayStore = .memory(capacity: 1)
            } == [
                "dpop.maximumAge is outside 5…300 seconds; choose a number in this range",
                "dpop.algorithms is empty, so no proof can be accepted; name an algorithm",
                "dpop.replayStore has a capacity outside 1,000…10,000,000; choose a number in this range",
            ])
        #expect(
            try lines { $0.dpop.replayStore = .url("valkey://:hunter2@127.0.0.1") } == [
                "dpop.replayStore is a URL, but this program has no store that understands one; use .memory(), or set "
                    + "dpop.openReplayStore in the program, for example to ValkeyReplayStore"
            ])
        #expect(
            try lines {
                $0.dpop.replayStore = .url("valkey://:hunter2@127.0.0.1")
                $0.dpop.openReplayStore = { _ throws(ConfigurationError) in InMemoryReplayStore() }
            } == [])
        let list = try StaticTokenList(parsing: Array(StaticTokenFixture.make().lines.utf8))
        #expect(
            try lines { $0.tokens.staticTokens = list } == [
                "tokens.staticTokens are set, but dpop.mode requires a bound token in every request; remove them, or "
                    + "set it to .optional"
            ])
        #expect(
            try lines {
                $0.tokens.issuers = []
                $0.tokens.staticTokens = list
                $0.mode = .staticTokens
            } == [
                "dpop.mode is on, but pre-shared tokens cannot be bound to a key; set it to .off, or accept tokens of "
                    + "an authorization server"
            ])
        let storage = ResourceServerConfiguration.DPoP.ReplayStorage.url("valkey://:hunter2@127.0.0.1")
        #expect(!"\(storage)".contains("hunter2") && Mirror(reflecting: storage).children.isEmpty)
    }

    @Test("The guard's own verifier accepts bound tokens exactly when the guard checks them")
    func configuredVerifier() async throws {
        for (mode, code) in [
            (.off, "cnf_unsatisfied"), (.optional, "dpop_bound_token_as_bearer"),
        ] as [(ResourceServerConfiguration.DPoP.Mode, String)] {
            let refusals = Refusals()
            let clock = WallClock.system
            let issuer = FakeIssuer(
                "https://issuer.example", audience: GuardUnderTest.resource, algorithms: [.es256], clock: clock)
            let fetcher = ScriptedFetcher()
            fetcher.set("https://issuer.example/keys", json: issuer.jwks)
            var trusted = IssuerConfiguration(issuer.url, keys: .url("https://issuer.example/keys"))
            trusted.policy.confirmations = [.mutualTLS]
            var configuration = ResourceServerConfiguration(
                resource: GuardUnderTest.resource, issuers: [trusted], requiredScopes: ["mcp:use"])
            configuration.dpop.mode = mode
            let server = try ResourceServer(configuration, fetcher: fetcher) { event in
                if case .denied(let refusal, _) = event { refusals.last.withLock { $0 = refusal } }
            }
            for (method, expected) in [
                ("jkt", code), ("x5t#S256", "cnf_unsatisfied"),
            ] {
                let cnf: JSONValue = .object([method: .string(DPoPKey.client.thumbprint)])
                let token = issuer.token { $0.claims["cnf"] = cnf }
                #expect(try await Self.refusal((server, refusals), "Bearer " + token)?.code == expected)
            }
        }
    }
}
