internal import WireFormat

/// A text that patterns are matched with.
struct GlobText: Sendable, Hashable {
    /// The text as sent.
    let bytes: [UInt8]
    /// The characters of a text beyond ASCII, which `String` compares by canonical equivalence; nil for an ASCII text.
    let characters: [Character]?
    /// Whether the text is only the beginning of many texts, as a URI template is. A pattern matches it when it matches
    /// at least one of them.
    let isBeginning: Bool

    init(_ bytes: [UInt8], isBeginning: Bool = false) {
        self.bytes = bytes
        characters = bytes.allSatisfy { $0 < 0x80 } ? nil : Array(String(decoding: bytes, as: UTF8.self))
        self.isBeginning = isBeginning
    }
}
