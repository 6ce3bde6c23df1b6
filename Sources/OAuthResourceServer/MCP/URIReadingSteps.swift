internal import WireFormat

/// The steps by which handlers and URL parsers turn one spelling of a URI or path into another.
enum URIReadingSteps {
    /// One round of percent-decoding (RFC 3986 §2.1). A `%` without two hexadecimal digits stays.
    static func decoded(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(UInt8(ascii: "%")) else { return text }
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
        return decoded
    }

    /// The text without regard to case, which many handlers and file systems ignore: in lower case (Unicode), with `ss`
    /// for U+00DF and `s` for U+017F. Bytes that are not UTF-8 stay.
    static func folded(_ text: [UInt8]) -> [UInt8] {
        let lowered = text.map { ASCII.lowercased($0) }
        guard lowered.contains(where: { $0 >= 0x80 }), let valid = String(validating: lowered, as: UTF8.self) else {
            return lowered
        }
        var folded = ""
        for scalar in valid.unicodeScalars {
            switch scalar {
            case "\u{DF}", "\u{1E9E}": folded += "ss"
            case "\u{17F}": folded += "s"
            case "\u{3C2}": folded += "\u{3C3}"
            default: folded += scalar.isASCII ? String(scalar) : scalar.properties.lowercaseMapping
            }
        }
        return Array(folded.utf8)
    }

    /// Whether readers disagree about a text because of its characters: it holds controls, or a character that is
    /// canonically equivalent to another one, such as U+212A to `K`, and never part of normalized text. `String` treats
    /// the two as equal, and a file system may too.
    static func isDisguised(_ text: [UInt8]) -> Bool {
        guard !text.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return true }
        guard text.contains(where: { $0 >= 0x80 }) else { return false }
        return String(decoding: text, as: UTF8.self).unicodeScalars.contains {
            $0.properties.isFullCompositionExclusion
        }
    }

    /// Whether a reader may leave the place that a URI names, or be misled about it: it holds bytes beyond ASCII, `..`,
    /// a segment `.`, `\`, `//` after its authority began, or a `%` without two hexadecimal digits.
    static func leadsElsewhere(_ uri: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/"), dot = UInt8(ascii: ".")
        guard uri.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "\\") }),
            let colon = uri.firstIndex(of: UInt8(ascii: ":"))
        else { return true }
        // `file:///` has three slashes, of which two begin the authority.
        let rest = uri[(colon + 1)...].dropFirst(uri[(colon + 1)...].starts(with: "//".utf8) ? 2 : 0)
        for index in rest.indices {
            let next = rest[(index + 1)...].first
            switch rest[index] {
            case UInt8(ascii: "%"): if PercentEncoding.octet(in: uri, at: index + 1) == nil { return true }
            case dot where next == dot: return true
            case slash where next == slash: return true
            case slash where next == dot:
                guard let end = rest[(index + 2)...].first, PercentEncoding.isUnreserved(end) else { return true }
            default: break
            }
        }
        return false
    }

    /// The text without the parts that some readers remove or replace: spaces around it, query and fragment, and `\`,
    /// which the URL Standard reads as `/`.
    static func shortened(_ text: [UInt8]) -> [[UInt8]] {
        var shortened: [[UInt8]] = []
        if let end = text.firstIndex(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
            shortened.append(Array(text[..<end]))
        }
        if let end = text.firstIndex(of: UInt8(ascii: "#")) { shortened.append(Array(text[..<end])) }
        if text.first == 0x20 || text.last == 0x20 {
            shortened.append(Array(OptionalWhiteSpace.trimmed(text[...])))
        }
        // `java.net.URL` drops this prefix, and `view-source:`, `feed:` and `jar:` stand before a whole URI.
        if let colon = text.firstIndex(of: UInt8(ascii: ":")), text[(colon + 1)...].first != UInt8(ascii: "/") {
            let rest = text[(colon + 1)...]
            let inner = rest.prefix { ASCII.isLetter($0) || ASCII.isDigit($0) || "+-.".utf8.contains($0) }
            if text[..<colon].elementsEqual("url".utf8) || rest.dropFirst(inner.count).starts(with: ":/".utf8) {
                shortened.append(Array(rest))
            }
        }
        if text.contains(UInt8(ascii: "\\")) {
            shortened.append(text.map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 })
        }
        return shortened
    }

    /// A path without dot segments (RFC 3986 §5.2.4), and also without path parameters (`;…`), without empty segments,
    /// and without both. Readers remove them before or after the dot segments.
    static func canonicalPaths(_ path: ArraySlice<UInt8>) -> [[UInt8]] {
        let slash = UInt8(ascii: "/")
        guard needsCanonicalPath(path) else { return [Array(path)] }
        let segments = path.split(separator: slash, omittingEmptySubsequences: false)
        // A path begins with a slash, so that the first part is empty. An opaque one is read as if it did.
        let kept = segments.first?.isEmpty == true ? Array(segments.dropFirst()) : segments
        let bare = kept.map { $0.prefix { $0 != UInt8(ascii: ";") } }
        var canonical: [[UInt8]] = []
        for parts in kept == bare ? [kept] : [kept, bare] {
            let resolved = withoutDotSegments(parts)
            canonical.append(joined(resolved))
            guard parts.dropLast().contains(where: \.isEmpty) || parts.count != resolved.count else { continue }
            canonical.append(joined(withoutEmptySegments(resolved)))
            canonical.append(joined(withoutDotSegments(withoutEmptySegments(parts))))
        }
        return canonical
    }

    /// Whether a path has parameters, empty segments, or a segment that begins with a dot or a percent sign (`%2e`), or
    /// does not begin with `/`.
    private static func needsCanonicalPath(_ path: ArraySlice<UInt8>) -> Bool {
        var last = UInt8(ascii: "x")
        for byte in path {
            if byte == UInt8(ascii: ";") { return true }
            if last == UInt8(ascii: "/"), byte == last || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "%") {
                return true
            }
            last = byte
        }
        return path.first != UInt8(ascii: "/")
    }

    private static func withoutDotSegments(_ segments: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
        var resolved: [ArraySlice<UInt8>] = []
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch URLGrammar.dots(of: segment) {
            case 2:
                _ = resolved.popLast()
                if isLast { resolved.append([]) }
            case 1: if isLast { resolved.append([]) }
            default: resolved.append(segment)
            }
        }
        return resolved
    }

    /// The last segment stays when it is empty: the path ends in a slash.
    private static func withoutEmptySegments(_ segments: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
        segments.dropLast().filter { !$0.isEmpty } + segments.suffix(1)
    }

    private static func joined(_ segments: [ArraySlice<UInt8>]) -> [UInt8] {
        var path: [UInt8] = []
        for segment in segments {
            path.append(UInt8(ascii: "/"))
            path += segment
        }
        return path.isEmpty ? [UInt8(ascii: "/")] : path
    }
}
