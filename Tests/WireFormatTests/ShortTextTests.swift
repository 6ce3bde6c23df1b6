import Testing

@testable import WireFormat

@Suite("Short texts")
struct ShortTextTests {
    @Test(
        "A text of one to eight bytes has its own number, however it was made", arguments: ["a", "RS256", "events_8"])
    func made(text: String) {
        let short = ShortText(text.utf8)
        #expect(short.text == text)
        #expect(short != .other)
        #expect(short == ShortText(Array(text.utf8)[...]))
    }

    @Test("A literal is the text of its bytes")
    func literals() {
        #expect(ShortText("iss".utf8) == "iss")
        #expect(ShortText("a".utf8) != "b")
        #expect(("exp" as ShortText).number == 0x65_78_70)
        #expect(("\u{E9}" as ShortText).text == "\u{E9}")
    }

    @Test(
        "An empty text, a longer one and one with a NUL are none", arguments: ["", "nine byte", "\0iss", "iss\0", "\0"])
    func none(text: String) {
        #expect(ShortText(text.utf8) == .other)
    }

    @Test("What is no short text has no text")
    func other() {
        #expect(ShortText.other.text.isEmpty)
        #expect(ShortText.other != "a")
    }
}
