/// The text of an event: its name, its reason, then its attributes as `key=value` pairs.
///
/// A value with any other character than letters, digits and `-._~:/?#[]@!$&()*+,;=%` is in double quotes. A quote in
/// a value becomes an apostrophe and a control character a space, so that a value is never a line of its own. A long
/// value is cut and ends in `...`. The values themselves stay as they are: a bridge to a logging system gets them
/// unchanged.
package enum EventText {
    /// The names and values of an event, in order. No name occurs twice.
    package typealias Attributes = [(key: String, value: String)]

    /// The longest value in a text, in bytes.
    package static let maximumValueBytes = 256
    /// The keys whose values are sentences or lists of words.
    private static let quoted: Set<String> = ["hint", "needs", "expected", "allowed", "as", "faults"]
    private static let plain = Set("-._~:/?#[]@!$&()*+,;=%".utf8)

    /// The line of an event, without its level and its time.
    package static func line(_ name: String, reason: String?, _ attributes: Attributes) -> String {
        attributes.reduce(name + (reason.map { " reason=\($0)" } ?? "")) { text, attribute in
            "\(text) \(attribute.key)=\(Self.value(attribute.value, of: attribute.key))"
        }
    }

    private static func value(_ value: String, of key: String) -> String {
        // A hint is a constant of the program, and it is useless without its end.
        let bytes = Array(value.utf8.prefix(key == "hint" ? 1_000 : maximumValueBytes + 1))
        let isCut = key != "hint" && bytes.count > maximumValueBytes
        let shown = isCut ? String(decoding: bytes.dropLast(), as: UTF8.self) + "..." : value
        guard quoted.contains(key) || shown.isEmpty || !shown.utf8.allSatisfy(isPlain) else { return shown }
        return "\"" + String(decoding: shown.utf8.map(Self.harmless), as: UTF8.self) + "\""
    }

    private static func harmless(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x22: 0x27
        case ..<0x20, 0x7F: 0x20
        default: byte
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: plain.contains(byte)
        }
    }
}
