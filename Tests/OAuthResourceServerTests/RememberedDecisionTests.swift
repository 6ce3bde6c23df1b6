import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@testable import OAuthResourceServer

/// A request whose verdict is remembered gets the same decision as one whose token is verified.
@Suite("Decisions with a remembered verdict", .serialized)
struct RememberedDecisionTests {
    private static let form = "application/x-www-form-urlencoded"

    /// Requests: the values of `Authorization`, the target, and further fields.
    private static func requests() -> [(authorization: [String], target: String, fields: [(String, String)])] {
        let good = GuardFixture.issuer.token()
        let poor = GuardFixture.issuer.token { $0.claims["scope"] = "other" }
        let bound = GuardFixture.issuer.token { $0.claims["cnf"] = ["jkt": "x"] }
        let odd = GuardFixture.issuer.token { $0.claims["scope"] = 7 }
        let old = GuardFixture.issuer.token { $0.expiresAt = 1 }
        let strange = GuardFixture.stranger.token()
        let credentials: [[String]] =
            [[], ["Basic eDp5"], ["Bearer"], ["Bearer a b"], ["Bearer \(good)", "Bearer \(good)"], [good]]
            + [good, poor, bound, odd, old, strange, "garbage"].map { ["Bearer \($0)"] }
            + [["DPoP \(good)"], ["DPoP \(odd)"]]
        let targets = [
            "/mcp", "/mcp?access_token=x", "/open", "/maybe", "/admin", "/.well-known/x", "/.well-known/own",
        ]
        let fields: [[(String, String)]] = [
            [], [("Origin", "https://app.example")], [("Origin", "https://other.example")],
            [("Content-Type", form)], [("Mcp-Session-Id", "invented")],
        ]
        return credentials.flatMap { credential in
            targets.flatMap { target in fields.map { (credential, target, $0) } }
        }
    }

    private static func fixture(
        _ mode: ResourceServer.Mode, _ dpop: ResourceServerConfiguration.DPoP.Mode, _ caching: TokenCaching
    ) throws -> GuardFixture {
        let verifier = try GuardFixture.verifier(keys: GuardFixture.issuer.keySource, caching: caching)
        return try GuardFixture(verifier: verifier) { configuration in
            configuration.mode = mode
            configuration.dpop.mode = dpop
            configuration.browsers.allowedOrigins = ["https://app.example"]
            configuration.metadata.handlerPaths = ["/.well-known/own"]
            configuration.requirements.routes = [RouteRule("/open", .public), RouteRule("/maybe", .optional)]
            configuration.requirements.routeScopes = [RouteScopeRule("/admin", requires: "admin")]
        }
    }

    @Test(
        "With and without a remembered verdict, a request gets the same decision and causes the same events",
        arguments: [ResourceServer.Mode.enforced, .shadow], [ResourceServerConfiguration.DPoP.Mode.off, .optional])
    func agreement(_ mode: ResourceServer.Mode, _ dpop: ResourceServerConfiguration.DPoP.Mode) async throws {
        let remembering = try Self.fixture(mode, dpop, .standard)
        let forgetful = try Self.fixture(mode, dpop, .off)
        let requests = Self.requests()
        var remembered = 0
        // In the second round, the verdicts on the good tokens are remembered.
        for _ in 1...2 {
            for (authorization, target, others) in requests {
                let token = PresentedToken(authorization.first.map { String($0.dropFirst("Bearer ".count)) } ?? "")
                for method in [HTTPMethod.get, .head, .post, .options] {
                    var fields = HTTPFields()
                    for value in authorization {
                        fields.append(.authorization, try #require(HTTPFields.Value(value)))
                    }
                    for (name, value) in others {
                        fields.append(try #require(HTTPFields.Name(name)), try #require(HTTPFields.Value(value)))
                    }
                    let request = GuardedRequest(
                        method: method, target: try #require(HTTPRequest.Target(target)), fields: fields,
                        listener: .network, body: [])
                    if remembering.server.rememberingVerifier?.rememberedToken(token) != nil { remembered += 1 }
                    let known = (remembering.log.all.count, forgetful.log.all.count)
                    let expected = try await forgetful.server.admit(request)
                    let decision = try await remembering.server.admit(request)
                    #expect(Self.summary(decision) == Self.summary(expected), "\(method) \(target)")
                    #expect(
                        Self.told(remembering.log.all[known.0...]) == Self.told(forgetful.log.all[known.1...]),
                        "\(method) \(target)")
                }
            }
        }
        #expect(remembered > 300)
        #expect(forgetful.server.rememberingVerifier == nil)
    }

    /// The events of one decision, without the one that comes once, after many requests.
    private static func told(_ events: ArraySlice<ResourceServerEvent>) -> [String] {
        events.map { "\($0)" }.filter { !$0.hasPrefix("metadata_not_requested") }
    }

    private static func summary(_ decision: ResourceServer.Decision) -> String {
        switch decision {
        case .respond(let response):
            // A nonce is new in each response.
            let fields = response.fields.pairs.map { $0.name == "DPoP-Nonce" ? $0.name : "\($0.name): \($0.value)" }
            return "\(response.status.code) \(fields) \(response.bodyText)"
        case .proceed(let admission):
            var fields = HTTPFields()
            admission.finish(status: .ok, fields: &fields)
            let principal = admission.principal
            return "\(principal.anonymousName ?? "-") \(principal.subject ?? "-") \(fields.pairs) "
                + "\(admission.content.token == nil) \(admission.content.session == nil)"
        }
    }

    @Test("The answers that are made once are those that would be made for each request")
    func usualAnswers() throws {
        let checked = try GuardFixture().server.configuration
        let scopes = try #require(ScopeSet(["a", "b"]))
        let once = Answers(
            realm: nil, resourceMetadata: nil, body: .oauth, bindings: checked.bindings, usualScope: scopes)
        let each = Answers(realm: nil, resourceMetadata: nil, body: .oauth, bindings: checked.bindings)
        let refusals: [ResourceServer.Refusal] = [
            .missingCredentials, .otherScheme, .tokenInQuery, .token(.invalid(.syntax)),
            .token(.invalid(.unknownStaticToken)), .token(.unavailable(.keys, retryAfter: 5)), .bodyTooLarge,
            .malformedRequest(.repeatedCredentials), .insufficientScope(scopes),
        ]
        for refusal in refusals {
            for operation in [scopes, ScopeSet(), try #require(ScopeSet(["a"]))] {
                for message in [nil, JSONRPCReply()] {
                    let (left, right) = (
                        once.response(to: refusal, operation: operation, message: message),
                        each.response(to: refusal, operation: operation, message: message)
                    )
                    #expect(Self.summary(.respond(left)) == Self.summary(.respond(right)))
                }
            }
        }
    }

    @Test("A Host that needs no parsing is judged like every other")
    func hosts() throws {
        let names = HostNames(try AbsoluteURL(parsing: "https://mcp.example/mcp"), [])
        let hosts = [
            "", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:65535", "127.0.0.1:65536", "127.0.0.1:0", "127.0.0.1:",
            "127.0.0.1:080", "127.0.0.1:a", "127.0.0.1.", "127.0.0.10", "127.0.0.1.example", "127.0.0.1@x", "127.0.0.2",
            "localhost", "localhost:80", "LOCALHOST", "mcp.example", "mcp.example:1", "other.example", "[::1]:8",
            "[::2]",
        ]
        for host in hosts {
            let bytes = Array(host.utf8)[...]
            let expected = HTTPAuthority(bytes: bytes).map { names.admit($0) } ?? false
            #expect(names.admit(bytes) == expected, "\(host)")
        }
    }
}
