import Testing
import WireFormat

@Suite("Text for a line of a log", .serialized)
struct LogTextTests {
    private func escaped(_ text: String, space: LogText.Space = .kept, limit: Int = 1_000) -> String {
        var line: [UInt8] = []
        LogText.append(text, to: &line, space: space, limit: limit)
        return String(decoding: line, as: UTF8.self)
    }

    @Test("THREATS S2: only printable ASCII is left, over all 256 bytes, and every escape has one meaning")
    func everyByte() {
        for value in 0..<128 {
            let text = String(UnicodeScalar(UInt8(value)))
            let digits = String(value, radix: 16)
            let escape = "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
            let wanted = text == "\\" ? "\\\\" : (0x20...0x7E).contains(value) ? text : escape
            #expect(escaped(text) == wanted, "\(value)")
        }
        #expect(escaped("é\u{202E}") == #"\xc3\xa9\xe2\x80\xae"#)
    }

    @Test("A space is kept between words, or escaped within one")
    func spaces() {
        #expect(escaped("a b", space: .kept) == "a b")
        #expect(escaped("a b", space: .escaped) == #"a\x20b"#)
    }

    @Test("At the limit a line is whole, one byte more is cut", arguments: [0, 1, 2, 3, 4])
    func longest(extra: Int) {
        let text = escaped(String(repeating: "a", count: 97 + extra), limit: 100)
        #expect(text.hasSuffix("...") == (extra > 3))
        #expect(text.hasPrefix(String(repeating: "a", count: 97)))
        #expect(text.utf8.count == min(97 + extra, 100))
    }

    @Test("An escape is never cut in two, and the limit counts what stood in the line before")
    func wholeEscapes() {
        var line = Array("time ".utf8)
        LogText.append("\n\n\n\n", to: &line, limit: 18)
        #expect(String(decoding: line, as: UTF8.self) == #"time \x0a\x0a..."#)
    }
}
