import Testing
import WireFormat

@Suite("RFC 9110 §5.6.3: optional white space", .serialized)
struct OptionalWhiteSpaceTests {
    @Test("Space and horizontal tab, and nothing else of all 256 bytes")
    func members() {
        for byte in UInt8.min...UInt8.max {
            #expect(OptionalWhiteSpace.contains(byte) == (byte == 0x20 || byte == 0x09), "\(byte)")
        }
    }

    @Test(
        "It is removed at both ends, never inside, and no other white space is",
        arguments: [
            ("", ""), (" ", ""), ("\t \t", ""), ("a", "a"), (" a", "a"), ("a\t", "a"), ("\t a b\t ", "a b"),
            ("\na\r", "\na\r"), ("\u{A0}a\u{A0}", "\u{A0}a\u{A0}"), ("\u{B}", "\u{B}"),
        ])
    func trimmed(text: String, wanted: String) {
        #expect(OptionalWhiteSpace.trimmed(text.utf8).elementsEqual(wanted.utf8))
        let bytes = Array("x\(text)x".utf8)
        #expect(OptionalWhiteSpace.trimmed(bytes[1..<(bytes.count - 1)]).elementsEqual(wanted.utf8))
        let range = OptionalWhiteSpace.trimmed(1..<(bytes.count - 1), of: bytes.span)
        #expect(bytes[range].elementsEqual(wanted.utf8))
    }
}
