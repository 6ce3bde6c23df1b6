import HTTPMessages
import SocketHTTP
import Testing

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/// The deadlines are short, and the client waits for the server's action. No time is measured.
@Suite(.timeLimit(.minutes(5)))
struct TimeLimitTests {
    @Test("RFC 9110 §15.5.9: a head that takes too long is 408, however steadily its bytes come")
    func slowHead() async throws {
        try await withServer(echo, limits: { $0.headTime = .milliseconds(100) }) { port in
            let silent = try await TestConnection.open(port)
            try await silent.send("GET / HT")
            let response = try await silent.readResponse()
            #expect(response.status == 408)
            #expect(response["connection"] == "close")
            #expect(try await silent.isClosed())

        }
        let unlimited: (inout ServerLimits) -> Void = { limits in
            limits.headTime = .milliseconds(100)
            limits.fieldCount = .max
            limits.fieldSectionBytes = .max
        }
        try await withServer(echo, limits: unlimited) { port in
            let steady = try await TestConnection.open(port)
            try await steady.send("GET / HTTP/1.1\r\n")
            let answer = Task { try await steady.readResponse() }
            while (try? await steady.send("X: y\r\n")) != nil {}
            #expect(try await answer.value.status == 408)
        }
    }

    @Test("An idle connection is closed without a word, before the first request and between two")
    func idle() async throws {
        try await withServer(echo, limits: { $0.idleTime = .milliseconds(50) }) { port in
            let fresh = try await TestConnection.open(port)
            #expect(try await fresh.isClosed())
        }
        try await withServer(echo, limits: { $0.idleTime = .seconds(2) }) { port in
            let used = try await TestConnection.open(port)
            try await used.send(get)
            #expect(try await used.readResponse().status == 200)
            #expect(try await used.isClosed())
        }
    }

    @Test("A deadline is kept also when many connections have come and gone since it was set")
    func manyDeadlines() async throws {
        let limits: (inout ServerLimits) -> Void = { limits in
            limits.eventLoops = 1
            limits.idleTime = .seconds(4)
        }
        try await withServer(echo, limits: limits) { port in
            // On a busy machine a connection may reach the idle time before its request is sent. Then it was closed
            // rightly, and another one takes its place.
            func answered() async throws -> TestConnection {
                while true {
                    let connection = try await TestConnection.open(port)
                    do {
                        try await connection.send(get)
                        #expect(try await connection.readResponse().status == 200)
                        return connection
                    } catch TestClientError.ended {
                        connection.close()
                    }
                }
            }
            let early = try await answered()
            // Each connection adds a deadline. With this many, the loop removes the deadlines of closed connections.
            for _ in 0..<1500 { try await answered().close() }
            #expect(try await early.isClosed())
        }
    }

    @Test("A body that takes too long is 408")
    func slowBody() async throws {
        try await withServer(echo, limits: { $0.bodyTime = .milliseconds(100) }) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
            let response = try await connection.readResponse()
            #expect(response.status == 408)
            #expect(try await connection.isClosed())
        }
    }

    @Test("A client that stops reading loses its connection, and the handler its task")
    func writeStall() async throws {
        let ended = Milestone()
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    defer { ended.reach() }
                    while true { try await writer.write([UInt8](repeating: 0, count: 64 << 10)) }
                })
        }
        try await withServer(handler, limits: { $0.writeStallTime = .milliseconds(100) }) { port in
            let connection = try await TestConnection.open(port, receiveBuffer: 8192)
            try await connection.send(get)
            await ended.wait()
        }
    }

    @Test("A handler that takes longer than every deadline is not disturbed")
    func longHandler() async throws {
        let handler = ClosureHandler { _ in
            try await Task.sleep(for: .milliseconds(200))
            return .text("done")
        }
        let short: (inout ServerLimits) -> Void = { limits in
            limits.headTime = .milliseconds(20)
            limits.bodyTime = .milliseconds(20)
            limits.writeStallTime = .milliseconds(20)
        }
        try await withServer(handler, limits: short) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            #expect(try await connection.readResponse().text == "done")
        }
    }
}
