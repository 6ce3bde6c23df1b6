/// The response to a ``DocumentRequest``.
public struct FetchedDocument: Sendable {
    /// The final status.
    public var status: HTTPStatus
    /// The response fields.
    public var fields: HTTPFields
    /// The content, at most ``DocumentRequest/maximumBodyBytes`` long.
    public var body: [UInt8]

    /// A fetched document.
    public init(status: HTTPStatus, fields: HTTPFields = HTTPFields(), body: [UInt8]) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}
