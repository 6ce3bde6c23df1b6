import WireFormat

/// A second JSON parser that shares no code with the library's. It is recursive and slow, and follows the grammar of
/// RFC 8259 closely. Both parsers must agree on every text.
struct ReferenceJSON {
    private let text: [UInt8]
    private var index = 0

    /// The value of a text; nil unless it is strict JSON with unique member names, finite numbers and limited nesting.
    static func value(of text: [UInt8], maximumDepth: Int) -> JSONValue? {
        var parser = ReferenceJSON(text: text)
        parser.skipWhitespace()
        guard let value = parser.value(depth: maximumDepth) else { return nil }
        parser.skipWhitespace()
        return parser.index == text.count ? value : nil
    }

    private init(text: [UInt8]) { self.text = text }

    private var next: UInt8? { index < text.count ? text[index] : nil }

    private mutating func take(_ literal: String) -> Bool {
        guard text[index...].starts(with: literal.utf8) else { return false }
        index += literal.utf8.count
        return true
    }

    private mutating func skipWhitespace() {
        while take(" ") || take("\t") || take("\n") || take("\r") {}
    }

    private mutating func value(depth: Int) -> JSONValue? {
        switch next {
        case UInt8(ascii: "{"): return depth > 0 ? object(depth: depth - 1) : nil
        case UInt8(ascii: "["): return depth > 0 ? array(depth: depth - 1) : nil
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
        case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
        case UInt8(ascii: "n"): return take("null") ? .null : nil
        default: return number()
        }
    }

    private mutating func array(depth: Int) -> JSONValue? {
        var elements: [JSONValue] = []
        index += 1
        skipWhitespace()
        if take("]") { return .array([]) }
        while true {
            skipWhitespace()
            guard let element = value(depth: depth) else { return nil }
            elements.append(element)
            skipWhitespace()
            if take("]") { return .array(elements) }
            guard take(",") else { return nil }
        }
    }

    private mutating func object(depth: Int) -> JSONValue? {
        var members = JSONDocument.Object()
        var names: Set<[UInt8]> = []
        index += 1
        skipWhitespace()
        if take("}") { return .object(members) }
        while true {
            skipWhitespace()
            guard next == UInt8(ascii: "\""), let name = string(), names.insert(Array(name.utf8)).inserted else {
                return nil
            }
            skipWhitespace()
            guard take(":") else { return nil }
            skipWhitespace()
            guard let value = value(depth: depth) else { return nil }
            members[name] = value
            skipWhitespace()
            if take("}") { return .object(members) }
            guard take(",") else { return nil }
        }
    }

    private mutating func string() -> String? {
        var bytes: [UInt8] = []
        index += 1
        while let byte = next {
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                // The standard library decides what well-formed UTF-8 is.
                return String(validating: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                bytes += String(Character(scalar)).utf8
            case 0x00..<0x20: return nil
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        if take("u") {
            guard let unit = codeUnit() else { return nil }
            guard unit & 0xFC00 == 0xD800 else { return Unicode.Scalar(unit) }
            guard take("\\u"), let low = codeUnit(), low & 0xFC00 == 0xDC00 else { return nil }
            return UTF16.decode(UTF16.EncodedScalar([unit, low]))
        }
        let escapes: [(String, Unicode.Scalar)] = [
            ("\"", "\""), ("\\", "\\"), ("/", "/"), ("b", "\u{8}"), ("f", "\u{C}"), ("n", "\n"), ("r", "\r"),
            ("t", "\t"),
        ]
        for (letter, scalar) in escapes where take(letter) { return scalar }
        return nil
    }

    private mutating func codeUnit() -> UInt16? {
        guard index + 4 <= text.count else { return nil }
        let digits = text[index..<index + 4]
        // `UInt16(_:radix:)` accepts a sign.
        guard digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else { return nil }
        index += 4
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private mutating func digits() -> Bool {
        let start = index
        while let byte = next, (0x30...0x39).contains(byte) { index += 1 }
        return index > start
    }

    private mutating func number() -> JSONValue? {
        let start = index
        _ = take("-")
        if !take("0"), !digits() { return nil }
        if take("."), !digits() { return nil }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            if !digits() { return nil }
        }
        let text = String(decoding: text[start..<index], as: UTF8.self)
        guard let double = Double(text), double.isFinite else { return nil }
        return .number(JSONDocument.Number(validated: text))
    }
}
