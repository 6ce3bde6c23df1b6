import OAuthTestKit
import JOSE
import OAuthMetadata
import OAuthResourceServer
import Testing
import TokenVerification

@testable import mcp_quickstart

@Suite("mcp-quickstart: options", .serialized)
struct QuickstartOptionsTests {
    @Test("no arguments give the documented defaults")
    func defaults() throws {
        let options = QuickstartOptions(parsing: [])
        #expect(options.port == 8080)
        #expect(options.issuerPort == 9000)
        #expect(options.tokenLifetime == 3600)
        #expect(options.hasEmbeddedIssuer)
        let configuration = options.configuration(port: 8080, embeddedIssuer: "http://127.0.0.1:9000")
        #expect(configuration.resource == "http://127.0.0.1:8080/mcp")
        #expect(configuration.tokens.issuers.map(\.issuer) == ["http://127.0.0.1:9000"])
        #expect(configuration.requirements.scopes == ["mcp:use"])
        #expect(configuration.metadata.forwarded?.issuer == "http://127.0.0.1:9000")
    }

    @Test("every flag, with a space and with =")
    func flags() throws {
        let spaced = QuickstartOptions(parsing: [
            "--port", "0", "--issuer-port", "65535", "--token-lifetime", "1", "--resource", "https://mcp.example/mcp",
            "--required-scope", "b", "--required-scope", "a",
        ])
        let joined = QuickstartOptions(parsing: [
            "--port=0", "--issuer-port=65535", "--token-lifetime=1", "--resource=https://mcp.example/mcp",
            "--required-scope=b", "--required-scope=a",
        ])
        for options in [spaced, joined] {
            #expect(options.port == 0)
            #expect(options.issuerPort == 65535)
            #expect(options.tokenLifetime == 1)
            let configuration = options.configuration(port: 1, embeddedIssuer: "http://127.0.0.1:2")
            #expect(configuration.resource == "https://mcp.example/mcp")
            #expect(configuration.requirements.scopes == ["b", "a"])
        }
        let issuers = QuickstartOptions(parsing: [
            "--issuer", "https://as.example/t=1", "--issuer=https://b.example",
        ])
        #expect(!issuers.hasEmbeddedIssuer)
        #expect(
            issuers.configuration(port: 1, embeddedIssuer: nil).tokens.issuers.map(\.issuer)
                == ["https://as.example/t=1", "https://b.example"])
    }

    @Test("DPoP: the flags set the modes of the guard and of the embedded authorization server")
    func proofs() throws {
        let options = QuickstartOptions(parsing: ["--dpop", "required", "--dpop-nonces", "--sessions"])
        #expect(options.faults.isEmpty && options.beginsSessions)
        let configuration = options.configuration(port: 1, embeddedIssuer: "http://127.0.0.1:2")
        #expect(configuration.dpop.mode == .required)
        guard case .required = configuration.dpop.nonces else {
            Issue.record("Proofs need no nonce.")
            return
        }
        var faults: [String] = []
        let assembly = try #require(Quickstart(options) { _ in }.assemble(port: 1, issuerPort: 2, &faults))
        #expect(faults.isEmpty)
        #expect(assembly.embedded?.server.metadata.dpopSigningAlgorithms.contains("ES256") == true)
        let plain = try #require(
            Quickstart(QuickstartOptions(parsing: [])) { _ in }.assemble(port: 1, issuerPort: 2, &faults))
        #expect(plain.embedded?.server.metadata.dpopSigningAlgorithms == [])
    }

    @Test("DPoP: a fault is one line that names the flag")
    func faultyProofs() {
        for (arguments, flag) in [(["--dpop", "on"], "--dpop"), (["--dpop-nonces"], "--dpop-nonces")] {
            var faults: [String] = []
            _ = Quickstart(QuickstartOptions(parsing: arguments)) { _ in }
                .assemble(port: 1, issuerPort: 2, &faults)
            #expect(faults.count == 1 && faults.first?.hasPrefix(flag) == true, "\(faults)")
        }
    }

    @Test("flags win over the environment, which says everything else")
    func environment() throws {
        let environment = [
            "OAUTH_ISSUERS": "https://one.example https://two.example", "OAUTH_REQUIRED_SCOPES": "x y",
            "OAUTH_ALLOWED_ORIGINS": "https://app.example", "OAUTH_CLOCK_SKEW": "5", "PATH": "/bin",
        ]
        let options = QuickstartOptions(parsing: ["--required-scope", "z"], environment: environment)
        let configuration = options.configuration(port: 1, embeddedIssuer: nil)
        #expect(configuration.tokens.issuers.map(\.issuer) == ["https://one.example", "https://two.example"])
        #expect(configuration.requirements.scopes == ["z"])
        #expect(configuration.browsers.allowedOrigins == ["https://app.example"])
        #expect(configuration.tokens.issuers.map(\.policy.clockSkew) == [5, 5])
    }

    @Test("OAUTH_ALLOW_INSECURE_HTTP=loopback admits an issuer on http loopback, and nothing else does")
    func insecureIssuer() throws {
        let arguments = ["--issuer", "http://127.0.0.1:9000"]
        let environment = ["OAUTH_ALLOW_INSECURE_HTTP": "loopback"]
        #expect(faults(arguments, environment) == [])
        #expect(
            faults(arguments) == [
                "--issuer entry 1 uses http; use https, or for a loopback host set OAUTH_ALLOW_INSECURE_HTTP to loopback"
            ])
        #expect(faults(["--issuer", "http://as.example"], environment).count == 1)
    }

    @Test("the metadata of the issuer is forwarded unless the environment says otherwise")
    func forwardedMetadata() {
        func forwarded(_ environment: [String: String]) -> String? {
            QuickstartOptions(parsing: ["--issuer", "https://as.example"], environment: environment)
                .configuration(port: 1, embeddedIssuer: nil).metadata.forwarded?.issuer
        }
        #expect(forwarded([:]) == "https://as.example")
        #expect(forwarded(["OAUTH_FORWARD_METADATA": "yes"]) == "https://as.example")
        #expect(forwarded(["OAUTH_FORWARD_METADATA": "0"]) == nil)
    }

    @Test("--resource https://localhost is allowed: a proxy in front speaks TLS")
    func localTLS() {
        #expect(faults(["--resource", "https://localhost:8443/mcp"]) == [])
        #expect(faults(["--resource", "https://127.0.0.1:8443/mcp"]) == [])
        #expect(faults(["--resource", "https://0.0.0.0:8443/mcp"]).count == 1)
        #expect(faults(["--resource", "http://mcp.local/mcp"]).count == 1)
    }

    @Test("faults of the environment and of flags are reported together, each by the name that was used")
    func mixedFaults() throws {
        let names = faults(
            ["--port", "x", "--resource", "mcp.example"],
            ["OAUTH_MODE": "off", "OAUTH_ISSUER": "https://as.example", "OAUTH_CLOCK_SKEW": "-1"]
        ).compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(Set(names) == ["--port", "--resource", "OAUTH_MODE", "OAUTH_ISSUER", "OAUTH_CLOCK_SKEW"])
    }

    @Test(
        "a fault is one line that names the flag",
        arguments: [
            (["--port"], "--port needs a value"),
            (["--port="], "--port needs a value"),
            (["--port", "--issuer-port", "1"], "--port needs a value"),
            (["--port", "x"], "--port must be a number from 0 to 65535"),
            (["--port", "-1"], "--port must be a number from 0 to 65535"),
            (["--port", "+1"], "--port must be a number from 0 to 65535"),
            (["--port", "65536"], "--port must be a number from 0 to 65535"),
            (["--port", "99999999999999999999"], "--port must be a number from 0 to 65535"),
            (["--port", "1", "--port", "1"], "--port is given more than once"),
            (["--token-lifetime", "0"], "--token-lifetime must be a number from 1 to 86400"),
            (["--token-lifetime", "86401"], "--token-lifetime must be a number from 1 to 86400"),
            (["--port", "9000"], "--port and --issuer-port must differ; both are 9000"),
            (["--prot", "1"], "unknown option '--prot'; see --help"),
            (["--prot=1"], "unknown option '--prot'; see --help"),
            (["--\n\u{1B}é"], "unknown option '--???'; see --help"),
            (["8080"], "unexpected argument '8080'"),
            (["-h"], "unexpected argument '-h'"),
            (
                ["--required-scope", "a b"],
                "--required-scope takes one value, without spaces and commas; repeat it for more"
            ),
            (["--required-scope="], "--required-scope needs a value"),
            (
                ["--issuer", "https://as.example", "--token-lifetime", "5"],
                "--token-lifetime is for the embedded authorization server, which is not started, because "
                    + "an issuer or another mode is set; unset OAUTH_ISSUERS and OAUTH_MODE, or leave this out"
            ),
            (
                ["--issuer", "https://as.example", "--issuer-port", "5"],
                "--issuer-port is for the embedded authorization server, which is not started, because "
                    + "an issuer or another mode is set; unset OAUTH_ISSUERS and OAUTH_MODE, or leave this out"
            ),
            (
                ["--jwks-url", "https://as.example/keys"],
                "--jwks-url belongs to an issuer; name it with --issuer or OAUTH_ISSUERS"
            ),
            (
                ["--issuer", "https://as.example", "--ca-file", "/nowhere"],
                "--ca-file must be a PEM file of certificates that can be read"
            ),
        ] as [([String], String)])
    func fault(arguments: [String], line: String) {
        #expect(faults(arguments) == [line])
    }

    @Test("every fault is reported at once")
    func allFaults() {
        #expect(
            faults(["--port", "x", "--nope", "y", "z", "--resource", "ftp://a", "--issuer"]) == [
                "unknown option '--nope'; see --help", "unexpected argument 'z'", "--issuer needs a value",
                "--port must be a number from 0 to 65535",
                "--resource is not an absolute URL (unsupported_scheme); write it like https://mcp.example.com/mcp",
            ])
    }

    @Test(
        "settings of an issuer are faults while the program runs its own",
        arguments: [
            "OAUTH_JWKS_URL", "OAUTH_INTROSPECTION_URL", "OAUTH_INTROSPECTION_CLIENT_ID", "OAUTH_AUTHORIZATION_SERVERS",
        ])
    func settingsOfIssuers(variable: String) {
        let line = "\(variable) belongs to an issuer; name it with --issuer or OAUTH_ISSUERS"
        #expect(QuickstartOptions(parsing: [], environment: [variable: "https://as.example"]).faults == [line])
        let environment = [variable: "https://as.example", "OAUTH_ISSUERS": "https://as.example"]
        #expect(QuickstartOptions(parsing: [], environment: environment).faults == [])
    }

    @Test("OAUTH_REPLAY_STORE names a Valkey or Redis server; a faulty URL is a fault, which does not repeat it")
    func replayStore() {
        var environment = ["OAUTH_DPOP": "optional", "OAUTH_REPLAY_STORE": "unix:///nonexistent/folder/socket"]
        #expect(faults([], environment) == [])
        environment["OAUTH_REPLAY_STORE"] = "valkey://:secret@host:0"
        #expect(
            faults([], environment) == ["OAUTH_REPLAY_STORE has an unacceptable port; give a number of 1…65535"])
    }

    /// The faults that the program would report. No server is started.
    private func faults(_ arguments: [String], _ environment: [String: String] = [:]) -> [String] {
        let options = QuickstartOptions(parsing: arguments, environment: environment)
        var faults = options.faults
        _ = Quickstart(options, observer: { _ in }).assemble(port: 1, issuerPort: 2, &faults)
        return faults
    }
}
