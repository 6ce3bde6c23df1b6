import Testing

@testable import TokenVerification

@Suite("The text of events")
struct EventTextTests {
    @Test("A name, a reason, and pairs; a value with spaces or quotes is in quotes, and so is a list")
    func line() {
        #expect(EventText.line("a", reason: nil, []) == "a")
        #expect(
            EventText.line("a", reason: "b", [("url", "https://a.example/x?y=z"), ("path", "/a b\"c"), ("needs", "x")])
                == #"a reason=b url=https://a.example/x?y=z path="/a b'c" needs="x""#)
        #expect(EventText.line("a", reason: nil, [("x", ""), ("y", "é")]) == #"a x="" y="é""#)
    }

    @Test("A long value is cut, and a hint is not")
    func length() {
        let long = String(repeating: "a", count: 300)
        #expect(
            EventText.line("a", reason: nil, [("x", long)]) == "a x=" + String(repeating: "a", count: 256) + "...")
        #expect(EventText.line("a", reason: nil, [("hint", long)]) == "a hint=\"\(long)\"")
    }

    @Test("The levels have an order, and the names of logging systems")
    func levels() {
        #expect(EventLevel.allCases.sorted() == [.debug, .info, .warning, .error])
        #expect(EventLevel.allCases.map(\.rawValue) == ["debug", "info", "warning", "error"])
    }
}
