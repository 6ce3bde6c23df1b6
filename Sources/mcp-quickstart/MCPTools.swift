import ResourceServerKit

/// One tool: its description for clients and its implementation.
struct MCPTool: Sendable {
    /// Reports progress: `done` of `total` steps.
    typealias Progress = @Sendable (_ done: JSONDocument.Number, _ total: JSONDocument.Number) async throws -> Void

    /// The implementation of a tool. It gets the arguments and the principal of the call.
    enum Body: Sendable {
        /// Returns the result at once.
        case immediate(@Sendable (JSONDocument.Object, Principal) -> Outcome)
        /// Takes time and reports progress. It must stop when its task is cancelled.
        case streaming(@Sendable (JSONDocument.Object, Principal, Progress) async throws -> Outcome)
    }

    /// The result of a call. A refused argument is a result too: the model reads the message and can try again.
    enum Outcome: Sendable {
        case text(String)
        case structured(JSONDocument.Object)
        case failed(String)

        /// The members of a `tools/call` result.
        var json: JSONDocument.Object {
            switch self {
            case .text(let text):
                return ["content": [["type": "text", "text": .string(text)]], "isError": false]
            case .structured(let object):
                // MCP Tools: structured content is repeated in a text block, for clients that read only text.
                let text = String(decoding: JSONValue.object(object).encoded(), as: UTF8.self)
                return [
                    "content": [["type": "text", "text": .string(text)]], "structuredContent": .object(object),
                    "isError": false,
                ]
            case .failed(let reason):
                return ["content": [["type": "text", "text": .string(reason)]], "isError": true]
            }
        }
    }

    var name: String
    var description: String
    var inputSchema: JSONValue
    var outputSchema: JSONValue?
    var isReadOnly = true
    var body: Body

    /// The tool's entry in the result of `tools/list`.
    var listing: JSONValue {
        var listing: JSONDocument.Object = [
            "name": .string(name), "description": .string(description), "inputSchema": inputSchema,
            "annotations": ["readOnlyHint": .bool(isReadOnly)],
        ]
        listing["outputSchema"] = outputSchema
        return .object(listing)
    }

    /// The tools that need no special scope, in the order of `tools/list`. The tools of a ``Notebook`` follow them.
    static let open = [whoami, echo, slowCount]

    /// Shows the principal of the access token.
    static let whoami = MCPTool(
        name: "whoami", description: "Shows the caller that the access token identifies.",
        inputSchema: ["type": "object", "properties": [:], "additionalProperties": false],
        outputSchema: [
            "type": "object",
            "properties": [
                "subject": ["type": ["string", "null"]],
                "client_id": ["type": ["string", "null"]],
                "scopes": ["type": "array", "items": ["type": "string"]],
                "issuer": ["type": ["string", "null"]],
                "expires_at": ["type": ["number", "null"], "description": "Seconds since 1970."],
            ],
            "required": ["subject", "client_id", "scopes", "issuer", "expires_at"],
        ],
        body: .immediate { _, principal in
            .structured([
                "subject": principal.subject.map { .string($0) } ?? .null,
                "client_id": principal.clientID.map { .string($0) } ?? .null,
                "scopes": .array(principal.scopes.tokens.map { .string($0) }),
                "issuer": principal.issuer.map { .string($0) } ?? .null,
                "expires_at": principal.expiresAt.flatMap(seconds) ?? .null,
            ])
        })

    /// Returns its argument.
    static let echo = MCPTool(
        name: "echo", description: "Returns its argument.",
        inputSchema: [
            "type": "object", "properties": ["text": ["type": "string"]], "required": ["text"],
        ],
        body: .immediate { arguments, _ in
            guard let text = arguments["text"]?.string else { return .failed("The argument text must be a string.") }
            return .text(text)
        })

    /// Counts slowly and reports its progress.
    static let slowCount = MCPTool(
        name: "slow_count", description: "Counts from 1 to `to`, slowly, and reports each step.",
        inputSchema: [
            "type": "object",
            "properties": [
                "to": ["type": "integer", "minimum": 1, "maximum": 100],
                "interval_ms": ["type": "integer", "minimum": 0, "maximum": 1000, "default": 200],
            ],
            "required": ["to"],
        ],
        body: .streaming { arguments, _, progress in
            guard let to = arguments["to"]?.number?.int64, (1...100).contains(to) else {
                return .failed("The argument to must be an integer from 1 to 100.")
            }
            let interval = arguments["interval_ms"] ?? 200
            guard let interval = interval.number?.int64, (0...1000).contains(interval) else {
                return .failed("The argument interval_ms must be an integer from 0 to 1000.")
            }
            for step in 1...to {
                try Task.checkCancellation()
                if interval > 0 { try await Task.sleep(for: .milliseconds(interval)) }
                try await progress(JSONDocument.Number(step), JSONDocument.Number(to))
            }
            return .text("Counted to \(to).")
        })

    /// A time in seconds, as an integer if it is a whole number.
    private static func seconds(_ time: Double) -> JSONValue? {
        if let whole = Int64(exactly: time) { return .number(JSONDocument.Number(whole)) }
        return JSONDocument.Number(time).map { .number($0) }
    }
}
