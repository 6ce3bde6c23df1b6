import Testing
import WireFormat

@testable import mcp_auth

@Suite("mcp-auth: text of strangers", .serialized)
struct DisplayTextTests {
    @Test(
        "THREATS J16: what moves the cursor, turns the writing or hides is shown as an escape",
        arguments: [
            ("\u{1B}[31m", #"\u001b[31m"#),
            ("\0\u{7}\u{8}\t\r\n\u{7F}", #"\u0000\u0007\u0008\u0009\u000d\u000a\u007f"#),
            ("\u{80}\u{9B}\u{9F}", #"\u0080\u009b\u009f"#), ("\u{202A}\u{202E}", #"\u202a\u202e"#),
            ("\u{2066}\u{2069}", #"\u2066\u2069"#), ("\u{61C}\u{200E}\u{200F}", #"\u061c\u200e\u200f"#),
            ("\u{200B}\u{200D}\u{2060}\u{FEFF}\u{AD}", #"\u200b\u200d\u2060\ufeff\u00ad"#),
            ("\u{2028}\u{2029}\u{FFF9}", #"\u2028\u2029\ufff9"#), ("\u{E0041}", #"\udb40\udc41"#),
            ("\u{E000}", #"\ue000"#),
            ("\u{FFFF}\u{10FFFF}", #"\uffff\udbff\udfff"#), ("\u{3164}\u{FE0F}", #"\u3164\ufe0f"#),
            (#"a\u202e"#, #"a\\u202e"#), ("plain ünï 日本 😀", "plain ünï 日本 😀"),
        ])
    func escapes(text: String, shown: String) throws {
        #expect(DisplayText.escaped(text).hasSameBytes(as: shown))
        // As JSON, it has the same value.
        let json = DisplayText.json(.string(text), isIndented: false)
        #expect(json.hasSameBytes(as: "\"\(shown)\""))
        #expect(try JSONValue(parsing: Array(json.utf8)) == .string(text))
    }

    @Test("JSON keeps its numbers, order and kinds, on one line or indented")
    func json() throws {
        let text = #"{"b":[1.50,-0,1e3,true,null,{}],"a":{"x\"\\":[]},"c":[[1],{"d":"e"}]}"#
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(DisplayText.json(value, isIndented: false) == text)
        let indented = DisplayText.json(value, isIndented: true)
        #expect(
            indented == """
                {
                  "b": [
                    1.50,
                    -0,
                    1e3,
                    true,
                    null,
                    {}
                  ],
                  "a": {
                    "x\\"\\\\": []
                  },
                  "c": [
                    [
                      1
                    ],
                    {
                      "d": "e"
                    }
                  ]
                }
                """)
        #expect(try JSONValue(parsing: Array(indented.utf8)) == value)
    }

    @Test("a kid is cut after 64 bytes, between scalars")
    func cut() {
        let whole = String(repeating: "a", count: 64)
        #expect(DisplayText.cut(whole) == whole)
        #expect(DisplayText.cut(whole + "b") == whole + "…")
        #expect(DisplayText.cut(String(repeating: "a", count: 63) + "é") == String(repeating: "a", count: 63) + "…")
        #expect(DisplayText.cut(String(repeating: "é", count: 32)) == String(repeating: "é", count: 32))
        #expect(DisplayText.cut(String(repeating: "😀", count: 17)) == String(repeating: "😀", count: 16) + "…")
    }

    @Test("without colour, text stays text")
    func paint() {
        let (off, on) = (Paint(isOn: false), Paint(isOn: true))
        for text in [off.heading("x"), off.warning("x"), off.good("x"), off.bad("x")] { #expect(text == "x") }
        for text in [on.heading("x"), on.warning("x"), on.good("x"), on.bad("x")] {
            #expect(text.hasPrefix("\u{1B}[") && text.hasSuffix("mx\u{1B}[0m"))
        }
    }
}
