internal import JOSE
internal import WireFormat

/// A client assertion as a token request presents it (RFC 7521 §4.2, RFC 7523 §2.2), parsed and not verified.
///
/// **Checks** the type of the assertion, the form of the JWT, that `iss` and `sub` name one client, and that the
/// `client_id` of the request, if there is one, is this client.
/// **Does not check** the signature or any other claim. Use ``clientID`` only to find the client and its keys.
public struct ClientAssertion: Sendable, CustomStringConvertible, CustomReflectable {
    /// The only value of `client_assertion_type` that is accepted.
    public static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// The largest assertion in bytes.
    public static let maximumBytes = 16_384

    /// The client that the assertion names. Nothing is proved yet.
    public let clientID: String
    let bytes: [UInt8]
    let claims: JSONDocument

    /// Parses an assertion.
    ///
    /// - Parameters:
    ///   - text: The form parameter `client_assertion`.
    ///   - type: The form parameter `client_assertion_type`.
    ///   - clientID: The form parameter `client_id`; nil when the request has none (RFC 7521 §4.2: optional).
    /// - Throws: ``ClientAssertionError/invalid(_:)``.
    public init(_ text: String, type: String, clientID: String?) throws(ClientAssertionError) {
        guard type.hasSameBytes(as: Self.type) else { throw .invalid(.assertionType) }
        bytes = Array(text.utf8)
        let jwt: UnverifiedJWT
        do throws(JOSEError) {
            jwt = try UnverifiedJWT(parsing: bytes, limit: Self.maximumBytes)
        } catch {
            throw .invalid(.jwt(error))
        }
        claims = jwt.payload
        let issuer = try Self.text(.iss, in: claims)
        // RFC 7523 §3: for client authentication, `sub` is the client_id; `iss` is the same (OpenID Connect Core §9).
        guard try Self.text(.sub, in: claims).hasSameBytes(as: issuer) else {
            throw .invalid(.jwt(.claim(.sub, .mismatch)))
        }
        if let clientID, !clientID.hasSameBytes(as: issuer) { throw .invalid(.otherClient) }
        self.clientID = issuer
    }

    /// Shows nothing of the assertion.
    public var description: String { "<client assertion>" }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }

    private static func text(
        _ name: JOSEError.ClaimName, in claims: JSONDocument
    ) throws(ClientAssertionError) -> String {
        guard let claim = claims.root[name.rawValue] else { throw .invalid(.jwt(.claim(name, .missing))) }
        guard let text = claim.string, !text.isEmpty else { throw .invalid(.jwt(.claim(name, .wrongType))) }
        return text
    }
}
