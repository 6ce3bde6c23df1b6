internal import HTTPMessages
internal import WireFormat

/// The web page that sends a request, by its `Origin` (Fetch §3.2), and what it may do.
///
/// The server approves every request. Any page that may read the answers of its endpoints could register a client and
/// get a token, so only pages of this machine may. Its documents are public.
enum CallingPage: Sendable {
    /// The request has no `Origin`.
    case noPage
    /// A page of this machine, from any port. The value is its origin.
    case onLoopback(HTTPFields.Value)
    /// A page of another machine, an opaque origin (`null`), or an `Origin` that is repeated or malformed.
    case foreign

    init(of request: HTTPRequest) {
        switch request.fields.occurrence(of: .origin) {
        case .absent: self = .noPage
        case .repeated: self = .foreign
        case .once(let value):
            let url = value.string.flatMap { try? AbsoluteURL(parsing: $0) }
            // A serialized origin has neither path, query, fragment nor userinfo (RFC 6454 §6.2).
            let isOnLoopback =
                url.map { $0.isLoopback && $0.path.isEmpty && $0.query == nil && $0.fragment == nil } ?? false
            self = isOnLoopback ? .onLoopback(value) : .foreign
        }
    }

    /// Sets the fields that let the page read a response of the route, if it may.
    func admit(to route: Routes.Route, _ response: inout HTTPResponse) {
        switch route.readers {
        case .everyPage: response.fields[.accessControlAllowOrigin] = "*"
        case .loopbackPages:
            response.fields[.vary] = "Origin"
            if case .onLoopback(let origin) = self {
                response.fields[.accessControlAllowOrigin] = origin
                // A page reads the nonce for its next proof (RFC 9449 §8.2).
                if response.fields.contains(.dpopNonce) {
                    response.fields[.accessControlExposeHeaders] = "DPoP-Nonce"
                }
            }
        case .noPage: break
        }
    }
}
