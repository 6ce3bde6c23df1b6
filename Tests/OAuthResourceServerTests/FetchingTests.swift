import HTTPMessages
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@testable import OAuthResourceServer

/// POLICY §13: how keys and metadata are fetched.
@Suite("The settings for fetching")
struct FetchingTests {
    private static let issuer = IssuerConfiguration("https://login.example.com")

    /// The settings that a fetcher gets, and the lines of the faults.
    private func settings(_ configuration: ResourceServerConfiguration) -> (FetchSettings?, [String]) {
        var settings: FetchSettings?
        do throws(ConfigurationError) {
            _ = try ResourceServer(
                configuration,
                makeFetcher: { given throws(ConfigurationError) in
                    settings = given
                    return ScriptedFetcher()
                }, observer: nil)
            return (settings, [])
        } catch {
            return (settings, error.lines)
        }
    }

    private func settings(
        _ issuers: [IssuerConfiguration] = [issuer], _ edit: (inout ResourceServerConfiguration.Fetching) -> Void
    ) -> (FetchSettings?, [String]) {
        var configuration = ResourceServerConfiguration(resource: "https://mcp.example.com/mcp", issuers: issuers)
        edit(&configuration.tokens.fetching)
        return settings(configuration)
    }

    private func environment(_ variables: [String: String]) -> (FetchSettings?, [String]) {
        let common = ["OAUTH_RESOURCE": "https://mcp.example.com/mcp", "OAUTH_ISSUERS": "https://login.example.com"]
        return settings(ResourceServerConfiguration(environment: common.merging(variables) { $1 }))
    }

    @Test("The fetcher gets the authorities, the proxy and the token of the configuration; by default there are none")
    func given() throws {
        let (plain, _) = settings { _ in }
        #expect(plain == FetchSettings())
        let (settings, faults) = settings {
            $0.certificateAuthorityFile = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
            $0.proxy = "http://[::1]:3128/"
            $0.privateHosts = ["kubernetes.default.svc"]
            $0.bearer = .kubernetesServiceAccount
        }
        #expect(faults.isEmpty)
        #expect(settings?.certificateAuthorityFile == "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
        #expect(settings?.proxy?.text == "http://[::1]:3128/")
        #expect(settings?.permissions.privateHosts == ["kubernetes.default.svc"])
        let file = "/var/run/secrets/kubernetes.io/serviceaccount/token"
        #expect(settings?.bearer == FetchBearer(host: "kubernetes.default.svc", file: file))
        let (read, _) = environment(["OAUTH_CA_FILE": "ca.pem", "OAUTH_HTTP_PROXY": "http://proxy.example"])
        #expect(read?.certificateAuthorityFile == "ca.pem")
        #expect(read?.proxy?.text == "http://proxy.example")
    }

    @Test("A token that plain http would carry to another machine is a fault, and not a failure of each fetch")
    func bearerOverHTTP() {
        let hosts = ["idp.internal", "other.internal"]
        func faults(_ issuers: [IssuerConfiguration], _ host: String) -> [String] {
            settings(issuers) {
                $0.insecureHTTP = .privateHosts
                $0.privateHosts = hosts
                $0.bearer = .init(host: host, file: "token")
            }.1
        }
        let fault = [
            "tokens.fetching.bearer.host gets the token over plain http by tokens.issuers[0]; use https for this host"
        ]
        let keys = IssuerConfiguration("https://login.example.com", keys: .url("http://idp.internal:8080/jwks"))
        #expect(faults([keys], "idp.internal") == fault)
        #expect(faults([keys], "IDP.internal") == fault)
        #expect(faults(["http://idp.internal"], "idp.internal") == fault)
        #expect(faults([keys], "other.internal").isEmpty)
        let local = IssuerConfiguration("https://login.example.com", keys: .url("http://127.0.0.1:8080/jwks"))
        #expect(faults([local], "127.0.0.1").isEmpty)
    }

    @Test(
        "A proxy is an http URL of a host and perhaps a port; no fault repeats it",
        arguments: [
            "https://proxy.example:3128", "proxy.example:3128", "http://user:hunter2@proxy.example",
            "http://@proxy.example",
            "socks5://proxy.example", "http://proxy.example/path", "http://proxy.example?a=b", "http://proxy.example#a",
            "http://proxy.example:0", "http://",
        ])
    func proxy(text: String) {
        let remedy = "write it like http://proxy.example.com:3128, without a user name and password"
        let reason = "is not an http URL of a host and perhaps a port"
        #expect(settings { $0.proxy = text }.1 == ["tokens.fetching.proxy \(reason); \(remedy)"])
        #expect(environment(["OAUTH_HTTP_PROXY": text]).1 == ["OAUTH_HTTP_PROXY \(reason); \(remedy)"])
    }

    @Test("The host of the token is a host", arguments: ["https://a.example", "a.example:443", "a.example/b", ""])
    func bearerHost(host: String) {
        #expect(
            settings { $0.bearer = .init(host: host, file: "token") }.1 == [
                "tokens.fetching.bearer.host is not a host; "
                    + "write its name or address alone, without scheme, port and path"
            ])
    }

    @Test(
        "http for private hosts: the issuer, its keys and its endpoint may be there, and nowhere else",
        arguments: [
            ("http://idp.internal/realms/a", nil, true), ("http://127.0.0.1:9000", nil, true),
            ("https://login.example.com", "http://idp.internal/keys", true),
            ("http://idp.internal", "http://idp.internal:8080/keys", true), ("http://IDP.internal", nil, true),
            ("http://login.example.com", nil, false), ("http://idp.internal.example", nil, false),
            ("http://sub.idp.internal", nil, false), ("http://idp.internal", "http://other.internal/keys", false),
            ("http://10.0.0.1", nil, false),
        ] as [(String, String?, Bool)])
    func privateHosts(issuer: String, keys: String?, isAccepted: Bool) {
        var configured = IssuerConfiguration(issuer)
        if let keys { configured.keys = .url(keys) }
        let (_, faults) = settings([configured]) {
            $0.insecureHTTP = .privateHosts
            $0.privateHosts = ["idp.internal"]
        }
        #expect(faults.isEmpty == isAccepted, "\(faults)")
        // Without the one more word, only https and loopback are accepted.
        let (_, others) = settings([configured]) {
            $0.insecureHTTP = .loopback
            $0.privateHosts = ["idp.internal"]
        }
        #expect(others.isEmpty == (issuer == "http://127.0.0.1:9000"))
    }

    @Test("http for private hosts needs a list of them, and is a word of the environment")
    func privateHostsWord() {
        #expect(
            environment(["OAUTH_ALLOW_INSECURE_HTTP": "private-hosts"]).1 == [
                "OAUTH_ALLOW_INSECURE_HTTP allows http for private hosts, but OAUTH_ALLOW_PRIVATE_HOSTS names none; "
                    + "list the hosts there, or allow http for loopback hosts only"
            ])
        let (settings, faults) = environment([
            "OAUTH_ALLOW_INSECURE_HTTP": "private-hosts", "OAUTH_ALLOW_PRIVATE_HOSTS": "idp",
            "OAUTH_ISSUERS": "http://idp:8080/realms/a",
        ])
        #expect(faults.isEmpty)
        #expect(settings?.permissions == FetchPermissions(insecureHTTP: .privateHosts, privateHosts: ["idp"]))
        #expect(environment(["OAUTH_ALLOW_INSECURE_HTTP": "any_host"]).1.count == 1)
    }

    @Test("A fault that the fetcher finds has the name that the operator knows")
    func names() {
        let configuration = ResourceServerConfiguration(environment: [
            "OAUTH_RESOURCE": "https://mcp.example.com/mcp", "OAUTH_ISSUERS": "https://login.example.com",
        ])
        let error = #expect(throws: ConfigurationError.self) {
            try ResourceServer(
                configuration,
                makeFetcher: { _ throws(ConfigurationError) in
                    throw ConfigurationError([
                        .init(("tokens" as ConfigurationError.Path) + "fetching" + "certificateAuthorityFile", "a", "b")
                    ])
                }, observer: nil)
        }
        #expect(error?.lines == ["OAUTH_CA_FILE a; b"])
    }
}
