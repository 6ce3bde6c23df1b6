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
        let (mayEnd, afterBegun, mayAnswer) = (Milestone(), Milestone(), Milestone())
        let handler = ClosureHandler { request in
            guard request.path == "/events" else {
                afterBegun.reach()
                await mayAnswer.wait()
                return .text("after")
            }
            return .events(keepAlive: .tested) { writer in
                try await writer.send(ServerSentEvent(data: "first"))
                await mayEnd.wait()
                try await writer.send(ServerSentEvent(data: "last"))
            }
        }
        try await withListener(handler) { listening in
            let connection = try await TestConnection.open(listening.port)
            try await connection.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
            var received: [UInt8] = []
            while !received.suffix(5).elementsEqual("t\n\n\r\n".utf8) {
                received += try #require(try await connection.readSome())
            }
            for _ in 1...3 {
                await listening.skip(.tested)
                #expect(try await connection.readSome() == Array("3\r\n:\n\n\r\n".utf8))
            }
            mayEnd.reach()
            received = []
            while !received.suffix(5).elementsEqual("0\r\n\r\n".utf8) {
                received += try #require(try await connection.readSome())
            }
            try await connection.send("GET /after HTTP/1.1\r\nHost: a\r\n\r\n")
            await afterBegun.wait()
            await listening.skip(.tested)
            await listening.skip(.tested)
            mayAnswer.reach()
            #expect(try await connection.readResponse().text == "after")
        }
    }

    @Test("A comment to a client that takes nothing does not pile up: the stall ends the stream")
    func stalled() async throws {
        let (begun, ended) = (Milestone(), Milestone())
        let handler = ClosureHandler { _ in
            .events(keepAlive: .tested) { writer in
                begun.reach()
                defer { ended.reach() }
                while true {
                    try await writer.send(ServerSentEvent(data: String(repeating: "x", count: 1 << 16)))
                }
            }
        }
        try await withListener(handler, limits: { $0.writeStallTime = .tested }) { listening in
            let connection = try await TestConnection.open(listening.port, receiveBuffer: 8192)
            try await connection.send(get)
            await begun.wait()
            try await listening.skip(.tested) { await ended.wait() }
        }
    }

    @Test("A comment finds out a client that went away and takes nothing, though its handler writes nothing")
    func silentClient() async throws {
        let (begun, ended) = (Milestone(), Milestone())
        let handler = ClosureHandler { _ in
            .events(keepAlive: .tested) { writer in
                begun.reach()
                defer { ended.reach() }
                // The socket buffers fill up, and then writing waits forever.
                let filling = Task {
                    try await writer.send(ServerSentEvent(data: String(repeating: "x", count: 8 << 20)))
                }
                try await sleepUntilCancelled()
                try await filling.value
            }
        }
        try await withListener(handler, limits: { $0.writeStallTime = .tested }) { listening in
            let connection = try await TestConnection.open(listening.port, receiveBuffer: 8192)
            try await connection.send(get)
            await begun.wait()
            try await listening.skip(.tested) { await ended.wait() }
            #expect(try await connection.readSome() != nil)
        }
    }
}
