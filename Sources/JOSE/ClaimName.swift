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
    public static let iss = ClaimName("iss")
    /// Subject (RFC 7519 §4.1.2).
    public static let sub = ClaimName("sub")
    /// Audience (RFC 7519 §4.1.3).
    public static let aud = ClaimName("aud")
    /// Expiration time (RFC 7519 §4.1.4).
    public static let exp = ClaimName("exp")
    /// Not before (RFC 7519 §4.1.5).
    public static let nbf = ClaimName("nbf")
    /// Issued at (RFC 7519 §4.1.6).
    public static let iat = ClaimName("iat")
    /// JWT ID (RFC 7519 §4.1.7).
    public static let jti = ClaimName("jti")
    /// Confirmation (RFC 7800 §3.1).
    public static let cnf = ClaimName("cnf")
    /// Client identifier (RFC 8693 §4.3, RFC 9068 §2.2).
    public static let clientID = ClaimName("client_id")

    private static let registered: Set<ClaimName> = [.iss, .sub, .aud, .exp, .nbf, .iat, .jti, .cnf, .clientID]

    /// The name in an error code: the name of a registered claim, and `claim` for every other one.
    var codeName: String { Self.registered.contains(self) ? rawValue : "claim" }

    /// The name.
    public var description: String { rawValue }
}
