internal import HTTPMessages
internal import WireFormat

/// A request that the guard decides about: its head, and its body if the program passed it.
struct GuardedRequest: Sendable {
    /// The request as the handler must get it: without a certificate that the client has written itself (see
    /// ``CheckedMutualTLS``), and, when a stage has read from the body, with a body that gives the same bytes.
    private(set) var forHandler: HTTPRequest
    /// False when the program did not pass the body. That of ``forHandler`` is then empty, and means nothing.
    private var isBodyPassed = true
    /// Whether the program did not pass the body because it is too long for the program.
    var isBodyTooLong = false
    /// The JSON-RPC message that a refusal answers; nil until the body was read.
    var message: JSONRPCReply?

    init(_ request: HTTPRequest) {
        forHandler = request
    }

    /// - Parameter body: Nil when the program did not pass it.
    init(
        method: HTTPMethod, target: HTTPRequest.Target, fields: HTTPFields, listener: HTTPRequest.ListenerKind,
        body: [UInt8]?, peer: HTTPRequest.PeerAddress? = nil, clientCertificate: HTTPRequest.ClientCertificate? = nil
    ) {
        forHandler = HTTPRequest(
            method: method, target: target, fields: fields, body: HTTPRequest.Body(body ?? []))
        forHandler.listener = listener
        forHandler.peer = peer
        forHandler.clientCertificate = clientCertificate
        isBodyPassed = body != nil
    }

    private static let none = GuardedRequest(HTTPRequest(method: .get, target: .root))

    /// Moves the request out, and leaves an empty one. A copy would count a reference to each of its parts.
    mutating func taken() -> GuardedRequest {
        var request = Self.none
        swap(&request, &self)
        return request
    }

    var method: HTTPMethod { forHandler.method }
    var target: HTTPRequest.Target { forHandler.target }
    var listener: HTTPRequest.ListenerKind { forHandler.listener }
    var peer: HTTPRequest.PeerAddress? { forHandler.peer }
    var clientCertificate: HTTPRequest.ClientCertificate? { forHandler.clientCertificate }
    /// The identifier in the access log; nil when the program's HTTP library gave none.
    var id: HTTPRequest.ID? { forHandler.id }

    var fields: HTTPFields {
        get { forHandler.fields }
        set { forHandler.fields = newValue }
    }

    /// Nil when the program did not pass it.
    var body: HTTPRequest.Body? {
        get { isBodyPassed ? forHandler.body : nil }
        set {
            isBodyPassed = newValue != nil
            if let newValue { forHandler.body = newValue }
        }
    }

    /// Whether the content is a form, in which RFC 6750 §2.2 would allow a token.
    var isForm: Bool {
        // Any of several lines counts, since the handler may use that one.
        fields.contains(.contentType) { value in
            // RFC 9110 §8.3.1: the media type is the text before the parameters, without white space around it.
            let type = OptionalWhiteSpace.trimmed(value.prefix { $0 != UInt8(ascii: ";") })
            return ASCII.equalsIgnoringCase(type, lowercased: "application/x-www-form-urlencoded")
        }
    }

    /// Whether this is a CORS preflight (Fetch §3.2.2): a browser asks whether a page may send a request.
    var isPreflight: Bool {
        guard method == .options, case .once = fields.occurrence(of: .accessControlRequestMethod) else { return false }
        return true
    }
}
