import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@testable import OAuthResourceServer

@Suite("ResourceServerConfiguration", .serialized)
struct ConfigurationTests {
    private func faults(_ edit: (inout ResourceServerConfiguration) -> Void) -> [String] {
        var configuration = ResourceServerConfiguration(
            resource: GuardFixture.resource)
        configuration.metadata.authorizationServers = ["https://issuer.example"]
        edit(&configuration)
        do throws(ConfigurationError) {
            _ = try ResourceServer(configuration, verifier: StubVerifier())
            return []
        } catch {
            return error.settings
        }
    }

    @Test("Every fault is reported at once")
    func allAtOnce() {
        let faults = faults { configuration in
            configuration.resource = "mcp.example"
            configuration.metadata.authorizationServers = [
                "http://issuer.example", "https://ok.example", "https://x.example/?q",
            ]
            configuration.requirements.scopes = ["a b"]
            configuration.metadata.scopesSupported = ["\""]
            configuration.responses.realm = "a\nb"
            configuration.tokens.maximumBytes = 10
            configuration.metadata.handlerPaths = ["/x"]
        }
        #expect(
            faults == [
                "resource", "requirements.scopes", "metadata.authorizationServers[0]",
                "metadata.authorizationServers[2]",
                "metadata.scopesSupported", "metadata.handlerPaths[0]", "responses.realm", "tokens.maximumBytes",
            ])
    }

    @Test("An issuer is needed; offline_access cannot be required")
    func single() {
        #expect(faults { $0.metadata.authorizationServers = [] } == ["metadata.authorizationServers"])
        #expect(faults { $0.requirements.scopes = ["offline_access"] } == ["requirements.scopes"])
        #expect(faults { $0.tokens.maximumBytes = 65_537 } == ["tokens.maximumBytes"])
        #expect(faults { $0.tokens.maximumBytes = 65_536 } == [])
    }

    @Test("A resource that could not be served, a repeated issuer, and a path that is the guard's own are refused")
    func unservable() {
        #expect(faults { $0.resource = "https://mcp.example/a/../mcp" } == ["resource"])
        #expect(faults { $0.resource = "https://mcp.example/%2E%2e/mcp" } == ["resource"])
        #expect(faults { $0.resource = "https://mcp.example/.well-known/mcp" } == ["resource"])
        #expect(
            faults { configuration in
                configuration.resource = "https://mcp.example/.well-known/mcp"
                configuration.metadata.handlerPaths = ["/.well-known/mcp"]
            } == [])
        #expect(
            faults {
                $0.metadata.authorizationServers = ["https://a.example", "https://b.example", "https://a.example"]
            }
                == ["metadata.authorizationServers[2]"])
        #expect(
            faults {
                $0.metadata.handlerPaths = [
                    "/.well-known/x", "/.well-known/x?y", "/.well-known/oauth-protected-resource/mcp",
                ]
            } == ["metadata.handlerPaths[1]", "metadata.handlerPaths[2]"])
    }

    @Test(
        "A resource that clients cannot connect to is refused: the address to listen on",
        arguments: ["https://0.0.0.0/mcp", "https://[::]/mcp", "http://0.0.0.0:8080/mcp"])
    func nobodysResource(resource: String) {
        #expect(faults { $0.resource = resource } == ["resource"])
    }

    @Test(
        "A resource on this machine is for development, with http, or with https of a proxy in front (mkcert, caddy)",
        arguments: [
            "http://localhost:8080/mcp", "http://127.0.0.1/mcp", "http://[::1]:1/mcp", "https://10.0.0.1/mcp",
            "https://localhost", "https://LOCALHOST:8443/mcp", "https://127.0.0.1/mcp", "https://[::1]/mcp",
        ])
    func somebodysResource(resource: String) {
        #expect(faults { $0.resource = resource } == [])
    }

    @Test("What describe writes is advertised without what may not be")
    func describeIsChecked() throws {
        let fixture = try GuardFixture { configuration in
            configuration.metadata.describe = { metadata in
                metadata.authorizationServers = []
                metadata.bearerMethodsSupported = ["query"]
                metadata.scopesSupported = ScopeSet(keepingValidOf: "offline_access mcp:use")
                metadata.resourceName.value = ""
                metadata.extra = ["x": .null, "y": [], "z": 1]
            }
        }
        #expect(
            fixture.server.metadata.json == [
                "resource": "https://mcp.example/mcp", "authorization_servers": ["https://issuer.example"],
                "scopes_supported": ["mcp:use"], "bearer_methods_supported": ["header"], "z": 1,
            ])
    }

    @Test("A fault is data, and each renderer shows it by the names of its reader")
    func renderers() {
        let fault = ConfigurationError.Fault(
            .tokens + "issuers" + "keys", IdentifierError.insecure, example: "https://login.example.com/jwks",
            insecureHTTP: .insecureHTTP)
        #expect(
            FaultRenderer.code.line(fault)
                == "tokens.issuers.keys uses http; use https, or for a loopback host set tokens.fetching.insecureHTTP "
                + "to .loopback")
        #expect(
            EnvironmentNames.renderer().line(fault)
                == "OAUTH_JWKS_URL uses http; use https, or for a loopback host set OAUTH_ALLOW_INSECURE_HTTP to loopback"
        )
        #expect(
            EnvironmentNames.renderer { $0 == .keySetURL ? "--jwks-url" : $0.rawValue }.line(fault)
                == "--jwks-url uses http; use https, or for a loopback host set OAUTH_ALLOW_INSECURE_HTTP to loopback")
        let other = ConfigurationError.Fault((.metadata + "handlerPaths")[2], "has a query", "name the path alone")
        #expect(EnvironmentNames.renderer().line(other) == "metadata.handlerPaths[2] has a query; name the path alone")
        #expect(ConfigurationError([fault, other]).description.utf8.count { $0 == 0x0A } == 1)
    }

    @Test("POLICY §3: offline_access is never advertised")
    func offlineAccess() throws {
        let fixture = try GuardFixture { $0.metadata.scopesSupported = ["offline_access", "mcp:use"] }
        #expect(fixture.server.metadata.scopesSupported.description == "mcp:use")
    }

    @Test("describe fills in the document and cannot change the resource")
    func describe() throws {
        let other = try ResourceIdentifier("https://other.example")
        let fixture = try GuardFixture { configuration in
            configuration.metadata.describe = { metadata in
                metadata.resourceName.value = "Notes"
                metadata.resource = other
            }
        }
        #expect(fixture.server.metadata.resourceName.value == "Notes")
        #expect(fixture.server.metadata.resource.text == GuardFixture.resource)
    }
}
