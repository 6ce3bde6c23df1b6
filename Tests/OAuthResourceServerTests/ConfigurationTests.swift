import HTTPMessages
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("ResourceServerConfiguration", .serialized)
struct ConfigurationTests {
    private func faults(_ edit: (inout ResourceServerConfiguration) -> Void) -> [String] {
        var configuration = ResourceServerConfiguration(
            resource: GuardFixture.resource, authorizationServers: ["https://issuer.example"])
        edit(&configuration)
        do throws(ConfigurationError) {
            _ = try ResourceServer(configuration, verifier: StubVerifier())
            return []
        } catch {
            return error.faults.map(\.setting)
        }
    }

    @Test("Every fault is reported at once")
    func allAtOnce() {
        let faults = faults { configuration in
            configuration.resource = "mcp.example"
            configuration.authorizationServers = [
                "http://issuer.example", "https://ok.example", "https://x.example/?q",
            ]
            configuration.requiredScopes = ["a b"]
            configuration.scopesSupported = ["\""]
            configuration.realm = "a\nb"
            configuration.tokenLimit = 10
            configuration.wellKnownPathsOfHandler = ["/x"]
        }
        #expect(
            faults == [
                "resource", "authorizationServers[0]", "authorizationServers[2]", "requiredScopes", "scopesSupported",
                "realm", "tokenLimit", "wellKnownPathsOfHandler[0]",
            ])
    }

    @Test("An issuer is needed; offline_access cannot be required")
    func single() {
        #expect(faults { $0.authorizationServers = [] } == ["authorizationServers"])
        #expect(faults { $0.requiredScopes = ["offline_access"] } == ["requiredScopes"])
        #expect(faults { $0.tokenLimit = 65_537 } == ["tokenLimit"])
        #expect(faults { $0.tokenLimit = 65_536 } == [])
    }

    @Test("A resource that could not be served, a repeated issuer, and a path that is the guard's own are refused")
    func unservable() {
        #expect(faults { $0.resource = "https://mcp.example/a/../mcp" } == ["resource"])
        #expect(faults { $0.resource = "https://mcp.example/%2E%2e/mcp" } == ["resource"])
        #expect(faults { $0.resource = "https://mcp.example/.well-known/mcp" } == ["resource"])
        #expect(
            faults { configuration in
                configuration.resource = "https://mcp.example/.well-known/mcp"
                configuration.wellKnownPathsOfHandler = ["/.well-known/mcp"]
            } == [])
        #expect(
            faults { $0.authorizationServers = ["https://a.example", "https://b.example", "https://a.example"] }
                == ["authorizationServers[2]"])
        #expect(
            faults {
                $0.wellKnownPathsOfHandler = [
                    "/.well-known/x", "/.well-known/x?y", "/.well-known/oauth-protected-resource/mcp",
                ]
            } == ["wellKnownPathsOfHandler[1]", "wellKnownPathsOfHandler[2]"])
    }

    @Test(
        "A resource that nobody else can follow is refused: https on this machine, or the address to listen on",
        arguments: [
            "https://localhost", "https://LOCALHOST:8443/mcp", "https://127.0.0.1/mcp", "https://[::1]/mcp",
            "https://0.0.0.0/mcp", "https://[::]/mcp",
        ])
    func nobodysResource(resource: String) {
        #expect(faults { $0.resource = resource } == ["resource"])
    }

    @Test(
        "The same with http is for development, and other hosts are not meant",
        arguments: ["http://localhost:8080/mcp", "http://127.0.0.1/mcp", "http://[::1]:1/mcp", "https://10.0.0.1/mcp"])
    func somebodysResource(resource: String) {
        #expect(faults { $0.resource = resource } == [])
    }

    @Test("What describe writes is advertised without what may not be")
    func describeIsChecked() throws {
        let fixture = try GuardFixture { configuration in
            configuration.describe = { metadata in
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

    @Test("The description says what is wrong and what to do, a line a fault")
    func description() {
        let error = ConfigurationError([
            .init("resource", IdentifierError.insecure.explanation), .init("realm", "is odd"),
        ])
        #expect(
            error.description
                == "resource uses http, which is acceptable for loopback hosts only; use https\nrealm is odd")
    }

    @Test("POLICY §3: offline_access is never advertised")
    func offlineAccess() throws {
        let fixture = try GuardFixture { $0.scopesSupported = ["offline_access", "mcp:use"] }
        #expect(fixture.server.metadata.scopesSupported.description == "mcp:use")
    }

    @Test("describe fills in the document and cannot change the resource")
    func describe() throws {
        let other = try ResourceIdentifier("https://other.example")
        let fixture = try GuardFixture { configuration in
            configuration.describe = { metadata in
                metadata.resourceName.value = "Notes"
                metadata.resource = other
            }
        }
        #expect(fixture.server.metadata.resourceName.value == "Notes")
        #expect(fixture.server.metadata.resource.text == GuardFixture.resource)
    }

    @Test("The two-line set-up reports faults of its strings")
    func shortForm() {
        let fetcher = ScriptedFetcher()
        #expect(throws: ConfigurationError.self) { try ResourceServer(resource: "x", issuer: "y", fetcher: fetcher) }
    }
}
