import HTTPMessages
import Synchronization
import Testing

@testable import SocketHTTP

private struct Broken: Error {}

/// The records of an access log, in order.
private final class AccessLog: Sendable {
    private struct State {
        var records: [AccessRecord] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var records: [AccessRecord] { state.withLock { $0.records } }

    func append(_ record: AccessRecord) {
        let ready = state.withLock { state in
            state.records.append(record)
            let ready = state.waiters.filter { $0.count <= state.records.count }
            state.waiters.removeAll { $0.count <= state.records.count }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    func wait(for count: Int) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.records.count < count { state.waiters.append((count, continuation)) }
                return state.records.count >= count
            }
            if isReady { continuation.resume() }
        }
    }
}

@Suite(.timeLimit(.minutes(5)))
struct ObservabilityTests {
    @Test("POLICY §17: each request is logged once, with its principal, and without query or token")
    func accessLog() async throws {
        let log = AccessLog()
        let handler = ClosureHandler { request in
            switch request.path {
            case "/throw": throw Broken()
            case "/broken":
                return HTTPResponse(
                    status: .ok,
                    body: .stream { writer in
                        try await writer.write([0x61])
                        throw Broken()
                    })
            case "/stream":
                return HTTPResponse(status: .accepted, body: .stream { try await $0.write([0x61]) })
            default:
                var response = HTTPResponse.text("\(try await request.body.collect(upTo: 4).count)")
                response.principalID = "alice"
                return response
            }
        }
        let requests: [(bytes: String, summary: String)] = [
            (
                "GET /a?token=secret HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\n\r\n",
                "GET /a 200 complete principal=alice"
            ),
            ("GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /b 200 complete principal=alice"),
            ("HEAD /c HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /c 200 complete principal=alice"),
            ("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n", "GET /throw 500 complete"),
            ("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n", "GET /broken 200 cut"),
            ("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", "GET /stream 202 complete"),
            (
                "POST /d HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
                "POST /d 413 complete rejection=body_too_large"
            ),
            (
                "POST /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                "POST /e 400 complete rejection=malformed_chunk"
            ),
            ("GET /f HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "- - 400 complete rejection=repeated_host"),
        ]
        let counters = try await withListener(handler, accessLog: log.append) { listening in
            for (index, request) in requests.enumerated() {
                let connection = try await TestConnection.open(listening.port)
                try await connection.send(request.bytes)
                await log.wait(for: index + 1)
                connection.close()
            }
            return listening.counters
        }
        let records = log.records
        #expect(records.count == requests.count)
        for (record, request) in zip(records, requests) {
            // Without the duration, the number of bytes and the identifier, which differ from run to run.
            let words = record.description.split(separator: " ")
            let others = words[6...].filter { !$0.hasPrefix("request=") }
            #expect((words[..<4] + others).joined(separator: " ") == request.summary)
            #expect(words.contains { $0.hasPrefix("request=") } == (words[0] != "-"))
            #expect(record.sentBytes > 40)
            #expect(record.duration >= .zero)
            #expect(!"\(record)".contains("secret"))
        }
        #expect(records.map(\.principalID) == ["alice", "alice", "alice", nil, nil, nil, nil, nil, nil])
        #expect(counters.responses == [2: 5, 3: 0, 4: 3, 5: 1])
        #expect(counters.rejections == ["body_too_large": 1, "malformed_chunk": 1, "repeated_host": 1])
        #expect(records.reduce(0) { $0 + $1.sentBytes } == counters.sentBytes)
        #expect(counters.receivedBytes == requests.reduce(0) { $0 + $1.bytes.utf8.count })
        #expect(counters.acceptedConnections == requests.count)
    }

    @Test("A request whose client goes away before the answer is logged, without a status")
    func departed() async throws {
        let log = AccessLog()
        let begun = Milestone()
        let handler = ClosureHandler { _ in
            begun.reach()
            try await sleepUntilCancelled()
            return .text("never")
        }
        try await withListener(handler, accessLog: log.append) { listening in
            let connection = try await TestConnection.open(listening.port)
            try await connection.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            await begun.wait()
            connection.reset()
            await log.wait(for: 1)
        }
        let record = try #require(log.records.first)
        #expect(record.status == nil)
        #expect(!record.isComplete)
        #expect(record.sentBytes == 0)
        #expect(log.records.count == 1)
    }

    @Test("A log line is printable and bounded, whatever caller and issuer chose")
    func bounded() async throws {
        let log = AccessLog()
        let handler = ClosureHandler { _ in
            var response = HTTPResponse(status: .noContent)
            response.principalID = "a\r\nGET é" + String(repeating: "b", count: 1000)
            return response
        }
        try await withListener(handler, accessLog: log.append) { listening in
            let connection = try await TestConnection.open(listening.port)
            try await connection.send("GET /\(String(repeating: "x", count: 8000)) HTTP/1.1\r\nHost: a\r\n\r\n")
            await log.wait(for: 1)
        }
        let line = Array("\(try #require(log.records.first))".utf8)
        #expect(line.count < 1500)
        #expect(line.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        #expect(String(decoding: line, as: UTF8.self).contains(#"principal=a\x0d\x0aGET\x20\xc3\xa9b"#))
    }

    @Test("Counters are there before, during and after the run")
    func counters() async throws {
        let listening = try HTTPServer(host: "127.0.0.1", port: 0).listen()
        #expect(listening.counters == ListeningServer.Counters())
        let running = Task { try await listening.run(echo) }
        var connections: [TestConnection] = []
        for _ in 1...3 {
            let connection = try await TestConnection.open(listening.port)
            try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await connection.readResponse()
            connections.append(connection)
        }
        #expect(listening.counters.openConnections == 3)
        #expect(listening.counters.responses[2] == 3)
        running.cancel()
        try await running.value
        #expect(listening.counters.openConnections == 0)
        #expect(listening.counters.acceptedConnections == 3)
        #expect(listening.counters.responses[2] == 3)
        for connection in connections { connection.close() }
    }
}
