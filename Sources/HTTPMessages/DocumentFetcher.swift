public import WireFormat

/// The port to outgoing HTTP: fetch one document under the fetcher's policy.
///
/// Implementers answer every final status as a ``FetchedDocument`` (a redirect too: it is never followed), verify TLS,
/// count the body while reading, and stop when the task is cancelled.
public protocol DocumentFetcher: Sendable {
    /// Fetches one document.
    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument
}

/// What to fetch: a GET of one URL, or a POST to it.
///
/// Its description is redacted: the fields and the content may hold credentials.
public struct DocumentRequest: Sendable, CustomStringConvertible, CustomReflectable {
    /// The method, with what it carries.
    public enum Method: Sendable {
        /// A GET.
        case get
        /// A POST of a form (`application/x-www-form-urlencoded`). Never repeated by the fetcher.
        case postForm([UInt8])
    }

    /// The URL.
    public var url: AbsoluteURL
    /// The method.
    public var method: Method
    /// Extra request fields, such as `If-None-Match`.
    public var fields: HTTPFields
    /// The largest acceptable body in bytes; more is ``FetchError/tooLarge(limit:)``.
    public var maximumBodyBytes: Int

    /// A request of `url`; without a method a GET.
    public init(
        url: AbsoluteURL, method: Method = .get, fields: HTTPFields = HTTPFields(), maximumBodyBytes: Int
    ) {
        self.url = url
        self.method = method
        self.fields = fields
        self.maximumBodyBytes = maximumBodyBytes
    }

    /// Says nothing about the request.
    public var description: String { "<document request>" }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What came back.
public struct FetchedDocument: Sendable {
    /// The final status.
    public var status: HTTPStatus
    /// The response fields.
    public var fields: HTTPFields
    /// The content, at most the size asked for.
    public var body: [UInt8]

    /// A fetched document.
    public init(status: HTTPStatus, fields: HTTPFields = HTTPFields(), body: [UInt8]) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// Why nothing came back. No case holds a URL, a header or a library's text.
public enum FetchError: Error, Sendable, Hashable {
    /// The policy of the fetcher does not admit this URL.
    case notAllowed
    /// The host name has no address.
    case notResolved
    /// An address that the policy blocks.
    case blockedAddress
    /// No connection could be made, or it broke.
    case connectionFailed
    /// The connection or the whole exchange took too long.
    case timedOut
    /// The certificate did not verify, or TLS failed otherwise.
    case tls
    /// The body is larger than asked for; the limit in bytes.
    case tooLarge(limit: Int)
    /// The peer did not speak HTTP.
    case malformedResponse
    /// The task was cancelled.
    case cancelled
    /// The fetcher itself could not work (out of memory, no library).
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
