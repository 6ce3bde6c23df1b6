/// The limits of the JSON parser.
public struct JSONLimits: Sendable, Hashable {
    /// The deepest nesting of arrays and objects; default 16.
    public var maximumDepth: Int
    /// The largest text in bytes, checked before anything else; default 1 MiB.
    public var maximumBytes: Int

    /// Limits.
    public init(maximumDepth: Int = 16, maximumBytes: Int = 1_048_576) {
        self.maximumDepth = maximumDepth
        self.maximumBytes = maximumBytes
    }
}

/// Why a text is not acceptable JSON, and at which byte.
public struct JSONError: Error, Sendable, Hashable {
    /// The reason.
    public enum Reason: String, Sendable, Hashable {
        case tooLarge = "too_large"
        case tooDeep = "too_deep"
        case invalidUTF8 = "invalid_utf8"
        case byteOrderMark = "byte_order_mark"
        case unexpectedEnd = "unexpected_end"
        case unexpectedByte = "unexpected_byte"
        case trailingBytes = "trailing_bytes"
        case invalidNumber = "invalid_number"
        case numberOutOfRange = "number_out_of_range"
        case invalidEscape = "invalid_escape"
        case loneSurrogate = "lone_surrogate"
        case controlCharacter = "control_character"
        case duplicateMember = "duplicate_member"
    }
    /// The reason.
    public let reason: Reason
    /// The offset of the offending byte.
    public let offset: Int
}

/// A parsed JSON text: the bytes, checked once, and where each value stands in them. Nothing is copied out of the bytes
/// until somebody asks.
public struct JSONDocument: Sendable {
    /// The text as it came.
    public let bytes: [UInt8]

    /// Parses a whole text strictly: RFC 8259 grammar, UTF-8 without BOM and without lone surrogates, member names unique
    /// after unescaping at every level, numbers finite. Linear in the size of the text; no recursion.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        fatalError("pending")
    }

    /// The outermost value.
    public var root: JSONNode { fatalError("pending") }
}

/// One value inside a ``JSONDocument``: a position, not a copy.
public struct JSONNode: Sendable {
    /// The kind of a value.
    public enum Kind: UInt8, Sendable, Hashable {
        case null, bool, number, string, array, object
    }

    /// The kind.
    public var kind: Kind { fatalError("pending") }
    /// Where the value's text stands in the document; a string's quotes included.
    public var range: Range<Int> { fatalError("pending") }
    /// The value of an object's member, the name compared as unescaped bytes; nil when absent or not an object.
    public subscript(_ name: StaticString) -> JSONNode? { fatalError("pending") }
    /// The value of an object's member, the name compared as unescaped bytes; nil when absent or not an object.
    public subscript(_ name: String) -> JSONNode? { fatalError("pending") }
    /// Whether this is a string with exactly these bytes after unescaping; makes no String.
    public func isString(_ bytes: Span<UInt8>) -> Bool { fatalError("pending") }
    /// The string, or nil for another kind.
    public var string: String? { fatalError("pending") }
    /// The number of UTF-8 bytes of the string after unescaping, or nil for another kind.
    public var stringByteCount: Int? { fatalError("pending") }
    /// The Boolean, or nil for another kind.
    public var bool: Bool? { fatalError("pending") }
    /// The number, or nil for another kind.
    public var number: JSONNumber? { fatalError("pending") }
    /// The number as a finite Double without making a String, or nil for another kind.
    public var double: Double? { fatalError("pending") }
    /// Calls `body` with each element of an array until it returns false. Nothing for another kind.
    public func forEachElement(_ body: (JSONNode) -> Bool) { fatalError("pending") }
    /// Calls `body` with the unescaped name and value of each member until it returns false. Nothing for another kind.
    public func forEachMember(_ body: (String, JSONNode) -> Bool) { fatalError("pending") }
    /// The value, copied out.
    public var value: JSONValue { fatalError("pending") }
}
