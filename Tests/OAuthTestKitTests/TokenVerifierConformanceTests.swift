import OAuthTestKit
import Synchronization
import Testing

@Suite("TokenVerifierConformance")
struct TokenVerifierConformanceTests {
    private typealias Rule = TokenVerifierConformance.Rule

    private func broken(_ conformance: TokenVerifierConformance) async -> Set<Rule> {
        await Set(conformance.violations().map(\.rule))
    }

    @Test("the verifiers of the library keep every promise")
    func ours() async throws {
        let issuer = FakeIssuer()
        struct NoKeys: KeySource {
            func presentKeys() -> JSONWebKeySet? { nil }
            func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
                throw KeySourceError(retryAfter: 1)
            }
        }
        func verifier(_ keys: any KeySource) throws -> JWTTokenVerifier {
            try JWTTokenVerifier(issuer: issuer.url, audience: issuer.audience, keys: keys)
        }
        let jwt = try TokenVerifierConformance(
            verifier(issuer.keySource), accepts: [issuer.token(), issuer.token(subject: "bob")],
            refuses: TokenDefect.allCases.map { issuer.token(with: $0) }, unavailable: verifier(NoKeys()))
        #expect(await jwt.violations() == [])

        let broken = FakeIssuer()
        broken.fault = .unreachable
        let opaque = try TokenVerifierConformance(
            IntrospectionTokenVerifier(issuer.introspection, fetcher: issuer), accepts: [issuer.opaqueToken()],
            refuses: [issuer.opaqueToken { $0["aud"] = "https://other.example" }],
            unavailable: IntrospectionTokenVerifier(broken.introspection, fetcher: broken))
        #expect(await opaque.violations() == [])
    }

    /// A verifier with one defect, which knows one token and one that is expired.
    private struct Defective: TokenVerifier {
        enum Defect: CaseIterable {
            case none, refusesAll, acceptsAll, acceptsExpired, ignoresEnd, ignoresSpaces, failsOnGarbage, mixesCallers,
                callsCancelledInvalid, leaksTokens, callsOutageInvalid, acceptsInOutage
        }

        let defect: Defect
        var isDown = false
        let calls = CallCount()

        /// Counts the calls, so that a late one can get the answer to another caller.
        final class CallCount: Sendable {
            private let calls = Atomic(0)
            var next: Int { calls.add(1, ordering: .relaxed).newValue }
        }

        func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
            if isDown {
                switch defect {
                case .callsOutageInvalid: throw .invalid(.inactive)
                case .acceptsInOutage: return accepted()
                default: throw .unavailable(.verifier, retryAfter: 1)
                }
            }
            guard let text = String(validating: token.bytes, as: UTF8.self) else {
                throw defect == .failsOnGarbage ? .unavailable(.verifier, retryAfter: 1) : .invalid(.syntax)
            }
            if defect == .callsCancelledInvalid, Task.isCancelled { throw .invalid(.inactive) }
            // More calls than the checks make one after the other.
            let isLate = calls.next > 40
            if defect == .mixesCallers, isLate { return accepted("another caller") }
            switch text {
            case "good-token-1":
                if defect == .refusesAll { throw .invalid(.inactive) }
                return accepted()
            case "expired-token" where defect == .acceptsExpired: return accepted()
            case _ where defect == .acceptsAll: return accepted()
            case _ where defect == .ignoresEnd && text.hasPrefix("good-token-1"): return accepted()
            case _ where defect == .ignoresSpaces && text.split(separator: " ") == ["good-token-1"]: return accepted()
            default: throw .invalid(.other(code: defect == .leaksTokens ? "unknown token \(text)" : "unknown"))
            }
        }

        private func accepted(_ subject: String = "alice") -> AccessToken {
            guard let claims = try? JSONDocument(parsing: JSONValue.object(["sub": .string(subject)]).encoded()) else {
                preconditionFailure("a subject is JSON")
            }
            return AccessToken(issuer: nil, expiresAt: nil, claims: claims)
        }
    }

    private func conformance(_ defect: Defective.Defect) -> TokenVerifierConformance {
        TokenVerifierConformance(
            Defective(defect: defect), accepts: ["good-token-1"], refuses: ["expired-token"],
            unavailable: Defective(defect: defect, isDown: true))
    }

    @Test("each defect of a verifier breaks its own promise, and no other one does")
    func defects() async {
        let expected: [Defective.Defect: Set<Rule>] = [
            .none: [], .refusesAll: [.acceptsGood, .survivesCancellation],
            .acceptsAll: [.refusesBad, .refusesAltered, .refusesMalformed], .acceptsExpired: [.refusesBad],
            .ignoresEnd: [.refusesAltered], .ignoresSpaces: [.refusesAltered], .failsOnGarbage: [.refusesMalformed],
            .mixesCallers: [.isIndependent], .callsCancelledInvalid: [.survivesCancellation],
            .leaksTokens: [.hasStableCodes], .callsOutageInvalid: [.admitsOutage], .acceptsInOutage: [.admitsOutage],
        ]
        for defect in Defective.Defect.allCases {
            #expect(await broken(conformance(defect)) == expected[defect], "\(defect)")
        }
    }

    @Test("attack: no violation shows a token")
    func secrets() async {
        for defect in Defective.Defect.allCases {
            for violation in await conformance(defect).violations() {
                #expect(!violation.description.contains("token-1") && !violation.description.contains("expired-"))
            }
        }
    }

    @Test("checks without a good token would check nothing, and stop the test")
    func nothing() async {
        await #expect(processExitsWith: .failure) {
            _ = TokenVerifierConformance(Defective(defect: .none), accepts: [])
        }
    }
}
