/// Changes of a good token that no verifier may accept, and texts that are not tokens.
enum TokenAlterations {
    /// Every change, with a name for it.
    static func all(of token: String) -> [(name: String, token: String)] {
        let bytes = Array(token.utf8)
        var all = [
            ("with a byte appended", token + "A"), ("with its last byte removed", String(token.dropLast())),
            ("twice", token + token), ("after a space", " " + token), ("before a space", token + " "),
            ("in reverse", String(token.reversed())),
        ]
        // The last byte of a base64url text has bits that mean nothing, so another one is changed.
        for (name, index) in [("first", 0), ("middle", bytes.count / 2), ("fourth last", bytes.count - 4)]
        where bytes.indices.contains(index) {
            var changed = bytes
            changed[index] = changed[index] == UInt8(ascii: "B") ? UInt8(ascii: "C") : UInt8(ascii: "B")
            all.append(("with its \(name) byte changed", String(decoding: changed, as: UTF8.self)))
        }
        return all.filter { $0.1 != token }
    }

    /// Texts that are not tokens.
    static let malformed: [(name: String, bytes: [UInt8])] = [
        ("an empty text", []), ("a space", [0x20]), ("a dot", [0x2E]), ("two dots", [0x2E, 0x2E]),
        ("four dots", [0x2E, 0x2E, 0x2E, 0x2E]), ("a NUL", [0]), ("bytes that are not UTF-8", [0xC3, 0x28, 0xFF]),
        ("a line break", Array("a\r\nb".utf8)), ("three parts of garbage", Array("e30.e30.AAAA".utf8)),
        ("100,000 bytes", [UInt8](repeating: UInt8(ascii: "A"), count: 100_000)),
    ]

    /// Whether a code is 1…64 small letters, digits and `_`.
    static func isStableCode(_ code: String) -> Bool {
        (1...64).contains(code.utf8.count)
            && code.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
            }
    }
}
