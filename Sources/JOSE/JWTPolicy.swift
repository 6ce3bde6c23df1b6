public import WireFormat

/// The description of an acceptable access token of one issuer. Plain values; ``JWTValidation`` checks them when it is
/// made. Settings that accept more than the defaults are named `dangerously…`.
public struct JWTPolicy: Sendable {
    /// The kinds of token that are acceptable.
    public enum Profile: Sendable, Hashable {
        /// `typ` absent, `JWT` or `at+jwt`. `exp`, `iss` and the audience are required.
        case `default`
        /// RFC 9068: `typ` is `at+jwt`. `sub`, `client_id`, `jti` and `iat` are required too.
        case rfc9068
    }

    /// Whether to accept a token that the default policy refuses.
    public enum Leniency: Sendable, Hashable {
        /// Refuse the token. The default.
        case refused
        /// Accept the token. This is weaker than the default: set it only for an issuer that cannot be corrected.
        case dangerouslyAccepted
    }

    /// A claim that the issuer must send, beyond those of the profile.
    public struct RequiredClaim: Sendable, Hashable {
        /// The rule for the value.
        public enum Rule: Sendable, Hashable {
            /// Any value but null.
            case present
            /// One of these values. Strings are compared as bytes, numbers as they are written.
            case oneOf([JSONValue])
        }

        /// The name of a top-level claim.
        public var name: String
        /// The rule for its value.
        public var rule: Rule

        /// Makes a required claim.
        public init(_ name: String, _ rule: Rule = .present) {
            self.name = name
            self.rule = rule
        }
    }

    /// The acceptable values of ``clockSkew``, in seconds.
    public static let clockSkews: ClosedRange<Int> = 0...300
    /// The acceptable values of ``maximumAge``, in seconds: one second to 365 days.
    public static let maximumAges: ClosedRange<Int> = 1...31_536_000
    /// The acceptable values of ``maximumLifetime``, in seconds: one second to 365 days.
    public static let maximumLifetimes: ClosedRange<Int> = 1...31_536_000

    /// The issuer, byte for byte as in `iss`.
    public var issuer: String
    /// The identifier of this resource. It matches with or without one trailing slash.
    public var resource: String?
    /// Further audiences that name this resource. They match exactly. Without ``resource``, at least one is required.
    public var audiences: [String] = []
    /// The claim that names the audience. Change it only for an issuer that sends no usable `aud`, such as AWS Cognito
    /// with `client_id`: `aud` is ignored then.
    public var audienceClaim = "aud"
    /// The algorithms that `alg` may name, at least one.
    public var algorithms = SignatureAlgorithm.allowedByDefault
    /// The profile.
    public var profile = Profile.default
    /// How far clocks may differ, in seconds, within ``clockSkews``.
    public var clockSkew = 60
    /// The decision about a token whose `iat` is after the present time by more than the skew.
    public var futureIssuedAt = Leniency.refused
    /// The longest time since `iat`, in seconds, within ``maximumAges``; nil for no limit. With a limit, `iat` is
    /// required.
    public var maximumAge: Int?
    /// The longest time between `iat` and `exp`, in seconds, within ``maximumLifetimes``; nil for no limit. With a
    /// limit, `iat` is required.
    public var maximumLifetime: Int?
    /// Further claims that are required.
    public var requiredClaims: [RequiredClaim] = []
    /// Whether to accept a token that looks like an ID token or event token: its `typ` is not `at+jwt`, and it has a
    /// claim that only those have.
    public var idTokens = Leniency.refused
    /// The key bindings (`cnf`) that the program checks itself, for every request, after the token was verified. A
    /// token with another binding is refused. Empty by default: then every bound token is refused.
    ///
    /// A method here accepts a bound token **without** its proof: take ``KeyConfirmation`` from the verified token, and
    /// check the proof. A guard of `OAuthResourceServer` replaces this set by the bindings that it checks.
    public var confirmations: Set<KeyConfirmation.Method> = []

    /// Makes a policy with the defaults.
    public init(issuer: String, resource: String?) {
        self.issuer = issuer
        self.resource = resource
    }

    /// The accepted audiences in UTF-8. The resource is accepted with and without one trailing slash, because
    /// authorization servers serialize `https://host` again as `https://host/`.
    package var acceptedAudiences: [[UInt8]] {
        let exact = audiences.map { Array($0.utf8) }
        guard let resource else { return exact }
        let bytes = Array(resource.utf8)
        let slash = UInt8(ascii: "/")
        return exact + [bytes, bytes.last == slash ? Array(bytes.dropLast()) : bytes + [slash]]
    }
}
