import Testing

@testable import WireFormat

@Suite("The tape of a JSON text")
struct JSONTapeTests {
    @Test("It has an entry for each value and each name, in the order of the text")
    func entries() throws {
        let tape = try JSONDocument(parsing: Array(#"{"a": [1, "b"]}"#.utf8)).tape
        #expect(tape.map(\.kind) == [.object, .string, .array, .number, .string])
        #expect(tape.map(\.start) == [0, 1, 6, 7, 10])
        #expect(tape.map(\.end) == [15, 4, 14, 8, 13])
        #expect(tape.map(\.next) == [5, 2, 5, 4, 5])
    }

    @Test("A document keeps room for at most twice its entries", arguments: [0, 1, 100, 16_000])
    func room(length: Int) throws {
        let text = #"{"a":""# + String(repeating: "x", count: length) + #""}"#
        let tape = try JSONDocument(parsing: Array(text.utf8)).tape
        #expect(tape.count == 3)
        #expect(tape.capacity <= 2 * tape.count)
    }
}
