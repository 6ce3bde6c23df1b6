import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("Issuers that a function finds, in a guard", .serialized)
struct IssuerLookUpGuardTests {
    private static let resource = "https://mcp.example.com/mcp"

    private func configuration(_ lookUp: IssuerLookUp) -> ResourceServerConfiguration {
        var configuration = ResourceServerConfiguration(resource: Self.resource, requiredScopes: ["mcp:use"])
        configuration.tokens.issuerLookUp = lookUp
        configuration.metadata.authorizationServers = ["https://login.example.com"]
        return configuration
    }

    private func settings(_ configuration: ResourceServerConfiguration) -> [String] {
        do throws(ConfigurationError) {
            _ = try ResourceServer(configuration, fetcher: ScriptedFetcher())
            return []
        } catch {
            return error.settings
        }
    }

    private func refusal(_ server: ResourceServer, _ token: String) async throws -> HTTPResponse? {
        var fields = HTTPFields()
        fields.append(.authorization, try #require(HTTPFields.Value("Bearer \(token)")))
        let target: HTTPRequest.Target = "/mcp"
        guard case .respond(let response) = await server.decide(method: .post, target: target, fields: fields) else {
            return nil
        }
        return response
    }

    @Test("POLICY §1: a known customer gets in, a stranger 401, and a failure of the function is 503")
    func statuses() async throws {
        struct Failure: Error {}
        let issuer = FakeIssuer("https://a.example", audience: Self.resource, algorithms: [.es256])
        let fetcher = ScriptedFetcher()
        fetcher.set("https://a.example/.well-known/oauth-authorization-server", json: issuer.metadata)
        fetcher.set("https://a.example/jwks", json: issuer.jwks)
        let server = try ResourceServer(
            configuration(
                IssuerLookUp { name in
                    switch name {
                    case "https://a.example": return IssuerConfiguration(name)
                    case "https://broken.example": throw Failure()
                    default: return nil
                    }
                }), fetcher: fetcher)
        #expect(try await server.admits(issuer.token()))
        #expect(
            try await refusal(server, issuer.token { $0.claims["iss"] = "https://b.example" })?.status == .unauthorized)
        let unavailable = try await refusal(server, issuer.token { $0.claims["iss"] = "https://broken.example" })
        #expect(unavailable?.status == .serviceUnavailable)
        #expect(unavailable?.text(.retryAfter) == "5")
        #expect(unavailable?.text(.wwwAuthenticate) == nil)
        #expect(server.metadata.authorizationServers.map(\.text) == ["https://login.example.com"])
    }

    @Test("Faults: no authorization servers, a capacity out of range, a mode or verifier that does not use it")
    func faults() throws {
        let lookUp = IssuerLookUp { _ in nil }
        #expect(settings(configuration(lookUp)) == [])
        var configuration = configuration(lookUp)
        configuration.metadata.authorizationServers = nil
        #expect(settings(configuration) == ["metadata.authorizationServers"])
        configuration.tokens.issuers = ["https://login.example.com"]
        #expect(settings(configuration) == [])
        for capacity in [0, -1, 10_001] {
            configuration.tokens.issuerLookUp?.capacity = capacity
            #expect(settings(configuration) == ["tokens.issuerLookUp.capacity"])
        }
        configuration = self.configuration(lookUp)
        #expect {
            _ = try ResourceServer(configuration, verifier: StubVerifier())
        } throws: {
            ($0 as? ConfigurationError)?.settings == ["tokens.issuerLookUp"]
        }
        configuration.mode = .staticTokens
        configuration.metadata.authorizationServers = nil
        configuration.tokens.staticTokens = try StaticTokenList(
            parsing: Array("ci:\(String(repeating: "0", count: 64))".utf8))
        #expect(settings(configuration) == ["tokens.issuerLookUp"])
    }
}
