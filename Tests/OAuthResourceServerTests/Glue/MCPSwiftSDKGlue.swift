import HTTPMessages
import OAuthResourceServer
import Synchronization

// The code of the article MCPSwiftSDK.md.

enum MCPSwiftSDKGlue {
    /// Messages of this library as messages of the SDK, and back.
    enum MCPMessages {
        static func request(_ request: HTTPMessages.HTTPRequest, _ body: [UInt8]) -> MCP.HTTPRequest {
            var headers: [String: String] = [:]
            for (name, value) in request.fields.pairs {
                // One spelling a name: of several the SDK would pick any.
                let name = name.lowercased()
                // No handler needs the token.
                if name == "authorization" { continue }
                headers[name] = headers[name].map { $0 + ", " + value } ?? value
            }
            return MCP.HTTPRequest(method: request.method.name, headers: headers, body: Data(body))
        }

        static func response(_ answer: MCP.HTTPResponse) -> HTTPMessages.HTTPResponse {
            var response = HTTPMessages.HTTPResponse(status: HTTPStatus(answer.statusCode) ?? .internalServerError)
            for (name, value) in answer.headers {
                // The server makes `Connection` itself.
                guard let name = HTTPFields.Name(name), name != .connection, let value = HTTPFields.Value(value)
                else { continue }
                response.fields.append(name, value)
            }
            if case .stream(let events, _) = answer {
                // nginx would hold the events back otherwise.
                response.fields.append("X-Accel-Buffering", "no")
                response.body = .stream { writer in
                    for try await event in events { try await writer.write(Array(event)) }
                }
            } else {
                response.body = .bytes(answer.bodyData.map { Array($0) } ?? [])
            }
            return response
        }
    }

    /// A server and a transport for each request.
    struct StatelessMCP: Sendable {
        let makeServer: @Sendable (Principal) async -> Server

        func respond(
            to request: HTTPMessages.HTTPRequest, for principal: Principal
        ) async throws -> HTTPMessages.HTTPResponse {
            // RFC 9110 §9.1: `post` is not POST, but the SDK takes it for that.
            guard request.method == .post else { return HTTPMessages.HTTPResponse(status: .methodNotAllowed) }
            let body = try await request.body.collect(upTo: 4_194_304)
            let transport = StatelessHTTPServerTransport(
                validationPipeline: StandardValidationPipeline(validators: [
                    AcceptHeaderValidator(mode: .jsonOnly), ContentTypeValidator(), ProtocolVersionValidator(),
                ]))
            let server = await makeServer(principal)
            try await server.start(transport: transport)
            let answer = await transport.handleRequest(MCPMessages.request(request, body))
            await server.stop()
            return MCPMessages.response(answer)
        }
    }

    /// A server and a transport for each session.
    actor StatefulMCP {
        private struct Session {
            let server: Server
            let transport: StatefulHTTPServerTransport
        }

        private let contexts = RequestContexts()
        private var sessions: [String: Session] = [:]
        private let makeServer: @Sendable (RequestContexts) async -> Server

        init(makeServer: @escaping @Sendable (RequestContexts) async -> Server) {
            self.makeServer = makeServer
        }

        func respond(
            to request: HTTPMessages.HTTPRequest, for principal: Principal
        ) async throws -> HTTPMessages.HTTPResponse {
            guard [.post, .get, .delete].contains(request.method) else {
                return HTTPMessages.HTTPResponse(status: .methodNotAllowed)
            }
            var body = try await request.body.collect(upTo: 4_194_304)
            let name = request.fields[.mcpSessionID]?.string
            // MCP: after a 404 the client begins a new session.
            if let name, sessions[name] == nil { return HTTPMessages.HTTPResponse(status: .notFound) }
            let ticket = contexts.open(for: principal)
            if request.method == .post {
                guard let stamped = contexts.stamp(ticket, on: body) else {
                    contexts.close(ticket)
                    return HTTPMessages.HTTPResponse(status: .badRequest)
                }
                body = stamped
            }
            let session: Session
            do {
                session = try await self.session(name)
            } catch {
                contexts.close(ticket)
                throw error
            }
            var response = MCPMessages.response(
                await session.transport.handleRequest(MCPMessages.request(request, body)))
            await note(session, name, after: response, to: request.method)
            switch response.body {
            case .stream(let produce):
                response.body = .stream { [contexts] writer in
                    defer { contexts.close(ticket) }
                    try await produce(writer)
                }
            // A notification is answered with 202 before it is handled: its handler finds no principal.
            case .bytes: contexts.close(ticket)
            }
            return response
        }

        private func session(_ name: String?) async throws -> Session {
            if let session = name.flatMap({ sessions[$0] }) { return session }
            let transport = StatefulHTTPServerTransport(
                validationPipeline: StandardValidationPipeline(validators: [
                    AcceptHeaderValidator(mode: .sseRequired), ContentTypeValidator(), ProtocolVersionValidator(),
                    SessionValidator(),
                ]))
            // The SDK starts a task here that handles all messages of the session. It would keep this principal.
            let server = try await Principal.$current.withValue(nil) {
                let server = await makeServer(contexts)
                try await server.start(transport: transport)
                return server
            }
            return Session(server: server, transport: transport)
        }

        private func note(
            _ session: Session, _ name: String?, after response: HTTPMessages.HTTPResponse, to method: HTTPMethod
        ) async {
            let isSuccess = (200...299).contains(response.status.code)
            if isSuccess, method != .delete {
                if let begun = response.fields[.mcpSessionID]?.string { sessions[begun] = session }
            } else if isSuccess || response.status == .notFound || name.flatMap({ sessions[$0] }) == nil {
                if let name { sessions[name] = nil }
                await session.server.stop()
            }
        }
    }

    static func stateless() -> StatelessMCP {
        let greet = Tool(
            name: "greet", description: "Greets the user.", inputSchema: ["type": "object", "properties": [:]])

        let mcp = StatelessMCP { principal in
            let server = Server(name: "Notes", version: "1.0.0", capabilities: .init(tools: .init()))
            await server.withMethodHandler(ListTools.self) { _ in .init(tools: [greet]) }
            await server.withMethodHandler(CallTool.self) { _ in
                let text = "Hello, \(principal.subject ?? "stranger")"
                return .init(content: [.text(text: text, annotations: nil, _meta: nil)])
            }
            return server
        }
        return mcp
    }

    static func stateful() -> StatefulMCP {
        let greet = Tool(name: "greet", description: nil, inputSchema: ["type": "object", "properties": [:]])
        let mcp = StatefulMCP { contexts in
            let server = Server(name: "Notes", version: "1.0.0", capabilities: .init(tools: .init()))
            await server.withMethodHandler(ListTools.self) { _ in .init(tools: [greet]) }
            await server.withMethodHandler(CallTool.self) { params in
                guard let ticket = params._meta?.fields[RequestContexts.metaName]?.stringValue,
                    let principal = contexts.principal(for: ticket)
                else { throw MCPError.invalidRequest("The request is over.") }
                let text = "Hello, \(principal.subject ?? "stranger")"
                return .init(content: [.text(text: text, annotations: nil, _meta: nil)])
            }
            return server
        }
        return mcp
    }
}
