public import WireFormat

/// One response: status, fields and content.
public struct HTTPResponse: Sendable {
    /// The status.
    public var status: HTTPStatus
    /// The field lines. The server itself sets `Content-Length`, `Transfer-Encoding`, `Connection` and `Date`.
    public var fields: HTTPFields
    /// The content.
    public var body: HTTPResponse.Body
    /// The principal of the request, for an access log. It is never sent.
    public var principalID: String? {
        get {
            switch principal {
            case .none: nil
            case .named(let name): name
            case .known(let principal): principal.nameForLogs
            }
        }
        set { principal = newValue.map { .named($0) } ?? .none }
    }

    private enum ResponsePrincipal: Sendable {
        case none
        case named(String)
        /// Named when an access log asks: most programs have none, and the name costs a search in the claims.
        case known(any LoggedPrincipal)
    }

    private var principal = ResponsePrincipal.none

    /// A response.
    public init(status: HTTPStatus, fields: HTTPFields = HTTPFields(), body: HTTPResponse.Body = .bytes([])) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// Sets ``principalID``, which is read from the principal when it is asked for.
    package mutating func setPrincipal(_ principal: any LoggedPrincipal) {
        self.principal = .known(principal)
    }

    /// A JSON response (`application/json`).
    public static func json(_ value: JSONValue, status: HTTPStatus = .ok) -> HTTPResponse {
        var response = HTTPResponse(status: status, body: .bytes(value.encoded()))
        response.fields.append(.contentType, applicationJSON)
        return response
    }

    /// A plain-text response (`text/plain; charset=utf-8`).
    public static func text(_ text: String, status: HTTPStatus = .ok) -> HTTPResponse {
        var response = HTTPResponse(status: status, body: .bytes(Array(text.utf8)))
        response.fields.append(.contentType, plainText)
        return response
    }

    private static let applicationJSON: HTTPFields.Value = "application/json"
    private static let plainText: HTTPFields.Value = "text/plain; charset=utf-8"
}

/// A principal that an access log may name.
package protocol LoggedPrincipal: AnyObject, Sendable {
    var nameForLogs: String? { get }
}
