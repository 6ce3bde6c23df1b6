import HTTPMessages
import Testing

@testable import SocketHTTP

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/// POLICY §16: a client that closes its sending side after a whole request is answered like any other.
@Suite(.timeLimit(.minutes(5)))
struct HalfCloseTests {
    @Test("A half-close while the handler works is not a cancellation: the answer comes, then the close")
    func duringTheHandler() async throws {
        let (begun, mayAnswer) = (Milestone(), Milestone())
        let handler = ClosureHandler { _ in
            begun.reach()
            await mayAnswer.wait()
            #expect(!Task.isCancelled)
            return .text("answer")
        }
        try await withListener(handler) { listening in
            let connection = try await TestConnection.open(listening.port)
            try await connection.send(get)
            await begun.wait()
            connection.finishSending()
            // Another connection's answer comes from a later turn of the loops: by then they have seen the end.
            for _ in 1...4 {
                let other = try await TestConnection.open(listening.port)
                try await other.send("BAD\r\n\r\n")
                #expect(try await other.readResponse().status == 400)
            }
            mayAnswer.reach()
            let response = try await connection.readResponse()
            #expect(response.status == 200)
            #expect(response.text == "answer")
            #expect(response["connection"] == "close")
            #expect(try await connection.isClosed())
        }
    }

    @Test(
        "A half-close that comes with the request: each of the pipelined requests is answered, and the last says close")
    func withTheRequest() async throws {
        try await withServer(echo) { port in
            for count in [1, 3, 40] {
                let connection = try await TestConnection.open(port)
                try await connection.send(
                    (1...count).map {
                        "POST /\($0) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX: \(String(repeating: "y", count: 900))\r\n\r\nabc"
                    }.joined())
                connection.finishSending()
                for number in 1...count {
                    let response = try await connection.readResponse()
                    #expect(response.text == "POST /\(number) abc")
                    if number < count { #expect(response["connection"] == nil) }
                }
                #expect(try await connection.isClosed())
            }
        }
    }

    @Test("RFC 9112 §8: a half-close within a head or within content is an incomplete request, which gets no answer")
    func incomplete() async throws {
        let errors = Tally()
        let handler = ClosureHandler { request in
            await #expect(throws: HTTPRequest.Body.ReadError.disconnected) {
                try await request.body.collect(upTo: 100)
            }
            errors.add(1)
            throw HTTPRequest.Body.ReadError.disconnected
        }
        try await withServer(handler) { port in
            for part in ["GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"] {
                let connection = try await TestConnection.open(port)
                try await connection.send(part)
                connection.finishSending()
                #expect(try await connection.readToEnd() == [])
            }
            #expect(errors.value == 1)
        }
    }

    @Test("RFC 9112 §7.1: a stream goes on after a half-close; its probe is one zero before the next size")
    func stream() async throws {
        let (begun, mayGoOn) = (Milestone(), Milestone())
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    try await writer.write([0x61])
                    begun.reach()
                    await mayGoOn.wait()
                    #expect(!Task.isCancelled)
                    try await writer.write([0x62])
                })
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            await begun.wait()
            connection.finishSending()
            var received = ""
            // The zero is the event: the server has seen the half-close.
            while !received.hasSuffix("\r\n1\r\na\r\n0") {
                received += String(decoding: try #require(try await connection.readSome()), as: UTF8.self)
            }
            mayGoOn.reach()
            let rest = String(decoding: try await connection.readToEnd(), as: UTF8.self)
            #expect(rest == "1\r\nb\r\n0\r\n\r\n")
        }
    }

    @Test(
        "RFC 9112 §8: a stream that breaks after its probe does not end in a zero, which some clients take for the end",
        arguments: [false, true])
    func brokenStream(byStop: Bool) async throws {
        struct Broken: Error {}
        let (begun, mayBreak) = (Milestone(), Milestone())
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    try await writer.write([0x61])
                    begun.reach()
                    if byStop { try await sleepUntilCancelled() }
                    await mayBreak.wait()
                    throw Broken()
                })
        }
        let connection = try await withServer(handler, limits: { $0.shutdownGrace = .zero }) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            await begun.wait()
            connection.finishSending()
            try await connection.wait { $0.suffix(3).elementsEqual("\r\n0".utf8) }
            mayBreak.reach()
            return connection
        }
        // The digit announces content that does not come.
        #expect(try await connection.readToEnd().suffix(7).elementsEqual("\r\na\r\n01".utf8))
    }

    @Test("A stream that ends after a half-close is read whole by a parser of the chunked coding")
    func endOfStream() async throws {
        let (begun, mayEnd) = (Milestone(), Milestone())
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    try await writer.write([UInt8](repeating: 0x61, count: 100_000))
                    begun.reach()
                    await mayEnd.wait()
                })
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            await begun.wait()
            connection.finishSending()
            // The zero is the event, as in `stream()`: it is the first digit of the last chunk's size.
            try await connection.wait { $0.suffix(3).elementsEqual("\r\n0".utf8) }
            mayEnd.reach()
            let response = try await connection.readResponse()
            #expect(response.chunks == [[UInt8](repeating: 0x61, count: 100_000)])
            #expect(try await connection.isClosed())
        }
    }

    @Test("A client that half-closes and then resets the connection cancels its handler")
    func resetAfterwards() async throws {
        let (begun, cancelled) = (Milestone(), Milestone())
        try await withServer(waitingHandler(begun, cancelled)) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            await begun.wait()
            connection.finishSending()
            connection.reset()
            await cancelled.wait()
        }
    }
}
