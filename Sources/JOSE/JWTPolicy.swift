public import WireFormat

/// What an acceptable access token of one issuer looks like. Plain values; ``JWTValidation`` checks them at construction.
public struct JWTPolicy: Sendable {
    /// Which kinds of token are acceptable.
    public enum Profile: Sendable, Hashable {
        /// `typ` absent, `JWT` or `at+jwt`; `exp`, `iss` and the audience required.
        case `default`
        /// RFC 9068: only `at+jwt`; `sub`, `client_id`, `jti` and `iat` required too.
        case rfc9068
    }

    /// What to do with something that is usually refused.
    public enum Leniency: Sendable, Hashable {
        /// Refuse it.
        case refused
        /// Let it pass.
        case accepted
    }

    /// A claim that the issuer must send, beyond those of the profile.
    public struct RequiredClaim: Sendable, Hashable {
        /// What the value must be.
        public enum Rule: Sendable, Hashable {
            /// Any value but null.
            case present
            /// One of these values; strings are compared as bytes, numbers as written.
            case oneOf([JSONValue])
        }

        /// The name of a top-level claim.
        public var name: String
        /// What its value must be.
        public var rule: Rule

        /// A required claim.
        public init(_ name: String, _ rule: Rule = .present) {
            self.name = name
            self.rule = rule
        }
    }

    /// The issuer, byte for byte as in `iss`.
    public var issuer: String
    /// This resource's own identifier; matches with or without one trailing slash.
    public var resource: String?
    /// Other audiences that name this resource; matched exactly. With no `resource`, at least one is needed.
    public var audiences: [String] = []
    /// The claim that names the audience. Only an issuer that sends no usable `aud` needs another one (AWS Cognito:
    /// `client_id`); `aud` is not looked at then.
    public var audienceClaim = "aud"
    /// What `alg` may name; at least one.
    public var algorithms = SignatureAlgorithm.allowedByDefault
    /// The profile.
    public var profile = Profile.default
    /// How far clocks may differ, in seconds; 0…300.
    public var clockSkew = 60
    /// A token whose `iat` lies in the future by more than the skew.
    public var futureIssuedAt = Leniency.refused
    /// The longest time since `iat` in seconds, 1…31,536,000; nil for no limit. With a limit, `iat` is required.
    public var maximumAge: Int?
    /// The longest time between `iat` and `exp` in seconds, 1…31,536,000; nil for no limit. With a limit, `iat` is
    /// required.
    public var maximumLifetime: Int?
    /// Further claims that must be there.
    public var requiredClaims: [RequiredClaim] = []
    /// A token that is not `at+jwt` and has a claim that only ID tokens and event tokens have.
    public var idTokens = Leniency.refused

    /// A policy with the defaults.
    public init(issuer: String, resource: String?) {
        self.issuer = issuer
        self.resource = resource
    }

    /// What is wrong with a policy.
    public enum Fault: String, Error, Sendable, Hashable, CaseIterable {
        /// An empty issuer.
        case noIssuer = "issuer is empty"
        /// No audience, or an empty one: a token for anybody would do.
        case noAudience = "there is no audience, or an empty one; name the resource that tokens must be for"
        /// An empty audience claim.
        case noAudienceClaim = "audienceClaim is empty"
        /// No algorithm.
        case noAlgorithm = "algorithms is empty; allow at least one"
        /// A skew out of range.
        case clockSkew = "clockSkew is outside 0…300 seconds"
        /// A maximum age out of range.
        case maximumAge = "maximumAge is outside 1…31,536,000 seconds"
        /// A maximum lifetime out of range.
        case maximumLifetime = "maximumLifetime is outside 1…31,536,000 seconds"
        /// A required claim without a name, or one that may have no value at all.
        case requiredClaims = "requiredClaims has an entry without a name or without a value to match"
    }

    /// Every fault of the policy; none when a validation can be made of it.
    public var faults: [Fault] {
        let audiences = acceptedAudiences
        let oneYear = 1...31_536_000
        return [
            issuer.isEmpty ? .noIssuer : nil,
            audiences.isEmpty || audiences.contains([]) ? .noAudience : nil,
            audienceClaim.isEmpty ? .noAudienceClaim : nil,
            algorithms.isEmpty ? .noAlgorithm : nil,
            (0...300).contains(clockSkew) ? nil : .clockSkew,
            maximumAge.map(oneYear.contains) == false ? .maximumAge : nil,
            maximumLifetime.map(oneYear.contains) == false ? .maximumLifetime : nil,
            requiredClaims.contains { $0.name.isEmpty || $0.rule == .oneOf([]) } ? .requiredClaims : nil,
        ].compactMap { $0 }
    }

    /// The accepted audiences as bytes; the resource also with one trailing slash more or less, because authorization
    /// servers re-serialise `https://host` as `https://host/`.
    package var acceptedAudiences: [[UInt8]] {
        let exact = audiences.map { Array($0.utf8) }
        guard let resource else { return exact }
        let bytes = Array(resource.utf8)
        let slash = UInt8(ascii: "/")
        return exact + [bytes, bytes.last == slash ? Array(bytes.dropLast()) : bytes + [slash]]
    }
}

/// Everything that is wrong with a ``JWTPolicy``, at once.
public struct JWTPolicyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The faults, at least one.
    public let faults: [JWTPolicy.Fault]

    /// One line a fault.
    public var description: String { faults.map(\.rawValue).joined(separator: "\n") }
}
