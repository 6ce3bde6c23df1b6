import JOSE
import OAuthMetadata
import WireFormat

/// The options of `token verify`.
struct VerificationOptions {
    /// The location of the keys; nil to discover them by the issuer.
    var keys: KeyLocator?
    /// The path of the token; nil means standard input.
    var tokenFile: String?
    /// The expected issuer; nil means the token's own `iss`.
    var issuer: String?
    var audience: String
    var algorithms = SignatureAlgorithm.allowedByDefault
    /// The time of the check in seconds since 1970; nil means the current time.
    var now: Int?
    var skew = 60
    var profile = JWTPolicy.Profile.default
    /// The scopes that the token must have.
    var requiredScopes = ScopeSet()
    /// The network for discovery.
    var network = ClientNetwork.Options()

    /// The accepted values of --required-scope, for a message about a wrong one.
    static let scopes = "scopes of printable ASCII, separated by spaces"

    /// Parses the arguments after `token verify`.
    ///
    /// - Throws: All faults together.
    init(_ arguments: [String]) throws(CommandFault) {
        var list = ArgumentList(
            arguments,
            flags: ["--jwks", "--token-file", "--issuer", "--audience", "--alg", "--now", "--skew", "--profile"]
                + ClientNetwork.Options.flags,
            repeatableFlags: ["--required-scope"] + ClientNetwork.Options.repeatableFlags)
        network = ClientNetwork.Options(&list)
        let scopes = list.values("--required-scope", Self.scopes) { ScopeSet(parsing: $0) }
        requiredScopes = scopes.reduce(ScopeSet()) { $0.union($1) }
        let keys = list.value("--jwks", KeyLocator.expected, KeyLocator.init)
        tokenFile = list["--token-file"]
        issuer = list["--issuer"]
        audience = list["--audience"] ?? ""
        let names = SignatureAlgorithm.all.map(\.name).joined(separator: ", ")
        if let value = list.value("--alg", "one or more, with commas between them, of \(names)", Self.algorithms) {
            algorithms = value
        }
        now = list.number("--now", 0...253_402_300_799)
        if let value = list.number("--skew", JWTPolicy.clockSkews) { skew = value }
        let profiles: [(String, JWTPolicy.Profile)] = [("default", .default), ("rfc9068", .rfc9068)]
        if let value = list.value(
            "--profile", "default or rfc9068", { text in profiles.first { $0.0.hasSameBytes(as: text) }?.1 })
        {
            profile = value
        }
        if !list.contains("--jwks"), !list.contains("--issuer") {
            list.faults.append("--jwks is required: a file, a URL, or - for standard input")
        }
        if !list.contains("--audience") {
            // There is no default audience: a token for another resource must not be reported as good.
            list.faults.append("--audience is required: the identifier of the resource that the token must be for")
        }
        if keys == .standardInput, tokenFile == nil || tokenFile == "-" {
            list.faults.append(
                "--jwks - reads the key set from standard input; name the token's file with --token-file")
        }
        guard list.faults.isEmpty else { throw CommandFault(list.faults) }
        self.keys = keys
    }

    private static func algorithms(_ text: String) -> [SignatureAlgorithm]? {
        var algorithms: [SignatureAlgorithm] = []
        for name in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let algorithm = SignatureAlgorithm(name: String(decoding: Array(name), as: UTF8.self)) else {
                return nil
            }
            algorithms.append(algorithm)
        }
        return algorithms
    }
}
