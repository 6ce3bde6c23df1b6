import JOSE
import Testing

@testable import mcp_auth

@Suite("mcp-auth token verify: options", .serialized)
struct VerificationOptionsTests {
    @Test("only the keys and the audience are needed; the rest has the library's defaults")
    func defaults() throws {
        let options = try VerificationOptions(["--jwks", "k", "--audience", "a"])
        let policy = JWTPolicy(issuer: "i", resource: "a")
        #expect(options.keys == .file("k") && options.audience == "a")
        #expect(options.issuer == nil && options.tokenFile == nil && options.now == nil)
        #expect(options.algorithms == policy.algorithms)
        #expect(options.skew == policy.clockSkew)
        #expect(options.profile == policy.profile)
    }

    @Test("every flag, with a space and with =")
    func flags() throws {
        let pairs = [
            ("--jwks", "http://127.0.0.1:1/jwks"), ("--audience", "a=b"), ("--issuer", "i"), ("--alg", "PS384,Ed25519"),
            ("--now", "0"), ("--skew", "300"), ("--profile", "rfc9068"), ("--token-file", "t"),
        ]
        for arguments in [pairs.flatMap { [$0.0, $0.1] }, pairs.map { "\($0.0)=\($0.1)" }] {
            let options = try VerificationOptions(arguments)
            #expect(options.keys == KeyLocator("http://127.0.0.1:1/jwks"))
            #expect(options.audience == "a=b")
            #expect(options.issuer == "i")
            #expect(options.algorithms == [.ps384, .edDSA])
            #expect(options.now == 0)
            #expect(options.skew == 300)
            #expect(options.profile == .rfc9068)
            #expect(options.tokenFile == "t")
        }
    }

    @Test(
        "a fault is one line that names the flag",
        arguments: [
            (["--jwks"], "--jwks needs a value"), (["--issuer="], "--issuer needs a value"),
            (["--issuer", "a", "--issuer", "a"], "--issuer is given more than once"),
            (["--skew", "301"], "--skew must be a number from 0 to 300"),
            (["--skew", "-1"], "--skew must be a number from 0 to 300"),
            (["--skew", "+1"], "--skew must be a number from 0 to 300"),
            (["--now", "1.5"], "--now must be a number from 0 to 253402300799"),
            (["--now", "99999999999999999999"], "--now must be a number from 0 to 253402300799"),
            (["--profile", "RFC9068"], "--profile must be default or rfc9068"),
            (["--jwks", "https://"], "--jwks must be \(KeyLocator.expected)"),
            (["--jwks", "Http://example.com/"], "--jwks must be \(KeyLocator.expected)"),
            (["--alg", "HS256"], VerificationOptionsTests.algorithms),
            (["--alg", "none"], VerificationOptionsTests.algorithms),
            (["--alg", "rs256"], VerificationOptionsTests.algorithms),
            (["--alg", "RS256,"], VerificationOptionsTests.algorithms),
            (["--alg", ","], VerificationOptionsTests.algorithms),
            (["--alg", "RS256 ES256"], VerificationOptionsTests.algorithms),
            (["--aud", "x"], "unknown option '--aud'; see --help"),
            (["x"], "unexpected argument (not shown: it may be a token; tokens are read from standard input)"),
        ] as [([String], String)])
    func fault(arguments: [String], line: String) {
        let needed = [("--jwks", "k"), ("--audience", "a")].filter { !arguments.contains($0.0) }
        let error = #expect(throws: CommandFault.self) {
            try VerificationOptions(arguments + needed.flatMap { [$0.0, $0.1] })
        }
        #expect(error?.lines == [line])
    }

    private static let algorithms = """
        --alg must be one or more, with commas between them, of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, \
        ES512, EdDSA
        """

    @Test("every fault is reported at once, and what is missing too")
    func allFaults() {
        let error = #expect(throws: CommandFault.self) {
            try VerificationOptions(["--skew", "x", "--nope", "y", "z", "--profile", "q"])
        }
        #expect(
            error?.lines == [
                "unknown option '--nope'; see --help",
                "unexpected argument (not shown: it may be a token; tokens are read from standard input)",
                "--skew must be a number from 0 to 300", "--profile must be default or rfc9068",
                "--jwks is required: a file, a URL, or - for standard input",
                "--audience is required: the identifier of the resource that the token must be for",
            ])
    }
}
