internal import HTTPMessages
internal import WireFormat

/// The JSON-RPC message that a refusal answers, as far as the guard has read it.
struct JSONRPCReply: Sendable {
    /// Its `id` when that is an integer. A string would send the caller's input back.
    var id: JSONValue?

    /// A JSON-RPC 2.0 §5 error object.
    func error(_ refusal: ResourceServer.Refusal, _ status: HTTPStatus, _ sentence: String) -> JSONValue {
        let code = Self.code(refusal) ?? Int64(status.code)
        return [
            "jsonrpc": "2.0", "id": id ?? .null,
            "error": ["code": .number(JSONDocument.Number(code)), "message": .string(sentence)],
        ]
    }

    /// The codes of JSON-RPC 2.0 §5.1 and of MCP 2026-07-28 "Error Codes"; nil for refusals whose code MCP leaves to
    /// applications.
    private static func code(_ refusal: ResourceServer.Refusal) -> Int64? {
        switch refusal {
        case .malformedRequest(.headerMismatch): -32020
        case .malformedRequest(.bodyNotJSON): -32700
        case .malformedRequest: -32600
        default: nil
        }
    }
}
