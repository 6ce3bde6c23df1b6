extension JSONDocument {
    /// The limits of the JSON parser.
    public struct Limits: Sendable, Hashable {
        /// The deepest nesting of arrays and objects; default 16. A value above 128 counts as 128, so that no walk over
        /// a JSON value exhausts the stack.
        public var maximumDepth: Int
        /// The largest text in bytes, checked first; default 1 MiB. A value above 4 GiB − 1 counts as 4 GiB − 1.
        public var maximumBytes: Int

        /// Limits.
        public init(maximumDepth: Int = 16, maximumBytes: Int = 1_048_576) {
            self.maximumDepth = maximumDepth
            self.maximumBytes = maximumBytes
        }

        var effectiveDepth: Int { min(maximumDepth, 128) }
        var effectiveBytes: Int { min(max(maximumBytes, 0), Int(UInt32.max)) }
    }
}

extension JSONDocument {
    /// Why a text is not acceptable JSON, and at which byte.
    public struct ParseError: Error, Sendable, Hashable {
        /// The reason.
        public enum Reason: String, Sendable, Hashable, CaseIterable {
            /// The text is longer than the limit.
            case tooLarge = "too_large"
            /// Arrays and objects are nested deeper than the limit.
            case tooDeep = "too_deep"
            /// A string holds bytes that are not well-formed UTF-8: also overlong forms, surrogates, and scalars beyond
            /// U+10FFFF.
            case invalidUTF8 = "invalid_utf8"
            /// The text begins with a byte order mark (RFC 8259 §8.1).
            case byteOrderMark = "byte_order_mark"
            /// The text ends inside a value, or is empty.
            case unexpectedEnd = "unexpected_end"
            /// A byte that the grammar does not admit here.
            case unexpectedByte = "unexpected_byte"
            /// The text goes on after the value.
            case trailingBytes = "trailing_bytes"
            /// A number does not follow the grammar of RFC 8259 §6.
            case invalidNumber = "invalid_number"
            /// A number is beyond the range of a finite Double.
            case numberOutOfRange = "number_out_of_range"
            /// A backslash does not begin an escape of RFC 8259 §7.
            case invalidEscape = "invalid_escape"
            /// A `\u` escape is half of a surrogate pair.
            case loneSurrogate = "lone_surrogate"
            /// A string holds an unescaped byte below 0x20.
            case controlCharacter = "control_character"
            /// An object has two members of the same name, compared after unescaping.
            case duplicateMember = "duplicate_member"
        }
        /// The reason.
        public let reason: Reason
        /// The offset of the offending byte, 0…size of the text; the size itself for a text that ends too early. For
        /// malformed UTF-8 or a bad escape it is the start of the sequence, for a repeated name the opening quote of
        /// the second one.
        public let offset: Int

        /// A stable, bounded code for events and metrics.
        public var code: String { reason.rawValue }
    }
}

/// A parsed JSON text: the bytes, checked once, and the position of each value in them. A value is copied out of the
/// bytes only when it is asked for.
///
/// **Checks** the grammar of RFC 8259, UTF-8 without a byte order mark, escapes without lone surrogates, member names
/// unique as bytes after unescaping at every level, numbers finite, size and depth.
/// **Does not check** the content of strings: an escaped NUL, control or bidirectional character is legal and kept.
public struct JSONDocument: Sendable {
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
