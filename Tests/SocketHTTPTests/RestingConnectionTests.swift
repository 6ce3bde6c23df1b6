import HTTPMessages
import Testing

@testable import SocketHTTP

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/// A connection that waits long for its next request has no task. It must behave like one that has.
@Suite(.timeLimit(.minutes(5)))
struct RestingConnectionTests {
    /// A connection that was answered, and has waited since then for so long that its task has ended.
    private func resting(_ listening: ListeningServer) async throws -> TestConnection {
        let connection = try await TestConnection.open(listening.port)
        try await connection.send(get)
        #expect(try await connection.readResponse().status == 200)
        await listening.skip(.seconds(5))
        return connection
    }

    @Test("The next request is answered, and the one after it")
    func nextRequest() async throws {
        try await withListener(echo) { listening in
            let connection = try await resting(listening)
            for _ in 1...3 {
                try await connection.send(get)
                #expect(try await connection.readResponse().status == 200)
                await listening.skip(.seconds(5))
            }
            #expect(listening.counters.openConnections == 1)
        }
    }

    @Test("A head whose bytes come one by one is answered")
    func slowHead() async throws {
        try await withListener(echo) { listening in
            let connection = try await resting(listening)
            var received = get.utf8.count
            for byte in get {
                try await connection.send(String(byte))
                received += String(byte).utf8.count
                await listening.hasReceived(received)
            }
            #expect(try await connection.readResponse().status == 200)
        }
    }

    @Test("The idle time ends it, counted from its last response")
    func idleTime() async throws {
        try await withListener(echo, limits: { $0.idleTime = .tested }) { listening in
            let connection = try await resting(listening)
            await listening.skip(.seconds(9_000))
            try await connection.send(get)
            #expect(try await connection.readResponse().status == 200)
            await listening.skip(.seconds(5))
            #expect(try await listening.skip(.tested) { try await connection.isClosed() })
        }
    }

    @Test("It gives way to a new connection at the cap")
    func evicted() async throws {
        let one: (inout ServerLimits) -> Void = { limits in
            limits.connections = 1
            limits.eventLoops = 1
        }
        try await withListener(echo, limits: one) { listening in
            let old = try await resting(listening)
            let new = try await TestConnection.open(listening.port)
            try await new.send(get)
            #expect(try await new.readResponse().status == 200)
            #expect(try await old.isClosed())
            #expect(listening.counters.rejections == ["evicted": 1])
        }
    }

    @Test("A client that closes it releases its place")
    func closedByClient() async throws {
        try await withListener(echo) { listening in
            try await resting(listening).close()
            #expect(await settles { listening.counters.openConnections == 0 })
        }
    }

    @Test("A server that stops closes it at once")
    func stop() async throws {
        let connection = try await withListener(echo, limits: { $0.shutdownGrace = .never }) { listening in
            try await resting(listening)
        }
        #expect(try await connection.isClosed())
    }

    @Test("A stream is written by a task of its own, which a reset cancels also when the handler has returned")
    func streamAfterHandler() async throws {
        let cancelled = Milestone()
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    try await writer.write(Array("first".utf8))
                    defer { cancelled.reach() }
                    try await sleepUntilCancelled()
                })
        }
        try await withListener(handler) { listening in
            let connection = try await TestConnection.open(listening.port)
            try await connection.send(get)
            try await connection.wait { $0.suffix(7) == Array("first\r\n".utf8) }
            connection.reset()
            await cancelled.wait()
        }
    }
}
