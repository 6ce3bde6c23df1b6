import WireFormat

/// Makes text from tokens and key sets safe to print: no control character can move the cursor, change the writing
/// direction or hide text. Letters stay as they are, including those of right-to-left scripts.
///
/// The escapes are those of JSON, so that escaped JSON has the same value.
enum DisplayText {
    /// The most bytes of a `kid` that are shown.
    static let keyIDBytes = 64

    /// Replaces every scalar that is not visible by `\uXXXX`, and doubles backslashes.
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

    /// The start of a text: at most 64 bytes without a split scalar, then `…` if something was cut.
    static func cut(_ text: String) -> String { cut(text, toBytes: keyIDBytes) }

    /// The start of a text: at most `limit` bytes without a split scalar, then `…` if something was cut.
    static func cut(_ text: String, toBytes limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var front = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= limit else { break }
            front.append(scalar)
        }
        return String(front) + "…"
    }

    /// A text from another program on one line: cut after 300 bytes, and escaped.
    static func line(_ text: String) -> String { escaped(cut(text, toBytes: 300)) }

    /// Writes JSON on one line, or with two spaces of indentation for each level.
    static func json(_ value: JSONValue, isIndented: Bool) -> String {
        var text = ""
        write(value, isIndented ? "\n" : nil, to: &text)
        return text
    }

    /// - Parameter lineBreak: A line break with the indentation of this level; nil writes everything on one line.
    private static func write(_ value: JSONValue, _ lineBreak: String?, to text: inout String) {
        // The recursion is as deep as the nesting of the value, which the parser limits.
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
            // RFC 8259 §7: a scalar beyond the basic plane is written as a surrogate pair.
            for unit in UTF16.encode(scalar) ?? .init() {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }
        }
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (0x20..<0x7F).contains(scalar.value) }
        switch scalar.properties.generalCategory {
        // The category `format` includes bidirectional controls, zero-width joiners and invisible tags.
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
        default: return !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
