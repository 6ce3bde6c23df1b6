import WireFormat

/// A media type without its parameters (RFC 9110 §8.3.1): `type/subtype`, compared without regard to ASCII case.
package struct MediaType: Sendable, Hashable, CustomStringConvertible {
    private let lowercasedBytes: [UInt8]

    /// Reads a field value, or one element of `Accept`: the text before the first `;`, without white space at its ends.
    /// Nil when that is not two tokens with a `/` between them.
    ///
    /// **Does not check** the parameters.
    package init?(bytes: some BidirectionalCollection<UInt8>) {
        let type = Array(OptionalWhiteSpace.trimmed(bytes.prefix { $0 != UInt8(ascii: ";") }))
        guard let slash = type.firstIndex(of: UInt8(ascii: "/")), slash > 0, slash < type.count - 1,
            type[..<slash].allSatisfy({ ASCII.isTokenByte($0) }),
            type[(slash + 1)...].allSatisfy({ ASCII.isTokenByte($0) })
        else { return nil }
        lowercasedBytes = type.map { ASCII.lowercased($0) }
    }

    /// Reads a text; nil when it is not a media type.
    package init?(_ text: String) {
        self.init(bytes: text.utf8)
    }

    /// Whether this is the other type, or a range that holds it: `text/*`, `*/*` (RFC 9110 §12.5.1).
    package func covers(_ other: MediaType) -> Bool {
        if self == other || lowercasedBytes.elementsEqual("*/*".utf8) { return true }
        return lowercasedBytes.suffix(2).elementsEqual("/*".utf8)
            && other.lowercasedBytes.starts(with: lowercasedBytes.dropLast())
    }

    private init(known text: String) {
        lowercasedBytes = Array(text.utf8)
    }

    /// `type/subtype` in lower case.
    package var description: String { String(decoding: lowercasedBytes, as: UTF8.self) }

    /// `application/json`
    package static let json = MediaType(known: "application/json")
    /// `application/x-www-form-urlencoded`
    package static let form = MediaType(known: "application/x-www-form-urlencoded")
    /// `text/event-stream`
    package static let eventStream = MediaType(known: "text/event-stream")
}

extension HTTPFields {
    /// The media type that `Content-Type` says; nil when the field is absent, repeated or malformed.
    ///
    /// RFC 9110 §8.3: a recipient that picks one of several values may pick another one than the next recipient.
    package var mediaType: MediaType? {
        self[.contentType].flatMap { MediaType(bytes: $0.bytes) }
    }

    /// Whether `Content-Type` says that the content is of this media type, such as `"application/json"`.
    ///
    /// ASCII case and parameters do not count. False when the field is absent, repeated or malformed.
    /// - SeeAlso: [RFC 9110 §8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.3)
    public func contentIs(_ mediaType: StaticString) -> Bool {
        self.mediaType.map { $0 == MediaType(mediaType.description) } ?? false
    }

    /// Whether `Accept` admits content of this media type, such as `"text/event-stream"`, by its name or by a range.
    /// Without the field every media type is admitted.
    ///
    /// **Does not check** the weights: a type with `q=0` counts as admitted.
    /// - SeeAlso: [RFC 9110 §12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1)
    public func accepts(_ mediaType: StaticString) -> Bool {
        let values = values(of: .accept)
        guard !values.isEmpty else { return true }
        guard let wanted = MediaType(mediaType.description) else { return false }
        return values.contains { value in
            value.bytes.split(separator: UInt8(ascii: ",")).contains { MediaType(bytes: $0)?.covers(wanted) ?? false }
        }
    }
}
