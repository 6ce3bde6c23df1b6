public import WireFormat

// Messages of MCP, for ``HTTPMessages/HTTPHandler/post(_:token:provedBy:fields:json:)``.
extension JSONValue {
    /// A request of JSON-RPC 2.0, such as `.mcp("tools/list")`.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - parameters: The `params`; nil to leave them out.
    ///   - id: The `id`; nil for a notification.
    public static func mcp(
        _ method: String, _ parameters: JSONValue? = nil, id: JSONValue? = 1
    ) -> JSONValue {
        var message: JSONDocument.Object = ["jsonrpc": "2.0", "method": .string(method)]
        message["id"] = id
        message["params"] = parameters
        return .object(message)
    }

    /// A call of an MCP tool, such as `.toolCall("add_note", ["text": "hi"])`.
    public static func toolCall(
        _ name: String, _ arguments: JSONDocument.Object = [:], id: JSONValue = 1
    ) -> JSONValue {
        mcp("tools/call", ["name": .string(name), "arguments": .object(arguments)], id: id)
    }
}
