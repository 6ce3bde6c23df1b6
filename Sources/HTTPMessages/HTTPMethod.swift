import WireFormat

/// A request method: a case-sensitive token (RFC 9110 §9.1). `get` is not `GET`.
public struct HTTPMethod: Sendable, Hashable, CustomStringConvertible {
    /// The method as sent.
    public let name: String

    /// A method in any valid spelling; nil when the text is not an RFC 9110 token of 1…32 bytes.
    public init?(_ name: String) {
        guard (1...32).contains(name.utf8.count), name.utf8.allSatisfy({ ASCII.isTokenByte($0) }) else { return nil }
        self.name = name
    }

    private init(known name: String) {
        self.name = name
    }

    /// `GET`
    public static let get = HTTPMethod(known: "GET")
    /// `HEAD`
    public static let head = HTTPMethod(known: "HEAD")
    /// `POST`
    public static let post = HTTPMethod(known: "POST")
    /// `PUT`
    public static let put = HTTPMethod(known: "PUT")
    /// `PATCH`
    public static let patch = HTTPMethod(known: "PATCH")
    /// `DELETE`
    public static let delete = HTTPMethod(known: "DELETE")
    /// `OPTIONS`
    public static let options = HTTPMethod(known: "OPTIONS")

    /// The method as sent.
    public var description: String { name }
}
