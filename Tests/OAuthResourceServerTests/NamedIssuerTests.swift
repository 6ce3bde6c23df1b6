import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

/// POLICY §5: issuers that are only a name, with the URL of their keys.
@Suite("Issuers that are only a name", .serialized)
struct NamedIssuerTests {
    private static let resource = "https://mcp.example.com/mcp"
    private static let keySet = "https://cluster.example.com/openid/v1/jwks"
    private static let server = "https://login.example.com"
    private let issuer: FakeIssuer

    init() throws {
        issuer = FakeIssuer(audience: Self.resource, algorithms: [.es256])
    }

    private func configuration(_ name: String) -> ResourceServerConfiguration {
        var configuration = ResourceServerConfiguration(
            resource: Self.resource, issuers: [.init(name, keys: .url(Self.keySet))])
        configuration.metadata.authorizationServers = [Self.server]
        return configuration
    }

    private func lines(_ configuration: ResourceServerConfiguration) -> [String] {
        do throws(ConfigurationError) {
            _ = try ResourceServer(configuration, fetcher: ScriptedFetcher())
            return []
        } catch {
            return error.lines
        }
    }

    @Test(
        "Its tokens are accepted, and iss is compared byte for byte",
        arguments: [
            ("kubernetes/serviceaccount", "kubernetes/serviceaccount/"),
            ("kubernetes/serviceaccount", "Kubernetes/serviceaccount"), ("acme.com", "ACME.COM"),
            ("urn:example:issuer", "urn:example:issuer "),
            ("http://adfs.example.com/adfs/services/trust", "https://adfs.example.com/adfs/services/trust"),
            ("http://adfs.example.com/adfs/services/trust", "http://adfs.example.com:80/adfs/services/trust"),
            ("kubernetes/serviceaccount", "\u{212A}ubernetes/serviceaccount"),
        ])
    func tokens(name: String, near: String) async throws {
        let fetcher = ScriptedFetcher()
        fetcher.set(Self.keySet, json: issuer.jwks)
        let log = EventLog()
        let server = try ResourceServer(configuration(name), fetcher: fetcher, observer: { log.append($0) })
        #expect(try await !server.admits(issuer.token { $0.claims["iss"] = .string(near) }))
        #expect(log.denials.count == 1)
        // No request for a token of another issuer.
        #expect(fetcher.requests == [])
        #expect(try await server.admits(issuer.token { $0.claims["iss"] = .string(name) }))
        #expect(fetcher.requests == [Self.keySet])
        #expect(server.metadata.authorizationServers.map(\.text) == [Self.server])
        #expect(server.trustedIssuers.map(\.issuer) == [name])
    }

    @Test("authorizationServers is needed, because clients could not find the issuer")
    func authorizationServers() {
        var configuration = configuration("kubernetes/serviceaccount")
        configuration.metadata.authorizationServers = nil
        let line =
            "metadata.authorizationServers is missing, but tokens.issuers[0] is not an https URL at which clients "
            + "could find it; name the issuer that clients log in to"
        #expect(lines(configuration) == [line])
        // A second issuer that is a URL does not say that clients log in there.
        configuration.tokens.issuers.append("https://other.example.com")
        #expect(lines(configuration) == [line])
        configuration.metadata.authorizationServers = ["https://other.example.com"]
        #expect(lines(configuration) == [])
        configuration.metadata.authorizationServers = ["kubernetes/serviceaccount"]
        #expect(
            lines(configuration) == [
                "metadata.authorizationServers[0] is not an absolute URL (unsupported_scheme); write it like "
                    + "https://login.example.com"
            ])
    }

    @Test("A URL with its keys is still an issuer that clients can use")
    func url() throws {
        var configuration = configuration("https://login.example.com")
        configuration.metadata.authorizationServers = nil
        let server = try ResourceServer(configuration, fetcher: ScriptedFetcher())
        #expect(server.metadata.authorizationServers.map(\.text) == [Self.server])
    }

    @Test("The issuer of introspection may be a name too")
    func introspection() throws {
        var configuration = ResourceServerConfiguration(resource: Self.resource)
        configuration.tokens.introspection = IntrospectionConfiguration(
            endpoint: "https://login.example.com/introspect", issuer: "urn:example:issuer", resource: nil,
            credentials: .basic(clientID: "rs", try ClientSecret("secret")))
        #expect(
            lines(configuration) == [
                "metadata.authorizationServers is missing, but tokens.introspection.issuer is not an https URL at which "
                    + "clients could find it; name the issuer that clients log in to"
            ])
        configuration.metadata.authorizationServers = [Self.server]
        #expect(lines(configuration) == [])
        configuration.tokens.introspection?.issuer = "urn:"
        #expect(
            lines(configuration) == [
                "tokens.introspection.issuer has a colon, but is not a URI, which RFC 7519 requires of such an issuer; "
                    + "write the issuer as in the iss of its tokens"
            ])
    }

    @Test(
        "Names that are not a StringOrURI are faults, each with its reason",
        arguments: [
            ("", "is empty"), ("a\u{1}", "holds characters that are not printable ASCII, or a space at its end"),
            ("kubernetes:", "has a colon, but is not a URI, which RFC 7519 requires of such an issuer"),
            (String(repeating: "x", count: 2_049), "is longer than 2048 bytes"),
            ("https://user@login.example", "has a colon, but is not a URI, which RFC 7519 requires of such an issuer"),
        ])
    func faults(name: String, reason: String) {
        #expect(
            lines(configuration(name)) == ["tokens.issuers[0] \(reason); write the issuer as in the iss of its tokens"])
    }

    @Test(
        "Without the URL of its keys, an issuer is an https URL, and the fault says both ways",
        arguments: [
            ("kubernetes/serviceaccount", "is not an absolute URL (unsupported_scheme)"),
            ("urn:example:issuer", "is not an absolute URL (unsupported_scheme)"),
            ("http://adfs.example.com/adfs/services/trust", "uses http"),
        ])
    func discovered(name: String, reason: String) {
        var configuration = configuration(name)
        configuration.tokens.issuers[0].keys = .discovered
        let lines = lines(configuration)
        #expect(lines.count == 1)
        #expect(lines[0].hasPrefix("tokens.issuers[0] \(reason); "))
        #expect(lines[0].hasSuffix(", or set tokens.issuers[0].keys to the URL of its keys"))
    }

    @Test("An own verifier with such an issuer needs the list too")
    func ownVerifier() throws {
        let verifier = try JWTTokenVerifier(
            issuer: "kubernetes/serviceaccount", audience: Self.resource, keys: issuer.keySource)
        var configuration = ResourceServerConfiguration(resource: Self.resource)
        #expect {
            _ = try ResourceServer(configuration, verifier: verifier)
        } throws: {
            ($0 as? ConfigurationError)?.lines == [
                "metadata.authorizationServers is missing, but an issuer of the verifier is not an https URL at which "
                    + "clients could find it; name the issuer that clients log in to"
            ]
        }
        configuration.metadata.authorizationServers = [Self.server]
        _ = try ResourceServer(configuration, verifier: verifier)
    }
}
