import Synchronization
import WireFormat

@testable import OAuthResourceServer

// Stand-ins for the parts of the MCP Swift SDK that the article MCPSwiftSDK.md uses, with the signatures of its version
// 0.12.0. They behave like the SDK: a server handles messages in a task that `start` makes and that inherits
// task-locals, a stateful transport has one session and names it on its errors, and a validator sees one value for each
// header.

extension MCPSwiftSDKGlue {
    struct Data: Sendable, Sequence {
        let bytes: [UInt8]
        init(_ bytes: [UInt8]) { self.bytes = bytes }
        func makeIterator() -> IndexingIterator<[UInt8]> { bytes.makeIterator() }
    }

    enum MCP {
        struct HTTPRequest: Sendable {
            let method: String
            let headers: [String: String]
            let body: Data?

            func header(_ name: String) -> String? {
                headers.first { $0.key.lowercased() == name.lowercased() }?.value
            }
        }

        enum HTTPResponse: Sendable {
            case accepted(headers: [String: String] = [:])
            case ok(headers: [String: String] = [:])
            case data(Data, headers: [String: String] = [:])
            case stream(AsyncThrowingStream<Data, any Error>, headers: [String: String] = [:])
            case error(statusCode: Int, MCPError, sessionID: String? = nil)

            var statusCode: Int {
                switch self {
                case .accepted: 202
                case .ok, .data, .stream: 200
                case .error(let code, _, _): code
                }
            }

            var headers: [String: String] {
                switch self {
                case .accepted(let headers), .ok(let headers), .data(_, let headers), .stream(_, let headers):
                    return headers
                case .error(_, _, let session):
                    var headers = ["Content-Type": "application/json"]
                    if let session { headers["Mcp-Session-Id"] = session }
                    return headers
                }
            }

            var bodyData: Data? {
                switch self {
                case .accepted, .ok, .stream: nil
                case .data(let data, _): data
                case .error: Data(Array(#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"no"},"id":null}"#.utf8))
                }
            }
        }
    }

    enum MCPError: Error {
        case invalidRequest(String)
    }

    enum Value: Sendable, ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
        case string(String)
        case object([String: Value])

        var stringValue: String? { if case .string(let text) = self { text } else { nil } }
        init(stringLiteral text: String) { self = .string(text) }
        init(dictionaryLiteral members: (String, Value)...) {
            self = .object(Dictionary(members) { first, _ in first })
        }
    }

    struct Tool: Sendable {
        enum Content: Sendable {
            case text(text: String, annotations: Never?, _meta: Metadata?)
        }

        init(name: String, description: String?, inputSchema: Value) {}
    }

    struct Metadata: Sendable {
        let fields: [String: Value]
    }

    enum CallTool {
        struct Parameters: Sendable {
            let _meta: Metadata?
        }

        struct Result: Sendable {
            let content: [Tool.Content]
        }
    }

    enum ListTools {
        struct Parameters: Sendable {}

        struct Result: Sendable {
            let tools: [Tool]
        }
    }

    protocol Validator: Sendable {}
    struct AcceptHeaderValidator: Validator {
        enum Mode { case jsonOnly, sseRequired }
        init(mode: Mode) {}
    }
    struct ContentTypeValidator: Validator {}
    struct ProtocolVersionValidator: Validator {}
    struct SessionValidator: Validator {}
    struct StandardValidationPipeline: Sendable {
        init(validators: [any Validator]) {}
    }

    protocol Transport: Actor {
        func receive() -> AsyncStream<[UInt8]>
        func send(_ answer: [UInt8])
        func disconnect()
    }

    actor Server {
        private var handler: (@Sendable (CallTool.Parameters) async throws -> CallTool.Result)?
        private var task: Task<Void, Never>?
        private var transport: (any Transport)?

        struct Capabilities: Sendable {
            struct Tools: Sendable {}

            init(tools: Tools?) {}
        }

        init(name: String, version: String, capabilities: Capabilities) {}

        func withMethodHandler(
            _ type: ListTools.Type, handler: @escaping @Sendable (ListTools.Parameters) async throws -> ListTools.Result
        ) {}

        func withMethodHandler(
            _ type: CallTool.Type,
            handler: @escaping @Sendable (CallTool.Parameters) async throws -> CallTool.Result
        ) {
            self.handler = handler
        }

        func start(transport: any Transport) async throws {
            self.transport = transport
            let messages = await transport.receive()
            // As in the SDK: one task handles all messages. It starts during the first request of the session.
            task = Task { [weak self] in
                for await message in messages { await self?.work(on: message) }
            }
        }

        func stop() async {
            task?.cancel()
            await transport?.disconnect()
        }

        private func work(on message: [UInt8]) async {
            guard let request = try? JSONValue(parsing: message), let handler, request["id"] != nil else { return }
            var text = "initialized"
            if request["method"] == .string("tools/call") {
                var fields: [String: Value] = [:]
                for (name, value) in request["params"]?["_meta"]?.object?.members ?? [] {
                    fields[name] = value.string.map { .string($0) }
                }
                do {
                    let result = try await handler(CallTool.Parameters(_meta: Metadata(fields: fields)))
                    guard case .text(let said, _, _)? = result.content.first else { return }
                    text = "\(said); task-local: \(Principal.current?.subject ?? "none")"
                } catch {
                    text = "refused"
                }
            }
            await transport?.send(Array(text.utf8))
        }
    }

    actor StatelessHTTPServerTransport: Transport {
        private let messages = AsyncStream.makeStream(of: [UInt8].self)
        private var waiter: CheckedContinuation<[UInt8], Never>?

        init(validationPipeline: StandardValidationPipeline) {}

        func receive() -> AsyncStream<[UInt8]> { messages.stream }
        func disconnect() { messages.continuation.finish() }
        func send(_ answer: [UInt8]) {
            waiter?.resume(returning: answer)
            waiter = nil
        }

        func handleRequest(_ request: MCP.HTTPRequest) async -> MCP.HTTPResponse {
            messages.continuation.yield(request.body?.bytes ?? [])
            let answer = await withCheckedContinuation { waiter = $0 }
            return .data(Data(answer), headers: ["Content-Type": "application/json"])
        }
    }

    actor StatefulHTTPServerTransport: Transport {
        private static let count = Atomic(0)
        private let messages = AsyncStream.makeStream(of: [UInt8].self)
        private var answers: AsyncThrowingStream<Data, any Error>.Continuation?
        private var session: String?

        init(validationPipeline: StandardValidationPipeline) {}

        func receive() -> AsyncStream<[UInt8]> { messages.stream }
        func disconnect() { messages.continuation.finish() }
        func send(_ answer: [UInt8]) {
            answers?.yield(Data(answer))
            answers?.finish()
        }

        func handleRequest(_ request: MCP.HTTPRequest) async -> MCP.HTTPResponse {
            if request.method.uppercased() == "DELETE" { return .ok(headers: ["Mcp-Session-Id": session ?? ""]) }
            let message = try? JSONValue(parsing: request.body?.bytes ?? [])
            if message?["method"] == .string("initialize"), session == nil {
                session = "session-\(Self.count.add(1, ordering: .relaxed).newValue)"
            } else if session == nil || request.header("Mcp-Session-Id") != session {
                return .error(statusCode: 400, .invalidRequest("no session"), sessionID: session)
            }
            let headers = ["Mcp-Session-Id": session ?? "", "Connection": "keep-alive"]
            guard message?["id"] != nil else { return .accepted(headers: headers) }
            let (stream, continuation) = AsyncThrowingStream.makeStream(of: Data.self)
            answers = continuation
            messages.continuation.yield(request.body?.bytes ?? [])
            return .stream(stream, headers: headers)
        }
    }
}
