internal import HTTPMessages
internal import WireFormat

/// What a response says about its freshness (RFC 9111), as far as a private cache of one document asks.
struct CacheControl: Equatable {
    /// `max-age` in seconds, less the `Age` that the response already has; nil when the response is not to be kept for
    /// a time of its own: `no-store`, `no-cache`, no `max-age`, several, or one that is no number.
    let maxAge: Int?

    init(_ fields: HTTPFields) {
        var ages: [Int?] = []
        var forbids = false
        // RFC 9110 §5.3: several lines are one list.
        for line in fields.values(of: .cacheControl) {
            Self.forEachDirective(in: line.bytes) { name, value in
                if Self.isNamed(name, "no-store") || Self.isNamed(name, "no-cache") { forbids = true }
                if Self.isNamed(name, "max-age") { ages.append(Self.deltaSeconds(value)) }
            }
        }
        // RFC 9111 §4.2.1: several values, or one that is no number, make the response stale; it gets the default.
        guard !forbids, ages.count == 1, let first = ages[0] else {
            maxAge = nil
            return
        }
        // RFC 9111 §4.2: fresh for its lifetime less its age. An `Age` that is no number is none.
        let age = fields[.age].flatMap { Self.deltaSeconds($0.bytes[...]) } ?? 0
        maxAge = max(0, first - age)
    }

    /// How long a document counts as fresh: the remaining `max-age` within `range`, or `otherwise`.
    func lifetime(in range: ClosedRange<Duration>, otherwise: Duration) -> Duration {
        guard let maxAge else { return otherwise }
        return min(max(.seconds(maxAge), range.lowerBound), range.upperBound)
    }

    /// RFC 9111 §1.2.2: digits; more than fits counts as 2^31 seconds.
    private static func deltaSeconds(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard !bytes.isEmpty, bytes.allSatisfy({ ASCII.isDigit($0) }) else { return nil }
        return min(ASCII.parseDecimal(bytes) ?? 1 << 31, 1 << 31)
    }

    private static func isNamed(_ name: ArraySlice<UInt8>, _ wanted: StaticString) -> Bool {
        ASCII.equalsIgnoringCase(name, wanted.description.utf8)
    }

    /// RFC 9111 §5.2: `token [ "=" ( token / quoted-string ) ]`, separated by commas. What is no directive is passed over.
    private static func forEachDirective(
        in bytes: [UInt8], _ body: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void
    ) {
        var rest = bytes[...]
        while !rest.isEmpty {
            var isQuoted = false
            var isEscaped = false
            // A comma inside a quoted string separates nothing.
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

    /// RFC 9111 §5.2: recipients take both forms of an argument.
    private static func unquoted(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") else {
            return bytes
        }
        return bytes.dropFirst().dropLast()
    }
}

/// What a document is asked for again with (RFC 9110 §8.8).
struct Validators: Sendable, Equatable {
    var eTag: HTTPFields.Value?
    var lastModified: HTTPFields.Value?

    /// The validators of a response; a repeated, empty or overlong one is none.
    ///
    /// Nor is one that is not UTF-8: RFC 9110 §8.8.3 admits its bytes, but a fetcher that cannot send them would refuse every
    /// request from then on.
    init(_ fields: HTTPFields) {
        func validator(_ name: HTTPFields.Name) -> HTTPFields.Value? {
            guard let value = fields[name], value.string != nil,
                (1...RemoteKeySet.Limits.maximumValidatorBytes).contains(value.bytes.count)
            else { return nil }
            return value
        }
        eTag = validator(.eTag)
        lastModified = validator(.lastModified)
    }

    /// Whether there is none, so that a 304 would answer a question that was not asked.
    var isEmpty: Bool { eTag == nil && lastModified == nil }

    /// Puts them into a request (RFC 9110 §13.1.2, §13.1.3). A server that knows the first ignores the second.
    func write(to fields: inout HTTPFields) {
        if let eTag { fields.append(.ifNoneMatch, eTag) }
        if let lastModified { fields.append(.ifModifiedSince, lastModified) }
    }
}
