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
    /// The kind of address at which the request arrived.
    public var listener: ListenerKind = .unknown
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
