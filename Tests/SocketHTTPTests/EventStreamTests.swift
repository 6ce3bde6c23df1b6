import HTTPMessages
import Testing

@testable import SocketHTTP

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite(.timeLimit(.minutes(5)))
struct EventStreamTests {
    @Test("WHATWG HTML §9.2: events arrive one by one, in a stream that no proxy holds back")
    func events() async throws {
        let asked = AsyncStream<ServerSentEvent>.makeStream()
        try await withServer(ClosureHandler { _ in .events(of: asked.stream) }) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            let head = String(decoding: try #require(try await connection.readSome()), as: UTF8.self)
            #expect(head.contains("Content-Type: text/event-stream\r\n"))
            #expect(head.contains("Cache-Control: no-store\r\n"))
            #expect(head.contains("X-Accel-Buffering: no\r\n"))
            for number in 1...3 {
                asked.continuation.yield(ServerSentEvent(data: "\(number)"))
                #expect(try await connection.readSome() == Array("9\r\ndata: \(number)\n\n\r\n".utf8))
            }
            asked.continuation.finish()
            #expect(try await connection.readSome() == Array("0\r\n\r\n".utf8))
            try await connection.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await connection.readResponse().status == 200)
        }
    }

    @Test("While no event is sent, comments keep the stream alive; after its end there is none")
    func keepAlive() async throws {
        let mayEnd = Milestone()
        let handler = ClosureHandler { request in
            guard request.path == "/events" else {
                // Long enough for a comment of the stream before, if there were one.
                try await Task.sleep(for: .milliseconds(100))
                return .text("after")
            }
            return .events(keepAlive: .milliseconds(20)) { writer in
                try await writer.send(ServerSentEvent(data: "first"))
                await mayEnd.wait()
                try await writer.send(ServerSentEvent(data: "last"))
            }
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
            var received: [UInt8] = []
            let comment = Array("3\r\n:\n\n\r\n".utf8)
            var comments = 0
            while comments < 3 {
                received += try #require(try await connection.readSome())
                comments = 0
                var rest = received[...]
                while rest.count >= comment.count {
                    if rest.starts(with: comment) { comments += 1 }
                    rest = rest.dropFirst()
                }
            }
            mayEnd.reach()
            while !received.suffix(5).elementsEqual("0\r\n\r\n".utf8) {
                received += try #require(try await connection.readSome())
            }
            try await connection.send("GET /after HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try await connection.readResponse()
            #expect(response.text == "after")
        }
    }

    @Test("A comment to a client that takes nothing does not pile up: the stall ends the stream")
    func stalled() async throws {
        let ended = Milestone()
        let handler = ClosureHandler { _ in
            .events(keepAlive: .milliseconds(20)) { writer in
                defer { ended.reach() }
                while true {
                    try await writer.send(ServerSentEvent(data: String(repeating: "x", count: 1 << 16)))
                }
            }
        }
        try await withServer(handler, limits: { $0.writeStallTime = .milliseconds(200) }) { port in
            let connection = try await TestConnection.open(port, receiveBuffer: 8192)
            try await connection.send(get)
            await ended.wait()
        }
    }

    @Test("A comment finds out a client that went away and takes nothing, though its handler writes nothing")
    func silentClient() async throws {
        let ended = Milestone()
        let handler = ClosureHandler { _ in
            .events(keepAlive: .milliseconds(20)) { writer in
                defer { ended.reach() }
                // As much as the buffers of the sockets take, and then never more.
                let filling = Task {
                    try await writer.send(ServerSentEvent(data: String(repeating: "x", count: 32 << 20)))
                }
                try await sleepUntilCancelled()
                try await filling.value
            }
        }
        try await withServer(handler, limits: { $0.writeStallTime = .milliseconds(200) }) { port in
            let connection = try await TestConnection.open(port, receiveBuffer: 8192)
            try await connection.send(get)
            await ended.wait()
            #expect(try await connection.readSome() != nil)
        }
    }
}
