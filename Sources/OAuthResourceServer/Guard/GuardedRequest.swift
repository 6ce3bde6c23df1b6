internal import HTTPMessages
internal import WireFormat

/// A request on its way through the guard: its head, and its body where that is at hand.
struct GuardedRequest: Sendable {
    let method: HTTPMethod
    let target: HTTPRequest.Target
    let fields: HTTPFields
    let listener: HTTPRequest.ListenerKind
    /// Nil when a foreign framework kept it. A stage that reads a stream puts its equivalent back here, for the handler.
    var body: HTTPRequest.Body?
    /// What a refusal answers, once the body was read as JSON-RPC.
    var message: JSONRPCReply?

    init(_ request: HTTPRequest) {
        method = request.method
        target = request.target
        fields = request.fields
        listener = request.listener
        body = request.body
    }

    init(
        method: HTTPMethod, target: HTTPRequest.Target, fields: HTTPFields, listener: HTTPRequest.ListenerKind,
        body: [UInt8]?
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.listener = listener
        self.body = body.map { HTTPRequest.Body($0) }
    }

    private static let form = Array("application/x-www-form-urlencoded".utf8)

    /// Whether the content is a form, in which RFC 6750 §2.2 would allow a token.
    var isForm: Bool {
        // Of several lines any one counts: the handler may go by that one.
        fields.contains(.contentType) { value in
            // RFC 9110 §8.3.1: what stands before the parameters, without the white space around it.
            let type = OptionalWhiteSpace.trimmed(value.prefix { $0 != UInt8(ascii: ";") })
            return ASCII.equalsIgnoringCase(type, Self.form)
        }
    }

    /// Fetch §3.2.2: a browser asks whether a page may send a request.
    var isPreflight: Bool {
        guard method == .options, case .once = fields.occurrence(of: .accessControlRequestMethod) else { return false }
        return true
    }
}
