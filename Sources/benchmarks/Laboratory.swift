import HTTPMessages
import Synchronization
import WireFormat

/// A handler for load tests. Its answers and its counters show how the server behaves under load.
///
/// - `/`: 13 bytes.
/// - `/events`: a stream that sends one event for each POST to `/broadcast`.
/// - `/flow`: an endless stream of 16 KiB pieces.
/// - `/slow`: 13 bytes after 300 ms.
/// - `/state`: how many streams are open, and how many were opened and cancelled.
/// - Any other path: the request as JSON: method, target, fields, and content in base64url.
final class Laboratory: HTTPHandler {
    private struct Streams {
        var open: [Int: AsyncStream<[UInt8]>.Continuation] = [:]
        var opened = 0
        var cancelled = 0
    }

    private let streams = Mutex(Streams())
    private let answered = Atomic(0)

    /// The number of answered requests without streams.
    var answeredRequests: Int { answered.load(ordering: .relaxed) }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        let response = try await answer(to: request)
        if case .bytes = response.body { answered.wrappingAdd(1, ordering: .relaxed) }
        return response
    }

    private func answer(to request: HTTPRequest) async throws -> HTTPResponse {
        switch request.path {
        case "/": return .text("Hello, world!")
        case "/events": return events()
        case "/flow":
            return HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    let piece = [UInt8](repeating: 0x2E, count: 16_384)
                    while true { try await writer.write(piece) }
                })
        case "/slow":
            try await Task.sleep(for: .milliseconds(300))
            return .text("Hello, world!")
        case "/broadcast":
            let listeners = streams.withLock { Array($0.open.values) }
            for listener in listeners { listener.yield(Array("data: news\n\n".utf8)) }
            return .text("\(listeners.count)\n")
        case "/state":
            return streams.withLock {
                .text("open=\($0.open.count) opened=\($0.opened) cancelled=\($0.cancelled)\n")
            }
        default: return try await echo(request)
        }
    }

    private func echo(_ request: HTTPRequest) async throws -> HTTPResponse {
        let content = try await request.body.collect(upTo: 4 << 20)
        let lines = request.fields.pairs.map { JSONValue.array([.string($0.name), .string($0.value)]) }
        return .json([
            "method": .string(request.method.name), "target": .string(request.target.text), "fields": .array(lines),
            "content": .string(Base64URL.encode(content)),
        ])
    }

    private func events() -> HTTPResponse {
        var response = HTTPResponse(
            status: .ok,
            body: .stream { [self] writer in
                let (news, listener) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(16))
                let number = streams.withLock { streams in
                    streams.opened += 1
                    streams.open[streams.opened] = listener
                    return streams.opened
                }
                defer {
                    streams.withLock { streams in
                        streams.open[number] = nil
                        if Task.isCancelled { streams.cancelled += 1 }
                    }
                }
                try await writer.write(Array(": welcome\n\n".utf8))
                for await event in news { try await writer.write(event) }
            })
        response.fields[.contentType] = "text/event-stream"
        return response
    }
}
