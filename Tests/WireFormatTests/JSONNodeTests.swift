import Testing
import WireFormat

@Suite("Positions in a JSON document", .serialized)
struct JSONNodeTests {
    private func root(_ text: String) throws -> JSONDocument.Node { try JSONDocument(parsing: Array(text.utf8)).root }

    @Test("Each kind answers its own accessor and no other")
    func kinds() throws {
        let array = try root("[null,true,1.5,\"x\",[],{}]")
        var nodes: [JSONDocument.Node] = []
        array.forEachElement {
            nodes.append($0); return true
        }
        #expect(nodes.map(\.kind) == [.null, .bool, .number, .string, .array, .object])
        #expect(nodes.map(\.bool) == [nil, true, nil, nil, nil, nil])
        #expect(nodes.map(\.double) == [nil, nil, 1.5, nil, nil, nil])
        #expect(nodes.map(\.number?.text) == [nil, nil, "1.5", nil, nil, nil])
        #expect(nodes.map(\.string) == [nil, nil, nil, "x", nil, nil])
        #expect(nodes.map(\.stringBytes) == [nil, nil, nil, [0x78], nil, nil])
        #expect(nodes.map(\.stringByteCount) == [nil, nil, nil, 1, nil, nil])
        #expect(nodes.map { $0.isString("x") } == [false, false, false, true, false, false])
        #expect(nodes.allSatisfy { $0["x"] == nil })
        #expect(nodes.allSatisfy { $0.count == 0 })
        for node in nodes {
            node.forEachElement { _ in
                Issue.record("an element of \(node.kind)"); return true
            }
            node.forEachMember { _, _ in
                Issue.record("a member of \(node.kind)"); return true
            }
        }
    }

    @Test("THREATS P7: a Boolean is no number, and a number no Boolean")
    func noBridging() throws {
        let object = try root("{\"t\":true,\"one\":1,\"zero\":0,\"s\":\"1\"}")
        #expect(object["t"]?.double == nil)
        #expect(object["t"]?.number == nil)
        #expect(object["one"]?.bool == nil)
        #expect(object["zero"]?.bool == nil)
        #expect(object["s"]?.double == nil)
    }

    @Test("A range is the text of its value, quotes and brackets inside, white space outside")
    func ranges() throws {
        let text = " { \"a\" : [ 1 , \"b\" ] , \"c\" : { } } "
        let document = try JSONDocument(parsing: Array(text.utf8))
        func slice(_ node: JSONDocument.Node?) -> String? {
            node.map { String(decoding: document.bytes[$0.range], as: UTF8.self) }
        }
        #expect(slice(document.root) == "{ \"a\" : [ 1 , \"b\" ] , \"c\" : { } }")
        #expect(slice(document.root["a"]) == "[ 1 , \"b\" ]")
        #expect(slice(document.root["c"]) == "{ }")
        var elements: [String?] = []
        document.root["a"]?.forEachElement {
            elements.append(slice($0)); return true
        }
        #expect(elements == ["1", "\"b\""])
        #expect(document.bytes == Array(text.utf8))
    }

    @Test("Members are found by bytes after unescaping: by literal and by String")
    func lookUp() throws {
        let object = try root(
            "{\"a\":1,\"\\u0062\":2,\"\\ud83d\\ude00\":3,\"\":4,\"nested\":{\"a\":5},\"a/b\":6,\"x\\\"y\":7}")
        #expect(object["a"]?.double == 1)
        #expect(object["b"]?.double == 2)
        #expect(object["\u{1F600}"]?.double == 3)
        #expect(object[""]?.double == 4)
        #expect(object["nested"]?["a"]?.double == 5)
        #expect(object["a/b"]?.double == 6)
        for (name, value) in [("a", 1), ("b", 2), ("\u{1F600}", 3), ("", 4), ("a/b", 6), ("x\"y", 7)]
            as [(String, Double)]
        {
            #expect(object[name]?.double == value)
        }
        for name in ["A", "aa", "c", "\\u0062", "nested.a", "a\0", "\u{1F601}", "x\\\"y"] {
            #expect(object[name] == nil)
        }
    }

    @Test("THREATS P1, J17: names that Unicode takes for equal are different members")
    func canonicalEquivalence() throws {
        let object = try root("{\"kid\":1,\"\u{212A}\":2,\"e\u{301}\":3}")
        #expect(object["Kid"] == nil)
        #expect(object["K"] == nil)
        #expect(object["\u{212A}"]?.double == 2)
        #expect(object["\u{E9}"] == nil)
        #expect(object["e\u{301}"]?.double == 3)
        #expect(object.value["K"] == nil)
        #expect(object.value["\u{E9}"] == nil)
    }

    @Test("A string is compared as bytes, escaped or not")
    func isString() throws {
        for text in ["\"RS256\"", "\"\\u0052S256\"", "\"RS25\\u0036\""] {
            let node = try root(text)
            #expect(node.isString("RS256"))
            #expect(node.isString(spelled: "RS256"))
            for other in ["rs256", "RS25", "RS2560", "", "RS256\0", "S256R"] {
                #expect(!node.isString(spelled: other), "\(other)")
            }
        }
        #expect(try root("\"\"").isString(""))
        #expect(try root("\"\\u0000\"").isString("\0"))
        #expect(try !root("\"\u{212A}\"").isString("K"))
        #expect(try !root("null").isString("null"))
    }

    @Test("THREATS J16: an escaped NUL is kept and cuts nothing off")
    func embeddedNUL() throws {
        let node = try root("\"admin\\u0000.example\"")
        #expect(node.string == "admin\0.example")
        #expect(node.stringByteCount == 14)
        #expect(!node.isString("admin"))
    }

    @Test("Walks stop when the closure says so")
    func earlyEnd() throws {
        var seen: [String] = []
        try root("{\"a\":1,\"b\":2,\"c\":3}").forEachMember { name, _ in
            seen.append(name); return name != "b"
        }
        #expect(seen == ["a", "b"])
        var count = 0
        try root("[1,2,3]").forEachElement { _ in
            count += 1; return count < 2
        }
        #expect(count == 2)
        #expect(try root("[1,[2,3],{\"a\":4}]").count == 3)
        #expect(try root("{\"a\":{\"b\":1,\"c\":2},\"d\":[1,2]}").count == 2)
    }

    @Test("A node keeps its document alive")
    func lifetime() throws {
        func node() throws -> JSONDocument.Node? {
            try root("{\"a\":{\"b\":\"long enough to need the heap\"}}")["a"]?["b"]
        }
        #expect(try node()?.string == "long enough to need the heap")
    }

    @Test(
        "A number is the nearest Double",
        arguments: [
            ("0", 0), ("1", 1), ("-1", -1), ("0.1", 0.1), ("1e3", 1000), ("1.5e-3", 0.0015), ("1E22", 1e22),
            ("1e23", 1e23),
            ("9007199254740993", 9007199254740992), ("9007199254740993.0", 9007199254740992),
            ("123456789012345678", 123456789012345680),
            ("18446744073709551615", 18446744073709551616), ("1234567890123456789012345", 1234567890123456824475648),
            ("0.30000000000000004", 0.30000000000000004), ("2.2250738585072014e-308", 2.2250738585072014e-308),
            ("4.9e-324", .leastNonzeroMagnitude), ("2e-324", 0), ("1e-400", 0),
            ("1.7976931348623157e308", 1.7976931348623157e308),
            ("1700000000", 1_700_000_000), ("1700000000.25", 1_700_000_000.25), ("6.02214076e23", 6.02214076e23),
            ("7205759403792793199999e-5", 72_057_594_037_927_928), ("100e-2", 1), ("0.000001", 0.000001),
            ("8.41e21", 8.41e21),
        ] as [(String, Double)])
    func doubles(text: String, value: Double) throws {
        let node = try root(text)
        #expect(node.double == value)
        #expect(node.number?.double == value)
        #expect(
            try root("-\(text.hasPrefix("-") ? String(text.dropFirst()) : text)").double
                == (text.hasPrefix("-") ? value : -value))
    }

    @Test("Minus zero keeps its sign")
    func minusZero() throws {
        #expect(try root("-0").double?.sign == .minus)
        #expect(try root("-0.0e5").double?.sign == .minus)
        #expect(try root("-0").number?.int64 == 0)
        #expect(try root("0").double?.sign == .plus)
    }

    @Test("The fast conversion agrees with the careful one")
    func doubleProperty() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<5000 {
            let digits = Int.random(in: 1...21, using: &random)
            var text = String(Int.random(in: 1...9, using: &random))
            for _ in 1..<max(digits, 2) { text += String(Int.random(in: 0...9, using: &random)) }
            if Bool.random(using: &random) { text = "0." + text }
            if Bool.random(using: &random) { text += "e\(Int.random(in: -40...40, using: &random))" }
            #expect(try root(text).double == Double(text), "seed 7: \(text)")
        }
    }

    @Test(
        "Integers are exact, whatever their spelling",
        arguments: [
            ("0", 0), ("-0", 0), ("1e3", 1000), ("1.0", 1), ("1.50e1", 15), ("1.5", nil), ("1e-1", nil), ("10e-1", 1),
            ("0.0", 0),
            ("0e5", 0), ("0.1e1", 1), ("100e-2", 1), ("101e-2", nil), ("9223372036854775807", Int64.max),
            ("9223372036854775808", nil), ("-9223372036854775808", Int64.min), ("-9223372036854775809", nil),
            ("9.223372036854775807e18", Int64.max), ("9.223372036854775808e18", nil),
            ("-9.223372036854775808e18", Int64.min),
            ("92233720368547758070e-1", Int64.max), ("9223372036854775807.5", nil), ("1e18", 1_000_000_000_000_000_000),
            ("1e19", nil),
            ("10000000000000000000", nil), ("12345678901234567890123", nil), ("1.0000000000000000000000", 1),
            ("1.0000000000000000000001", nil), ("1e308", nil), ("-5", -5), ("-5e0", -5), ("1700000000", 1_700_000_000),
            ("9007199254740993", 9_007_199_254_740_993), ("1e-400", nil), ("0.00000000000000000000000001e26", 1),
        ] as [(String, Int64?)])
    func integers(text: String, value: Int64?) throws {
        #expect(try root(text).number?.int64 == value)
    }
}

extension JSONDocument.Node {
    /// ``JSONDocument/Node/isString(_:)-(Span<UInt8>)`` for the bytes of a text. `#expect` cannot contain a span.
    func isString(spelled text: String) -> Bool {
        let bytes = Array(text.utf8)
        return isString(bytes.span)
    }
}
