import HTTPMessages
import OAuthResourceServer
import Testing
import TokenVerification

@Suite("A request whose client went away while its token was verified", .serialized)
struct CancelledRequestTests {
    /// Cannot decide, for this reason.
    private struct Undecided: TokenVerifier {
        let reason: TokenRejection.Unavailability

        func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
            throw .unavailable(reason, retryAfter: 1)
        }
    }

    @Test(
        "POLICY §8: it is neither an outage nor a denial; a real outage is reported",
        arguments: [ResourceServer.Mode.enforced, .shadow])
    func events(mode: ResourceServer.Mode) async throws {
        for (reason, count) in [(TokenRejection.Unavailability.cancelled, 0), (.keys, 1)] {
            let log = EventLog()
            var configuration = ResourceServerConfiguration(resource: "https://mcp.example/mcp")
            configuration.metadata.authorizationServers = ["https://issuer.example"]
            configuration.mode = mode
            let server = try ResourceServer(
                configuration, verifier: Undecided(reason: reason), observer: { log.append($0) })
            let before = log.all.count
            var fields = HTTPFields()
            fields.append(.authorization, "Bearer token")
            let decision = await server.decide(
                method: .post, target: "/mcp", fields: fields, body: [])
            let denials = log.all.dropFirst(before).filter { event in
                switch event {
                case .denied, .wouldDeny: true
                default: false
                }
            }
            #expect(denials.count == count)
            if mode == .enforced {
                guard case .respond(let response) = decision else {
                    Issue.record("the request was let through")
                    continue
                }
                #expect(response.status == .serviceUnavailable)
            }
        }
    }
}
