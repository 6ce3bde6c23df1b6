import Testing

@testable import WireFormat

@Suite("Short texts")
struct ShortTextTests {
    @Test("A text of at most seven bytes is one number, however it was made", arguments: ["", "a", "RS256", "events7"])
    func made(text: String) throws {
        let short = try #require(ShortText(text))
        #expect(short.text == text)
        let around = Array("<\(text)>>>>>>>>".utf8)
        #expect(ShortText(around.span, 1..<1 + text.utf8.count) == short)
    }

    @Test("A literal is the text of its bytes")
    func literals() {
        #expect(ShortText("iss") == "iss")
        #expect(ShortText("a") != "b")
        #expect(("exp" as ShortText).number == 0x65_78_70_03)
        #expect(("\u{E9}" as ShortText).text == "\u{E9}")
    }

    @Test("A NUL is a byte like others: it makes another text")
    func nul() throws {
        let texts = ["", "\0", "\0\0", "iss", "\0iss", "iss\0"]
        #expect(Set(try texts.map { try #require(ShortText($0)) }).count == texts.count)
        for text in texts { #expect(ShortText(text)?.text == text) }
    }

    @Test("A longer text is none", arguments: ["eight by", "nine byte", "client_id"])
    func none(text: String) {
        #expect(ShortText(text) == nil)
    }
}
