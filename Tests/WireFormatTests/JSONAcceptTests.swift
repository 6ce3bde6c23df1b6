import Testing
import WireFormat

@Suite("JSON that is accepted (RFC 8259)", .serialized)
struct JSONAcceptTests {
    /// A text, and its value as the encoder writes it.
    static let rows: [(text: String, written: String)] = [
        // Scalars at the top level (RFC 8259 §2).
        ("null", "null"), ("true", "true"), ("false", "false"), ("0", "0"), ("\"\"", "\"\""), ("\"a\"", "\"a\""),
        // White space (RFC 8259 §2).
        (" null", "null"), ("null ", "null"), ("\t\n\r null\t\n\r ", "null"), ("[ ]", "[]"), ("{ }", "{}"),
        ("[ 1 , 2 ]", "[1,2]"), ("{ \"a\" : 1 , \"b\" : 2 }", "{\"a\":1,\"b\":2}"), ("[\n\n]", "[]"),
        ("{\r\n\"a\"\t:\r1}", "{\"a\":1}"),
        // Structure.
        ("[]", "[]"), ("{}", "{}"), ("[[]]", "[[]]"), ("[{}]", "[{}]"), ("{\"a\":{}}", "{\"a\":{}}"),
        ("{\"a\":[]}", "{\"a\":[]}"), ("[[],[]]", "[[],[]]"), ("[{},{}]", "[{},{}]"),
        ("[1,[2,[3]],4]", "[1,[2,[3]],4]"),
        ("{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}"), ("[null,true,false]", "[null,true,false]"),
        ("{\"\":1}", "{\"\":1}"), ("[{\"a\":1},{\"a\":2}]", "[{\"a\":1},{\"a\":2}]"),
        ("{\"a\":{\"b\":1},\"b\":2}", "{\"a\":{\"b\":1},\"b\":2}"),
        // Names that differ as bytes (THREATS J17, P1).
        ("{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"), ("{\"K\":1,\"\u{212A}\":2}", "{\"K\":1,\"\u{212A}\":2}"),
        ("{\"\u{E9}\":1,\"e\u{301}\":2}", "{\"\u{E9}\":1,\"e\u{301}\":2}"),
        ("{\";\":1,\"\u{37E}\":2}", "{\";\":1,\"\u{37E}\":2}"),
        ("{\"a\":1,\"a\\u0000\":2}", "{\"a\":1,\"a\\u0000\":2}"),
        ("{\"a\":1,\"a \":2}", "{\"a\":1,\"a \":2}"), ("{\"ab\":1,\"ba\":2}", "{\"ab\":1,\"ba\":2}"),
        ("{\"\\n\":1,\"n\":2}", "{\"\\n\":1,\"n\":2}"), ("{\"\\\\u0061\":1,\"a\":2}", "{\"\\\\u0061\":1,\"a\":2}"),
        // Numbers (RFC 8259 §6), kept as written.
        ("-0", "-0"), ("-0.0", "-0.0"), ("1", "1"), ("-1", "-1"), ("10", "10"), ("123456789", "123456789"),
        ("0.5", "0.5"),
        ("-0.5", "-0.5"), ("0e0", "0e0"), ("0E0", "0E0"), ("1e1", "1e1"), ("1E1", "1E1"), ("1e+1", "1e+1"),
        ("1e-1", "1e-1"), ("1.5e3", "1.5e3"), ("1e01", "1e01"), ("1e0000", "1e0000"), ("1.0", "1.0"), ("1.10", "1.10"),
        ("9223372036854775807", "9223372036854775807"), ("9223372036854775808", "9223372036854775808"),
        ("1e308", "1e308"), ("1.7976931348623157e308", "1.7976931348623157e308"),
        ("-1.7976931348623157e308", "-1.7976931348623157e308"), ("1.7976931348623158e308", "1.7976931348623158e308"),
        ("179769313486231580793e288", "179769313486231580793e288"), ("1e-400", "1e-400"),
        ("0e999999999999999999999", "0e999999999999999999999"),
        ("1e-999999999999999999999", "1e-999999999999999999999"), ("0.0e400", "0.0e400"),
        ("0.00001e312", "0.00001e312"), ("100000e303", "100000e303"), ("[1,2.5,-3e4]", "[1,2.5,-3e4]"),
        // Strings (RFC 8259 §7).
        ("\"\\\"\"", "\"\\\"\""), ("\"\\\\\"", "\"\\\\\""), ("\"\\/\"", "\"/\""),
        ("\"\\b\\f\\n\\r\\t\"", "\"\\b\\f\\n\\r\\t\""),
        ("\"\\u0041\"", "\"A\""), ("\"\\u00e9\"", "\"\u{E9}\""), ("\"\\u00E9\"", "\"\u{E9}\""),
        ("\"\\u20AC\"", "\"\u{20AC}\""), ("\"\\uD83D\\uDE00\"", "\"\u{1F600}\""),
        ("\"\\ud83d\\ude00\"", "\"\u{1F600}\""),
        ("\"\\ud800\\udc00\"", "\"\u{10000}\""), ("\"\\udbff\\udfff\"", "\"\u{10FFFF}\""),
        ("\"\\uffff\"", "\"\u{FFFF}\""),
        ("\"\\u0000\"", "\"\\u0000\""), ("\"\\u001f\"", "\"\\u001f\""), ("\"\\u0008\"", "\"\\b\""),
        ("\"\\u007f\"", "\"\u{7F}\""), ("\"\u{7F}\"", "\"\u{7F}\""), ("\"\u{80}\"", "\"\u{80}\""),
        ("\"\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\"", "\"\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\""),
        ("\"\u{D7FF}\u{E000}\"", "\"\u{D7FF}\u{E000}\""), ("\"\u{2028}\u{2029}\"", "\"\u{2028}\u{2029}\""),
        ("\"\u{202E}abc\"", "\"\u{202E}abc\""), ("\"a\u{FEFF}\"", "\"a\u{FEFF}\""), ("\"\\ufeff\"", "\"\u{FEFF}\""),
        ("\"\\\\u0041\"", "\"\\\\u0041\""), ("\"a/b\"", "\"a/b\""), ("\"  \"", "\"  \""), ("\"[{,:}]\"", "\"[{,:}]\""),
        ("{\"\\u0061\":1}", "{\"a\":1}"), ("{\"\\/\":1}", "{\"/\":1}"), ("\"1234567\\\"\"", "\"1234567\\\"\""),
        ("\"12345678\"", "\"12345678\""), ("\"123456789\u{E9}12345678\\n\"", "\"123456789\u{E9}12345678\\n\""),
    ]

    @Test("A text of the grammar has the value that it spells", arguments: rows)
    func accepted(text: String, written: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(value.encoded() == Array(written.utf8))
        // The written text has the same value.
        #expect(try JSONValue(parsing: value.encoded()) == value)
    }

    @Test("Every Unicode scalar comes through, raw and escaped")
    func everyScalar() throws {
        var raw = "\""
        var escaped = "\""
        var expected = ""
        for code in UInt32(0)...0x10FFFF where code % 61 == 0 || code < 0x900 || (0xD700...0xE100).contains(code) {
            guard let scalar = Unicode.Scalar(code) else { continue }
            expected.unicodeScalars.append(scalar)
            if code >= 0x20, scalar != "\"", scalar != "\\" {
                raw.unicodeScalars.append(scalar)
            } else {
                raw += Self.escape(UInt16(code))
            }
            for unit in String(scalar).utf16 { escaped += Self.escape(unit) }
        }
        for text in [raw, escaped] {
            let root = try JSONDocument(parsing: Array((text + "\"").utf8)).root
            let string = try #require(root.string)
            #expect(string.hasSameBytes(as: expected))
            #expect(root.stringByteCount == expected.utf8.count)
            #expect(root.isString(spelled: expected))
            #expect(root.stringBytes == Array(expected.utf8))
        }
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }
}
