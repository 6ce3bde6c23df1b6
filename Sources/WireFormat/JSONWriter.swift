/// Writes values as JSON text (RFC 8259): UTF-8, no insignificant white space, no escape that is not required.
struct JSONWriter {
    private(set) var text: [UInt8] = []

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: text += "null".utf8
        case .bool(let value): text += (value ? "true" : "false").utf8
        case .number(let value): text += value.text.utf8
        case .string(let value): write(value)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            var isFirst = true
            for element in elements {
                if !isFirst { text.append(UInt8(ascii: ",")) }
                isFirst = false
                write(element)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let object):
            text.append(UInt8(ascii: "{"))
            var isFirst = true
            for member in object.members {
                if !isFirst { text.append(UInt8(ascii: ",")) }
                isFirst = false
                write(member.name)
                text.append(UInt8(ascii: ":"))
                write(member.value)
            }
            text.append(UInt8(ascii: "}"))
        }
    }

    private mutating func write(_ string: String) {
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            // RFC 8259 §7: quotation mark, reverse solidus and U+0000…U+001F must be escaped.
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): escape(byte)
            case 0x08: escape(UInt8(ascii: "b"))
            case 0x09: escape(UInt8(ascii: "t"))
            case 0x0A: escape(UInt8(ascii: "n"))
            case 0x0C: escape(UInt8(ascii: "f"))
            case 0x0D: escape(UInt8(ascii: "r"))
            case 0x00..<0x20:
                text += "\\u00".utf8
                text.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
                text.append(ASCII.hexDigit(byte & 0x0F))
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ letter: UInt8) {
        text.append(UInt8(ascii: "\\"))
        text.append(letter)
    }
}
