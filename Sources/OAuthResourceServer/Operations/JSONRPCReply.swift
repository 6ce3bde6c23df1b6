internal import WireFormat

/// In which form the guard's refusals explain themselves, beside status and challenge.
public enum RefusalBody: Sendable, Hashable {
    /// As a small JSON object with `error` and `error_description`, always.
    case oauth
    /// As a JSON-RPC error where the guard has read the request's body, else as above. Only ``MCPScopeRules`` make it read.
    case jsonRPC
}

/// What is known of the JSON-RPC message that a refusal answers.
struct JSONRPCReply: Sendable {
    /// Its `id` when that is an integer; a text would be input on its way back.
    var id: JSONValue?

    /// A JSON-RPC 2.0 §5 error object.
    func error(_ rejection: TokenRejection, _ sentence: String) -> JSONValue {
        [
            "jsonrpc": "2.0", "id": id ?? .null,
            "error": ["code": .number(JSONNumber(Self.code(rejection))), "message": .string(sentence)],
        ]
    }

    /// JSON-RPC 2.0 §5.1, and MCP 2026-07-28 "Error Codes", which leaves all but -32768…-32000 to applications: there the
    /// code is the status.
    private static func code(_ rejection: TokenRejection) -> Int64 {
        switch rejection {
        case .malformedRequest(.headerMismatch): -32020
        case .malformedRequest(.bodyNotJSON): -32700
        case .malformedRequest: -32600
        case .insufficientScope: 403
        case .missingCredentials, .invalid: 401
        case .unavailable: 503
        }
    }
}
