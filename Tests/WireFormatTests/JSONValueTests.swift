import Testing
import WireFormat

@Suite("JSON values", .serialized)
struct JSONValueTests {
    @Test("Literals make values")
    func literals() {
        let value: JSONValue = ["a": 1, "b": [true, .null, 1.5, "x"], "c": [:], "d": -7]
        #expect(
            String(decoding: value.encoded(), as: UTF8.self)
                == "{\"a\":1,\"b\":[true,null,1.5,\"x\"],\"c\":{},\"d\":-7}")
        #expect(value["a"]?.number?.int64 == 1)
        #expect(value["b"]?.array?.count == 4)
        #expect(value["c"]?.object == JSONDocument.Object())
        #expect(value["zz"] == nil)
        #expect(value["b"]?["a"] == nil)
    }

    @Test("A literal that names a member twice keeps the last one in the first one's place")
    func repeatedLiteral() {
        let value: JSONValue = ["a": 1, "b": 2, "a": 3]
        #expect(value == ["a": 3, "b": 2])
        #expect(value.object?.members.map(\.name) == ["a", "b"])
    }

    @Test("Setting nil removes a member; setting null keeps it")
    func removal() {
        var object: JSONDocument.Object = ["a": 1, "b": 2]
        object["a"] = nil
        #expect(object.members.count == 1)
        object["b"] = .null
        #expect(object["b"] == .null)
        object["missing"] = nil
        #expect(object.members.map(\.name) == ["b"])
    }

    @Test(
        "THREATS P1: strings compare and hash as bytes",
        arguments: [("K", "\u{212A}"), ("\u{E9}", "e\u{301}"), (";", "\u{37E}"), ("`", "\u{1FEF}")])
    func bytes(left: String, right: String) {
        #expect(left == right, "Swift takes them for equal, or the row proves nothing")
        #expect(JSONValue.string(left) != JSONValue.string(right))
        #expect(Set([JSONValue.string(left), JSONValue.string(right)]).count == 2)
        var object = JSONDocument.Object()
        object[left] = 1
        object[right] = 2
        #expect(object.members.count == 2)
        #expect(object[left] == 1)
        #expect(object != [left: 1, left + "x": 2])
        #expect(JSONDocument.Object(dictionaryLiteral: (left, 1)) != JSONDocument.Object(dictionaryLiteral: (right, 1)))
    }

    @Test("Objects are equal in any order, and then hash alike; arrays are not")
    func order() {
        let left: JSONValue = ["a": 1, "b": ["x": 1, "y": 2], "c": 3]
        let right: JSONValue = ["c": 3, "b": ["y": 2, "x": 1], "a": 1]
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(Set([left, right]).count == 1)
        #expect(left.encoded() != right.encoded())
        #expect(JSONValue.array([1, 2]) != JSONValue.array([2, 1]))
        #expect(left != ["a": 1, "b": ["x": 1, "y": 2], "c": 4])
        #expect(left != ["a": 1, "b": ["x": 1, "y": 2], "d": 3])
        #expect(left != ["a": 1, "b": ["x": 1, "y": 2]])
        #expect(
            JSONDocument.Object(dictionaryLiteral: ("a", 1), ("b", 2))
                != JSONDocument.Object(dictionaryLiteral: ("b", 1), ("a", 2)))
    }

    @Test("Values of different kinds differ")
    func kinds() {
        let values: [JSONValue] = [.null, false, true, 0, 1, "", "0", "null", [], [.null], [:], ["": .null]]
        for (i, left) in values.enumerated() {
            for (j, right) in values.enumerated() { #expect((left == right) == (i == j), "\(i) \(j)") }
        }
        #expect(Set(values).count == values.count)
        #expect(JSONValue.number(JSONDocument.Number(1)) != .bool(true))
    }

    @Test("Numbers are kept as written; Doubles that JSON cannot express are no number")
    func numbers() {
        #expect(JSONDocument.Number(Int64.min).text == "-9223372036854775808")
        #expect(JSONDocument.Number(Double.nan) == nil)
        #expect(JSONDocument.Number(Double.infinity) == nil)
        #expect(JSONDocument.Number(-Double.infinity) == nil)
        #expect(JSONDocument.Number(1e300 as Double)?.double == 1e300)
        #expect(JSONDocument.Number(1) != JSONDocument.Number(1.0 as Double))
    }

    @Test("What JSONDocument.Number writes for a Double is JSON again, and the same Double")
    func doubleText() throws {
        var random = SeededGenerator(seed: 11)
        var doubles: [Double] = [
            0, -0.0, 1, 0.1, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .leastNormalMagnitude, 1e16, 1e-5,
            123456789.125,
        ]
        for _ in 0..<1000 { doubles.append(Double(bitPattern: random.next())) }
        for double in doubles where double.isFinite {
            let number = try #require(JSONDocument.Number(double))
            let parsed = try JSONValue(parsing: Array(number.text.utf8))
            #expect(parsed.number?.double.bitPattern == double.bitPattern, "seed 11: \(double)")
        }
    }

    @Test("RFC 8259 §7: the writer escapes what must be escaped and nothing else")
    func escapes() {
        var expected: [UInt8] = [0x22]
        var string = ""
        for code in UInt8(0)..<0x80 {
            string.unicodeScalars.append(Unicode.Scalar(code))
            switch code {
            case 0x22: expected += "\\\"".utf8
            case 0x5C: expected += "\\\\".utf8
            case 0x08: expected += "\\b".utf8
            case 0x09: expected += "\\t".utf8
            case 0x0A: expected += "\\n".utf8
            case 0x0C: expected += "\\f".utf8
            case 0x0D: expected += "\\r".utf8
            case 0..<0x10: expected += "\\u000\(String(code, radix: 16))".utf8
            case 0x10..<0x20: expected += "\\u00\(String(code, radix: 16))".utf8
            default: expected.append(code)
            }
        }
        #expect(JSONValue.string(string).encoded() == expected + [0x22])
        #expect(JSONValue.string("é\u{1F600}").encoded() == Array("\"é\u{1F600}\"".utf8))
    }

    @Test("What is written is read as the same value", arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<200 {
            let value = Self.value(depth: 0, &random)
            let text = value.encoded()
            let parsed = try JSONValue(parsing: text)
            #expect(parsed == value, "seed \(seed), round \(round)")
            #expect(parsed.hashValue == value.hashValue, "seed \(seed), round \(round)")
            #expect(parsed.encoded() == text, "seed \(seed), round \(round)")
        }
    }

    private static func value(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0...(depth < 6 ? 7 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .number(JSONDocument.Number(Int64.random(in: .min ... .max, using: &random)))
        case 3: return JSONDocument.Number(Double.random(in: -1e20...1e20, using: &random)).map { .number($0) } ?? .null
        case 4, 5: return .string(string(&random))
        case 6: return .array((0..<Int.random(in: 0...5, using: &random)).map { _ in value(depth: depth + 1, &random) })
        default:
            var object = JSONDocument.Object()
            for _ in 0..<Int.random(in: 0...24, using: &random) {
                object[string(&random)] = value(depth: depth + 3, &random)
            }
            return .object(object)
        }
    }

    private static func string(_ random: inout SeededGenerator) -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "b", "\"", "\\", "/", "\n", "\0", "\u{1F}", "é", "\u{301}", "\u{20AC}", "\u{1F600}", "\u{10FFFF}",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            text.unicodeScalars.append(alphabet[Int(random.next() % 13)])
        }
        return text
    }

    @Test("A number literal that no Double holds stops the program")
    func infiniteLiteral() async {
        await #expect(processExitsWith: .failure) { _ = JSONValue(floatLiteral: .infinity) }
    }
}
