extension JOSEError {
    /// The name of a claim.
    public struct ClaimName: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The name as in the token.
        public let rawValue: String

        /// Makes the name of a claim that the operator's policy names.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        private init(_ name: String) {
            rawValue = name
        }

        /// Issuer (RFC 7519 §4.1.1).
        public static let iss = JOSEError.ClaimName("iss")
        /// Subject (RFC 7519 §4.1.2).
        public static let sub = JOSEError.ClaimName("sub")
        /// Audience (RFC 7519 §4.1.3).
        public static let aud = JOSEError.ClaimName("aud")
        /// Expiration time (RFC 7519 §4.1.4).
        public static let exp = JOSEError.ClaimName("exp")
        /// Not before (RFC 7519 §4.1.5).
        public static let nbf = JOSEError.ClaimName("nbf")
        /// Issued at (RFC 7519 §4.1.6).
        public static let iat = JOSEError.ClaimName("iat")
        /// JWT ID (RFC 7519 §4.1.7).
        public static let jti = JOSEError.ClaimName("jti")
        /// Confirmation (RFC 7800 §3.1).
        public static let cnf = JOSEError.ClaimName("cnf")
        /// Client identifier (RFC 8693 §4.3, RFC 9068 §2.2).
        public static let clientID = JOSEError.ClaimName("client_id")

        /// User name (RFC 7662 §2.2).
        public static let username = JOSEError.ClaimName("username")

        private static let registered: Set<JOSEError.ClaimName> = [
            .iss, .sub, .aud, .exp, .nbf, .iat, .jti, .cnf, .clientID, .username,
        ]

        /// The name in an error code: the name of a registered claim, and `claim` for every other one.
        var codeName: String { Self.registered.contains(self) ? rawValue : "claim" }

        /// The name.
        public var description: String { rawValue }
    }
}
