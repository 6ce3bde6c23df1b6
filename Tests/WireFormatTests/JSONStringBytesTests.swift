import Testing
import WireFormat

@Suite("Every byte at every place of a JSON string", .serialized)
struct JSONStringBytesTests {
    /// Long enough that a scanner for eight bytes at a time gets each byte in each lane, and in the rest at the end.
    private static let length = 32

    @Test(
        "RFC 8259 §7, RFC 3629: control characters, quotes, backslashes and stray bytes are seen wherever they stand",
        arguments: 0..<length)
    func everyByte(place: Int) {
        for byte in UInt8.min...UInt8.max {
            var content = [UInt8](repeating: UInt8(ascii: "a"), count: Self.length)
            content[place] = byte
            let text = [0x22] + content + [0x22]
            let isLast = place == Self.length - 1
            let expected: (reason: JSONDocument.ParseError.Reason, offset: Int)? =
                switch byte {
                case 0x00..<0x20: (.controlCharacter, place + 1)
                // The string ends here. The bytes after it are not allowed.
                case UInt8(ascii: "\""): (.trailingBytes, place + 2)
                // `\a` is not an escape. Before the last quote, the backslash escapes the end of the string.
                case UInt8(ascii: "\\"):
                    isLast
                        ? (.unexpectedEnd, text.count)
                        : (.invalidEscape, place + 1)
                case 0x80...: (.invalidUTF8, place + 1)
                default: nil
                }
            do throws(JSONDocument.ParseError) {
                let document = try JSONDocument(parsing: text)
                #expect(expected == nil, "byte \(byte)")
                #expect(document.root.stringBytes == content)
            } catch {
                #expect(error.reason == expected?.reason, "byte \(byte)")
                #expect(error.offset == expected?.offset, "byte \(byte)")
            }
        }
    }

    @Test("RFC 8259 §4: an escaped name that begins like another is another")
    func escapedPrefix() throws {
        for text in [#"{"\u0061":1,"ab":2}"#, #"{"ab":1,"\u0061":2}"#, #"{"\u0061b":1,"\u0061":2,"":3}"#] {
            #expect(throws: Never.self) { try JSONDocument(parsing: Array(text.utf8)) }
        }
        let text = #"{"\u0061b":1,"ab":2}"#
        let error = try #require(throws: JSONDocument.ParseError.self) { try JSONDocument(parsing: Array(text.utf8)) }
        #expect(error.reason == .duplicateMember)
        #expect(error.offset == 13)
    }
}
