public import WireFormat

/// The port to outgoing HTTP: fetches one document under the fetcher's policy.
///
/// An implementation returns every final status as a ``FetchedDocument``; it never follows a redirect. It verifies TLS,
/// limits the body while it reads, and stops when the task is cancelled.
public protocol DocumentFetcher: Sendable {
    /// Fetches one document.
    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument
}

/// A request for a document: a GET of one URL, or a POST of a form to it.
///
/// The description is redacted, because the fields and the content may hold credentials.
public struct DocumentRequest: Sendable, CustomStringConvertible, CustomReflectable {
    /// The method, with its content.
    public enum Method: Sendable {
        /// A GET.
        case get
        /// A POST of a form (`application/x-www-form-urlencoded`). The fetcher never repeats it.
        case postForm([UInt8])
    }

    /// The URL.
    public var url: AbsoluteURL
    /// The method.
    public var method: Method
    /// Further request fields, such as `If-None-Match`.
    public var fields: HTTPFields
    /// The largest acceptable body in bytes. A larger one is ``FetchError/tooLarge(limit:)``.
    public var maximumBodyBytes: Int

    /// A request for `url`; a GET by default.
    public init(
        url: AbsoluteURL, method: Method = .get, fields: HTTPFields = HTTPFields(), maximumBodyBytes: Int
    ) {
        self.url = url
        self.method = method
        self.fields = fields
        self.maximumBodyBytes = maximumBodyBytes
    }

    /// A constant, which shows nothing of the request.
    public var description: String { "<document request>" }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

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

/// Why a document could not be fetched. No case holds a URL, a field or the text of a library.
public enum FetchError: Error, Sendable, Hashable {
    /// The policy of the fetcher does not admit this URL.
    case notAllowed
    /// The host name has no address.
    case notResolved
    /// The policy of the fetcher blocks the address of the host.
    case blockedAddress
    /// The connection could not be made, or it broke.
    case connectionFailed
    /// The connection or the whole exchange took too long.
    case timedOut
    /// The certificate did not verify, or TLS failed otherwise.
    case tls
    /// The body is larger than the request allows; the limit in bytes.
    case tooLarge(limit: Int)
    /// The response is not valid HTTP.
    case malformedResponse
    /// The task was cancelled.
    case cancelled
    /// The fetcher itself cannot work: for example it is out of memory, or its library is missing.
    case unavailable

    /// A stable, bounded code for events and metrics.
    public var code: String {
        switch self {
        case .notAllowed: "not_allowed"
        case .notResolved: "not_resolved"
        case .blockedAddress: "blocked_address"
        case .connectionFailed: "connection_failed"
        case .timedOut: "timed_out"
        case .tls: "tls"
        case .tooLarge: "too_large"
        case .malformedResponse: "malformed_response"
        case .cancelled: "cancelled"
        case .unavailable: "unavailable"
        }
    }
}
