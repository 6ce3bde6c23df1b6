import Testing
import WireFormat

@Suite("Byte search", .serialized)
struct ByteSearchTests {
    @Test("The first place at or behind the start, however far apart")
    func finds() {
        let text = Array("a.bc.".utf8) + [UInt8](repeating: 0x78, count: 300) + Array(".".utf8)
        let dot = UInt8(ascii: ".")
        #expect(text.span.firstIndex(of: dot) == 1)
        #expect(text.span.firstIndex(of: dot, from: 1) == 1)
        #expect(text.span.firstIndex(of: dot, from: 2) == 4)
        #expect(text.span.firstIndex(of: dot, from: 5) == 305)
        #expect(text.span.firstIndex(of: dot, from: 306) == nil)
        #expect(text.span.firstIndex(of: 0xFF) == nil)
    }

    @Test(
        "Nothing is found in an empty text or from a start outside of the text",
        arguments: [-1, 0, 1, Int.max, Int.min])
    func outside(start: Int) {
        let empty: [UInt8] = []
        #expect(empty.span.firstIndex(of: 0, from: start) == nil)
        let one: [UInt8] = [7]
        #expect(one.span.firstIndex(of: 7, from: start) == (start == 0 ? 0 : nil))
    }

    @Test("Only the span is looked at, not what stands behind it")
    func bounds() {
        let text = Array("abc.".utf8)
        #expect(text.span.extracting(0..<3).firstIndex(of: UInt8(ascii: ".")) == nil)
    }

    @Test("Texts are compared by their bytes, whatever their length and their storage")
    func comparison() {
        let texts = [
            "", "a", "b", "K", "\u{212A}", "\u{E9}", "e\u{301}", "abcdefghijklmnopqrst", "abcdefghijklmnopqrsu",
        ]
        let parts = texts.map { String(("x" + $0 + "y").dropFirst().dropLast()) }
        for (index, left) in texts.enumerated() {
            for (other, right) in parts.enumerated() {
                #expect(left.hasSameBytes(as: right) == (index == other), "\(left) \(right)")
            }
        }
    }

    @Test("A text of a program is compared with the whole of a part, with or without case")
    func programText() {
        let text = Array("xConnectiony".utf8)
        #expect(ASCII.equals(text[1..<11], "Connection"))
        #expect(!ASCII.equals(text[1..<11], "connection"))
        #expect(!ASCII.equals(text[1..<10], "Connection"))
        #expect(!ASCII.equals(text[1...], "Connection"))
        #expect(ASCII.equals(text[3..<3], ""))
        #expect(ASCII.equalsIgnoringCase(text[1..<11], lowercased: "connection"))
        #expect(!ASCII.equalsIgnoringCase(text[0..<10], lowercased: "connection"))
        #expect(!ASCII.equalsIgnoringCase(text[1...], lowercased: "connection"))
        // Only A–Z are folded: [ and { differ in the same bit as A and a.
        #expect(!ASCII.equalsIgnoringCase(Array("[".utf8)[...], lowercased: "{"))
        #expect(!ASCII.equalsIgnoringCase(Array("\u{212A}".utf8)[...], lowercased: "k"))
    }
}
