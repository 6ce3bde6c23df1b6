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
            case .readLater(let naming): naming.nameForLogs
            }
        }
        set { principal = newValue.map { .named($0) } ?? .none }
    }

    /// Its mirror is empty, so that a dump of a response shows nothing of the principal.
    private enum ResponsePrincipal: Sendable, CustomReflectable {
        case none
        case named(String)
        /// Named when an access log asks: most programs have none, and the name costs a search in the claims.
        case readLater(any PrincipalNaming)

        var customMirror: Mirror { Mirror(self, children: []) }
    }

    private var principal = ResponsePrincipal.none

    /// A response.
    public init(status: HTTPStatus, fields: HTTPFields = HTTPFields(), body: HTTPResponse.Body = .bytes([])) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// Sets ``principalID``, which is asked for when it is read.
    package mutating func namePrincipal(by naming: any PrincipalNaming) {
        principal = .readLater(naming)
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

/// Knows the name of a request's principal for an access log.
package protocol PrincipalNaming: AnyObject, Sendable {
    var nameForLogs: String? { get }
}
