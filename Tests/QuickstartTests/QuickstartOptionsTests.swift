import OAuthMetadata
import Testing

@testable import mcp_quickstart

@Suite("mcp-quickstart: options")
struct QuickstartOptionsTests {
    @Test("no arguments give the documented defaults")
    func defaults() throws {
        let options = try QuickstartOptions(parsing: [])
        #expect(options.port == 8080)
        #expect(options.issuerPort == 9000)
        #expect(options.issuer == nil)
        #expect(options.resource == nil)
        #expect(options.requiredScopes.description == "mcp:use")
        #expect(options.tokenLifetime == 3600)
    }

    @Test("every flag, with a space and with =")
    func flags() throws {
        let spaced = try QuickstartOptions(parsing: [
            "--port", "0", "--issuer-port", "65535", "--token-lifetime", "1", "--resource", "https://mcp.example/mcp",
            "--required-scope", "b", "--required-scope", "a",
        ])
        let joined = try QuickstartOptions(parsing: [
            "--port=0", "--issuer-port=65535", "--token-lifetime=1", "--resource=https://mcp.example/mcp",
            "--required-scope=b", "--required-scope=a",
        ])
        for options in [spaced, joined] {
            #expect(options.port == 0)
            #expect(options.issuerPort == 65535)
            #expect(options.tokenLifetime == 1)
            #expect(options.resource?.text == "https://mcp.example/mcp")
            #expect(options.requiredScopes.description == "a b")
        }
        #expect(
            try QuickstartOptions(parsing: ["--issuer", "https://as.example/t=1"]).issuer?.text
                == "https://as.example/t=1")
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
                "--required-scope must be one scope (RFC 6749, section 3.3); repeat it for more"
            ),
            (
                ["--required-scope", "a\"b"],
                "--required-scope must be one scope (RFC 6749, section 3.3); repeat it for more"
            ),
            (["--required-scope="], "--required-scope needs a value"),
            (
                ["--issuer", "https://as.example", "--token-lifetime", "5"],
                "--token-lifetime is for the embedded authorization server, which --issuer replaces"
            ),
            (
                ["--issuer", "https://as.example", "--issuer-port", "5"],
                "--issuer-port is for the embedded authorization server, which --issuer replaces"
            ),
            (
                ["--issuer", "http://as.example"],
                "--issuer must be an https URL, or an http URL of a loopback host, without query and fragment"
            ),
            (
                ["--resource", "mcp.example"],
                "--resource must be an https URL, or an http URL of a loopback host, without fragment"
            ),
        ] as [([String], String)])
    func fault(arguments: [String], line: String) {
        let error = #expect(throws: UsageError.self) { try QuickstartOptions(parsing: arguments) }
        #expect(error?.faults == [line])
    }

    @Test("every fault is reported at once")
    func allFaults() {
        let error = #expect(throws: UsageError.self) {
            try QuickstartOptions(parsing: ["--port", "x", "--nope", "y", "z", "--resource", "ftp://a", "--issuer"])
        }
        #expect(
            error?.faults == [
                "unknown option '--nope'; see --help", "unexpected argument 'z'", "--issuer needs a value",
                "--port must be a number from 0 to 65535",
                "--resource must be an https URL, or an http URL of a loopback host, without fragment",
            ])
    }
}
