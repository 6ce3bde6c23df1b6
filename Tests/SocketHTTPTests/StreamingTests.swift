import HTTPMessages
import SocketHTTP
import Synchronization
import Testing

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

private struct Broken: Error {}

@Suite(.timeLimit(.minutes(5)))
struct StreamingTests {
    @Test("Each piece of a stream arrives before the next is written")
    func pieceByPiece() async throws {
        let asked = AsyncStream<Int>.makeStream()
        let handler = ClosureHandler { _ in
            var response = HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    for await number in asked.stream { try await writer.write(Array("data: \(number)\n\n".utf8)) }
                })
            response.fields[.contentType] = "text/event-stream"
            return response
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            let head = try #require(try await connection.readSome())
            #expect(String(decoding: head, as: UTF8.self).hasSuffix("\r\n\r\n"))
            for number in 1...3 {
                asked.continuation.yield(number)
                let piece = try #require(try await connection.readSome())
                #expect(String(decoding: piece, as: UTF8.self) == "9\r\ndata: \(number)\n\n\r\n")
            }
            asked.continuation.finish()
            #expect(try await connection.readSome() == Array("0\r\n\r\n".utf8))
        }
    }

    @Test("After a stream the connection serves the next request")
    func reuse() async throws {
        let big = [UInt8](repeating: 0x62, count: 100_000)
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .elements(
                    of: AsyncStream { continuation in
                        for element in [[], [0x61], big, []] { continuation.yield(element) }
                        continuation.finish()
                    }))
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            for _ in 1...3 {
                try await connection.send(get)
                #expect(try await connection.readResponse().chunks == [[0x61], big])
            }
        }
    }

    @Test("RFC 9112 §6.3: to HTTP/1.0 a stream ends with the connection")
    func oldVersion() async throws {
        let handler = ClosureHandler { _ in
            HTTPResponse(status: .ok, body: .stream { try await $0.write(Array("hello".utf8)) })
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let response = try await connection.readResponse()
            #expect(response["transfer-encoding"] == nil)
            #expect(response["connection"] == "close")
            #expect(response.text == "hello")
        }
    }

    @Test("A stream that breaks closes the connection without the last chunk; the operator learns why")
    func broken() async throws {
        let errors = Mutex<[String]>([])
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    try await writer.write([0x61])
                    throw Broken()
                })
        }
        try await withServer(handler, onError: { error in errors.withLock { $0.append("\(error)") } }) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            let all = String(decoding: try await connection.readToEnd(), as: UTF8.self)
            #expect(all.hasSuffix("\r\n\r\n1\r\na\r\n"))
        }
        #expect(errors.withLock { $0 } == ["Broken()"])
    }

    @Test("A client whose connection is reset cancels a handler that waits")
    func cancelsWaiting() async throws {
        let (begun, cancelled) = (Milestone(), Milestone())
        try await withServer(waitingHandler(begun, cancelled)) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            await begun.wait()
            connection.reset()
            await cancelled.wait()
        }
    }

    enum Departure: CaseIterable, Sendable {
        case close
        case reset
    }

    @Test(
        "A client that goes away cancels a stream, also while nothing is being written", arguments: Departure.allCases)
    func cancelsStream(_ departure: Departure) async throws {
        let cancelled = Milestone()
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    defer { cancelled.reach() }
                    try await writer.write([0x61])
                    try await sleepUntilCancelled()
                })
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            var received: [UInt8] = []
            while !received.suffix(3).elementsEqual("a\r\n".utf8) {
                received += try #require(try await connection.readSome())
            }
            switch departure {
            case .close: connection.close()
            case .reset: connection.reset()
            }
            await cancelled.wait()
        }
    }

    @Test("A client that goes away with pipelined requests unread cancels the handler")
    func cancelsBehindPipeline() async throws {
        let (begun, cancelled) = (Milestone(), Milestone())
        try await withServer(waitingHandler(begun, cancelled)) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(String(repeating: get, count: 2000))
            await begun.wait()
            connection.reset()
            await cancelled.wait()
        }
    }

    @Test("A write to a client that is gone throws CancellationError")
    func writeAfterReset() async throws {
        let (begun, failed) = (Milestone(), Milestone())
        let handler = ClosureHandler { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    begun.reach()
                    await #expect(throws: CancellationError.self) {
                        while true { try await writer.write([UInt8](repeating: 0, count: 10_000)) }
                    }
                    failed.reach()
                })
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port)
            try await connection.send(get)
            await begun.wait()
            connection.reset()
            await failed.wait()
        }
    }

    @Test("A stream to a client that does not read stays bounded, and goes on when it reads")
    func backPressure() async throws {
        let total = 16 << 20
        let piece = [UInt8](repeating: 0x61, count: 64 << 10)
        let written = Tally()
        let handler = ClosureHandler { request in
            guard request.path == "/stream" else { return .text("\(written.value)") }
            return HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    while written.value < total {
                        try await writer.write(piece)
                        written.add(piece.count)
                    }
                })
        }
        let limits: (inout ServerLimits) -> Void = { limits in
            limits.eventLoops = 1
        }
        try await withServer(handler, limits: limits) { port in
            let reader = try await TestConnection.open(port, receiveBuffer: 64 << 10)
            try await reader.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            // The stream is blocked: many turns of the same loop later, no more bytes have been written to it.
            let observer = try await TestConnection.open(port)
            var seen = -1
            var unchanged = 0
            while unchanged < 200 {
                try await observer.send(get)
                let now = try #require(Int(try await observer.readResponse().text))
                unchanged = now == seen ? unchanged + 1 : 0
                seen = now
            }
            #expect(seen < total)
            #expect(try await reader.readResponse().body.count == total)
        }
    }

    @Test("An upload waits for its reader")
    func uploadBackPressure() async throws {
        let mayRead = Milestone()
        let handler = ClosureHandler { request in
            guard request.path == "/upload" else { return .text("here") }
            await mayRead.wait()
            let count = Tally()
            try await request.body.forEachChunk { chunk in
                #expect(chunk.count <= 64 << 10)
                count.add(chunk.count)
            }
            return .text("\(count.value)")
        }
        let total = 30 << 20
        let sent = Tally()
        let limits: (inout ServerLimits) -> Void = { limits in
            limits.bodyBytes = total
            limits.eventLoops = 1
        }
        try await withServer(handler, limits: limits) { port in
            let connection = try await TestConnection.open(port)
            let piece = [UInt8](repeating: 0, count: 64 << 10)
            let sending = Task {
                try await connection.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
                while sent.value < total {
                    try await connection.send(piece)
                    sent.add(piece.count)
                }
            }
            // A server that reads ahead would take all of it. The socket buffers hold only a part.
            let observer = try await TestConnection.open(port)
            var seen = -1
            var unchanged = 0
            while unchanged < 200 {
                try await observer.send(get)
                _ = try await observer.readResponse()
                let now = sent.value
                unchanged = now == seen ? unchanged + 1 : 0
                seen = now
            }
            #expect(seen < total)
            mayRead.reach()
            try await sending.value
            #expect(try await connection.readResponse().text == "\(total)")
        }
    }

    @Test("Pieces written by several tasks at once stay whole, and a writer that outlives its stream is refused")
    func manyWriters() async throws {
        let kept = Mutex<HTTPResponse.Body.Writer?>(nil)
        let handler = ClosureHandler { request in
            if let writer = kept.withLock({ $0 }) {
                await #expect(throws: CancellationError.self) { try await writer.write([1]) }
            }
            return HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    kept.withLock { $0 = writer }
                    let tasks = (0..<4).map { number in
                        Task.detached {
                            for _ in 0..<20 {
                                try await writer.write([UInt8](repeating: UInt8(0x61 + number), count: 50_000 + number))
                            }
                        }
                    }
                    for task in tasks { try await task.value }
                })
        }
        try await withServer(handler) { port in
            let connection = try await TestConnection.open(port, receiveBuffer: 8192)
            for _ in 1...2 {
                try await connection.send(get)
                let chunks = try await connection.readResponse().chunks
                #expect(chunks.count == 80)
                for chunk in chunks {
                    let first = try #require(chunk.first)
                    #expect(chunk == [UInt8](repeating: first, count: 50_000 + Int(first) - 0x61))
                }
            }
        }
        // Writing after the end of the server finds a closed connection, and does not crash.
        let writer = try #require(
            kept.withLock { writer in
                defer { writer = nil }
                return writer
            })
        await #expect(throws: CancellationError.self) { try await writer.write([1]) }
    }
}
