import HTTPMessages
import OAuthTestKit
import Testing
import TokenVerification

@testable import OAuthResourceServer

@Suite("mutualTLS in code and in the environment")
struct MutualTLSConfigurationTests {
    private let base = ["OAUTH_RESOURCE": "https://mcp.example.com/mcp", "OAUTH_ISSUERS": "https://login.example.com"]

    private func setting(_ variables: [String: String]) -> ResourceServerConfiguration.MutualTLS {
        ResourceServerConfiguration(environment: base.merging(variables) { $1 }).mutualTLS
    }

    private func faults(_ variables: [String: String]) -> [String] {
        let configuration = ResourceServerConfiguration(environment: base.merging(variables) { $1 })
        do throws(ConfigurationError) {
            _ = try ResourceServer(configuration, fetcher: InProcessFetcher([:]))
            return []
        } catch {
            return error.lines
        }
    }

    @Test("The blocks of the article")
    func article() throws {
        var configuration = ResourceServerConfiguration(
            resource: "https://mcp.example.com/mcp", issuers: ["https://login.example.com"])
        configuration.mutualTLS = .ofConnection
        _ = try ResourceServer(configuration, fetcher: InProcessFetcher([:]))
        configuration.mutualTLS = .fromProxy(.nginx(field: "X-Client-Cert"), at: ["10.0.3.7", "10.0.4.0/24"])
        _ = try ResourceServer(configuration, fetcher: InProcessFetcher([:]))
        #expect(
            configuration.mutualTLS
                == setting([
                    "OAUTH_CLIENT_CERTIFICATE_FIELD": "X-Client-Cert", "OAUTH_TRUSTED_PROXIES": "10.0.3.7 10.0.4.0/24",
                ]))
    }

    @Test("The name of the field decides the format, in any case")
    func formats() {
        for (name, field) in [
            ("client-cert", .clientCert), ("X-FORWARDED-CLIENT-CERT", .envoy),
            ("x-client-cert", .nginx(field: "x-client-cert")),
            ("X-Amzn-Mtls-Clientcert-Leaf", .awsApplicationLoadBalancer),
            ("X-Amzn-Mtls-Clientcert", .awsApplicationLoadBalancerPassthrough),
            ("X-Forwarded-Tls-Client-Cert", .traefik), ("ssl-client-cert", .nginx(field: "ssl-client-cert")),
        ] as [(String, ClientCertificateField)] {
            let variables = ["OAUTH_CLIENT_CERTIFICATE_FIELD": name, "OAUTH_TRUSTED_PROXIES": "unix,10.0.0.1"]
            #expect(setting(variables) == .fromProxy(field, at: ["unix", "10.0.0.1"]), "\(name)")
            #expect(faults(variables) == [], "\(name)")
        }
        #expect(setting([:]) == .off)
    }

    @Test(
        "Half a setting, a faulty field and faulty addresses are faults by the names of the variables",
        arguments: [
            (["OAUTH_CLIENT_CERTIFICATE_FIELD": "Client-Cert"], "OAUTH_TRUSTED_PROXIES is not set"),
            (["OAUTH_TRUSTED_PROXIES": "10.0.0.1"], "OAUTH_CLIENT_CERTIFICATE_FIELD is not set"),
            (
                ["OAUTH_CLIENT_CERTIFICATE_FIELD": "Client Cert", "OAUTH_TRUSTED_PROXIES": "10.0.0.1"],
                "OAUTH_CLIENT_CERTIFICATE_FIELD is not the name of a header field"
            ),
            (
                ["OAUTH_CLIENT_CERTIFICATE_FIELD": "Host", "OAUTH_TRUSTED_PROXIES": "10.0.0.1"],
                "OAUTH_CLIENT_CERTIFICATE_FIELD is a field with another meaning"
            ),
            (
                ["OAUTH_CLIENT_CERTIFICATE_FIELD": "Client-Cert", "OAUTH_TRUSTED_PROXIES": "10.0.0.1, proxy"],
                "OAUTH_TRUSTED_PROXIES entry 2 is not an IP address, a range of addresses, or unix"
            ),
            (
                ["OAUTH_CLIENT_CERTIFICATE_FIELD": "Client-Cert", "OAUTH_TRUSTED_PROXIES": "0.0.0.0/0"],
                "OAUTH_TRUSTED_PROXIES entry 1 is wider than /8, so that strangers may be in it"
            ),
        ])
    func environmentFaults(variables: [String: String], line: String) {
        let lines = faults(variables)
        #expect(lines.count == 1 && lines.first?.hasPrefix(line) == true, "\(lines)")
    }

    @Test("OAUTH_MODE=static has no tokens that could be bound")
    func staticMode() {
        let lines = faults([
            "OAUTH_MODE": "static", "OAUTH_CLIENT_CERTIFICATE_FIELD": "Client-Cert",
            "OAUTH_TRUSTED_PROXIES": "10.0.0.1",
        ])
        for name in ["OAUTH_CLIENT_CERTIFICATE_FIELD", "OAUTH_TRUSTED_PROXIES"] {
            #expect(lines.contains { $0.hasPrefix("\(name) applies to issuers") }, "\(lines)")
        }
    }

    @Test("RFC 9728 §2: the metadata say whether tokens can be bound to certificates, and describe cannot change it")
    func metadata() throws {
        for (setting, expected) in [
            (.off, nil), (.ofConnection, true), (.fromProxy(.envoy, at: ["unix"]), true),
        ] as [(ResourceServerConfiguration.MutualTLS, Bool?)] {
            let fixture = try GuardFixture {
                $0.mutualTLS = setting
                $0.metadata.describe = { $0.tlsClientCertificateBoundAccessTokens = expected == nil ? true : nil }
            }
            #expect(fixture.server.metadata.tlsClientCertificateBoundAccessTokens == expected)
        }
    }
}
