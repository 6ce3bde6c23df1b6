internal import WireFormat

/// A pattern for URIs or paths. It also matches other spellings that a handler may read as a matching text.
///
/// A missed match would skip the scopes of a rule. So a text is matched as it was sent, and again after
/// percent-decoding, without dot segments, repeated slashes, default ports, userinfo, path parameters, query and
/// fragment, and without regard to ASCII case. If any reading matches, the rule applies. A text without a reliable
/// reading is matched by every pattern.
struct ResourceURIPattern: Sendable, Hashable {
    private let asWritten: GlobPattern
    private let readings: [GlobPattern]

    init(_ pattern: String) {
        let bytes = Array(pattern.utf8)
        asWritten = GlobPattern(bytes, .slashes)
        // The pattern itself may be spelled in any of these ways.
        let folded = ResourceURIReadings.decodings(bytes).text.map { ASCII.lowercased($0) }
        var readings: Set = [GlobPattern(folded, .slashes)]
        if let canonical = ResourceURIReadings.canonical(folded) { readings.insert(GlobPattern(canonical, .slashes)) }
        self.readings = Array(readings)
    }

    func matches(_ locator: ResourceURIReadings) -> Bool {
        if locator.isUnclear || asWritten.matches(locator.asSent) { return true }
        return locator.readings.contains { reading in readings.contains { $0.matches(reading) } }
    }
}

/// A URI or a path, with all readings that a handler may use.
struct ResourceURIReadings: Sendable {
    /// What a text is.
    enum Kind: Sendable {
        /// An absolute URI. A URI without a scheme is unclear: the guard does not know the base that a handler resolves
        /// it against.
        case uri
        /// The path of a request.
        case path
    }

    let asSent: [UInt8]
    let readings: Set<[UInt8]>
    /// Whether no reading is reliable: the text is percent-encoded too often, or holds control bytes or other spellings
    /// of ASCII after decoding.
    let isUnclear: Bool

    init(_ text: [UInt8], _ kind: Kind) {
        asSent = text
        var readings: Set<[UInt8]> = []
        var isUnclear = false
        // Some readers remove query and fragment before decoding and some after it, and some decode more often than
        // others. All combinations are readings.
        let decodings = [Self.decodings(text), Self.decodings(Self.cut(text))]
        if decodings.contains(where: { !$0.isSettled }) { isUnclear = true }
        for decoded in decodings.flatMap({ $0.earlier + [$0.text] }) {
            let folded = decoded.map { ASCII.lowercased($0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0) }
            if folded.contains(where: { $0 < 0x20 || $0 == 0x7F }) || Self.holdsDisguisedText(folded) {
                isUnclear = true
            }
            for whole in [folded, Self.cut(folded)] {
                var plain = [whole]
                switch kind {
                case .path: plain.append(Self.canonicalPath(whole[...]))
                case .uri:
                    guard let canonical = Self.canonical(whole) else {
                        isUnclear = true
                        continue
                    }
                    plain.append(canonical)
                    if let local = Self.withoutFileHost(canonical) { plain.append(local) }
                }
                for reading in plain {
                    readings.insert(reading)
                    // A handler may name a folder with or without a slash at the end.
                    if reading.last == UInt8(ascii: "/") {
                        readings.insert(Array(reading.dropLast()))
                    } else {
                        readings.insert(reading + [UInt8(ascii: "/")])
                    }
                }
            }
        }
        self.readings = readings
        self.isUnclear = isUnclear
    }

    /// The maximum number of rounds of percent-encoding that are undone.
    private static let maximumRounds = 4

    /// Percent-decodes until nothing changes, and returns the earlier texts too. `isSettled` is false when this takes
    /// too many rounds.
    static func decodings(_ text: [UInt8]) -> (earlier: [[UInt8]], text: [UInt8], isSettled: Bool) {
        var text = text
        var earlier: [[UInt8]] = []
        for _ in 0..<maximumRounds {
            var decoded: [UInt8] = []
            decoded.reserveCapacity(text.count)
            var index = text.startIndex
            while index < text.endIndex {
                if text[index] == UInt8(ascii: "%"), let octet = PercentEncoding.octet(in: text, at: index + 1) {
                    decoded.append(octet.byte)
                    index = octet.end
                } else {
                    decoded.append(text[index])
                    index += 1
                }
            }
            if decoded.count == text.count { return (earlier, text, true) }
            earlier.append(text)
            text = decoded
        }
        return (earlier, text, false)
    }

    /// Whether a text holds a character that is canonically equivalent to another one, such as U+212A to `K`. `String`
    /// treats the two as equal (Unicode), so that a handler in Swift may find a name that no pattern of bytes matches.
    static func holdsDisguisedText(_ text: [UInt8]) -> Bool {
        guard text.contains(where: { $0 >= 0x80 }) else { return false }
        // Every character that is equivalent to ASCII has this property. Normalized text has none of them.
        return String(decoding: text, as: UTF8.self).unicodeScalars.contains {
            $0.properties.isFullCompositionExclusion
        }
    }

    /// The canonical form of a `file:` URI without its host; nil when it names none. A handler that opens the path
    /// ignores the host.
    private static func withoutFileHost(_ canonical: [UInt8]) -> [UInt8]? {
        let prefix = "file://".utf8
        guard canonical.starts(with: prefix) else { return nil }
        let path = canonical.dropFirst(prefix.count).drop { $0 != UInt8(ascii: "/") }
        return path.startIndex == prefix.count ? nil : Array(prefix) + path
    }

    /// The text without query and fragment.
    private static func cut(_ text: [UInt8]) -> [UInt8] {
        Array(text.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
    }

    /// RFC 3986 §6.2: `scheme://authority/path` of a lower-case text, without parts that make no difference; nil
    /// without a scheme.
    static func canonical(_ text: [UInt8]) -> [UInt8]? {
        let text = text.drop { $0 == 0x20 }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex,
            text[..<colon].allSatisfy({ byte in
                ASCII.isLetter(byte) || ASCII.isDigit(byte) || "+-.".utf8.contains(byte)
            })
        else { return nil }
        let scheme = text[..<colon]
        var rest = text[(colon + 1)...]
        var authority: ArraySlice<UInt8> = []
        if rest.starts(with: "//".utf8) {
            rest = rest.dropFirst(2)
            authority = rest.prefix { $0 != UInt8(ascii: "/") }
            rest = rest.dropFirst(authority.count)
        }
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority[(at + 1)...] }
        for port in [":", scheme.elementsEqual("https".utf8) ? ":443" : ":80"]
        where authority.suffix(port.utf8.count).elementsEqual(port.utf8) {
            authority = authority.dropLast(port.utf8.count)
        }
        if authority.last == UInt8(ascii: ".") { authority = authority.dropLast() }
        // RFC 8089 §2: `localhost` and no host are the same.
        if scheme.elementsEqual("file".utf8), authority.elementsEqual("localhost".utf8) { authority = [] }
        return Array(scheme) + Array("://".utf8) + Array(authority) + canonicalPath(rest)
    }

    /// RFC 3986 §5.2.4: the path without dot segments, and also without empty segments and path parameters. It begins
    /// with a `/`.
    private static func canonicalPath(_ path: ArraySlice<UInt8>) -> [UInt8] {
        var segments: [ArraySlice<UInt8>] = []
        let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for part in parts {
            let segment = part.prefix { $0 != UInt8(ascii: ";") }
            if segment.elementsEqual("..".utf8) {
                _ = segments.popLast()
            } else if !segment.isEmpty, !segment.elementsEqual(".".utf8) {
                segments.append(segment)
            }
        }
        var canonical: [UInt8] = []
        for segment in segments {
            canonical.append(UInt8(ascii: "/"))
            canonical += segment
        }
        if canonical.isEmpty || path.last == UInt8(ascii: "/") { canonical.append(UInt8(ascii: "/")) }
        return canonical
    }
}
