/// One request. The head is parsed; the body is not yet read.
public struct HTTPRequest: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// The request target.
    public var target: HTTPRequest.Target
    /// The field lines.
    public var fields: HTTPFields
    /// The content.
    public var body: HTTPRequest.Body
    /// The IP address of the connection's other end: the client, or the proxy in front of the server. Nil when the
    /// server does not say, and for a Unix-domain socket.
    public var peer: PeerAddress?
    /// The kind of address at which the request arrived.
    public var listener: ListenerKind = .unknown
    /// The certificate of the connection's other end, if the program's own TLS layer has got one.
    public var clientCertificate: ClientCertificate?
    /// The identifier that the server gave to the request; nil when it gave none.
    public var id: ID?

    /// A request.
    public init(
        method: HTTPMethod, target: HTTPRequest.Target, fields: HTTPFields = HTTPFields(),
        body: HTTPRequest.Body = HTTPRequest.Body()
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// The path, undecoded.
    public var path: String { target.path }
}
