import HTTPMessages
import Synchronization
import Testing

@testable import SocketHTTP

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
private let megabytes4 = 4 * 1024 * 1024

private struct Broken: Error {}

@Suite(.timeLimit(.minutes(5)))
struct HTTPServerTests {
    @Test("RFC 9112 §9.3: a connection serves one request after another")
    func keepAlive() async throws {
        try await withServer(echo) { port in
            let connection = try await TestConnection.open(port)
            for number in 1...5 {
                try await connection.send("POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                let response = try await connection.readResponse()
                #expect(response.status == 200)
                #expect(response.text == "POST /\(number) abc")
                #expect(response["connection"] == nil)
            }
        }
    }

    @Test("RFC 9112 §9.3.2: pipelined requests are answered in order, one at a time")
    func pipelining() async throws {
        let running = Atomic<Int>(0)
        let handler = ClosureHandler { request in
            #expect(running.add(1, ordering: .relaxed).newValue == 1)
            // Earlier requests take longer. If responses were sent as soon as they are ready, the order would be wrong.
            if request.path.utf8.count == 2 { for _ in 0..<20 { await Task.yield() } }
            running.subtract(1, ordering: .relaxed)
            return .text(request.path)
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send((1...50).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 1...50 { #expect(try await connection.readResponse().text == "/\(number)") }
        }
    }

    @Test("RFC 9110 §6.6.1, RFC 9112 §6: Date and one framing field; the handler's own are dropped")
    func responseFields() async throws {
        let handler = ClosureHandler { _ in
            var response = HTTPResponse.text("hello")
            for (name, value) in [
                ("content-length", "99"), ("TRANSFER-ENCODING", "chunked"), ("Connection", "close"), ("date", "never"),
                ("Upgrade", "h2c"), ("Keep-Alive", "timeout=1"), ("Trailer", "x"), ("X-Own", "kept"),
            ] {
                response.fields.append(try #require(HTTPFields.Name(name)), try #require(HTTPFields.Value(value)))
            }
            return response
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            for _ in 1...2 {
                try await connection.send(get)
                let response = try await connection.readResponse()
                #expect(response.text == "hello")
                #expect(response.fields.count == 4)
                #expect(response["date"]?.hasSuffix(" GMT") == true)
                #expect(response["content-length"] == "5")
                #expect(response["content-type"] == "text/plain; charset=utf-8")
                #expect(response["x-own"] == "kept")
            }
        }
    }

    @Test("RFC 9110 §9.3.2: HEAD says the length and sends no content, also for a stream")
    func head() async throws {
        let handler = ClosureHandler { request in
            guard request.path == "/stream" else { return .text("hello") }
            return HTTPResponse(status: .ok, body: .stream { _ in Issue.record("the stream of a HEAD was run") })
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await connection.readResponse(toHEAD: true)["content-length"] == "5")
            try await connection.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await connection.readResponse(toHEAD: true).status == 200)
            try await connection.send(get)
            #expect(try await connection.readResponse().text == "hello")
        }
    }

    @Test("RFC 9112 §6.3: 204 and 304 have neither content nor framing fields", arguments: [204, 304])
    func withoutContent(code: Int) async throws {
        let handler = ClosureHandler { request in
            HTTPResponse(
                status: try #require(HTTPStatus(code)),
                body: request.path == "/s" ? .stream { try await $0.write([1]) } : .bytes([1, 2]))
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            for path in ["/", "/s", "/"] {
                try await connection.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await connection.readResponse()
                #expect(response.status == code)
                #expect(response["content-length"] == nil)
                #expect(response["transfer-encoding"] == nil)
            }
        }
    }

    @Test("RFC 9110 §15.3.6: 205 has no content, and says so")
    func resetContent() async throws {
        let handler = ClosureHandler { request in
            HTTPResponse(
                status: try #require(HTTPStatus(205)),
                body: request.path == "/s" ? .stream { try await $0.write([1]) } : .bytes([1, 2]))
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            for path in ["/", "/s", "/"] {
                try await connection.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await connection.readResponse()
                #expect(response.status == 205)
                #expect(response["content-length"] == "0")
                #expect(response["transfer-encoding"] == nil)
            }
        }
    }

    @Test("RFC 9110 §15.2: a handler cannot answer 1xx")
    func interimStatus() async throws {
        let handler = ClosureHandler { _ in HTTPResponse(status: try #require(HTTPStatus(101))) }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            #expect(try await connection.readResponse().status == 500)
        }
    }

    @Test("A handler that throws becomes a generic 500, the operator learns why, the connection stays usable")
    func handlerThrows() async throws {
        let errors = Mutex<[String]>([])
        let handler = ClosureHandler { request in
            if request.path == "/throw" { throw Broken() }
            return .text("fine")
        }
        try await withServer(handler, onError: { error in errors.withLock { $0.append("\(error)") } }) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try await connection.readResponse()
            #expect(response.status == 500)
            #expect(response["content-type"] == "application/json")
            #expect(response.text == #"{"error":"server_error"}"#)
            try await connection.send(get)
            #expect(try await connection.readResponse().text == "fine")
        }
        #expect(errors.withLock { $0 } == ["Broken()"])
    }

    @Test("POLICY §16: a body at the limit is read, one byte more is 413", arguments: [true, false])
    func bodyLimit(isChunked: Bool) async throws {
        let counting = ClosureHandler { request in
            .text("\(try await request.body.collect(upTo: 64 << 20).count)")
        }
        try await withServer(counting) { port in
            for excess in [0, 1] {
                let connection = try await TestConnection.open(port)
                let count = megabytes4 + excess
                let body = [UInt8](repeating: 0x61, count: count)
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(count)"
                let head = Array("POST / HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n".utf8)
                let split = Array("\(String(megabytes4, radix: 16))\r\n".utf8)
                let last = excess == 0 ? "0\r\n\r\n" : "1\r\na\r\n0\r\n\r\n"
                let sent = isChunked ? split + body.prefix(megabytes4) + Array("\r\n\(last)".utf8) : body
                // RFC 9112 §9.6: a server that refuses continues to read for some time, so that the client's sending
                // does not fail.
                try await connection.send(head + sent)
                let response = try await connection.readResponse()
                #expect(response.status == (excess == 0 ? 200 : 413))
                if excess == 0 {
                    #expect(response.text == "\(count)")
                } else {
                    #expect(try await connection.isClosed())
                }
            }
        }
    }

    @Test("A limit of the handler's own is 413 when the handler leaves the answer to the server")
    func handlersLimit() async throws {
        let handler = ClosureHandler { request in .text("\(try await request.body.collect(upTo: 4).count)") }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try await connection.readResponse().status == 413)
            #expect(try await connection.isClosed())
        }
    }

    @Test("RFC 9110 §10.1.1: 100 Continue is sent at the first read of the content, and only then")
    func expectContinue() async throws {
        let handler = ClosureHandler { request in
            request.path == "/read"
                ? .text("\(try await request.body.collect(upTo: 100).count)") : .text("no", status: .forbidden)
        }
        try await withServer(handler) { port in
            let reading = try await TestConnection.open(port)
            let fields = "Host: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n"
            try await reading.send("POST /read HTTP/1.1\r\n\(fields)")
            #expect(try await reading.readResponse().status == 100)
            try await reading.send("hello")
            #expect(try await reading.readResponse().text == "5")
            // Content that was sent without waiting needs no interim response.
            try await reading.send("POST /read HTTP/1.1\r\n\(fields)hello")
            #expect(try await reading.readResponse().text == "5")

            let refused = try await TestConnection.open(port)
            try await refused.send("POST /refuse HTTP/1.1\r\n\(fields)")
            let response = try await refused.readResponse()
            #expect(response.status == 403)
            #expect(response["connection"] == "close")
            #expect(try await refused.isClosed())
        }
    }

    @Test("RFC 9112 §9.3: content that the handler leaves is dropped within a bound, else the connection closes")
    func unreadBody() async throws {
        try await withServer(ClosureHandler { .text($0.path) }) { port in
            let connection = try await TestConnection.open(port)
            for framing in [
                "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            ] {
                try await connection.send("POST /a HTTP/1.1\r\nHost: a\r\n\(framing)GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await connection.readResponse().text == "/a")
                #expect(try await connection.readResponse().text == "/b")
            }
            try await connection.send("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhello")
            let response = try await connection.readResponse()
            #expect(response.text == "/c")
            #expect(response["connection"] == "close")
            #expect(try await connection.isClosed())
        }
    }

    @Test(
        "RFC 9112 §9.6: an answer that comes before the content is not lost to a reset when the content follows",
        arguments: ["1.1\r\nConnection: close\r\nContent-Length: 9", "1.0\r\nContent-Length: 9"])
    func contentAfterTheAnswer(version: String) async throws {
        try await withServer(ClosureHandler { .text($0.path) }) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("POST /early HTTP/\(version)\r\nHost: a\r\n\r\n")
            #expect(try await connection.readResponse().text == "/early")
            #expect(try await connection.isClosed())
            // A closed socket would answer the first piece with a reset, and the other pieces could not be sent.
            for _ in 0..<3 { try await connection.send("abc") }
        }
    }

    @Test("A framing error that the handler swallows still ends the connection")
    func swallowedFault() async throws {
        let handler = ClosureHandler { request in
            do {
                return .text("\(try await request.body.collect(upTo: 100).count)")
            } catch {
                return .text("\(error)")
            }
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\(get)")
            let response = try await connection.readResponse()
            #expect(response.text == "malformed")
            #expect(response["connection"] == "close")
            #expect(try await connection.isClosed())
        }
    }

    @Test("A body is read once, by one task, and not after its request")
    func bodyOnce() async throws {
        let kept = Mutex<HTTPRequest.Body?>(nil)
        let handler = ClosureHandler { request in
            if let earlier = kept.withLock({ $0 }) {
                await #expect(throws: HTTPRequest.Body.ReadError.alreadyConsumed) {
                    try await earlier.collect(upTo: 10)
                }
            }
            if request.path == "/keep" {
                kept.withLock { $0 = request.body }
                return .text("kept")
            }
            let body = try await request.body.collect(upTo: 10)
            #expect(body.count == 5)
            await #expect(throws: HTTPRequest.Body.ReadError.alreadyConsumed) {
                try await request.body.collect(upTo: 10)
            }
            return .text("read")
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("POST /keep HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try await connection.readResponse().text == "kept")
            try await connection.send("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try await connection.readResponse().text == "read")
        }
        kept.withLock { $0 = nil }
    }

    @Test("A reader that the handler left behind is woken when the connection ends")
    func strayReader() async throws {
        let failed = Milestone()
        let handler = ClosureHandler { request in
            let begun = Milestone()
            Task {
                try? await request.body.forEachChunk { _ in begun.reach() }
                failed.reach()
            }
            await begun.wait()
            // The next read is pending or fails at once. Both are errors of the stray task only.
            for _ in 0..<10 { await Task.yield() }
            return .text("done")
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhello")
            #expect(try await connection.readResponse().text == "done")
            connection.finishSending()
            await failed.wait()
        }
    }

    @Test("A large response arrives whole")
    func largeResponse() async throws {
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await withServer(ClosureHandler { _ in HTTPResponse(status: .ok, body: .bytes(content)) }) { port in
            let connection = try await TestConnection.open(port, receiveBuffer: 8192)
            for _ in 1...2 {
                try await connection.send(get)
                #expect(try await connection.readResponse().body == content)
            }
        }
    }

    @Test("Handlers that hop between actors and tasks are answered like others")
    func hops() async throws {
        actor Counter {
            var count = 0
            func next() -> Int {
                count += 1
                return count
            }
        }
        let counter = Counter()
        let handler = ClosureHandler { request in
            let detached = Task.detached { await counter.next() }
            _ = await detached.value
            async let one = counter.next()
            return .text("\(await one > 0) \(try await request.body.collect(upTo: 10).count)")
        }
        try await withServer(handler) { port in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let connection = try await TestConnection.open(port)
                        for _ in 0..<20 {
                            try await connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                            #expect(try await connection.readResponse().text == "true 3")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(await counter.count == 8 * 20 * 2)
    }

    @Test("A port in use is one clear line, before anything is started")
    func portInUse() async throws {
        try await withServer(echo) { port in
            _ = #expect(throws: HTTPServer.StartError.portInUse("127.0.0.1:\(port)")) {
                try HTTPServer(host: "localhost", port: port).listen()
            }
        }
        #expect(
            HTTPServer.StartError.portInUse("[::1]:8080").description
                == "cannot listen on [::1]:8080: the port is in use; stop the program that holds it, or choose another port"
        )
    }

    @Test(
        "The host is an address: names are not resolved",
        arguments: ["example.com", "", "127.0.0.1:80", "127.1", "[::1]"])
    func invalidHost(_ host: String) {
        #expect(throws: HTTPServer.StartError.invalidHost(host)) { try HTTPServer(host: host, port: 0).listen() }
    }

    @Test("An address of another machine cannot be listened on")
    func foreignAddress() {
        #expect(throws: HTTPServer.StartError.addressNotAvailable("192.0.2.1:0")) {
            try HTTPServer(host: "192.0.2.1", port: 0).listen()
        }
    }
}
