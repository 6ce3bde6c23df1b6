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
}
