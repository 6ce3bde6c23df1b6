internal import HTTPMessages
internal import WireFormat

/// A request that the guard decides about: its head, and its body if the program passed it.
struct GuardedRequest: Sendable {
    let method: HTTPMethod
    let target: HTTPRequest.Target
    /// Without a certificate that the client has written itself: see ``CheckedMutualTLS``.
    var fields: HTTPFields
    let listener: HTTPRequest.ListenerKind
    let peer: HTTPRequest.PeerAddress?
    let clientCertificate: HTTPRequest.ClientCertificate?
    /// The identifier in the access log; nil when the program's HTTP library gave none.
    var id: HTTPRequest.ID?
    /// Nil when the program did not pass it. A stage that reads a stream stores an equivalent body here, for the
    /// handler.
    var body: HTTPRequest.Body?
    /// Whether the program did not pass the body because it is too long for the program.
    var isBodyTooLong = false
    /// The JSON-RPC message that a refusal answers; nil until the body was read.
    var message: JSONRPCReply?

    init(_ request: HTTPRequest) {
        method = request.method
        target = request.target
        fields = request.fields
        listener = request.listener
        peer = request.peer
        clientCertificate = request.clientCertificate
        id = request.id
        body = request.body
    }

    init(
        method: HTTPMethod, target: HTTPRequest.Target, fields: HTTPFields, listener: HTTPRequest.ListenerKind,
        body: [UInt8]?, peer: HTTPRequest.PeerAddress? = nil, clientCertificate: HTTPRequest.ClientCertificate? = nil
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.listener = listener
        self.peer = peer
        self.clientCertificate = clientCertificate
        self.body = body.map { HTTPRequest.Body($0) }
    }

    private static let form = Array("application/x-www-form-urlencoded".utf8)

    /// Whether the content is a form, in which RFC 6750 §2.2 would allow a token.
    var isForm: Bool {
        // Any of several lines counts, since the handler may use that one.
        fields.contains(.contentType) { value in
            // RFC 9110 §8.3.1: the media type is the text before the parameters, without white space around it.
            let type = OptionalWhiteSpace.trimmed(value.prefix { $0 != UInt8(ascii: ";") })
            return ASCII.equalsIgnoringCase(type, Self.form)
        }
    }

    /// Whether this is a CORS preflight (Fetch §3.2.2): a browser asks whether a page may send a request.
    var isPreflight: Bool {
        guard method == .options, case .once = fields.occurrence(of: .accessControlRequestMethod) else { return false }
        return true
    }
}
