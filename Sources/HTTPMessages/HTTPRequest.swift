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
