import HTTPMessages
import Testing

@Suite("Media types (RFC 9110 §8.3.1)", .serialized)
struct MediaTypeTests {
    private func fields(_ contentTypes: [String]) throws -> HTTPFields {
        var fields = HTTPFields()
        for type in contentTypes { fields.append(.contentType, try #require(HTTPFields.Value(type))) }
        return fields
    }

    @Test(
        "Case, parameters and the white space before them do not matter",
        arguments: [
            "application/json", "Application/JSON", "application/json;charset=utf-8", "application/json \t; charset=x",
            "application/json;", "application/json;;;", "application/json; a=\"b;c\"", "application/json;/",
        ])
    func same(text: String) throws {
        #expect(try fields([text]).mediaType == .json)
        #expect(MediaType(text)?.description == "application/json")
        #expect(MediaType(" \t" + text + " ") == .json)
    }

    @Test(
        "Anything but two tokens with a slash between them is no media type",
        arguments: [
            "", ";", "json", "/", "application/", "/json", "application/json/x", "application//json",
            "application /json", "application/ json", "application/json x", "application/json, text/plain",
            "a, application/json", "application/j\"son", "application/js(o)n", "application/jsön", "; application/json",
        ])
    func malformed(text: String) throws {
        #expect(MediaType(text) == nil)
        #expect(try fields([text]).mediaType == nil)
    }

    @Test(
        "THREATS P2: other types are other types, by bytes",
        arguments: ["application/json5", "\u{212A}/b", "text/json"])
    func other(text: String) {
        #expect(MediaType(text) != .json)
    }

    @Test("RFC 9110 §8.3: a field that is absent or repeated says nothing, even when its lines agree")
    func occurrences() throws {
        #expect(try fields([]).mediaType == nil)
        #expect(try fields(["application/json", "application/json"]).mediaType == nil)
        #expect(try fields(["application/x-www-form-urlencoded"]).mediaType == .form)
        #expect(try fields(["text/event-stream"]).mediaType == .eventStream)
    }

    @Test("The ranges of Accept are read too")
    func ranges() {
        #expect(MediaType("*/*;q=0.1")?.description == "*/*")
        #expect(MediaType(" TEXT/*")?.description == "text/*")
    }

    @Test(
        "RFC 9110 §8.3: the content is of a type, whatever its case and parameters; absent and repeated it is of none")
    func content() throws {
        #expect(try fields(["Application/JSON; charset=utf-8"]).contentIs("application/json"))
        #expect(try !fields(["application/json5"]).contentIs("application/json"))
        #expect(try !fields([]).contentIs("application/json"))
        #expect(try !fields(["application/json", "application/json"]).contentIs("application/json"))
        #expect(try !fields(["nonsense"]).contentIs("nonsense"))
    }

    @Test(
        "RFC 9110 §12.5.1: Accept admits a type by its name or by a range; without Accept every type is admitted",
        arguments: [
            ([], true), (["text/event-stream"], true), (["application/json, Text/Event-Stream;q=0.5"], true),
            (["application/json", "text/event-stream"], true), (["text/*"], true), (["*/*;q=0.1"], true),
            (["application/json"], false), (["application/*"], false), (["text/plain"], false), ([""], false),
            (["text"], false), (["texts/*"], false), (["*"], false),
        ] as [([String], Bool)])
    func accept(lines: [String], isAdmitted: Bool) throws {
        var fields = HTTPFields()
        for line in lines { fields.append(.accept, try #require(HTTPFields.Value(line))) }
        #expect(fields.accepts("text/event-stream") == isAdmitted)
    }
}
