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
        case unreadContent
        case unreadChunks

        var bytes: String {
            switch self {
            case .nothing: ""
            case .partOfAHead: "GET / HTTP/1.1\r\nHo"
            case .refusedContent: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\nabc"
            case .unreadContent: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"
            case .unreadChunks: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            }
        }

        /// The status of the answer that the server gives at once.
        var status: Int? {
            switch self {
            case .nothing, .partOfAHead: nil
            case .refusedContent: 413
            case .unreadContent, .unreadChunks: 401
            }
        }
    }

    @Test(
        "Connections that sent nothing, part of a head, or content that is dropped give way: each new client is served",
        arguments: Waiting.allCases)
    func silent(_ waiting: Waiting) async throws {
        let handler = ClosureHandler { request in
            // Answers without reading the content.
            request.method == .post ? HTTPResponse(status: .unauthorized) : .text("answered")
        }
        try await withListener(handler, limits: two) { listening in
            var received = 0
            for _ in 1...10 * FloodScale.factor {
                var silent: [TestConnection] = []
                for _ in 1...3 {
                    let connection = try await TestConnection.open(listening.port)
                    silent.append(connection)
                    try await connection.send(waiting.bytes)
                    received += waiting.bytes.utf8.count
                    await listening.hasReceived(received)
                    if let status = waiting.status { #expect(try await connection.readResponse().status == status) }
                }
                _ = try await answered(listening.port)
                received += get.utf8.count
            }
            #expect(listening.counters.refusedConnections == 0)
        }
    }

    @Test("A client that takes its response slowly gives way to a new client, after those that wait for a request")
    func slowReaders() async throws {
        let big = [UInt8](repeating: 0x61, count: 16 << 20)
        let handler = ClosureHandler { request in
            request.path == "/big" ? HTTPResponse(status: .ok, body: .bytes(big)) : .text("answered")
        }
        try await withListener(handler, limits: two) { listening in
            func slowReader(_ number: Int) async throws -> TestConnection {
                let reader = try await TestConnection.open(listening.port, receiveBuffer: 8192)
                try await reader.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
                while listening.counters.heldBytes < number * big.count { await Task.yield() }
                return reader
            }
            let first = try await slowReader(1)
            let idle = try await answered(listening.port)
            let second = try await slowReader(2)
            #expect(try await idle.isClosed())
            _ = try await answered(listening.port)
            #expect(listening.counters.rejections == ["evicted": 2])
            #expect(listening.counters.refusedConnections == 0)
            // The first one was cut off, and the second one is still served.
            await #expect(throws: TestClientError.self) { try await first.readResponse() }
            #expect(try await second.readResponse().body.count == big.count)
        }
    }

    @Test("Clients that take a stream slowly are not closed for a new one")
    func slowStream() async throws {
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in try await writer.write([UInt8](repeating: 0x61, count: 16 << 20)) })
        }
        try await withListener(handler, limits: two) { listening in
            var readers: [TestConnection] = []
            for number in 1...2 {
                let reader = try await TestConnection.open(listening.port, receiveBuffer: 8192)
                readers.append(reader)
                try await reader.send(get)
                while listening.counters.heldBytes < number << 24 { await Task.yield() }
                if number == 2 {
                    let refused = try await TestConnection.open(listening.port)
                    #expect(try await refused.readResponse().status == 503)
                }
            }
        }
    }

    @Test("Connections that have sent nothing go before those that were answered, however long these have waited")
    func answeredLast() async throws {
        try await withListener(echo, limits: two) { listening in
            let client = try await answered(listening.port)
            var silent: [TestConnection] = []
            // Each one goes for the next.
            for number in 1...20 * FloodScale.factor {
                silent.append(try await TestConnection.open(listening.port))
                await listening.hasAccepted(1 + number)
            }
            try await client.send(get)
            #expect(try await client.readResponse().status == 200)
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

    /// A connection of the first loop that waits, and one of the second loop whose handler keeps the thread of that
    /// loop until `release` is reached.
    private func withBlockedLoop(
        answerTime: Duration, connections: Int = 2,
        _ body: (ListeningServer, _ idle: TestConnection, _ release: Milestone) async throws -> Void
    ) async throws {
        let (begun, mayBlock, blocks, release) = (Milestone(), Milestone(), Milestone(), Milestone())
        let handler = ClosureHandler { request in
            if request.path == "/blocking" {
                begun.reach()
                await mayBlock.wait()
                blocks.reach()
                while !release.isReached {}
            }
            return .text("answered")
        }
        func twoLoops(_ limits: inout ServerLimits) {
            limits.connections = connections
            limits.eventLoops = 2
            limits.answerTime = answerTime
        }
        try await withListener(handler, limits: twoLoops) { listening in
            defer { release.reach() }
            // The loops take turns.
            let idle = try await answered(listening.port)
            let blocking = try await TestConnection.open(listening.port)
            try await blocking.send("GET /blocking HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            // Each loop ends a turn, and tells which wait is its first: the second one, that there is none.
            await listening.skip(.zero)
            mayBlock.reach()
            await blocks.wait()
            try await body(listening, idle, release)
            release.reach()
            #expect(try await blocking.readResponse().status == 200)
        }
    }

    @Test("A connection gives way whose loop is busy and has not told that it waits: the new client is not refused")
    func unannouncedWait() async throws {
        try await withBlockedLoop(answerTime: .never) { listening, idle, release in
            let third = try await answered(listening.port)
            #expect(try await idle.isClosed())
            // This one is accepted for the second loop, which does not know of it yet.
            let fourth = try await TestConnection.open(listening.port)
            #expect(try await third.isClosed())
            let fifth = try await TestConnection.open(listening.port)
            try await fifth.send(get)
            // Time for a refusal. None comes, however long it is.
            try await Task.sleep(for: .milliseconds(50))
            release.reach()
            try #require(try await fifth.readResponse().status == 200)
            #expect(try await fourth.isClosed())
            #expect(listening.counters.refusedConnections == 0)
        }
    }

    @Test("A handler that blocks the thread of its loop does not keep the server from answering new clients")
    func blockedLoop() async throws {
        try await withBlockedLoop(answerTime: .milliseconds(1)) { listening, idle, release in
            let third = try await answered(listening.port)
            #expect(try await idle.isClosed())
            let fourth = try await TestConnection.open(listening.port)
            #expect(try await third.isClosed())
            // Only the second loop has connections, and it does not answer in time.
            for _ in 1...3 {
                let refused = try await TestConnection.open(listening.port)
                #expect(try await refused.readResponse().status == 503)
            }
            release.reach()
            // The answer comes late: the fourth connection leaves its place to the next client.
            #expect(try await fourth.isClosed())
            #expect(await settles { listening.counters.openConnections == 1 })
            _ = try await answered(listening.port)
        }
    }

    @Test("A loop whose thread a handler blocks collects no connections")
    func connectionsOfOthers() async throws {
        try await withBlockedLoop(answerTime: .milliseconds(1), connections: 100) { listening, _, release in
            _ = try await answered(listening.port)
            // This one is accepted for the blocked loop.
            let silent = try await TestConnection.open(listening.port)
            try await silent.send(get)
            // Clients are accepted in their order: when this one is served, the blocked loop has the other one.
            _ = try await answered(listening.port)
            try await Task.sleep(for: .milliseconds(5))
            for _ in 1...10 { _ = try await answered(listening.port) }
            release.reach()
            #expect(try await silent.readResponse().status == 200)
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
