package import JOSE

extension ConfigurationError.Fault {
    /// Explains a faulty ``JOSE/JWTPolicy``; the path is inside the policy.
    package init(_ fault: JWTPolicy.Fault) {
        switch fault {
        case .noIssuer: self.init("issuer", "is empty", "name the issuer as in iss")
        case .noAudience:
            self.init("audiences", "is empty or holds an empty text", "name what tokens call this resource")
        case .noAudienceClaim:
            self.init("audienceClaim", "is empty", "leave it at aud, or name the claim that holds the audience")
        case .noAlgorithm: self.init("algorithms", "is empty", "allow at least one, such as RS256")
        case .clockSkew: self.init("clockSkew", "is outside 0…300 seconds", "choose a number in this range")
        case .maximumAge: self.init("maximumAge", "is outside 1…31,536,000 seconds", "choose a number in this range")
        case .maximumLifetime:
            self.init("maximumLifetime", "is outside 1…31,536,000 seconds", "choose a number in this range")
        case .requiredClaims:
            self.init("requiredClaims", "has an entry without a name or without a value to match", "name both")
        }
    }
}
