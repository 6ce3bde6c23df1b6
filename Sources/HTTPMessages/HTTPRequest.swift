/// One request: head parsed, body not yet read.
public struct HTTPRequest: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// The target as sent, and its path and query.
    public var target: HTTPRequestTarget
    /// The field lines, duplicates kept.
    public var fields: HTTPFields
    /// The content.
    public var body: HTTPRequestBody
    /// The kind of address at which the request arrived, when the server says so.
    public var listener: ListenerKind = .unknown

    /// The kinds of address that a server listens on.
    public enum ListenerKind: Sendable, Hashable {
        /// Nobody said.
        case unknown
        /// A loopback address: reachable from this machine alone, and from every page in a browser on it.
        case loopback
        /// Any other IP address.
        case network
        /// A Unix-domain socket.
        case unixSocket
    }

    /// A request.
    public init(
        method: HTTPMethod, target: HTTPRequestTarget, fields: HTTPFields = HTTPFields(),
        body: HTTPRequestBody = HTTPRequestBody()
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// The path, undecoded.
    public var path: String { target.path }
}
