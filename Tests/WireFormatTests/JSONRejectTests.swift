import Testing
import WireFormat

@Suite("JSON that is refused, each with its own reason", .serialized)
struct JSONRejectTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let reason: JSONDocument.ParseError.Reason
        let offset: Int

        init(_ text: String, _ reason: JSONDocument.ParseError.Reason, _ offset: Int) {
            self.init(Array(text.utf8), reason, offset)
        }

        init(_ bytes: [UInt8], _ reason: JSONDocument.ParseError.Reason, _ offset: Int) {
            self.bytes = bytes
            self.reason = reason
            self.offset = offset
        }

        /// A string with these raw bytes between its quotes.
        init(string bytes: [UInt8], _ reason: JSONDocument.ParseError.Reason, _ offset: Int) {
            self.init([0x22] + bytes + [0x22], reason, offset)
        }

        var testDescription: String { "\(String(decoding: bytes, as: UTF8.self)) → \(reason) at \(offset)" }
    }

    static let structure: [Row] = [
        Row("", .unexpectedEnd, 0), Row(" ", .unexpectedEnd, 1), Row("\n\t ", .unexpectedEnd, 3),
        Row("[", .unexpectedEnd, 1), Row("{", .unexpectedEnd, 1), Row("[1", .unexpectedEnd, 2),
        Row("[1,", .unexpectedEnd, 3), Row("{\"a\"", .unexpectedEnd, 4), Row("{\"a\":", .unexpectedEnd, 5),
        Row("{\"a\":1", .unexpectedEnd, 6), Row("{\"a\":1,", .unexpectedEnd, 7), Row("[[]", .unexpectedEnd, 3),
        Row("{\"a\":{}", .unexpectedEnd, 7), Row("{\"a", .unexpectedEnd, 3), Row("\"", .unexpectedEnd, 1),
        Row("\"abc", .unexpectedEnd, 4), Row("\"\\", .unexpectedEnd, 2), Row("\"\\u", .unexpectedEnd, 3),
        Row("\"\\u00e", .unexpectedEnd, 6), Row("\"\\ud800", .unexpectedEnd, 7), Row("\"\\ud800\\", .unexpectedEnd, 8),
        Row("\"\\ud800\\u", .unexpectedEnd, 9), Row("\"\\ud800\\udc0", .unexpectedEnd, 12), Row("t", .unexpectedEnd, 1),
        Row("tru", .unexpectedEnd, 3), Row("fals", .unexpectedEnd, 4), Row("nul", .unexpectedEnd, 3),
        Row("-", .unexpectedEnd, 1), Row("1.", .unexpectedEnd, 2), Row("1e", .unexpectedEnd, 2),
        Row("1e+", .unexpectedEnd, 3),
        Row("]", .unexpectedByte, 0), Row("}", .unexpectedByte, 0), Row(",", .unexpectedByte, 0),
        Row(":", .unexpectedByte, 0),
        Row("[,]", .unexpectedByte, 1), Row("[1,]", .unexpectedByte, 3), Row("[,1]", .unexpectedByte, 1),
        Row("[1,,2]", .unexpectedByte, 3), Row("[1 2]", .unexpectedByte, 3), Row("[1}", .unexpectedByte, 2),
        Row("{\"a\":1]", .unexpectedByte, 6), Row("{]", .unexpectedByte, 1), Row("[}", .unexpectedByte, 1),
        Row("{,}", .unexpectedByte, 1), Row("{\"a\":1,}", .unexpectedByte, 7), Row("{\"a\"}", .unexpectedByte, 4),
        Row("{\"a\" 1}", .unexpectedByte, 5), Row("{\"a\"::1}", .unexpectedByte, 5),
        Row("{\"a\":}", .unexpectedByte, 5),
        Row("{\"a\":,}", .unexpectedByte, 5), Row("{a:1}", .unexpectedByte, 1), Row("{'a':1}", .unexpectedByte, 1),
        Row("{1:1}", .unexpectedByte, 1), Row("{null:1}", .unexpectedByte, 1), Row("{[]:1}", .unexpectedByte, 1),
        Row("{\"a\",\"b\"}", .unexpectedByte, 4), Row("[\"a\":1]", .unexpectedByte, 4),
        Row("{\"a\":1 \"b\":2}", .unexpectedByte, 7),
        Row("'a'", .unexpectedByte, 0), Row("a", .unexpectedByte, 0), Row("//\n1", .unexpectedByte, 0),
        Row("/**/1", .unexpectedByte, 0), Row("[1/**/]", .unexpectedByte, 2), Row("#", .unexpectedByte, 0),
        Row("True", .unexpectedByte, 0), Row("tRue", .unexpectedByte, 1), Row("TRUE", .unexpectedByte, 0),
        Row("nulL", .unexpectedByte, 3), Row("NULL", .unexpectedByte, 0), Row("falsy", .unexpectedByte, 4),
        Row("undefined", .unexpectedByte, 0), Row("NaN", .unexpectedByte, 0), Row("Infinity", .unexpectedByte, 0),
        Row("nan", .unexpectedByte, 1), Row("\u{0B}1", .unexpectedByte, 0), Row("\u{0C}1", .unexpectedByte, 0),
        Row("\u{A0}1", .unexpectedByte, 0), Row("\u{2028}1", .unexpectedByte, 0), Row("\01", .unexpectedByte, 0),
        Row("[\0]", .unexpectedByte, 1), Row("\\u0022a\"", .unexpectedByte, 0), Row([0x80], .unexpectedByte, 0),
        Row("1 2", .trailingBytes, 2), Row("{}{}", .trailingBytes, 2), Row("{} {}", .trailingBytes, 3),
        Row("[]]", .trailingBytes, 2), Row("{}}", .trailingBytes, 2), Row("null,", .trailingBytes, 4),
        Row("truex", .trailingBytes, 4), Row("nullnull", .trailingBytes, 4), Row("{}\0", .trailingBytes, 2),
        Row("{}\n//", .trailingBytes, 3), Row("\"a\"\"b\"", .trailingBytes, 3), Row("{}.", .trailingBytes, 2),
        Row([0x7B, 0x7D, 0xEF, 0xBB, 0xBF], .trailingBytes, 2), Row("0x10", .trailingBytes, 1),
        Row("1a", .trailingBytes, 1),
        Row("1_000", .trailingBytes, 1), Row("1,2", .trailingBytes, 1),
    ]

    static let numbers: [Row] = [
        Row("+1", .unexpectedByte, 0), Row(".5", .unexpectedByte, 0), Row("٣", .unexpectedByte, 0),
        Row("[0x1]", .unexpectedByte, 2),
        Row("[1_0]", .unexpectedByte, 2), Row("01", .invalidNumber, 1), Row("00", .invalidNumber, 1),
        Row("-01", .invalidNumber, 2),
        Row("-00", .invalidNumber, 2), Row("[00]", .invalidNumber, 2), Row("007", .invalidNumber, 1),
        Row("00.5", .invalidNumber, 1),
        Row("--1", .invalidNumber, 1), Row("-+1", .invalidNumber, 1), Row("-a", .invalidNumber, 1),
        Row("-.5", .invalidNumber, 1),
        Row("-Infinity", .invalidNumber, 1), Row("- 1", .invalidNumber, 1), Row("[-]", .invalidNumber, 2),
        Row("[1.]", .invalidNumber, 3), Row("1.e1", .invalidNumber, 2), Row("1.a", .invalidNumber, 2),
        Row("1.-5", .invalidNumber, 2),
        Row("[1e]", .invalidNumber, 3), Row("[1e+]", .invalidNumber, 4), Row("1ee1", .invalidNumber, 2),
        Row("1e+-1", .invalidNumber, 3),
        Row("1e1.5", .invalidNumber, 3), Row("1e1e1", .invalidNumber, 3), Row("1.2.3", .invalidNumber, 3),
        Row("1-2", .invalidNumber, 1),
        Row("1+2", .invalidNumber, 1), Row("0e", .unexpectedEnd, 2), Row("0e+]", .invalidNumber, 3),
        Row("1e309", .numberOutOfRange, 0), Row("-1e309", .numberOutOfRange, 0), Row("[1e400]", .numberOutOfRange, 1),
        Row("1.7976931348623159e308", .numberOutOfRange, 0), Row("-1.7976931348623159e308", .numberOutOfRange, 0),
        Row("179769313486231580794e288", .numberOutOfRange, 0), Row("1e99999999999999999999999", .numberOutOfRange, 0),
        Row("0.1e310", .numberOutOfRange, 0), Row("100e307", .numberOutOfRange, 0),
        Row("{\"exp\":1e400}", .numberOutOfRange, 7),
        Row(String(repeating: "9", count: 309), .numberOutOfRange, 0),
        Row("1" + String(repeating: "0", count: 309), .numberOutOfRange, 0),
        Row("-" + String(repeating: "9", count: 400), .numberOutOfRange, 0),
    ]

    static let strings: [Row] = [
        // Escapes (RFC 8259 §7).
        Row("\"\\x41\"", .invalidEscape, 1), Row("\"\\a\"", .invalidEscape, 1), Row("\"\\0\"", .invalidEscape, 1),
        Row("\"\\'\"", .invalidEscape, 1), Row("\"\\U0041\"", .invalidEscape, 1), Row("\"\\N\"", .invalidEscape, 1),
        Row("\"\\ \"", .invalidEscape, 1), Row("\"\\\n\"", .invalidEscape, 1), Row("\"\\u004G\"", .invalidEscape, 1),
        Row("\"\\u+041\"", .invalidEscape, 1), Row("\"\\u 041\"", .invalidEscape, 1),
        Row("\"\\u{41}\"", .invalidEscape, 1),
        Row("\"abc\\u00\"", .invalidEscape, 4), Row("\"\\ud800\\u00zz\"", .invalidEscape, 7),
        Row("\"\\é\"", .invalidEscape, 1),
        Row("{\"\\q\":1}", .invalidEscape, 2), Row("\"\\u\u{FF11}234\"", .invalidEscape, 1),
        // Lone surrogates (THREATS J12).
        Row("\"\\ud800\"", .loneSurrogate, 1), Row("\"\\udbff\"", .loneSurrogate, 1),
        Row("\"\\udc00\"", .loneSurrogate, 1),
        Row("\"\\udfff\"", .loneSurrogate, 1), Row("\"\\uDC00\\uD800\"", .loneSurrogate, 1),
        Row("\"\\ud800\\ud800\"", .loneSurrogate, 1),
        Row("\"\\ud800a\"", .loneSurrogate, 1), Row("\"\\ud800\\n\"", .loneSurrogate, 1),
        Row("\"\\ud800\\u0041\"", .loneSurrogate, 1),
        Row("\"ab\\ud83d\\ude00\\ud83d\"", .loneSurrogate, 15), Row("{\"\\ud800\":1}", .loneSurrogate, 2),
        Row("\"\\ud83d\u{1F600}\"", .loneSurrogate, 1), Row("\"\\ud800\\ue000\"", .loneSurrogate, 1),
        // Control characters (RFC 8259 §7).
        Row("\"\n\"", .controlCharacter, 1), Row("\"\t\"", .controlCharacter, 1), Row("\"\0\"", .controlCharacter, 1),
        Row("\"abc\u{1F}\"", .controlCharacter, 4), Row("\"\r\n\"", .controlCharacter, 1),
        Row("\"\u{1B}[0m\"", .controlCharacter, 1),
        Row("\"12345678\u{01}\"", .controlCharacter, 9), Row("{\"a\nb\":1}", .controlCharacter, 3),
        // UTF-8 (RFC 3629 §4).
        Row(string: [0x80], .invalidUTF8, 1), Row(string: [0xBF], .invalidUTF8, 1),
        Row(string: [0x61, 0x80], .invalidUTF8, 2),
        Row(string: [0xC0, 0x80], .invalidUTF8, 1), Row(string: [0xC0, 0xAF], .invalidUTF8, 1),
        Row(string: [0xC1, 0xBF], .invalidUTF8, 1),
        Row(string: [0xC3], .invalidUTF8, 1), Row(string: [0xC3, 0x28], .invalidUTF8, 1),
        Row(string: [0xC3, 0xC3], .invalidUTF8, 1),
        Row(string: [0xE0, 0x80, 0x80], .invalidUTF8, 1), Row(string: [0xE0, 0x9F, 0xBF], .invalidUTF8, 1),
        Row(string: [0xE2, 0x82], .invalidUTF8, 1), Row(string: [0xE2, 0x28, 0xA1], .invalidUTF8, 1),
        Row(string: [0xE2, 0x82, 0x28], .invalidUTF8, 1),
        Row(string: [0xED, 0xA0, 0x80], .invalidUTF8, 1), Row(string: [0xED, 0xBF, 0xBF], .invalidUTF8, 1),
        Row(string: [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], .invalidUTF8, 1),
        Row(string: [0xF0, 0x80, 0x80, 0x80], .invalidUTF8, 1),
        Row(string: [0xF0, 0x8F, 0xBF, 0xBF], .invalidUTF8, 1), Row(string: [0xF0, 0x9F, 0x98], .invalidUTF8, 1),
        Row(string: [0xF0, 0x9F, 0x98, 0x28], .invalidUTF8, 1), Row(string: [0xF4, 0x90, 0x80, 0x80], .invalidUTF8, 1),
        Row(string: [0xF5, 0x80, 0x80, 0x80], .invalidUTF8, 1),
        Row(string: [0xF8, 0x88, 0x80, 0x80, 0x80], .invalidUTF8, 1),
        Row(string: [0xFE], .invalidUTF8, 1), Row(string: [0xFF], .invalidUTF8, 1),
        Row(string: [0x5C, 0x6E, 0xFF], .invalidUTF8, 3),
        Row([0x22, 0xC3], .invalidUTF8, 1), Row([0x22, 0xF0, 0x9F, 0x98], .invalidUTF8, 1),
        Row(string: Array("12345678".utf8) + [0xE9], .invalidUTF8, 9),
        // Marks and other encodings (RFC 8259 §8.1).
        Row([0xEF, 0xBB, 0xBF] + Array("{}".utf8), .byteOrderMark, 0), Row([0xEF, 0xBB, 0xBF], .byteOrderMark, 0),
        Row([0xFE, 0xFF, 0x00, 0x7B], .byteOrderMark, 0), Row([0xFF, 0xFE, 0x7B, 0x00], .byteOrderMark, 0),
        Row([0x7B, 0x00, 0x7D, 0x00], .unexpectedByte, 1), Row([0x00, 0x7B, 0x00, 0x7D], .unexpectedByte, 0),
        Row([0x00, 0x00, 0xFE, 0xFF], .unexpectedByte, 0), Row([0xEF, 0xBB], .unexpectedByte, 0),
        Row([0x5B, 0xEF, 0xBB, 0xBF, 0x5D], .unexpectedByte, 1),
    ]

    static let duplicates: [Row] = [
        Row("{\"a\":1,\"a\":2}", .duplicateMember, 7), Row("{\"a\":1,\"a\":1}", .duplicateMember, 7),
        Row("{\"\":1,\"\":2}", .duplicateMember, 6),
        Row("{\"a\":1,\"b\":2,\"a\":3}", .duplicateMember, 13), Row("{\"b\":1,\"a\":2,\"a\":3}", .duplicateMember, 13),
        Row("{\"a\":1,\"\\u0061\":2}", .duplicateMember, 7), Row("{\"\\u0061\":1,\"a\":2}", .duplicateMember, 12),
        Row("{\"\\u0061\":1,\"\\u0061\":2}", .duplicateMember, 12), Row("{\"/\":1,\"\\/\":2}", .duplicateMember, 7),
        Row("{\"\\n\":1,\"\\u000a\":2}", .duplicateMember, 8),
        Row("{\"\u{1F600}\":1,\"\\ud83d\\ude00\":2}", .duplicateMember, 10),
        Row("{\"\u{E9}\":1,\"\\u00e9\":2}", .duplicateMember, 8),
        Row("{\"alg\":1,\"x\":{\"alg\":1},\"alg\":2}", .duplicateMember, 23),
        Row("[{\"a\":1,\"a\":2}]", .duplicateMember, 8), Row("{\"x\":{\"a\":1,\"a\":2}}", .duplicateMember, 12),
        Row("{\"x\":[[{\"a\":[],\"a\":{}}]]}", .duplicateMember, 15),
        Row("{\"a\":{\"a\":1},\"a\":{}}", .duplicateMember, 13),
        Row("{\"\\\\\":1,\"\\u005c\":2}", .duplicateMember, 8),
        Row("{\"\\u0000\":1,\"\\u0000\":2}", .duplicateMember, 12),
        Row("{\"b\\u0061\":1,\"ab\":2,\"ba\":3}", .duplicateMember, 20),
    ]

    @Test("RFC 8259 §2–§5: a text outside the grammar", arguments: structure)
    func refuseStructure(row: Row) { refuse(row) }

    @Test("RFC 8259 §6, THREATS J15, P8: numbers", arguments: numbers)
    func refuseNumbers(row: Row) { refuse(row) }

    @Test("RFC 8259 §7 and §8.1, RFC 3629: strings and encodings", arguments: strings)
    func refuseStrings(row: Row) { refuse(row) }

    @Test("RFC 7515 §4, THREATS J9: member names unique after unescaping, at every level", arguments: duplicates)
    func refuseDuplicates(row: Row) { refuse(row) }

    private func refuse(_ row: Row) {
        let error = #expect(throws: JSONDocument.ParseError.self) { try JSONDocument(parsing: row.bytes) }
        #expect(error?.reason == row.reason)
        #expect(error?.offset == row.offset)
        #expect((0...row.bytes.count).contains(error?.offset ?? -1))
        #expect(throws: JSONDocument.ParseError.self) { try JSONValue(parsing: row.bytes) }
    }

    @Test("The code of an error is its reason, bounded and in snake case")
    func codes() throws {
        let error = try #require(throws: JSONDocument.ParseError.self) { try JSONDocument(parsing: []) }
        #expect(error.code == "unexpected_end")
        for reason in JSONDocument.ParseError.Reason.allCases {
            #expect(reason.rawValue.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F || $0 == 0x38 })
        }
    }

    @Test("The tables hold at least one row for every reason but the limits, and 150 in all")
    func coverage() {
        let rows = Self.structure + Self.numbers + Self.strings + Self.duplicates
        let missing = Set(JSONDocument.ParseError.Reason.allCases).subtracting(rows.map(\.reason))
        #expect(missing == [.tooLarge, .tooDeep])
        #expect(rows.count >= 150)
    }
}
