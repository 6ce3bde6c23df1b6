public import WireFormat

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
