import Testing
import WireFormat

@Suite("Limits of the JSON parser", .serialized)
struct JSONLimitsTests {
    private func reason(_ text: [UInt8], _ limits: JSONDocument.Limits = JSONDocument.Limits()) -> JSONDocument
        .ParseError.Reason?
    {
        do throws(JSONDocument.ParseError) {
            _ = try JSONDocument(parsing: text, limits: limits)
            return nil
        } catch { return error.reason }
    }

    private func nested(_ depth: Int, _ open: String, _ close: String, _ inner: String = "") -> [UInt8] {
        Array((String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)).utf8)
    }

    @Test(
        "POLICY §6: depth 16 is accepted, 17 refused",
        arguments: [("[", "]", ""), ("{\"a\":", "}", "1"), ("[{\"a\":", "}]", "1")])
    func defaultDepth(open: String, close: String, inner: String) {
        let levels = open.utf8.filter { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }.count
        #expect(reason(nested(16 / levels, open, close, inner)) == nil)
        #expect(reason(nested(16 / levels + 1, open, close, inner)) == .tooDeep)
    }

    @Test("Depth is settable; limit and limit + 1", arguments: [0, 1, 2, 32, 64, 127, 128])
    func settableDepth(depth: Int) {
        let limits = JSONDocument.Limits(maximumDepth: depth)
        #expect(reason(nested(depth, "[", "]", "1"), limits) == nil)
        #expect(reason(nested(depth + 1, "[", "]", "1"), limits) == .tooDeep)
    }

    @Test("THREATS J13: no setting admits more than 128 levels", arguments: [129, 100_000, Int.max])
    func ceiling(depth: Int) throws {
        let limits = JSONDocument.Limits(maximumDepth: depth, maximumBytes: .max)
        #expect(reason(nested(129, "[", "]"), limits) == .tooDeep)
        let value = try JSONValue(parsing: nested(128, "[", "]"), limits: limits)
        #expect(value.encoded() == nested(128, "[", "]"))
        #expect(value == value)
    }

    @Test("A negative depth admits scalars only")
    func negativeDepth() {
        #expect(reason(Array("1".utf8), JSONDocument.Limits(maximumDepth: -1)) == nil)
        #expect(reason(Array("[]".utf8), JSONDocument.Limits(maximumDepth: -1)) == .tooDeep)
    }

    @Test("Depth counts what is open, not what was: 1,000 siblings are one level")
    func siblings() {
        let text = "[" + Array(repeating: "[[]]", count: 1000).joined(separator: ",") + "]"
        #expect(reason(Array(text.utf8), JSONDocument.Limits(maximumDepth: 3)) == nil)
        #expect(reason(Array(text.utf8), JSONDocument.Limits(maximumDepth: 2)) == .tooDeep)
    }

    @Test(
        "The texts with the most values in the fewest bytes are read, and refused when they are cut off",
        arguments: [("[", "[1,1,1,1]", "]"), ("[", "[[],[],1]", "]"), ("{\"\":", "{\"\":1}", "}")])
    func densest(open: String, inner: String, close: String) {
        for levels in [0, 1, 14, 126] {
            let text = nested(levels, open, close, inner)
            let limits = JSONDocument.Limits(maximumDepth: levels + (inner.contains("[[") ? 2 : 1))
            #expect(reason(text, limits) == nil)
            for length in 0..<text.count { #expect(reason(Array(text[..<length]), limits) == .unexpectedEnd) }
        }
    }

    @Test("THREATS J13: a mebibyte of opening brackets is refused at the 17th", arguments: ["[", "{\"a\":", "[{\"\":"])
    func brackets(open: String) throws {
        let text = Array(String(repeating: open, count: 1_048_576 / open.utf8.count).utf8)
        let error = try #require(throws: JSONDocument.ParseError.self) { try JSONDocument(parsing: text) }
        #expect(error.reason == .tooDeep)
        #expect(error.offset <= 17 * open.utf8.count)
    }

    @Test("The size limit is decided first: limit is accepted, limit + 1 refused")
    func size() throws {
        for limit in [0, 1, 2, 100, 65_536, 1_048_576] {
            let limits = JSONDocument.Limits(maximumBytes: limit)
            let atLimit = [UInt8](repeating: 0x20, count: max(limit - 1, 0)) + [0x31]
            if limit > 0 { #expect(reason(atLimit, limits) == nil) }
            let beyond = [UInt8](repeating: 0xFF, count: limit + 1)
            let error = try #require(throws: JSONDocument.ParseError.self) {
                try JSONDocument(parsing: beyond, limits: limits)
            }
            #expect(error.reason == .tooLarge)
            #expect(error.offset == limit)
        }
        #expect(reason([0x31], JSONDocument.Limits(maximumBytes: -5)) == .tooLarge)
        #expect(JSONDocument.Limits() == JSONDocument.Limits(maximumDepth: 16, maximumBytes: 1_048_576))
    }

    @Test("THREATS J14: 5,000 members are accepted, and one repeated name among them is found wherever it stands")
    func manyMembers() throws {
        let names = (0..<5000).map { "member\($0)" }
        let text = "{" + names.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        let root = try JSONDocument(parsing: Array(text.utf8)).root
        #expect(root.count == 5000)
        #expect(root["member4999"]?.number?.int64 == 1)
        for place in [0, 1, 2500, 4998, 4999] {
            // The same name, spelled with an escape.
            let repeated = text.dropLast() + ",\"\\u006dember\(place)\":2}"
            let error = try #require(throws: JSONDocument.ParseError.self) {
                try JSONDocument(parsing: Array(repeated.utf8))
            }
            #expect(error.reason == .duplicateMember)
            #expect(error.offset == text.utf8.count)
        }
    }

    @Test("Repeated names are found for every number of members around the change of method", arguments: 2...40)
    func memberCounts(count: Int) throws {
        // Names with the same length, first byte and last byte, so that a cheap tag cannot distinguish them.
        let names = (0..<count).map { "a\($0 < 10 ? "0" : "")\($0)z" }
        func text(_ names: [String]) -> [UInt8] {
            Array(("{" + names.map { "\"\($0)\":[{\"a\":1}]" }.joined(separator: ",") + "}").utf8)
        }
        #expect(reason(text(names)) == nil)
        for place in 0..<count - 1 {
            var repeated = names
            repeated[count - 1] = names[place]
            #expect(reason(text(repeated)) == .duplicateMember)
            repeated[count - 1] = "a" + names[place].dropFirst().dropLast() + "\\u007a"
            #expect(reason(text(repeated)) == .duplicateMember)
        }
    }

    @Test("THREATS J15: numbers of 60,000 digits are read, and refused when they are out of range")
    func longNumbers() throws {
        let zeros = String(repeating: "0", count: 60_000)
        let nines = String(repeating: "9", count: 60_000)
        #expect(reason(Array(nines.utf8)) == .numberOutOfRange)
        #expect(reason(Array("1e\(nines)".utf8)) == .numberOutOfRange)
        #expect(reason(Array("1\(zeros)".utf8)) == .numberOutOfRange)
        #expect(try JSONDocument(parsing: Array("0.\(nines)".utf8)).root.double == 1)
        #expect(try JSONDocument(parsing: Array("0.\(zeros)1".utf8)).root.double == 0)
        #expect(try JSONDocument(parsing: Array("0.\(zeros)1e60001".utf8)).root.number?.int64 == 1)
        #expect(try JSONDocument(parsing: Array("1\(zeros)e-60000".utf8)).root.double == 1)
        #expect(try JSONDocument(parsing: Array("1e-\(nines)".utf8)).root.double == 0)
        #expect(try JSONDocument(parsing: Array("0e\(nines)".utf8)).root.double == 0)
        #expect(try JSONDocument(parsing: Array("1e0\(zeros)".utf8)).root.number?.int64 == 1)
        #expect(
            try JSONDocument(parsing: Array("1.7976931348623157\(zeros)e308".utf8)).root.double
                == .greatestFiniteMagnitude)
    }
}
