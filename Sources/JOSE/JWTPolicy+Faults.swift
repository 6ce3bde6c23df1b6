extension JWTPolicy {
    /// A setting of a policy that is not acceptable.
    public enum Fault: Error, Sendable, Hashable, CaseIterable, CustomStringConvertible {
        /// The issuer is empty.
        case noIssuer
        /// There is no audience, or one is empty: the policy would accept tokens for any resource.
        case noAudience
        /// The name of the audience claim is empty.
        case noAudienceClaim
        /// There is no algorithm.
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

        /// What is wrong and what to do: the part of a sentence after the name of the setting.
        public var explanation: String {
            switch self {
            case .noIssuer: "is empty; set it to the value of iss"
            case .noAudience: "is empty or has an empty entry; name the resource that tokens must be for"
            case .noAudienceClaim: "is empty; leave it at aud, or name the claim that holds the audience"
            case .noAlgorithm: "is empty; allow at least one algorithm"
            case .clockSkew: "is outside \(Self.text(JWTPolicy.clockSkews)) seconds"
            case .maximumAge: "is outside \(Self.text(JWTPolicy.maximumAges)) seconds"
            case .maximumLifetime: "is outside \(Self.text(JWTPolicy.maximumLifetimes)) seconds"
            case .requiredClaims: "has an entry without a name or without a value to match; name both"
            }
        }

        /// The setting and its explanation: one sentence without a full stop.
        public var description: String { "\(setting) \(explanation)" }

        /// A range such as `1…31,536,000`.
        private static func text(_ range: ClosedRange<Int>) -> String {
            "\(text(range.lowerBound))…\(text(range.upperBound))"
        }

        /// A number that is not negative, in groups of three digits.
        private static func text(_ number: Int) -> String {
            guard number >= 1_000 else { return "\(number)" }
            let group = "\(number % 1_000)"
            return text(number / 1_000) + "," + String(repeating: "0", count: 3 - group.utf8.count) + group
        }
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
