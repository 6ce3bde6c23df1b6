import WireFormat

/// A media type without its parameters (RFC 9110 §8.3.1): `type/subtype`, compared without regard to ASCII case.
public struct MediaType: Sendable, Hashable, CustomStringConvertible {
    private let lowercasedBytes: [UInt8]

    /// Reads a field value, or one element of `Accept`: what stands before the first `;`, without white space around it.
    /// Nil when that is not two tokens with a `/` between them.
    ///
    /// **Does not check** the parameters: nothing here is decided by one.
    public init?(bytes: some BidirectionalCollection<UInt8>) {
        let type = Array(OptionalWhiteSpace.trimmed(bytes.prefix { $0 != UInt8(ascii: ";") }))
        guard let slash = type.firstIndex(of: UInt8(ascii: "/")), slash > 0, slash < type.count - 1,
            type[..<slash].allSatisfy({ ASCII.isTokenByte($0) }),
            type[(slash + 1)...].allSatisfy({ ASCII.isTokenByte($0) })
        else { return nil }
        lowercasedBytes = type.map { ASCII.lowercased($0) }
    }

    /// Reads a text; nil when it is no media type.
    public init?(_ text: String) {
        self.init(bytes: text.utf8)
    }

    private init(known text: String) {
        lowercasedBytes = Array(text.utf8)
    }

    /// `type/subtype` in lower case.
    public var description: String { String(decoding: lowercasedBytes, as: UTF8.self) }

    /// `application/json`
    public static let json = MediaType(known: "application/json")
    /// `application/x-www-form-urlencoded`
    public static let form = MediaType(known: "application/x-www-form-urlencoded")
    /// `text/event-stream`
    public static let eventStream = MediaType(known: "text/event-stream")
}

extension HTTPFields {
    /// What `Content-Type` says the content is; nil when the field is absent, repeated or malformed.
    ///
    /// RFC 9110 §8.3: a recipient that picks one of several values differs from one that picks another.
    public var mediaType: MediaType? {
        self[.contentType].flatMap { MediaType(bytes: $0.bytes) }
    }
}
