extension ScopeRequirement {
    /// How, and how recently, the user of a token must have been authenticated (RFC 9470).
    ///
    /// It is checked with the claims `acr` and `auth_time` of the token, or of its introspection response. A claim that
    /// is absent or has another type does not meet it.
    ///
    /// - SeeAlso: [RFC 9470 §3](https://www.rfc-editor.org/rfc/rfc9470#section-3)
    public struct Authentication: Sendable, Hashable {
        /// The values of `acr` that suffice, in order of preference; empty for any.
        public let acrValues: [String]
        /// How long ago the user may have been authenticated; nil for any time. A fraction of a second is dropped.
        public let maximumAge: Duration?

        /// A requirement. At least one of the two must be given.
        ///
        /// - Parameters:
        ///   - acrValues: The values of `acr` that suffice, in order of preference: at most 16, of printable ASCII
        ///     without space, quote and backslash.
        ///   - maximumAge: How long ago the user may have been authenticated: 0 s…365 days.
        public init(acrValues: [String] = [], maximumAge: Duration? = nil) {
            self.acrValues = acrValues
            self.maximumAge = maximumAge
        }

        /// The maximum age in seconds, as `max_age` spells it.
        var maximumSeconds: Int? { maximumAge.map { Int($0.components.seconds) } }
    }
}
