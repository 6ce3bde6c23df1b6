internal import WireFormat

extension JWTPolicy {
    /// A setting of a policy that is not acceptable.
    public enum Fault: Error, Sendable, Hashable, CaseIterable, CustomStringConvertible {
        /// The issuer is empty.
        case noIssuer
        /// The list of audiences is empty, or contains an empty text. The policy would accept tokens for any resource.
        case noAudience
        /// The name of the audience claim is empty.
        case noAudienceClaim
        /// The list of allowed algorithms is empty.
        case noAlgorithm
        /// The skew is outside ``JWTPolicy/clockSkews``.
        case clockSkew
        /// The maximum age is outside ``JWTPolicy/maximumAges``.
        case maximumAge
        /// The maximum lifetime is outside ``JWTPolicy/maximumLifetimes``.
        case maximumLifetime
        /// A required claim has no name, or no value could match it.
        case requiredClaims

        /// The name of the property, such as `clockSkew`.
        public var setting: String {
            switch self {
            case .noIssuer: "issuer"
            case .noAudience: "audiences"
            case .noAudienceClaim: "audienceClaim"
            case .noAlgorithm: "algorithms"
            case .clockSkew: "clockSkew"
            case .maximumAge: "maximumAge"
            case .maximumLifetime: "maximumLifetime"
            case .requiredClaims: "requiredClaims"
            }
        }

        /// What is wrong: the predicate of a sentence about the setting.
        public var reason: String {
            switch self {
            case .noIssuer, .noAudienceClaim, .noAlgorithm: "is empty"
            case .noAudience: "is empty or holds an empty text"
            case .clockSkew: "is outside \(JWTPolicy.clockSkews.text) seconds"
            case .maximumAge: "is outside \(JWTPolicy.maximumAges.text) seconds"
            case .maximumLifetime: "is outside \(JWTPolicy.maximumLifetimes.text) seconds"
            case .requiredClaims: "has an entry without a name or without a value to match"
            }
        }

        /// What to do: an imperative.
        public var remedy: String {
            switch self {
            case .noIssuer: "copy the issuer from the iss claim of its tokens"
            case .noAudience: "list the aud values that mean this resource"
            case .noAudienceClaim: "leave it at aud, or name the claim that holds the audience"
            case .noAlgorithm: "allow at least one, such as RS256"
            case .clockSkew, .maximumAge, .maximumLifetime: "choose a number in this range"
            case .requiredClaims: "give each entry a name and at least one value"
            }
        }

        /// One line: the setting, what is wrong, and what to do.
        public var description: String { "\(setting) \(reason); \(remedy)" }
    }

    /// All faults of a policy, thrown by ``JWTValidation``.
    public struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        /// The faults, at least one.
        public let faults: [Fault]

        /// One line per fault.
        public var description: String { faults.map(\.description).joined(separator: "\n") }
    }

    /// The faults of this policy; empty when ``JWTValidation`` accepts it.
    public var faults: [Fault] {
        let audiences = acceptedAudiences
        return [
            issuer.isEmpty ? .noIssuer : nil,
            audiences.isEmpty || audiences.contains([]) ? .noAudience : nil,
            audienceClaim.isEmpty ? .noAudienceClaim : nil,
            algorithms.isEmpty ? .noAlgorithm : nil,
            Self.clockSkews.contains(clockSkew) ? nil : .clockSkew,
            maximumAge.map(Self.maximumAges.contains) == false ? .maximumAge : nil,
            maximumLifetime.map(Self.maximumLifetimes.contains) == false ? .maximumLifetime : nil,
            requiredClaims.contains { $0.name.isEmpty || $0.rule == .oneOf([]) } ? .requiredClaims : nil,
        ].compactMap { $0 }
    }
}
