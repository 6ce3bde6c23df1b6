package import WireFormat

/// A compact JWT (RFC 7519 §3, RFC 7515 §7.1) that was taken apart and not yet believed.
///
/// **Checks** size, form, canonical base64url, strict JSON, and the header parameters that no policy can allow.
/// **Does not check** the signature or any claim: nothing in here may be shown to a handler. ``unverifiedIssuer`` serves
/// only as a look-up key among the configured issuers.
public struct UnverifiedJWT: Sendable {
    /// The limits on what is taken apart.
    public enum Limits {
        /// The longest decoded header in bytes.
        public static let headerBytes = 8_192
        /// The longest `kid` in bytes.
        public static let keyIDBytes = 512
    }

    /// What `typ` says.
    enum TokenType: Sendable, Hashable {
        case absent
        case jwt
        case accessToken
        case other
    }

    /// The header, strict JSON.
    package let header: JSONDocument
    /// The payload, strict JSON, an object.
    package let payload: JSONDocument
    /// `alg`; nil for a name that no algorithm has.
    let algorithmName: PackedName?
    /// Where `kid` stands in the header; a string.
    let keyID: Int?
    let type: TokenType
    /// Where the claims that the validation looks at stand in the payload.
    let claims: ClaimPositions
    /// Header and payload parts with their dot: the first `signingInputCount` bytes of `token` are signed.
    let token: [UInt8]
    let signingInputCount: Int
    let signature: [UInt8]

    /// Takes a token apart.
    ///
    /// - Parameters:
    ///   - token: The bytes between `Bearer ` and the end of the field.
    ///   - limit: The longest acceptable token in bytes, checked before anything else.
    /// - Throws: ``JOSEError/malformed(_:)`` and ``JOSEError/header(_:)``.
    public init(parsing token: [UInt8], limit: Int) throws(JOSEError) {
        guard token.count <= limit else { throw .malformed(.tooLarge) }
        let (firstDot, secondDot) = try Self.dots(in: token)

        // RFC 7515 §5.2: header first; what no policy can allow ends here, before the payload is decoded.
        let headerBytes = try Self.decode(token, 0..<firstDot)
        guard headerBytes.count <= Limits.headerBytes else { throw .malformed(.headerTooLarge) }
        let header = try Self.object(headerBytes, orThrow: .headerJSON)
        let parameters = HeaderPositions(header)

        // RFC 7515 §4.1.11: no extension is implemented, so any critical header means refuse, whatever its form.
        guard parameters.crit == nil else { throw .header(.critical) }
        // RFC 7516 §4.1: only an encrypted token has `enc` or `zip`.
        guard !parameters.isEncryptedOrCompressed else { throw .malformed(.encrypted) }
        // RFC 7515 §4.1.10: a string.
        if let cty = parameters.cty, header.kind(at: cty) != .string { throw .header(.contentType) }
        // RFC 7797 §6: an unencoded payload is another signing input.
        if let b64 = parameters.b64, header.root.node(at: b64).bool != true { throw .header(.unencodedPayload) }
        algorithmName = try Self.algorithmName(header, parameters.alg)
        keyID = try Self.keyID(header, parameters.kid)
        type = try Self.type(header, parameters.typ)
        self.header = header

        payload = try Self.object(Self.decode(token, (firstDot + 1)..<secondDot), orThrow: .payloadJSON)
        claims = ClaimPositions(payload)
        signature = try Self.decode(token, (secondDot + 1)..<token.count)
        self.token = token
        signingInputCount = secondDot
    }

    /// The `iss` claim before any check: a key into the table of configured issuers, and nothing else.
    public var unverifiedIssuer: String? { claims.iss.flatMap { payload.root.node(at: $0).string } }

    /// The positions of the two dots. On bytes: as Characters, a combining mark would hide a dot.
    private static func dots(in token: [UInt8]) throws(JOSEError) -> (Int, Int) {
        let bytes = token.span
        let dot = UInt8(ascii: ".")
        guard let first = bytes.firstIndex(of: dot), let second = bytes.firstIndex(of: dot, from: first + 1) else {
            throw .malformed(.parts)
        }
        if let third = bytes.firstIndex(of: dot, from: second + 1) {
            // RFC 7516 §9: five parts are an encrypted token. Counting ends at the sixth.
            let fourth = bytes.firstIndex(of: dot, from: third + 1)
            let isFive = fourth.map { bytes.firstIndex(of: dot, from: $0 + 1) == nil } ?? false
            throw .malformed(isFive ? .encrypted : .parts)
        }
        // RFC 7515 §7.1: an empty header or signature is no JWS that this library verifies.
        guard first > 0, second > first + 1, second < token.count - 1 else { throw .malformed(.parts) }
        return (first, second)
    }

    private static func decode(_ token: [UInt8], _ range: Range<Int>) throws(JOSEError) -> [UInt8] {
        guard let bytes = Base64URL.decode(token.span.extracting(range)) else { throw .malformed(.base64url) }
        return bytes
    }

    private static func object(
        _ bytes: [UInt8], orThrow why: JOSEError.Malformation
    ) throws(JOSEError) -> JSONDocument {
        guard let document = try? JSONDocument(parsing: bytes), document.kind == .object else {
            throw .malformed(why)
        }
        return document
    }

    private static func algorithmName(_ header: JSONDocument, _ alg: Int?) throws(JOSEError) -> PackedName? {
        guard let alg, header.kind(at: alg) == .string else { throw .header(.algorithmMissing) }
        if let packed = header.packedString(at: alg) { return PackedName(packed: packed) }
        // With an escape, or too long for any algorithm.
        return header.root.node(at: alg).stringBytes.flatMap { PackedName($0) }
    }

    private static func keyID(_ header: JSONDocument, _ kid: Int?) throws(JOSEError) -> Int? {
        guard let kid else { return nil }
        guard let length = header.stringByteCount(at: kid), length <= Limits.keyIDBytes else { throw .header(.keyID) }
        return kid
    }

    /// RFC 7515 §4.1.9: a media type, compared without case and without its `application/` prefix.
    private static func type(_ header: JSONDocument, _ typ: Int?) throws(JOSEError) -> TokenType {
        guard let typ else { return .absent }
        // The two usual spellings, without making a String.
        if header.isString(at: typ, "at+jwt") { return .accessToken }
        if header.isString(at: typ, "JWT") { return .jwt }
        guard let text = header.root.node(at: typ).string else { throw .header(.type) }
        var name = text.utf8[...]
        let prefix = "application/".utf8
        if name.count > prefix.count, ASCII.equalsIgnoringCase(name.prefix(prefix.count), prefix) {
            name = name.dropFirst(prefix.count)
        }
        if ASCII.equalsIgnoringCase(name, "at+jwt".utf8) { return .accessToken }
        if ASCII.equalsIgnoringCase(name, "JWT".utf8) { return .jwt }
        return .other
    }
}
