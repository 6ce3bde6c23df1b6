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
    /// `alg`; nil for a name that is too long for any algorithm.
    let algorithmName: PackedName?
    /// `kid`, a string.
    let keyID: JSONNode?
    let type: TokenType
    /// Where the claims that the validation looks at stand in the payload.
    let positions: ClaimPositions
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
        header = try Self.object(headerBytes, orThrow: .headerJSON)
        let parameters = HeaderPositions(header.root)

        // RFC 7515 §4.1.11: no extension is implemented, so any critical header means refuse, whatever its form.
        guard parameters.crit == nil else { throw .header(.critical) }
        // RFC 7516 §4.1: only an encrypted token has `enc` or `zip`.
        guard !parameters.isEncryptedOrCompressed else { throw .malformed(.encrypted) }
        // RFC 7515 §4.1.10: a string.
        if let cty = parameters.cty, header.root.node(at: cty).kind != .string { throw .header(.contentType) }
        // RFC 7797 §6: an unencoded payload is another signing input.
        if let b64 = parameters.b64, header.root.node(at: b64).bool != true { throw .header(.unencodedPayload) }
        algorithmName = try Self.algorithmName(parameters.alg.map(header.root.node))
        keyID = try Self.keyID(parameters.kid.map(header.root.node))
        type = try Self.type(parameters.typ.map(header.root.node))

        payload = try Self.object(Self.decode(token, (firstDot + 1)..<secondDot), orThrow: .payloadJSON)
        positions = ClaimPositions(payload.root)
        signature = try Self.decode(token, (secondDot + 1)..<token.count)
        self.token = token
        signingInputCount = secondDot
    }

    /// The `iss` claim before any check: a key into the table of configured issuers, and nothing else.
    public var unverifiedIssuer: String? { claim(positions.iss)?.string }

    /// The claim at one of the ``positions``.
    func claim(_ position: Int?) -> JSONNode? {
        position.map { payload.root.node(at: $0) }
    }

    /// The positions of the two dots. Counts on bytes: as Characters, a combining mark would hide a dot.
    private static func dots(in token: [UInt8]) throws(JOSEError) -> (Int, Int) {
        let dot = UInt8(ascii: ".")
        var found = 0
        var first = 0
        var second = 0
        for index in token.indices where token[index] == dot {
            found += 1
            if found == 1 { first = index } else if found == 2 { second = index }
        }
        // RFC 7516 §9: five parts are an encrypted token.
        guard found != 4 else { throw .malformed(.encrypted) }
        guard found == 2 else { throw .malformed(.parts) }
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
        guard let document = try? JSONDocument(parsing: bytes), document.root.kind == .object else {
            throw .malformed(why)
        }
        return document
    }

    private static func algorithmName(_ node: JSONNode?) throws(JOSEError) -> PackedName? {
        guard let name = node?.stringBytes else { throw .header(.algorithmMissing) }
        return PackedName(name)
    }

    private static func keyID(_ node: JSONNode?) throws(JOSEError) -> JSONNode? {
        guard let node else { return nil }
        guard let length = node.stringByteCount, length <= Limits.keyIDBytes else { throw .header(.keyID) }
        return node
    }

    /// RFC 7515 §4.1.9: a media type, compared without case and without its `application/` prefix.
    private static func type(_ node: JSONNode?) throws(JOSEError) -> TokenType {
        guard let node else { return .absent }
        guard let text = node.string else { throw .header(.type) }
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
