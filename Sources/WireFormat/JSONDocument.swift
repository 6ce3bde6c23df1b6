/// A parsed JSON text: the bytes, checked once, and the position of each value in them. A value is copied out of the
/// bytes only when it is asked for.
///
/// **Checks** the grammar of RFC 8259, UTF-8 without a byte order mark, escapes without lone surrogates, member names
/// unique as bytes after unescaping at every level, numbers finite, size and depth.
/// **Does not check** the content of strings: an escaped NUL, control or bidirectional character is legal and kept.
public struct JSONDocument: Sendable {
    /// The text as it came.
    public let bytes: [UInt8]
    /// The values of the text; ``JSONParser`` describes them.
    let tape: JSONTape

    /// Parses a whole text strictly: RFC 8259 grammar, UTF-8 without BOM and without lone surrogates, member names
    /// unique after unescaping at every level, numbers finite. Linear in the size of the text; no recursion.
    ///
    /// - Throws: ``JSONDocument/ParseError`` with the first fault found. A repeated member name is found at the end of
    ///   its object.
    public init(parsing bytes: [UInt8], limits: JSONDocument.Limits = JSONDocument.Limits()) throws(JSONDocument
        .ParseError)
    {
        guard bytes.count <= limits.effectiveBytes else {
            throw JSONDocument.ParseError(reason: .tooLarge, offset: limits.effectiveBytes)
        }
        tape = try JSONParser.parse(bytes.span, maximumDepth: limits.effectiveDepth)
        self.bytes = bytes
    }

    /// Why a base64url text does not encode an acceptable JSON text.
    package enum EncodedTextError: Error {
        /// The text is not the one spelling of any bytes.
        case encoding
        /// The encoded text is not acceptable JSON.
        case json(ParseError)
    }

    /// Decodes a base64url text and parses the JSON text in it.
    package init(
        base64URL text: Span<UInt8>, limits: JSONDocument.Limits = JSONDocument.Limits()
    ) throws(EncodedTextError) {
        guard let bytes = Base64URL.decode(text) else { throw .encoding }
        do throws(ParseError) {
            try self.init(parsing: bytes, limits: limits)
        } catch {
            throw .json(error)
        }
    }

    /// The outermost value.
    public var root: JSONDocument.Node { JSONDocument.Node(document: self, index: 0) }
}
