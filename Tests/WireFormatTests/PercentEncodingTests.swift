import Testing
import WireFormat

@Suite("Percent-encoding (RFC 3986 §2.1)", .serialized)
struct PercentEncodingTests {
    @Test(
        "A triplet of either case is one byte, and is not decoded twice",
        arguments: [
            ("", ""), ("abc", "abc"), ("%61%62", "ab"), ("%e2%82%AC", "€"), ("%2541", "%41"), ("%25", "%"),
            ("%2B", "+"), ("a=b&c", "a=b&c"), ("%00", "\0"),
        ])
    func decoded(text: String, expected: String) {
        for plus in [PercentEncoding.Plus.plus, .space] {
            #expect(PercentEncoding.decode(text.utf8, plus: plus) == Array(expected.utf8))
        }
    }

    @Test("RFC 6749 appendix B: + is a space in a form, and itself in a URL")
    func plus() {
        #expect(PercentEncoding.decode("a+%2B".utf8, plus: .space) == Array("a +".utf8))
        #expect(PercentEncoding.decode("a+%2B".utf8, plus: .plus) == Array("a++".utf8))
    }

    @Test(
        "What no encoder writes is refused",
        arguments: [
            "%", "%4", "a%", "%4g", "%g4", "%%41", "%4%41", "a b", "\t", "a\n", "\u{7F}", "é", "%\u{FF14}1",
        ])
    func malformed(text: String) {
        #expect(PercentEncoding.decode(text.utf8, plus: .plus) == nil)
        #expect(PercentEncoding.decode(text.utf8, plus: .space) == nil)
    }

    @Test("A part of a text is decoded within its bounds")
    func slice() {
        let text = Array("x%4142%".utf8)
        #expect(PercentEncoding.decode(text[1..<4], plus: .plus) == Array("A".utf8))
        #expect(PercentEncoding.decode(text[1..<3], plus: .plus) == nil)
    }

    @Test("Of all bytes the 66 of RFC 3986 §2.3 stay as they are; what is encoded comes back")
    func encode() {
        let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(PercentEncoding.isUnreserved(byte) == unreserved.contains(byte), "\(byte)")
        }
        let text = "a b+c%d&e=f/é\u{0}\r\n~"
        let encoded = PercentEncoding.encode(text)
        #expect(encoded == "a%20b%2Bc%25d%26e%3Df%2F%C3%A9%00%0D%0A~")
        #expect(PercentEncoding.decode(encoded.utf8, plus: .space) == Array(text.utf8))
        #expect(PercentEncoding.decode(encoded.utf8, plus: .plus) == Array(text.utf8))
    }
}
