import HTTPMessages
import Testing

@Suite("Field names (RFC 9110 §5.1)", .serialized)
struct HTTPFieldNameTests {
    @Test("A name is a token: every byte alone, over all of ASCII")
    func tokens() {
        let token = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8(0)..<0x80 {
            #expect((HTTPFields.Name(String(Unicode.Scalar(byte))) != nil) == token.contains(byte), "\(byte)")
        }
    }

    @Test(
        "What is no token is refused",
        arguments: [
            "", " ", "Host ", " Host", "Host:", "Content Length", "X\r\nY", "X\0", "é", "\u{212A}", "Host\u{301}",
            "a(b)", "\"a\"",
        ])
    func refused(name: String) {
        #expect(HTTPFields.Name(name) == nil)
    }

    @Test("RFC 9110 §5.1: names are equal without regard to ASCII case, and keep their spelling")
    func caseInsensitive() throws {
        let names = try ["authorization", "AUTHORIZATION", "aUtHoRiZaTiOn"].map { try #require(HTTPFields.Name($0)) }
        for name in names {
            #expect(name == .authorization)
            #expect(name.hashValue == HTTPFields.Name.authorization.hashValue)
        }
        #expect(Set(names).count == 1)
        #expect(names[2].description == "aUtHoRiZaTiOn")
        #expect(HTTPFields.Name.eTag.spelling == "ETag")
        #expect(HTTPFields.Name("Authorizations") != .authorization)
        // `^` and `~` differ in the bit that distinguishes letter case, but are not letters.
        #expect(HTTPFields.Name("a^") != HTTPFields.Name("a~"))
        let backquote = "x`"
        #expect(HTTPFields.Name(backquote) != nil)
    }
}

@Suite("Field values (RFC 9110 §5.5)", .serialized)
struct HTTPFieldValueTests {
    @Test("THREATS H16: every control byte but HTAB is refused inside a value; everything else is admitted")
    func bytes() {
        for byte in UInt8.min...UInt8.max {
            let admitted = byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
            #expect((HTTPFields.Value(bytes: [0x61, byte, 0x62]) != nil) == admitted, "\(byte)")
        }
    }

    @Test(
        "POLICY §16: a value that could split a response cannot be constructed",
        arguments: ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "\r\n", "a\0b", "\0", "a\u{B}b", "a\u{1B}[0m", "a\u{7F}"])
    func splitting(text: String) {
        #expect(HTTPFields.Value(text) == nil)
        #expect(HTTPFields.Value(bytes: Array(text.utf8)) == nil)
    }

    @Test("White space is part of a value inside it, never around it")
    func whitespace() {
        for text in [" a", "a ", "\ta", "a\t", " ", "\t"] { #expect(HTTPFields.Value(text) == nil) }
        for text in ["a b\tc", "a  b", ""] { #expect(HTTPFields.Value(text)?.bytes == Array(text.utf8)) }
    }

    @Test("obs-text is kept as it came; it is a string only when it is UTF-8")
    func obsText() {
        #expect(HTTPFields.Value(bytes: [0x61, 0xE9])?.bytes == [0x61, 0xE9])
        #expect(HTTPFields.Value(bytes: [0x61, 0xE9])?.string == nil)
        #expect(HTTPFields.Value(bytes: [0xC3, 0xA9])?.string == "é")
        #expect(HTTPFields.Value(bytes: [0x80])?.bytes == [0x80])
    }

    @Test("THREATS P1: values are equal as bytes")
    func equality() {
        #expect(HTTPFields.Value("K") != HTTPFields.Value("\u{212A}"))
        #expect(HTTPFields.Value("\u{E9}") != HTTPFields.Value("e\u{301}"))
        #expect(HTTPFields.Value("a") != HTTPFields.Value("A"))
        #expect(HTTPFields.Value("abc") == "abc")
    }

    @Test("Numbers are decimal")
    func numbers() {
        #expect(HTTPFields.Value(0).string == "0")
        #expect(HTTPFields.Value(Int.max).string == "9223372036854775807")
        #expect(HTTPFields.Value(-1).string == "-1")
    }

    @Test("A literal that is no field value stops the program")
    func literal() async {
        await #expect(processExitsWith: .failure) { _ = HTTPFields.Value(stringLiteral: "a\r\nb") }
        await #expect(processExitsWith: .failure) { _ = HTTPFields.Value(stringLiteral: " a") }
    }
}

@Suite("Fields (RFC 9110 §5.2, §5.3)", .serialized)
struct HTTPFieldsTests {
    private let lower = HTTPFields.Name("x-test")
    private let upper = HTTPFields.Name("X-TEST")

    @Test("No fields")
    func empty() {
        let fields = HTTPFields()
        #expect(fields.count == 0)
        #expect(fields[.host] == nil)
        #expect(fields.occurrence(of: .host) == .absent)
        #expect(fields.values(of: .host) == [])
        #expect(!fields.contains(.host))
        #expect(fields.pairs.isEmpty)
    }

    @Test("A field is found in any case")
    func anyCase() {
        var fields = HTTPFields()
        fields.append(lower, "1")
        #expect(fields[upper] == "1")
        #expect(fields.contains(upper))
        #expect(fields.occurrence(of: upper) == .once("1"))
        #expect(fields.pairs.map(\.name) == ["x-test"])
        fields.remove(upper)
        #expect(fields.count == 0)
    }

    @Test("THREATS B1: a repeated field has no value of its own, equal lines included")
    func repeated() {
        var fields = HTTPFields()
        fields.append(.authorization, "Bearer a")
        fields.append(.host, "h")
        fields.append(.authorization, "Bearer a")
        #expect(fields.occurrence(of: .authorization) == .repeated)
        #expect(fields[.authorization] == nil)
        #expect(fields.contains(.authorization))
        #expect(fields.values(of: .authorization) == ["Bearer a", "Bearer a"])
        #expect(fields.occurrence(of: .host) == .once("h"))
    }

    @Test("Two spellings of a name are one field, repeated")
    func repeatedInOtherCase() {
        var fields = HTTPFields()
        fields.append(lower, "1")
        fields.append(upper, "2")
        #expect(fields.occurrence(of: lower) == .repeated)
        #expect(fields.values(of: upper) == ["1", "2"])
    }

    @Test("Lines keep their order")
    func order() {
        var fields = HTTPFields()
        fields.append(.vary, "1")
        fields.append(.host, "2")
        fields.append(.vary, "3")
        #expect(fields.pairs.map(\.value) == ["1", "2", "3"])
        #expect(fields.count == 3)
    }

    @Test("Setting replaces every line of the name; setting nil removes them; others stay")
    func setting() {
        var fields = HTTPFields()
        fields.append(.vary, "1")
        fields.append(.host, "h")
        fields.append(.vary, "2")
        fields[.vary] = "3"
        #expect(fields.values(of: .vary) == ["3"])
        #expect(fields[.host] == "h")
        fields[.vary] = nil
        #expect(!fields.contains(.vary))
        #expect(fields[.host] == "h")
        #expect(fields.count == 1)
    }

    @Test("An empty value is a value")
    func emptyValue() {
        var fields = HTTPFields()
        fields[.accept] = ""
        #expect(fields.occurrence(of: .accept) == .once(""))
        fields.append(.accept, "")
        #expect(fields.occurrence(of: .accept) == .repeated)
    }

    @Test("A name that is the beginning of another is another")
    func prefixes() {
        var fields = HTTPFields()
        fields.append("Content-Length-X", "1")
        fields.append("Content-Lengt", "2")
        #expect(fields.occurrence(of: .contentLength) == .absent)
    }

    @Test("Copies do not share their changes")
    func values() {
        var left = HTTPFields()
        left[.host] = "a"
        var right = left
        right[.host] = "b"
        right.append(.accept, "c")
        #expect(left[.host] == "a")
        #expect(left.count == 1)
        #expect(right[.host] == "b")
    }

    @Test("Fields over a parsed head: names and values are ranges of it, and more can be appended")
    func parsedHead() {
        let head = Array("HOST: a\r\naccept:b\r\n".utf8)
        var fields = HTTPFields(
            head: head, lines: [.init(name: 0..<4, value: 6..<7), .init(name: 9..<15, value: 16..<17)])
        #expect(fields[.host] == "a")
        #expect(fields[.accept] == "b")
        fields.append(.host, "c")
        #expect(fields.values(of: .host) == ["a", "c"])
        #expect(fields.pairs.map(\.name) == ["HOST", "accept", "Host"])
    }

    @Test(
        "Fields of another library: the first line that HTTP does not allow is named by position and name",
        arguments: [
            ([("A", "a\r\nB: c")], 0, "A"), ([("A", "a"), ("X-B", "\0"), ("C\0", "")], 1, "X-B"),
            ([("A", "a"), ("X Y", "a")], 1, nil), ([("", "")], 0, nil), ([("A", "\u{7F}")], 0, "A"),
        ] as [([(String, String)], Int, String?)])
    func invalidPairs(pairs: [(String, String)], index: Int, name: String?) {
        let error = #expect(throws: HTTPFields.InvalidLine.self) { try HTTPFields(pairs) }
        #expect(error?.index == index)
        #expect(error?.name?.spelling == name)
        #expect(
            error?.description
                == (name.map { "field line \(index), \($0), has a value with a control character" }
                    ?? "field line \(index) has a name that is not a token"))
    }

    @Test("RFC 9110 §5.5: white space around a value is removed; the lines that are allowed can be kept alone")
    func validPairs() throws {
        let fields = try HTTPFields([("Host", " a\t"), ("x", ""), ("X", " \t "), ("host", "ä b")])
        #expect(fields.pairs.map(\.name) == ["Host", "x", "X", "host"])
        #expect(fields.pairs.map(\.value) == ["a", "", "", "ä b"])
        var left: [HTTPFields.InvalidLine] = []
        let kept = HTTPFields(keepingValid: [("A", "1"), ("B", "\n"), ("C D", ""), ("E", "2")]) { left.append($0) }
        #expect(kept.pairs.map(\.name) == ["A", "E"])
        #expect(left.map(\.index) == [1, 2])
    }

    @Test("obs-text that is not UTF-8 is replaced in pairs, and kept in values")
    func obsText() throws {
        var fields = HTTPFields()
        fields.append(.accept, try #require(HTTPFields.Value(bytes: [0xFF])))
        #expect(fields.pairs.map(\.value) == ["\u{FFFD}"])
        #expect(fields[.accept]?.bytes == [0xFF])
    }

    @Test("THREATS B12: descriptions and mirrors name fields and never show a value; pairs do, for those who ask")
    func redacted() throws {
        var fields = HTTPFields()
        fields.append(.host, "a.example")
        fields.append(.authorization, "Bearer s3cret")
        let value = try #require(fields[.authorization])
        var dumped = ""
        dump(fields, to: &dumped)
        dump(value, to: &dumped)
        // A reflected array would show the bytes as numbers.
        let asNumbers = "115, 51, 99"
        for text in [
            "\(fields)", String(reflecting: fields), "\(value)", String(reflecting: value),
            "\(fields.occurrence(of: .authorization))", "\([fields[.authorization]])", dumped,
        ] {
            #expect(!text.contains("s3cret") && !text.contains("Bearer") && !text.contains("a.example"), "\(text)")
            #expect(!text.contains(asNumbers) && !text.contains("- 115"), "\(text)")
        }
        #expect("\(fields)" == "HTTPFields(Host, Authorization)")
        #expect(dumped.contains("Authorization"))
        #expect(Mirror(reflecting: value).children.isEmpty)
        #expect(fields.pairs.map(\.value) == ["a.example", "Bearer s3cret"])
    }
}

@Suite("Fields that are written in the program")
struct HTTPFieldsLiteralTests {
    @Test("a literal has its lines in order and with duplicates")
    func literal() {
        let fields: HTTPFields = [.accept: "a", "X-A": "1", "x-a": "2"]
        #expect(fields.pairs.map(\.name) == ["Accept", "X-A", "x-a"])
        #expect(fields.values(of: "X-a") == ["1", "2"])
        #expect(([:] as HTTPFields).count == 0)
    }

    @Test("attack: a literal cannot split a message")
    func splitting() async {
        await #expect(processExitsWith: .failure) { _ = ["X-A": "1\r\nX-B: 2"] as HTTPFields }
        await #expect(processExitsWith: .failure) { _ = ["X-A: 1\r\nX-B": "2"] as HTTPFields }
        await #expect(processExitsWith: .failure) { _ = ["": "1"] as HTTPFields }
    }
}
