/// A parsed JSON text: the bytes, checked once, and the position of each value in them. A value is copied out of the
/// bytes only when it is asked for.
///
/// **Checks** the grammar of RFC 8259, UTF-8 without a byte order mark, escapes without lone surrogates, member names
/// unique as bytes after unescaping at every level, numbers finite, size and depth.
/// **Does not check** the content of strings: an escaped NUL, control or bidirectional character is legal and kept.
public struct JSONDocument: Sendable {
    /// The text and its tape, which ``JSONParser`` describes.
    let storage: Storage

    /// The text as it came, copied out.
    public var bytes: [UInt8] { storage.withText { Array(copying: $0) } }

    /// The number of bytes of the text.
    package var byteCount: Int { storage.byteCount }

    /// Parses a whole text strictly: RFC 8259 grammar, UTF-8 without BOM and without lone surrogates, member names
    /// unique after unescaping at every level, numbers finite. Linear in the size of the text; no recursion.
    ///
    /// - Throws: ``JSONDocument/ParseError`` with the first fault found. A repeated member name is found at the end of
    ///   its object.
    public init(parsing bytes: [UInt8], limits: JSONDocument.Limits = JSONDocument.Limits()) throws(JSONDocument
        .ParseError)
    {
        try self.init(parsing: bytes.span, limits: limits)
    }

    /// Parses a whole text; see ``init(parsing:limits:)-([UInt8],_)``.
    package init(
        parsing text: Span<UInt8>, limits: JSONDocument.Limits = JSONDocument.Limits()
    ) throws(JSONDocument.ParseError) {
        guard text.count <= limits.effectiveBytes else {
            throw JSONDocument.ParseError(reason: .tooLarge, offset: limits.effectiveBytes)
        }
        storage = try JSONParser.parse(text, maximumDepth: limits.effectiveDepth)
    }

    /// Why a base64url text does not encode an acceptable JSON text.
    package enum EncodedTextError: Error {
        /// The text is not the one spelling of any bytes.
        case encoding
        /// The encoded text is not acceptable JSON.
        case json(ParseError)
    }

    /// Decodes a base64url text and parses the JSON text in it. The decoded text stands in temporary memory, and the
    /// document copies it once.
    package init(
        base64URL text: Span<UInt8>, limits: JSONDocument.Limits = JSONDocument.Limits()
    ) throws(EncodedTextError) {
        let parsed = try Base64URL.withDecoded(text) { (decoded) throws(EncodedTextError) in
            do throws(ParseError) {
                return try JSONDocument(parsing: decoded, limits: limits)
            } catch {
                throw .json(error)
            }
        }
        guard let parsed else { throw .encoding }
        self = parsed
    }

    /// The outermost value.
    public var root: JSONDocument.Node { JSONDocument.Node(storage: storage, index: 0) }
}
