import HTTPMessages
import Synchronization
import Testing

struct ServerSentEventTests {
    @Test(
        "WHATWG HTML §9.2.6: a line of data a field, whatever ends it",
        arguments: [
            ("a", "data: a\n\n"), ("", "data: \n\n"), (" a", "data:  a\n\n"), ("a\nb", "data: a\ndata: b\n\n"),
            ("a\r\nb", "data: a\ndata: b\n\n"), ("a\rb", "data: a\ndata: b\n\n"),
            ("a\n\rb", "data: a\ndata: \ndata: b\n\n"), ("a\n", "data: a\ndata: \n\n"),
            ("a\r\nevent: x\r\n\r\ndata: y", "data: a\ndata: event: x\ndata: \ndata: data: y\n\n"),
            ("é\u{2028}", "data: é\u{2028}\n\n"),
        ])
    func data(_ data: String, text: String) {
        #expect(String(decoding: ServerSentEvent(data: data).encoded(), as: UTF8.self).utf8.elementsEqual(text.utf8))
    }

    @Test("Name, identifier and time are fields before the data")
    func fields() throws {
        let event = try #require(
            ServerSentEvent(data: "x", name: "message", id: "7", retry: .milliseconds(1500)))
        #expect(
            event.encoded() == Array("event: message\nid: 7\nretry: 1500\ndata: x\n\n".utf8))
        let distant = try #require(ServerSentEvent(data: "x", retry: .seconds(Int64.max)))
        #expect(distant.encoded() == Array("retry: 9223372036854775807\ndata: x\n\n".utf8))
    }

    @Test("A name or identifier that would begin another field cannot be constructed")
    func refused() {
        for text in ["a\nb", "a\rb", "a\r\nb", "\n"] {
            #expect(ServerSentEvent(data: "", name: text) == nil)
            #expect(ServerSentEvent(data: "", id: text) == nil)
        }
        // WHATWG HTML §9.2.6: a reader ignores an identifier with NUL.
        #expect(ServerSentEvent(data: "", id: "a\0") == nil)
        #expect(ServerSentEvent(data: "", retry: .milliseconds(-1)) == nil)
    }

    @Test("Without a server the stream is written to the sink, and silence is not filled")
    func withoutServer() async throws {
        let written = Mutex<[UInt8]>([])
        guard
            case .stream(let produce) = HTTPResponse.events({ try await $0.send(ServerSentEvent(data: "x")) }).body
        else {
            Issue.record("no stream")
            return
        }
        try await produce(HTTPResponse.Body.Writer { bytes in written.withLock { $0 += bytes } })
        #expect(written.withLock { $0 } == Array("data: x\n\n".utf8))
    }
}
