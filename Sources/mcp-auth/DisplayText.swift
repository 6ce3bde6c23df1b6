import WireFormat

/// Text of strangers, made harmless for a terminal: no control character moves the cursor, turns the direction of writing
/// or hides something. Letters stay as they are, those of scripts written from right to left too.
///
/// The escapes are those of JSON, so that JSON stays the same JSON.
enum DisplayText {
    /// The most bytes of a `kid` that are shown.
    static let keyIDBytes = 64

    /// The text with every scalar that is not plainly visible as `\uXXXX`, and the backslash doubled.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == "\\" {
                result += "\\\\"
            } else {
                append(scalar, to: &result)
            }
        }
        return result
    }

    /// The front of a text: at most 64 bytes, whole scalars, and `…` when something is missing.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > keyIDBytes else { return text }
        var front = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= keyIDBytes else { break }
            front.append(scalar)
        }
        return String(front) + "…"
    }

    /// JSON on one line, or indented by two spaces a level.
    static func json(_ value: JSONValue, isIndented: Bool) -> String {
        var text = ""
        write(value, isIndented ? "\n" : nil, to: &text)
        return text
    }

    /// - Parameter lineBreak: A line break with the indentation of this level; nil for one line.
    private static func write(_ value: JSONValue, _ lineBreak: String?, to text: inout String) {
        // The recursion is as deep as the nesting, which the parser has limited.
        switch value {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let value): text += value.text
        case .string(let value): write(value, to: &text)
        case .array(let elements):
            write(elements, "[", "]", lineBreak, to: &text) { element, inner, text in write(element, inner, to: &text) }
        case .object(let object):
            write(object.members, "{", "}", lineBreak, to: &text) { member, inner, text in
                write(member.name, to: &text)
                text += inner == nil ? ":" : ": "
                write(member.value, inner, to: &text)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], _ opening: String, _ closing: String, _ lineBreak: String?, to text: inout String,
        _ writeElement: (Element, String?, inout String) -> Void
    ) {
        text += opening
        let inner = lineBreak.map { $0 + "  " }
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            text += inner ?? ""
            writeElement(element, inner, &text)
        }
        if !elements.isEmpty { text += lineBreak ?? "" }
        text += closing
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text += "\\" }
            append(scalar, to: &text)
        }
        text += "\""
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        if isVisible(scalar) {
            text.unicodeScalars.append(scalar)
        } else {
            // RFC 8259 §7: beyond the basic plane a surrogate pair.
            for unit in UTF16.encode(scalar) ?? .init() {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }
        }
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (0x20..<0x7F).contains(scalar.value) }
        switch scalar.properties.generalCategory {
        // Format holds the bidirectional controls, the zero-width joiners and the invisible tags.
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
        default: return !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
