import ResourceServerKit

/// An MCP server over streamable HTTP. Each POST carries one JSON-RPC message, or a batch of MCP 2025-03-26. There is
/// no state, and there are sessions only if ``MCPSessions`` asks for them.
///
/// It contains no OAuth code. ``ResourceServer`` calls it only for requests with a good access token, and passes the
/// token's principal.
struct MCPHandler: Sendable {
    /// The usual path of an MCP endpoint.
    static let defaultPath = "/mcp"
    /// The largest body in bytes.
    static let maximumBodyBytes = 1_048_576
    /// The most messages of a batch. It bounds the answer, which is longer than the batch.
    static let maximumBatch = 50
    /// The name and version of this server, as clients see them.
    static let serverInfo: JSONValue = ["name": "mcp-quickstart", "version": "1.0.0"]

    private let path: String
    private let tools: [MCPTool]
    private let sessions: MCPSessions

    /// Makes an MCP endpoint at this path. An empty path means the root.
    init(
        path: String = Self.defaultPath, tools: [MCPTool] = MCPTool.open + Notebook().tools,
        sessions: MCPSessions = .none
    ) {
        self.path = path.isEmpty ? "/" : path
        self.tools = tools
        self.sessions = sessions
    }

    /// Answers one request of this principal.
    func respond(to request: HTTPRequest, principal: Principal) async throws -> HTTPResponse {
        guard request.path == path else {
            return .json(["error": "not_found"], status: .notFound)
        }
        // Without state there is no stream to open (GET) and no session to end (DELETE).
        guard request.method == .post else {
            var response = HTTPResponse.json(["error": "method_not_allowed"], status: .methodNotAllowed)
            response.fields[.allow] = "POST"
            return response
        }
        guard request.fields.contentIs("application/json") else {
            return .json(["error": "unsupported_media_type"], status: .unsupportedMediaType)
        }
        // The HTTP server answers if the body is too large or incomplete.
        let body = try await request.body.collect(upTo: Self.maximumBodyBytes)
        return try await respond(to: body, of: request, principal: principal)
    }

    private func respond(to body: [UInt8], of request: HTTPRequest, principal: Principal) async throws -> HTTPResponse {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: body, limits: JSONDocument.Limits(maximumBytes: Self.maximumBodyBytes))
        } catch {
            return refusal(JSONRPCError(.parseError, "The body is not JSON, or it is nested too deeply."), in: nil)
        }
        guard let batch = value.array else { return try await respond(to: value, of: request, principal: principal) }
        do throws(JSONRPCError) {
            // MCP 2025-06-18 removed batches.
            guard try MCPRevision(of: request, params: JSONDocument.Object()) == .v2025March26,
                (1...Self.maximumBatch).contains(batch.count)
            else {
                throw JSONRPCError(.invalidRequest, "The body must be a single JSON-RPC message object.")
            }
        } catch {
            return refusal(error, in: nil)
        }
        return try await respond(toBatch: batch, of: request, principal: principal)
    }

    /// MCP 2025-03-26, Base Protocol: each message is answered as if it came alone, and without progress, because the
    /// batch has one response.
    private func respond(
        toBatch batch: [JSONValue], of request: HTTPRequest, principal: Principal
    ) async throws -> HTTPResponse {
        var request = request
        request.fields[.accept] = "application/json"
        var answers: [UInt8] = []
        for message in batch {
            let response = try await respond(to: message, of: request, principal: principal)
            guard case .bytes(let answer) = response.body, !answer.isEmpty else { continue }
            answers += (answers.isEmpty ? "[" : ",").utf8
            answers += answer
        }
        guard !answers.isEmpty else { return HTTPResponse(status: .accepted) }
        var response = HTTPResponse(status: .ok, body: .bytes(answers + "]".utf8))
        response.fields[.contentType] = "application/json"
        return response
    }

    private func respond(
        to value: JSONValue, of request: HTTPRequest, principal: Principal
    ) async throws -> HTTPResponse {
        let message: JSONRPCMessage
        do {
            message = try JSONRPCMessage(value)
        } catch {
            return refusal(error, in: nil)
        }
        switch message {
        case .request(let id, let method, let params):
            var revision: MCPRevision?
            do {
                let spoken = try MCPRevision(of: request, params: params)
                revision = spoken
                if spoken.isStateless { try RequestMetadata.validate(request, method: method, params: params) }
                return try await answer(
                    Call(id: id, method: method, params: params, revision: spoken, principal: principal), to: request)
            } catch let error as JSONRPCError {
                return refusal(error.answering(id), in: revision)
            }
        case .notification(_, let params):
            // No state outlives a request, so a notification has no effect.
            do throws(JSONRPCError) {
                _ = try MCPRevision(of: request, params: params)
                return HTTPResponse(status: .accepted)
            } catch {
                return refusal(error, in: nil)
            }
        case .response:
            do throws(JSONRPCError) {
                // MCP 2026-07-28: clients must not send responses. Earlier revisions answer them with 202.
                guard try !MCPRevision(of: request, params: JSONDocument.Object()).isStateless else {
                    throw JSONRPCError(.invalidRequest, "This server sends no requests, so it accepts no responses.")
                }
                return HTTPResponse(status: .accepted)
            } catch {
                return refusal(error, in: nil)
            }
        }
    }

    /// A request whose envelope passed every check.
    struct Call: Sendable {
        var id: JSONValue
        var method: String
        var params: JSONDocument.Object
        var revision: MCPRevision
        var principal: Principal
    }

    private func answer(_ call: Call, to request: HTTPRequest) async throws -> HTTPResponse {
        if sessions == .withoutState, !call.revision.isStateless, call.method != "initialize",
            !request.fields.contains(.mcpSessionID)
        {
            // MCP 2025-11-25, Session Management: 400 for a request without the identifier.
            throw JSONRPCError(.invalidRequest, "The request needs the Mcp-Session-Id of the answer to initialize.")
        }
        switch (call.method, call.revision.isStateless) {
        case ("initialize", false):
            var response = try ok(call, initialize(call))
            if sessions == .withoutState {
                response.fields[.mcpSessionID] = HTTPFields.Value(MCPSessions.newIdentifier())
            }
            return response
        case ("ping", false): return ok(call, [:])
        case ("server/discover", true): return ok(call, discover())
        case ("tools/list", _): return try ok(call, list(call))
        case ("tools/call", _):
            return try await callTool(call, acceptsEventStream: request.fields.accepts("text/event-stream"))
        default: throw JSONRPCError(.methodNotFound, "Method not found")
        }
    }

    private func initialize(_ call: Call) throws(JSONRPCError) -> JSONDocument.Object {
        guard let requested = call.params["protocolVersion"]?.string else {
            throw JSONRPCError(.invalidParams, "initialize needs params.protocolVersion.")
        }
        // MCP Lifecycle: answer with the requested revision if it is supported and has a handshake. Otherwise answer
        // with the newest one.
        var agreed = MCPRevision.newestWithHandshake
        if let revision = MCPRevision(named: requested), !revision.isStateless { agreed = revision }
        return [
            "protocolVersion": .string(agreed.rawValue),
            "capabilities": ["tools": [:]],
            "serverInfo": Self.serverInfo,
        ]
    }

    private func discover() -> JSONDocument.Object {
        cacheable(["supportedVersions": MCPRevision.supported, "capabilities": ["tools": [:]]])
    }

    private func list(_ call: Call) throws(JSONRPCError) -> JSONDocument.Object {
        guard call.params["cursor"] == nil else {
            throw JSONRPCError(.invalidParams, "The cursor is unknown: the list has only one page.")
        }
        let listing: JSONDocument.Object = ["tools": .array(tools.map { $0.listing })]
        return call.revision.isStateless ? cacheable(listing) : listing
    }

    private func callTool(_ call: Call, acceptsEventStream: Bool) async throws -> HTTPResponse {
        guard let name = call.params["name"]?.string else {
            throw JSONRPCError(.invalidParams, "tools/call needs params.name.")
        }
        guard let tool = tools.first(where: { $0.name == name }) else {
            throw JSONRPCError(.invalidParams, "Unknown tool")
        }
        let arguments: JSONDocument.Object
        switch call.params["arguments"] {
        case nil: arguments = JSONDocument.Object()
        case .object(let object)?: arguments = object
        default: throw JSONRPCError(.invalidParams, "params.arguments must be an object.")
        }
        switch tool.body {
        case .immediate(let body):
            return ok(call, body(arguments, call.principal).json)
        case .streaming(let body) where acceptsEventStream:
            return stream(call) { progress in try await body(arguments, call.principal, progress) }
        case .streaming(let body):
            do {
                return ok(call, try await body(arguments, call.principal) { _, _ in }.json)
            } catch let cancellation as CancellationError {
                // The client left, or the server stops. That is not a failure of the tool, and there is no client to
                // answer.
                throw cancellation
            } catch {
                throw JSONRPCError(.internalError, "The tool failed.")
            }
        }
    }

    /// An SSE response: progress notifications, then the JSON-RPC response, then the end of the stream.
    ///
    /// When the client disconnects, the task of this request is cancelled. MCP uses this to cancel a call.
    private func stream(
        _ call: Call, _ body: @escaping @Sendable (@escaping MCPTool.Progress) async throws -> MCPTool.Outcome
    ) -> HTTPResponse {
        let token = call.params["_meta"]?["progressToken"]
        return .events { writer in
            let report: MCPTool.Progress = { done, total in
                // MCP Progress: notifications are sent only if the request contains a progress token.
                guard let token, token.string != nil || token.number?.int64 != nil else { return }
                let params: JSONValue = ["progressToken": token, "progress": .number(done), "total": .number(total)]
                try await writer.send(
                    event(["jsonrpc": "2.0", "method": "notifications/progress", "params": params]))
            }
            let answer: JSONValue
            do {
                answer = JSONRPCMessage.answer(id: call.id, result: result(call, try await body(report).json))
            } catch let cancellation as CancellationError {
                throw cancellation
            } catch {
                answer = JSONRPCError(.internalError, "The tool failed.", id: call.id).answer
            }
            try await writer.send(event(answer))
        }
    }

    private func event(_ message: JSONValue) -> ServerSentEvent {
        ServerSentEvent(data: String(decoding: message.encoded(), as: UTF8.self))
    }

    private func ok(_ call: Call, _ result: JSONDocument.Object) -> HTTPResponse {
        .json(JSONRPCMessage.answer(id: call.id, result: self.result(call, result)))
    }

    /// Adds the members that every result has since 2026-07-28.
    private func result(_ call: Call, _ members: JSONDocument.Object) -> JSONDocument.Object {
        guard call.revision.isStateless else { return members }
        var result = members
        result["resultType"] = "complete"
        result["_meta"] = [RequestMetadata.serverInfoKey: Self.serverInfo]
        return result
    }

    /// A result that the client may cache for five minutes, for the same access token.
    private func cacheable(_ members: JSONDocument.Object) -> JSONDocument.Object {
        var result = members
        result["ttlMs"] = 300_000
        result["cacheScope"] = "private"
        return result
    }

    /// The table from error codes to statuses. Before 2026-07-28, the status for a readable request is always 200.
    private func refusal(_ error: JSONRPCError, in revision: MCPRevision?) -> HTTPResponse {
        let isStateless = revision?.isStateless ?? false
        let status: HTTPStatus =
            switch error.code {
            case .parseError, .invalidRequest, .headerMismatch, .unsupportedProtocolVersion: .badRequest
            case .methodNotFound: isStateless ? .notFound : .ok
            case .invalidParams: isStateless || revision == nil ? .badRequest : .ok
            case .internalError: .ok
            }
        return .json(error.answer, status: status)
    }
}
