internal import WireFormat

/// The header of a JWS (RFC 7515 §4), read and checked.
///
/// **Checks** canonical base64url, strict JSON, and the header parameters that are refused under every policy: `crit`,
/// `enc`, `zip`, an unencoded payload, and parameters of a wrong type.
/// **Does not check** whether `alg` is allowed and which `typ` the header names.
///
/// Many tokens share a header: see ``KnownHeaders``. A copy counts two references.
struct JOSEHeader: Sendable {
    /// What `typ` names.
    enum TokenType: Sendable, Hashable {
        case absent
        case jwt
        case accessToken
        case other
    }

    /// The decoded header: strict JSON, an object.
    let document: JSONDocument
    /// `alg`; nil for a name that is too long for every algorithm.
    let algorithmName: ShortText?
    /// The position of `kid` in the document. The value is a string within the limit.
    let keyID: Int?
    /// What `typ` names. The value is a string.
    let tokenType: TokenType

    /// Decodes and reads a header. The result must depend on the text alone, because ``KnownHeaders`` keeps it for
    /// other tokens.
    ///
    /// - Parameter text: The first part of the compact serialization.
    init(parsing text: Span<UInt8>) throws(JOSEError) {
        let document = try CompactJWS.object(
            text, maximumBytes: UnverifiedJWT.Limits.headerBytes, tooLarge: .headerTooLarge, notAnObject: .headerJSON)
        let parameters = HeaderPositions(document)

        // RFC 7515 §4.1.11: no extension is implemented, so `crit` is refused in every form.
        guard parameters.crit == nil else { throw .header(.critical) }
        // RFC 7516 §4.1: only an encrypted token has `enc` or `zip`.
        guard !parameters.isEncryptedOrCompressed else { throw .malformed(.encrypted) }
        // RFC 7515 §4.1.10: a string.
        if let cty = parameters.cty, document.kind(at: cty) != .string { throw .header(.contentType) }
        // RFC 7797 §6: an unencoded payload changes the signing input.
        if let b64 = parameters.b64, document.root.node(at: b64).bool != true { throw .header(.unencodedPayload) }
        algorithmName = try Self.algorithmName(document, parameters.alg)
        keyID = try Self.keyID(document, parameters.kid)
        // RFC 7515 §4.1.9: a string.
        if let typ = parameters.typ, document.kind(at: typ) != .string { throw .header(.type) }
        tokenType = Self.tokenType(document, parameters.typ)
        self.document = document
    }

    private static func algorithmName(_ header: JSONDocument, _ alg: Int?) throws(JOSEError) -> ShortText? {
        guard let alg, header.kind(at: alg) == .string else { throw .header(.algorithmMissing) }
        return header.shortString(at: alg)
    }

    private static func keyID(_ header: JSONDocument, _ kid: Int?) throws(JOSEError) -> Int? {
        guard let kid else { return nil }
        guard let length = header.stringByteCount(at: kid), length <= UnverifiedJWT.Limits.keyIDBytes else {
            throw .header(.keyID)
        }
        return kid
    }

    /// RFC 7515 §4.1.9, RFC 9068 §2.1, RFC 7519 §5.1.
    private static func tokenType(_ header: JSONDocument, _ typ: Int?) -> TokenType {
        guard let typ else { return .absent }
        // The two usual spellings are compared without making a String.
        switch header.shortString(at: typ) {
        case "at+jwt": return .accessToken
        case "JWT": return .jwt
        default: break
        }
        let text = header.root.node(at: typ).string ?? ""
        if CompactJWS.isMediaType(text, "at+jwt") { return .accessToken }
        if CompactJWS.isMediaType(text, "JWT") { return .jwt }
        return .other
    }
}
