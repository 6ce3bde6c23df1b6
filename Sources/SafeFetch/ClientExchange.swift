package import HTTPMessages
package import WireFormat

/// A request of any method to a URL that the operator has named, for programs that act as a client of a server. A
/// program that only reads documents uses a `DocumentRequest`.
///
/// The description is redacted, because the fields and the content may hold credentials.
package struct ClientExchange: Sendable, CustomStringConvertible, CustomReflectable {
    /// A method, with its content.
    package struct Method: Sendable {
        package let name: HTTPMethod
        let content: Content?

        struct Content: Sendable {
            let mediaType: MediaType
            let bytes: [UInt8]
        }

        /// A GET.
        package static let get = Method(.get)

        /// A method without content.
        package init(_ name: HTTPMethod) {
            self.name = name
            content = nil
        }

        /// A POST of these bytes, which are sent at most once.
        package static func post(_ bytes: [UInt8], as mediaType: MediaType) -> Method {
            Method(name: .post, content: Content(mediaType: mediaType, bytes: bytes))
        }

        private init(name: HTTPMethod, content: Content) {
            self.name = name
            self.content = content
        }

        /// The bytes of the content; nil without content.
        package var bytes: [UInt8]? { content?.bytes }
        /// The media type of the content; nil without content.
        package var mediaType: MediaType? { content?.mediaType }
    }

    /// The URL.
    package var url: AbsoluteURL
    /// The method.
    package var method: Method
    /// Further request fields.
    package var fields: HTTPFields
    /// The largest acceptable body in bytes.
    package var maximumBodyBytes: Int

    /// A request.
    package init(
        _ url: AbsoluteURL, _ method: Method = .get, fields: HTTPFields = HTTPFields(), maximumBodyBytes: Int
    ) {
        self.url = url
        self.method = method
        self.fields = fields
        self.maximumBodyBytes = maximumBodyBytes
    }

    /// A constant, which shows nothing of the request.
    package var description: String { "<client exchange>" }
    /// Shows no member.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
