internal import HTTPMessages
internal import WireFormat

extension GuardedRequest {
    /// Whether the request opens a stream of MCP 2026-07-28 through which a client listens for messages.
    ///
    /// The body decides if the guard has it; one that is not strict JSON counts as a subscription, because the handler
    /// may read it in another encoding. `Mcp-Method`, which that revision requires, decides too: a handler refuses a
    /// request whose field does not agree with the body (error -32020). Without the body and the field, a request of
    /// that revision or a later one counts as a subscription.
    var opensSubscription: Bool {
        guard method == .post else { return false }
        let subscription = JSONRPCCalls.subscriptionMethod.description
        if fields.contains(.mcpMethod, where: { $0.elementsEqual(subscription.utf8) }) { return true }
        guard let bytes = body?.bytesInMemory else {
            // Revisions are dates, which are in the order of their bytes.
            return !fields.contains(.mcpMethod)
                && fields.contains(.mcpProtocolVersion) { !$0.lexicographicallyPrecedes("2026-07-28".utf8) }
        }
        guard !bytes.isEmpty else { return false }
        let limits = JSONDocument.Limits(maximumDepth: OperationLimits.maximumDepth, maximumBytes: bytes.count)
        guard let document = try? JSONDocument(parsing: bytes, limits: limits) else { return true }
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
