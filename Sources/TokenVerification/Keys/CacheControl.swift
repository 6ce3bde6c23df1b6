package import HTTPMessages
internal import WireFormat

/// The freshness of a response (RFC 9111), as far as a private cache of one document needs it.
package struct CacheControl: Equatable {
    /// `max-age` in seconds minus the `Age` of the response. Nil when the response does not set its own lifetime: with
    /// `no-store` or `no-cache`, and when `max-age` is absent, repeated or not a number.
    let maxAge: Int?
    /// Whether the response must not be stored at all (`no-store`, RFC 9111 §5.2.2.5).
    package let forbidsStoring: Bool

    package init(_ fields: HTTPFields) {
        var ages: [Int?] = []
        var forbids = false
        var forbidsStoring = false
        // RFC 9110 §5.3: several field lines form one list.
        for line in fields.values(of: .cacheControl) {
            Self.forEachDirective(in: line.bytes) { name, value in
                if Self.isNamed(name, "no-store") { forbidsStoring = true }
                if Self.isNamed(name, "no-cache") { forbids = true }
                if Self.isNamed(name, "max-age") { ages.append(Self.deltaSeconds(value)) }
            }
        }
        self.forbidsStoring = forbidsStoring
        // RFC 9111 §4.2.1: a repeated or malformed `max-age` makes the response stale. This cache uses its default
        // lifetime instead.
        guard !forbids, !forbidsStoring, ages.count == 1, let first = ages[0] else {
            maxAge = nil
            return
        }
        // RFC 9111 §4.2: the remaining freshness is the lifetime minus the age. A malformed `Age` counts as absent.
        let age = fields[.age].flatMap { Self.deltaSeconds($0.bytes[...]) } ?? 0
        maxAge = max(0, first - age)
    }

    /// How long a document is fresh: the remaining `max-age`, limited to `range`, or `otherwise` when there is none.
    package func lifetime(in range: ClosedRange<Duration>, otherwise: Duration) -> Duration {
        guard let maxAge else { return otherwise }
        return min(max(.seconds(maxAge), range.lowerBound), range.upperBound)
    }

    /// RFC 9111 §1.2.2: delta-seconds are digits. A larger number counts as 2^31 seconds.
    private static func deltaSeconds(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard !bytes.isEmpty, bytes.allSatisfy({ ASCII.isDigit($0) }) else { return nil }
        return min(ASCII.parseDecimal(bytes) ?? 1 << 31, 1 << 31)
    }

    private static func isNamed(_ name: ArraySlice<UInt8>, _ wanted: StaticString) -> Bool {
        ASCII.equalsIgnoringCase(name, wanted.description.utf8)
    }

    /// RFC 9111 §5.2: `token [ "=" ( token / quoted-string ) ]`, separated by commas. A malformed directive is ignored.
    private static func forEachDirective(
        in bytes: [UInt8], _ body: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void
    ) {
        var rest = bytes[...]
        while !rest.isEmpty {
            var isQuoted = false
            var isEscaped = false
            // A comma inside a quoted string is not a separator.
            let comma = rest.firstIndex { byte in
                if isEscaped {
                    isEscaped = false
                } else if isQuoted, byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted.toggle()
                }
                return !isQuoted && byte == UInt8(ascii: ",")
            }
            let directive = OptionalWhiteSpace.trimmed(rest[..<(comma ?? rest.endIndex)])
            rest = comma.map { rest[($0 + 1)...] } ?? []
            let equals = directive.firstIndex(of: UInt8(ascii: "="))
            body(
                directive[..<(equals ?? directive.endIndex)],
                unquoted(equals.map { directive[($0 + 1)...] } ?? []))
        }
    }

    /// RFC 9111 §5.2: recipients accept both forms of an argument.
    private static func unquoted(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") else {
            return bytes
        }
        return bytes.dropFirst().dropLast()
    }
}

/// The validators for a conditional request (RFC 9110 §8.8).
package struct Validators: Sendable, Equatable {
    var eTag: HTTPFields.Value?
    var lastModified: HTTPFields.Value?

    /// Reads the validators of a response. A repeated, empty or overlong validator is ignored.
    ///
    /// A validator that is not UTF-8 is ignored too. RFC 9110 §8.8.3 allows its bytes. However, a fetcher that cannot
    /// send them would refuse every later request.
    package init(_ fields: HTTPFields) {
        func validator(_ name: HTTPFields.Name) -> HTTPFields.Value? {
            guard let value = fields[name], value.string != nil,
                (1...RemoteKeySet.Limits.maximumValidatorBytes).contains(value.bytes.count)
            else { return nil }
            return value
        }
        eTag = validator(.eTag)
        lastModified = validator(.lastModified)
    }

    /// Whether there is no validator. Then a request is not conditional, and a 304 is not a valid response.
    package var isEmpty: Bool { eTag == nil && lastModified == nil }

    /// Appends the validators to a request (RFC 9110 §13.1.2, §13.1.3). A server that supports `If-None-Match` ignores
    /// `If-Modified-Since`.
    package func write(to fields: inout HTTPFields) {
        if let eTag { fields.append(.ifNoneMatch, eTag) }
        if let lastModified { fields.append(.ifModifiedSince, lastModified) }
    }
}
