internal import WireFormat

/// The operations in a body: the method of each JSON-RPC message, and the members that rules may look at.
///
/// **Checks** that the body is strict JSON and one JSON-RPC 2.0 message or a batch of them, that the members that
/// decide have the right types and only one spelling, and the limits. **Does not check** what MCP requires of the
/// params of a method.
struct JSONRPCCalls {
    /// One message with a method, with or without an `id`: a handler may act on both.
    struct Call {
        var method: [UInt8]
        var name: [UInt8]?
        var uri: [UInt8]?
        var params: JSONDocument.Node?
        /// Whether `uri` may be a URI template (RFC 6570).
        var isTemplate = false

        /// Whether a message stands for this operation in addition to its own.
        var isImplied = false
        /// Whether the message is exempt if the operations are that it stands for: a completion.
        var isJudgedByReference = false

        /// The length of the caller's texts that rules are compared with, in bytes.
        var textBytes: Int { (isImplied ? 0 : method.count) + (name?.count ?? 0) + (uri?.count ?? 0) }
    }

    private(set) var calls: [Call] = []
    /// The operations that messages stand for in addition: each resource of a `subscriptions/listen` as
    /// `resources/subscribe`, and the prompt or resource of a `completion/complete` as `prompts/get` or
    /// `resources/read`.
    private(set) var implied: [Call] = []
    /// Whether a message is a response to a request of the server.
    private(set) var holdsResponses = false
    /// The `id` of a single message when it is an integer. A response repeats nothing else of a request.
    private(set) var integerID: JSONValue?

    init(parsing body: [UInt8], maximumBytes: Int) throws(ResourceServer.Refusal) {
        let document: JSONDocument
        do throws(JSONDocument.ParseError) {
            document = try JSONDocument(
                parsing: body,
                limits: JSONDocument.Limits(maximumDepth: OperationLimits.maximumDepth, maximumBytes: maximumBytes))
        } catch {
            throw .malformedRequest(.bodyNotJSON)
        }
        guard document.root.kind == .array else {
            integerID = document.root["id"]?.number?.int64.map { .number(JSONDocument.Number($0)) }
            try add(document.root)
            return
        }
        // MCP 2025-03-26 had batches, and some handlers still accept them.
        let count = document.root.count
        guard (1...OperationLimits.maximumMessages).contains(count) else { throw Self.refusal }
        var messages: [JSONDocument.Node] = []
        document.root.forEachElement {
            messages.append($0)
            return true
        }
        for message in messages { try add(message) }
    }

    /// MCP 2026-07-28: the method that opens a stream through which a client listens for messages.
    static let subscriptionMethod: StaticString = "subscriptions/listen"

    static let refusal = ResourceServer.Refusal.malformedRequest(.bodyNotJSONRPC)

    private mutating func add(_ message: JSONDocument.Node) throws(ResourceServer.Refusal) {
        guard message.kind == .object, Self.isSpelledOnce(message, Self.envelope),
            message["jsonrpc"]?.isString("2.0") == true
        else { throw Self.refusal }
        guard let method = message["method"] else {
            // JSON-RPC 2.0 §5: a message without a method is a response.
            guard message["result"] != nil || message["error"] != nil else { throw Self.refusal }
            holdsResponses = true
            return
        }
        let params = message["params"]
        if let params {
            guard params.kind == .object, Self.isSpelledOnce(params, Self.subjects) else { throw Self.refusal }
        }
        calls.append(
            Call(
                method: try Self.name(method), name: try params?["name"].map(Self.name),
                uri: try params?["uri"].map(Self.text), params: params))
        guard let params else { return }
        if method.isString(Self.subscriptionMethod) { try addSubscriptions(params) }
        if method.isString("completion/complete") {
            let count = implied.count
            try addReference(params)
            calls[calls.count - 1].isJudgedByReference = implied.count > count
        }
    }

    /// MCP, `completion/complete`: `params.ref` names a prompt, or a resource by its URI or URI template. `ref.type` is
    /// not looked at, so that a handler that ignores it reads no other reference.
    private mutating func addReference(_ params: JSONDocument.Node) throws(ResourceServer.Refusal) {
        guard Self.isSpelledOnce(params, ["ref"]) else { throw Self.refusal }
        guard let reference = params["ref"], reference.kind != .null else { return }
        guard reference.kind == .object, Self.isSpelledOnce(reference, Self.subjects) else { throw Self.refusal }
        if let name = reference["name"] {
            implied.append(
                Call(
                    method: Array("prompts/get".utf8), name: try Self.name(name), uri: nil, params: nil,
                    isImplied: true))
        }
        if let uri = reference["uri"] {
            var text = try Self.text(uri)
            // A handler may insert the arguments into the template. With such a value they can lead to any resource of
            // the scheme.
            if text.contains(UInt8(ascii: "{")), Self.hasArgumentThatLeadsElsewhere(params),
                let colon = text.firstIndex(of: UInt8(ascii: ":"))
            {
                text = text[...colon] + [UInt8(ascii: "{")]
            }
            implied.append(
                Call(
                    method: Array("resources/read".utf8), name: nil, uri: text, params: nil, isTemplate: true,
                    isImplied: true))
        }
        guard implied.count <= OperationLimits.maximumImpliedOperations else { throw Self.refusal }
    }

    /// Whether an argument of a completion may leave its segment: it holds `/`, `\` or `%`, or begins with two dots.
    /// MCP, `completion/complete`: `argument.value` and the members of `context.arguments`.
    private static func hasArgumentThatLeadsElsewhere(_ params: JSONDocument.Node) -> Bool {
        func leadsElsewhere(_ value: JSONDocument.Node) -> Bool {
            guard let bytes = value.stringBytes else { return value.kind != .null }
            return bytes.contains { "/\\%".utf8.contains($0) } || bytes.starts(with: "..".utf8)
        }
        var isFound = params["argument"]?["value"].map(leadsElsewhere) ?? false
        params["context"]?["arguments"]?.forEachMember { _, value in
            isFound = isFound || leadsElsewhere(value)
            return !isFound
        }
        return isFound
    }

    /// MCP 2026-07-28, `subscriptions/listen`: `params.notifications.resourceSubscriptions` is a list of URIs.
    private mutating func addSubscriptions(_ params: JSONDocument.Node) throws(ResourceServer.Refusal) {
        let (outer, inner) = ("notifications", "resourceSubscriptions")
        guard Self.isSpelledOnce(params, [outer]) else { throw Self.refusal }
        guard let notifications = params[outer], notifications.kind != .null else { return }
        guard notifications.kind == .object, Self.isSpelledOnce(notifications, [inner]) else { throw Self.refusal }
        guard let list = notifications[inner], list.kind != .null else { return }
        guard list.kind == .array, implied.count + list.count <= OperationLimits.maximumImpliedOperations else {
            throw Self.refusal
        }
        var uris: [JSONDocument.Node] = []
        list.forEachElement {
            uris.append($0)
            return true
        }
        for uri in uris {
            implied.append(
                Call(
                    method: Array("resources/subscribe".utf8), name: nil, uri: try Self.text(uri), params: nil,
                    isImplied: true))
        }
    }

    private static let envelope = ["jsonrpc", "method", "params", "id"]
    private static let subjects = ["name", "uri"]

    /// Whether each of these members appears only in this case. Some JSON readers do not distinguish `Method` from
    /// `method`.
    private static func isSpelledOnce(_ object: JSONDocument.Node, _ names: [String]) -> Bool {
        var isSpelledOnce = true
        object.forEachMember { member, _ in
            isSpelledOnce = !names.contains {
                ASCII.equalsIgnoringCase($0.utf8, member.utf8) && !$0.hasSameBytes(as: member)
            }
            return isSpelledOnce
        }
        return isSpelledOnce
    }

    /// A method or name: a text without characters that are equivalent to others.
    private static func name(_ node: JSONDocument.Node) throws(ResourceServer.Refusal) -> [UInt8] {
        let text = try text(node)
        guard !URIReadingSteps.isDisguised(text) else { throw refusal }
        return text
    }

    /// A method, name or URI: a string without control characters, which readers treat differently.
    private static func text(_ node: JSONDocument.Node) throws(ResourceServer.Refusal) -> [UInt8] {
        guard let count = node.stringByteCount, count <= OperationLimits.maximumNameBytes, let bytes = node.stringBytes,
            bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw refusal }
        return bytes
    }
}
