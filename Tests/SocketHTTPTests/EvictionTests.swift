import HTTPMessages
import Testing

@testable import SocketHTTP

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/// Clients that hold connections and ask for nothing must not lock the others out.
@Suite(.timeLimit(.minutes(5)))
struct EvictionTests {
    private func answered(_ port: UInt16, _ request: String = get) async throws -> TestConnection {
        let connection = try await TestConnection.open(port)
        try await connection.send(request)
        #expect(try await connection.readResponse().status == 200)
        return connection
    }

    /// With one loop, a connection that has answered waits again before the loop accepts the next one.
    private func two(_ limits: inout ServerLimits) {
        limits.connections = 2
        limits.eventLoops = 1
    }

    @Test("POLICY §16: at the cap the connection that has waited longest is closed for the new one")
    func longestIdle() async throws {
        try await withListener(echo, limits: two) { listening in
            let first = try await answered(listening.port)
            let second = try await answered(listening.port)
            // Now the first has waited less long than the second.
            try await first.send(get)
            #expect(try await first.readResponse().status == 200)
            let third = try await answered(listening.port)
            #expect(try await second.isClosed())
            for open in [first, third] {
                try await open.send(get)
                #expect(try await open.readResponse().status == 200)
            }
            let counters = listening.counters
            #expect(counters.rejections == ["evicted": 1])
            #expect(counters.refusedConnections == 0)
            #expect(counters.acceptedConnections == 3)
            #expect(counters.openConnections == 2)
        }
    }

    enum Waiting: String, CaseIterable, Sendable {
        case nothing
        case partOfAHead
        case refusedContent

        var bytes: String {
            switch self {
            case .nothing: ""
            case .partOfAHead: "GET / HTTP/1.1\r\nHo"
            case .refusedContent: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\nabc"
            }
        }
    }

    @Test(
        "Connections that sent nothing, part of a head, or refused content give way: each new client is served",
        arguments: Waiting.allCases)
    func silent(_ waiting: Waiting) async throws {
        try await withListener(echo, limits: two) { listening in
            var received = 0
            for _ in 1...10 * FloodScale.factor {
                var silent: [TestConnection] = []
                for _ in 1...3 {
                    let connection = try await TestConnection.open(listening.port)
                    silent.append(connection)
                    try await connection.send(waiting.bytes)
                    received += waiting.bytes.utf8.count
                    await listening.hasReceived(received)
                    if waiting == .refusedContent { #expect(try await connection.readResponse().status == 413) }
                }
                _ = try await answered(listening.port)
                received += get.utf8.count
            }
            #expect(listening.counters.refusedConnections == 0)
        }
    }

    @Test("A connection with a request in progress is never closed for a new one, which is answered 503")
    func busy() async throws {
        let (begun, mayAnswer) = (Tally(), Milestone())
        let handler = ClosureHandler { request in
            if request.path == "/slow" {
                begun.add(1)
                await mayAnswer.wait()
            }
            return .text("answered")
        }
        try await withListener(handler, limits: two) { listening in
            var busy: [TestConnection] = []
            for _ in 1...2 {
                let connection = try await TestConnection.open(listening.port)
                try await connection.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                busy.append(connection)
            }
            while begun.value < 2 { await Task.yield() }
            let refused = try await TestConnection.open(listening.port)
            let response = try await refused.readResponse()
            #expect(response.status == 503)
            #expect(response["connection"] == "close")
            #expect(try await refused.isClosed())
            #expect(listening.counters.rejections == ["too_many_connections": 1])
            #expect(listening.counters.refusedConnections == 1)
            mayAnswer.reach()
            for connection in busy { #expect(try await connection.readResponse().text == "answered") }
            // Both wait now, so a new client is served.
            _ = try await answered(listening.port)
        }
    }

    @Test("A connection on another loop gives way as well")
    func otherLoop() async throws {
        let limits: (inout ServerLimits) -> Void = { limits in
            limits.connections = 4
            limits.eventLoops = 3
        }
        try await withListener(echo, limits: limits) { listening in
            var open: [TestConnection] = []
            for _ in 1...50 * FloodScale.factor {
                // The four that are open wait, or are about to: the answer of one was read.
                open.append(try await answered(listening.port))
            }
            let counters = listening.counters
            #expect(counters.acceptedConnections == open.count)
            #expect(counters.rejections == ["evicted": open.count - 4])
        }
    }
}
