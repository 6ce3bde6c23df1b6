import HTTPMessages
import Testing

@testable import SocketHTTP

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/// The server's clock is moved forward once the connection is in the state that the test is about.
@Suite(.timeLimit(.minutes(5)))
struct TimeLimitTests {
    @Test("RFC 9110 §15.5.9: a head that takes too long is 408, however steadily its bytes come")
    func slowHead() async throws {
        try await withListener(echo, limits: { $0.headTime = .tested }) { listening in
            let silent = try await TestConnection.open(listening.port)
            try await silent.send("GET / HT")
            await listening.hasReceived(8)
            await listening.skip(.tested)
            let response = try await silent.readResponse()
            #expect(response.status == 408)
            #expect(response["connection"] == "close")
            #expect(try await silent.isClosed())
            #expect(listening.counters.rejections == ["head_timed_out": 1])
        }
        let unlimited: (inout ServerLimits) -> Void = { limits in
            limits.headTime = .tested
            limits.fieldCount = .max
            limits.fieldSectionBytes = .max
        }
        try await withListener(echo, limits: unlimited) { listening in
            let steady = try await TestConnection.open(listening.port)
            try await steady.send("GET / HTTP/1.1\r\n")
            await listening.hasReceived(16)
            let answer = Task { try await steady.readResponse() }
            let hasEnded = Milestone()
            let sending = Task {
                while !hasEnded.isReached, (try? await steady.send("X: y\r\n")) != nil {}
            }
            await listening.hasReceived(100)
            await listening.skip(.tested)
            #expect(try await answer.value.status == 408)
            hasEnded.reach()
            await sending.value
        }
    }

    @Test("POLICY §16: the time of the head bounds also the wait for the first byte of the first request")
    func silentFromTheStart() async throws {
        try await withListener(echo, limits: { $0.headTime = .tested }) { listening in
            let fresh = try await TestConnection.open(listening.port)
            #expect(try await listening.skip(.tested) { try await fresh.isClosed() })
            #expect(listening.counters.rejections == [:])
            #expect(listening.counters.sentBytes == 0)
        }
    }

    @Test("An idle connection is closed without a word; its time is not that of the head")
    func idle() async throws {
        try await withListener(echo, limits: { $0.idleTime = .tested }) { listening in
            let used = try await TestConnection.open(listening.port)
            try await used.send(get)
            #expect(try await used.readResponse().status == 200)
            let sent = listening.counters.sentBytes
            await listening.skip(.tested)
            #expect(try await used.isClosed())
            #expect(listening.counters.sentBytes == sent)
        }
        let impatient: (inout ServerLimits) -> Void = { limits in
            limits.headTime = .tested
            limits.eventLoops = 1
        }
        try await withListener(echo, limits: impatient) { listening in
            let used = try await TestConnection.open(listening.port)
            for _ in 1...3 {
                try await used.send(get)
                #expect(try await used.readResponse().status == 200)
                await listening.skip(.tested)
            }
            // The second head has a time of its own.
            try await used.send("GET / HT")
            await listening.hasReceived(3 * get.utf8.count + 8)
            await listening.skip(.tested)
            #expect(try await used.readResponse().status == 408)
        }
    }

    @Test("A deadline is kept also when many connections have come and gone since it was set")
    func manyDeadlines() async throws {
        let limits: (inout ServerLimits) -> Void = { limits in
            limits.eventLoops = 1
            limits.idleTime = .tested
        }
        try await withListener(echo, limits: limits) { listening in
            func answered() async throws -> TestConnection {
                let connection = try await TestConnection.open(listening.port)
                try await connection.send(get)
                #expect(try await connection.readResponse().status == 200)
                return connection
            }
            let early = try await answered()
            // Each connection adds a deadline. With this many, the loop removes the deadlines of closed connections.
            for _ in 0..<1500 * FloodScale.factor { try await answered().close() }
            await listening.skip(.tested)
            #expect(try await early.isClosed())
        }
    }

    @Test("A body that takes too long is 408")
    func slowBody() async throws {
        let begun = Milestone()
        let handler = ClosureHandler { request in
            try await request.body.forEachChunk { _ in begun.reach() }
            return .text("never")
        }
        try await withListener(handler, limits: { $0.bodyTime = .tested }) { listening in
            let connection = try await TestConnection.open(listening.port)
            try await connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
            await begun.wait()
            let response = try await listening.skip(.tested) { try await connection.readResponse() }
            #expect(response.status == 408)
            #expect(try await connection.isClosed())
        }
    }

    @Test("A client that stops reading loses its connection, and the handler its task")
    func writeStall() async throws {
        let (begun, ended) = (Milestone(), Milestone())
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    begun.reach()
                    defer { ended.reach() }
                    while true { try await writer.write([UInt8](repeating: 0, count: 64 << 10)) }
                })
        }
        try await withListener(handler, limits: { $0.writeStallTime = .tested }) { listening in
            let connection = try await TestConnection.open(listening.port, receiveBuffer: 8192)
            try await connection.send(get)
            await begun.wait()
            try await listening.skip(.tested) { await ended.wait() }
        }
    }

    @Test("A handler that takes longer than every deadline is not disturbed")
    func longHandler() async throws {
        let (begun, mayEnd) = (Milestone(), Milestone())
        let handler = ClosureHandler { _ in
            begun.reach()
            await mayEnd.wait()
            return .text("done")
        }
        let short: (inout ServerLimits) -> Void = { limits in
            limits.headTime = .tested
            limits.bodyTime = .tested
            limits.idleTime = .tested
            limits.writeStallTime = .tested
        }
        try await withListener(handler, limits: short) { listening in
            let connection = try await TestConnection.open(listening.port)
            try await connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            await begun.wait()
            await listening.skip(.tested)
            mayEnd.reach()
            #expect(try await connection.readResponse().text == "done")
        }
    }

    @Test(
        "Content that the handler has not read is waited for no longer than a connection that is being closed",
        arguments: ["Content-Length: 60000", "Transfer-Encoding: chunked"])
    func unreadContent(_ field: String) async throws {
        let handler = ClosureHandler { _ in HTTPResponse(status: .unauthorized) }
        try await withListener(handler, limits: { $0.lingerTime = .tested }) { listening in
            let connection = try await TestConnection.open(listening.port)
            try await connection.send("POST / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")
            #expect(try await connection.readResponse().status == 401)
            #expect(try await listening.skip(.tested) { try await connection.isClosed() })
        }
    }

    @Test("A connection that is being closed reads for a while, and no longer")
    func lingering() async throws {
        try await withListener(echo, limits: { $0.lingerTime = .tested }) { listening in
            let connection = try await TestConnection.open(listening.port)
            try await connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
            #expect(try await connection.readResponse().status == 413)
            #expect(try await connection.isClosed())
            let received = listening.counters.receivedBytes
            try await connection.send(String(repeating: "x", count: 500_000))
            await listening.hasReceived(received + 500_000)
            #expect(listening.counters.heldBytes == 0)
            await listening.skip(.tested)
            while listening.counters.openConnections > 0 { await Task.yield() }
        }
    }
}
