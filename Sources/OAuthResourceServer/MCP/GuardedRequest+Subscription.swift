internal import HTTPMessages
internal import WireFormat

extension GuardedRequest {
    /// Whether the request opens a stream of MCP 2026-07-28 through which a client listens for messages.
    ///
    /// The body decides if the guard has it. Otherwise `Mcp-Method` does, which that revision requires: a handler
    /// refuses a request whose field does not agree with the body (error -32020).
    var opensSubscription: Bool {
        guard method == .post else { return false }
        guard let bytes = body?.bytesInMemory else {
            let method = JSONRPCCalls.subscriptionMethod.description
            return fields.contains(.mcpMethod) { $0.elementsEqual(method.utf8) }
        }
        let limits = JSONDocument.Limits(maximumDepth: OperationLimits.maximumDepth, maximumBytes: bytes.count)
        guard let document = try? JSONDocument(parsing: bytes, limits: limits) else {
            // The handler may read a subscription in a body that is almost JSON. 0xEF begins a byte order mark.
            let first = bytes.first { !OptionalWhiteSpace.contains($0) && $0 != 0x0A && $0 != 0x0D }
            return [UInt8(ascii: "{"), UInt8(ascii: "["), 0xEF].contains(first)
        }
        func isSubscription(_ message: JSONDocument.Node) -> Bool {
            message["method"]?.isString(JSONRPCCalls.subscriptionMethod) == true
        }
        guard document.root.kind == .array else { return isSubscription(document.root) }
        var isFound = false
        document.root.forEachElement { message in
            isFound = isSubscription(message)
            return !isFound
        }
        return isFound
    }
}
