internal import WireFormat

/// A JWS in compact serialization (RFC 7515 §7.1) whose header was read. A JWT and a JWS without claims share it.
///
/// **Checks** size, the number of parts, the header as canonical base64url and strict JSON, and the header parameters
/// that are refused under every policy: `crit`, `enc`, `zip`, an unencoded payload, and parameters of a wrong type.
/// **Does not check** the signature, whether `alg` is allowed, and which `typ` the header names. ``claims()``,
/// ``payload()`` and ``signature()`` decode the other two parts when they are called.
struct CompactJWS: Sendable {
    /// The header, read and checked.
    let header: JOSEHeader
    /// Whether the caller knew the header.
    let isHeaderKnown: Bool
    /// The whole text. Its first ``signingInputCount`` bytes are signed.
    let token: [UInt8]
    private let firstDot: Int
    private let secondDot: Int

    /// Separates the parts and reads the header.
    ///
    /// - Parameters:
    ///   - token: The compact serialization.
    ///   - limit: The largest acceptable `token` in bytes, compared before anything else is read.
    ///   - known: Finds the header of a text that need not be parsed again; nil for every other text.
    init(
        parsing token: [UInt8], limit: Int, known: (_ text: Span<UInt8>) -> JOSEHeader? = { _ in nil }
    ) throws(JOSEError) {
        guard token.count <= limit else { throw .malformed(.tooLarge) }
        let (firstDot, secondDot) = try Self.dots(in: token)
        // RFC 7515 §5.2: the header comes first. A header that is refused ends here, before the payload is decoded.
        let text = token.span.extracting(0..<firstDot)
        let knownHeader = known(text)
        let header = if let knownHeader { knownHeader } else { try JOSEHeader(parsing: text) }
        self.init(
            header: header, isHeaderKnown: knownHeader != nil, token: token, firstDot: firstDot, secondDot: secondDot)
    }

    private init(header: JOSEHeader, isHeaderKnown: Bool, token: [UInt8], firstDot: Int, secondDot: Int) {
        self.header = header
        self.isHeaderKnown = isHeaderKnown
        self.token = token
        self.firstDot = firstDot
        self.secondDot = secondDot
    }

    /// The header as it stands in the token, base64url.
    var headerText: ArraySlice<UInt8> { token[..<firstDot] }

    /// The number of signed bytes: the first two parts and the dot between them (RFC 7515 §5.1).
    var signingInputCount: Int { secondDot }

    /// Decodes the payload, at least one byte.
    func payload() throws(JOSEError) -> [UInt8] {
        try Self.decode(token, (firstDot + 1)..<secondDot)
    }

    /// Decodes and parses the payload of a JWT: a strict JSON object.
    func claims() throws(JOSEError) -> JSONDocument {
        try Self.object(
            token.span.extracting((firstDot + 1)..<secondDot), tooLarge: .payloadJSON, notAnObject: .payloadJSON)
    }

    /// Decodes the signature, at least one byte.
    func signature() throws(JOSEError) -> [UInt8] {
        try Self.decode(token, (secondDot + 1)..<token.count)
    }

    /// The algorithm that `alg` names. RFC 8725 §3.1: the caller chooses the algorithms, and the header can only name
    /// one of them.
    func algorithm(among allowed: [SignatureAlgorithm]) throws(JOSEError) -> SignatureAlgorithm {
        guard let name = header.algorithmName, let algorithm = allowed.first(where: { $0.isNamed(name) }) else {
            throw .header(.algorithmNotAllowed)
        }
        return algorithm
    }

    /// Decodes and parses a part of a compact serialization that must be a strict JSON object.
    ///
    /// - Parameters:
    ///   - maximumBytes: The largest text in bytes, decoded.
    ///   - tooLarge: The error for a larger text.
    ///   - notAnObject: The error for a text that is not a strict JSON object.
    static func object(
        _ text: Span<UInt8>, maximumBytes: Int = JSONDocument.Limits().maximumBytes,
        tooLarge: JOSEError.Malformation, notAnObject: JOSEError.Malformation
    ) throws(JOSEError) -> JSONDocument {
        let document: JSONDocument
        do throws(JSONDocument.EncodedTextError) {
            document = try JSONDocument(base64URL: text, limits: JSONDocument.Limits(maximumBytes: maximumBytes))
        } catch {
            switch error {
            case .encoding: throw .malformed(.base64url)
            case .json(let error): throw .malformed(error.reason == .tooLarge ? tooLarge : notAnObject)
            }
        }
        guard document.kind == .object else { throw .malformed(notAnObject) }
        return document
    }

    /// RFC 7515 §4.1.9: whether a media type is this one, compared without case and without an `application/` prefix.
    static func isMediaType(_ text: String, _ wanted: String) -> Bool {
        ASCII.equalsIgnoringCase(withoutPrefix(text), withoutPrefix(wanted))
    }

    private static func withoutPrefix(_ mediaType: String) -> Substring.UTF8View {
        let whole = mediaType.utf8[...]
        let prefix = "application/".utf8
        let name = whole.dropFirst(prefix.count)
        guard !name.isEmpty, !name.contains(UInt8(ascii: "/")),
            ASCII.equalsIgnoringCase(whole.prefix(prefix.count), prefix)
        else { return whole }
        return name
    }

    /// The positions of the two dots. The search compares bytes, because Swift joins a dot and a combining mark into
    /// one `Character`.
    private static func dots(in token: [UInt8]) throws(JOSEError) -> (Int, Int) {
        let bytes = token.span
        let dot = UInt8(ascii: ".")
        guard let first = bytes.firstIndex(of: dot), let second = bytes.firstIndex(of: dot, from: first + 1) else {
            throw .malformed(.parts)
        }
        if let third = bytes.firstIndex(of: dot, from: second + 1) {
            // RFC 7516 §9: five parts are an encrypted token. The search stops at the fifth dot.
            let fourth = bytes.firstIndex(of: dot, from: third + 1)
            let isFive = fourth.map { bytes.firstIndex(of: dot, from: $0 + 1) == nil } ?? false
            throw .malformed(isFive ? .encrypted : .parts)
        }
        // RFC 7515 §7.1. Stricter: an empty payload is refused too, because it is the form of a JWS with detached
        // content (RFC 7515 appendix F), which this library does not support.
        guard first > 0, second > first + 1, second < token.count - 1 else { throw .malformed(.parts) }
        return (first, second)
    }

    private static func decode(_ token: [UInt8], _ range: Range<Int>) throws(JOSEError) -> [UInt8] {
        guard let bytes = Base64URL.decode(token.span.extracting(range)) else { throw .malformed(.base64url) }
        return bytes
    }
}
