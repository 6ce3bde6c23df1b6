internal import WireFormat

/// How URL parsers in use read the authority of a URI: RFC 3986, the URL Standard of browsers, libcurl and Foundation.
///
/// | scheme | what follows it | readings |
/// |---|---|---|
/// | web | `//`, host, no port or a canonical one | the host without a dot at its end, without a default port |
/// | web | anything else, as one slash, three, or `\` | unclear: these parsers disagree |
/// | web | a host beyond ASCII, or numeric as `127.1` | unclear: some parsers map it to another one |
/// | file | an authority, with or without `//` | also without it, since handlers open the path |
/// | file | a drive letter that is not spelled `/c:/` | unclear: only some parsers know drive letters |
/// | other | an authority, behind `//` | also without user information, without the port, and without both |
/// | other | an authority behind other slashes, or none | the same: libcurl and Foundation find it there |
/// | other | a host with other bytes, as `;`, `,` and brackets, or one that is mapped, as U+FF50 to `p` | unclear |
/// | other | more than one colon | with the text before the first and the last one as host |
/// | other | a numeric host | also as an address |
/// | other | no slash | also as the host of a URL, because libcurl guesses a scheme |
///
/// The schemes of the web are `http`, `https`, `ws`, `wss` and `ftp`.
enum URIAuthority {
    /// What the parsers make of a text.
    enum Readings {
        case unclear
        /// Other spellings that stand for the same URI.
        case clear([[UInt8]])
    }

    /// A lower-case URI in parts: scheme, authority and path. The path includes query and fragment.
    struct Reference {
        let scheme: ArraySlice<UInt8>
        /// Nil without `//`.
        let authority: ArraySlice<UInt8>?
        let path: ArraySlice<UInt8>

        /// Nil without a scheme (RFC 3986 §3.1).
        init?(_ text: [UInt8]) {
            guard let colon = text.firstIndex(of: UInt8(ascii: ":")), let first = text.first, ASCII.isLetter(first),
                text[..<colon].allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || "+-.".utf8.contains($0) })
            else { return nil }
            scheme = text[..<colon]
            let rest = text[(colon + 1)...]
            guard rest.starts(with: "//".utf8) else {
                (authority, path) = (nil, rest)
                return
            }
            let behind = rest.dropFirst(2)
            let end = behind.firstIndex { "/?#".utf8.contains($0) } ?? behind.endIndex
            (authority, path) = (behind[..<end], behind[end...])
        }

        /// The default port of a scheme whose URLs always have a host; nil for other schemes.
        var defaultPort: UInt16? {
            switch String(decoding: scheme, as: UTF8.self) {
            case "http", "ws": 80
            case "https", "wss": 443
            case "ftp": 21
            default: nil
            }
        }

        /// The same URI with `//` and an authority, for readers that find one behind fewer or more slashes; nil when
        /// there are none.
        var withAuthority: Reference? {
            if let authority, isFile || !authority.isEmpty { return self }
            let slashes = path.prefix { $0 == UInt8(ascii: "/") }.count
            guard slashes == 0 || slashes == 1 && !isFile else { return authority == nil ? nil : self }
            return Reference(Array(scheme) + Array("://".utf8) + path.dropFirst(slashes))
        }

        var isFile: Bool { scheme.elementsEqual("file".utf8) }
    }

    /// The readings of a lower-case text. Texts without a scheme are unclear.
    static func readings(of text: [UInt8]) -> Readings {
        guard let uri = Reference(text) else { return .unclear }
        if let port = uri.defaultPort { return webReadings(of: uri, defaultPort: port) }
        if uri.isFile, holdsUnclearDriveLetter(uri) { return .unclear }
        var readings: [[UInt8]] = []
        if uri.authority == nil {
            readings = texts(uri, [[]])
            if uri.path.first != UInt8(ascii: "/") {
                guard let guessed = guessedReadings(of: text) else { return .unclear }
                readings += guessed
            }
        }
        guard let whole = uri.withAuthority else { return .clear(readings) }
        let isCertain = uri.authority?.isEmpty == false
        guard let hosts = hosts(of: whole.authority ?? [], isCertain: isCertain) else { return .unclear }
        return .clear(readings + texts(whole, uri.isFile ? hosts + [[]] : hosts))
    }

    /// The readings of a text whose host is clear already.
    static func pathReadings(of text: [UInt8]) -> Readings {
        guard let uri = Reference(text) else { return .unclear }
        return .clear(texts(uri, [Array(uri.authority ?? [])]))
    }

    /// Canonical spellings of a lower-case pattern. They are never unclear, because a pattern is the operator's.
    static func canonicalPattern(_ uri: Reference) -> [[UInt8]] {
        var host = uri.authority ?? []
        if let at = host.lastIndex(of: UInt8(ascii: "@")) { host = host[(at + 1)...] }
        var hosts = [Array(host)]
        for port in [":", uri.defaultPort.map { ":\($0)" } ?? ":"]
        where host.suffix(port.utf8.count).elementsEqual(port.utf8) {
            host = host.dropLast(port.utf8.count)
        }
        host = withoutDot(host)
        // RFC 8089 §2: `localhost` and no host are the same.
        if uri.isFile, host.elementsEqual("localhost".utf8) { host = [] }
        hosts.append(Self.canonicalHost(host) ?? Array(host))
        return texts(uri, hosts)
    }

    // MARK: The rows

    private static func webReadings(of uri: Reference, defaultPort: UInt16) -> Readings {
        guard let authority = uri.authority, let place = HostAndPort(authority),
            let host = canonicalHost(withoutDot(place.host))
        else { return .unclear }
        guard let digits = place.port else { return .clear(texts(uri, [host])) }
        guard let port = URLGrammar.port(digits) else { return .unclear }
        return .clear(texts(uri, [port == defaultPort ? host : host + [UInt8(ascii: ":")] + digits]))
    }

    /// The URL Standard keeps a drive letter at the beginning of a path, and takes one from the place of the host.
    private static func holdsUnclearDriveLetter(_ uri: Reference) -> Bool {
        func isDriveLetter(_ text: ArraySlice<UInt8>) -> Bool {
            guard let first = text.first, ASCII.isLetter(first), text.count >= 2 else { return false }
            return ":|".utf8.contains(text[text.startIndex + 1])
        }
        if isDriveLetter(uri.authority ?? []) { return true }
        let segments = uri.path.split(whereSeparator: { "/\\".utf8.contains($0) })
        guard let index = segments.firstIndex(where: isDriveLetter) else { return false }
        let isPlain = segments[index].count == 2 && segments[index].last == UInt8(ascii: ":")
        let hasDots = segments.contains { URLGrammar.dots(of: $0) != nil }
        return !isPlain && index == 0 || hasDots || uri.path.first != UInt8(ascii: "/")
    }

    /// The hosts that an authority of another scheme may name; nil when parsers disagree.
    ///
    /// - Parameter isCertain: Whether the authority stands behind `//`. Otherwise it may be a path that holds any
    ///   characters, and only libcurl and Foundation find a host in it.
    private static func hosts(of authority: ArraySlice<UInt8>, isCertain: Bool) -> [[UInt8]]? {
        let start = authority.lastIndex(of: UInt8(ascii: "@")).map { $0 + 1 } ?? authority.startIndex
        let (before, rest) = (authority[..<start], authority[start...])
        // An `@` inside of brackets ends the user information for some parsers only.
        if let bracket = authority.lastIndex(of: UInt8(ascii: "[")), bracket < start { return nil }
        var names: [[UInt8]] = []
        for place in places(in: rest) {
            let host = withoutDot(place.host)
            if host.first == UInt8(ascii: "[") {
                guard !isCertain || canonicalHost(host) != nil else { return nil }
                names.append(withoutBrackets(host))
            } else if isCertain, !isPlainHost(host) || isMapped(host) {
                // Drivers of databases take a list of hosts, and some parsers end the host at a byte such as `;`.
                return nil
            }
            let behind = place.port.map { [UInt8(ascii: ":")] + $0 } ?? []
            for name in [Array(place.host), Array(host), NumericHost.dottedQuad(of: host)].compactMap(\.self) + names {
                names += [name, name + behind, before + name, before + name + behind]
            }
        }
        return names
    }

    /// Where the host of an authority may end: at its first colon outside of brackets, at its last one, or nowhere.
    private static func places(in text: ArraySlice<UInt8>) -> [HostAndPort] {
        if let place = HostAndPort(text) { return [place] }
        guard text.first != UInt8(ascii: "["), let first = text.firstIndex(of: UInt8(ascii: ":")),
            let last = text.lastIndex(of: UInt8(ascii: ":"))
        else { return [] }
        return [first, last].map { HostAndPort(host: text[..<$0], port: text[($0 + 1)...]) }
    }

    /// Whether the host holds only bytes that every parser takes for a part of it: RFC 3986 §2.3, whole escapes, and
    /// bytes beyond ASCII.
    private static func isPlainHost(_ host: ArraySlice<UInt8>) -> Bool {
        host.allSatisfy { PercentEncoding.isUnreserved($0) || $0 >= 0x80 || $0 == UInt8(ascii: "%") }
    }

    /// Whether parsers of international names (UTS #46 §4) may map the host to another one.
    private static func isMapped(_ host: ArraySlice<UInt8>) -> Bool {
        guard host.contains(where: { $0 >= 0x80 }) else { return false }
        return String(decoding: host, as: UTF8.self).unicodeScalars.contains {
            // U+3002 becomes a dot, but not by a compatibility mapping. U+FFFD stands for bytes that are not UTF-8.
            $0.value >= 0x80 && ($0.properties.changesWhenNFKCCaseFolded || $0 == "\u{3002}" || $0 == "\u{FFFD}")
        }
    }

    /// The schemes that libcurl guesses, with their default ports. It guesses `http` unless the host begins with the
    /// name of another one and a dot, and a program may tell it to take `https`.
    private static let guessedSchemes: [(name: String, port: UInt16)] = [
        ("http", 80), ("https", 443), ("ftp", 21), ("dict", 2628), ("ldap", 389), ("imap", 143), ("smtp", 25),
        ("pop3", 110),
    ]

    /// libcurl reads `host:80/path` and `user@host/path`, which have a scheme in RFC 3986, as URLs without one. Nil
    /// when such a host is mapped to another one.
    private static func guessedReadings(of text: [UInt8]) -> [[UInt8]]? {
        let end = text.firstIndex { "/?#".utf8.contains($0) } ?? text.endIndex
        let authority = text[..<end]
        let start = authority.lastIndex(of: UInt8(ascii: "@")).map { $0 + 1 } ?? authority.startIndex
        guard let place = HostAndPort(authority[start...]), place.port?.allSatisfy(ASCII.isDigit) ?? true else {
            return []
        }
        // Without a port and user information this is a path, such as `note:`.
        guard place.port?.isEmpty == false || start > authority.startIndex else { return [] }
        let host = withoutDot(place.host)
        // libcurl finds no host in other texts.
        let isAddress = host.first == UInt8(ascii: "[")
        guard !host.isEmpty, isAddress || isPlainHost(host) else { return [] }
        guard !isMapped(host) else { return nil }
        let spelled =
            isAddress ? withoutBrackets(host) : canonicalHost(host) ?? NumericHost.dottedQuad(of: host) ?? Array(host)
        let port = place.port.flatMap { ASCII.parseDecimal($0) }
        let paths = URIReadingSteps.canonicalPaths(text[end...])
        return guessedSchemes.filter { $0.port == 80 || $0.port == 443 || host.starts(with: "\($0.name).".utf8) }
            .flatMap { scheme in
                let isDefault = port == nil || port == Int(scheme.port)
                let place = spelled + (isDefault ? [] : Array(":\(port ?? 0)".utf8))
                return paths.map { Array("\(scheme.name)://".utf8) + place + $0 }
            }
    }

    // MARK: Hosts

    /// A host and, after a colon, a port.
    private struct HostAndPort {
        let host: ArraySlice<UInt8>
        let port: ArraySlice<UInt8>?

        init(host: ArraySlice<UInt8>, port: ArraySlice<UInt8>) {
            (self.host, self.port) = (host, port)
        }

        /// Nil when there is more than one colon outside of brackets.
        init?(_ text: ArraySlice<UInt8>) {
            let colon = UInt8(ascii: ":")
            var end = text.firstIndex(of: colon) ?? text.endIndex
            if text.first == UInt8(ascii: "[") {
                guard let close = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
                end = close + 1
            }
            host = text[..<end]
            guard let first = text[end...].first else {
                port = nil
                return
            }
            let digits = text[(end + 1)...]
            guard first == colon, !digits.contains(colon) else { return nil }
            port = digits
        }
    }

    /// The host in the spelling that all parsers write; nil when it is empty or they disagree about it.
    private static func canonicalHost(_ host: ArraySlice<UInt8>) -> [UInt8]? {
        guard host.first == UInt8(ascii: "[") else {
            return URLGrammar.hostKind(of: host) == nil ? nil : Array(host)
        }
        // Addresses that hold an IPv4 address have two spellings in use (RFC 5952 §5).
        guard host.last == UInt8(ascii: "]"), let address = IPLiteral.parseIPv6(host.dropFirst().dropLast()),
            address.prefix(10).contains(where: { $0 != 0 }) || address.dropFirst(10).prefix(5).allSatisfy({ $0 == 0 })
        else { return nil }
        return Array(IPLiteral.uriText(of: address).utf8)
    }

    /// The address in brackets, without the zone that libcurl takes off. From other texts, Foundation takes the
    /// brackets off.
    private static func withoutBrackets(_ host: ArraySlice<UInt8>) -> [UInt8] {
        let inner = host.dropFirst().prefix { $0 != UInt8(ascii: "]") }
        let address = inner.prefix { $0 != UInt8(ascii: "%") }
        let bracketed = [UInt8(ascii: "[")] + address + [UInt8(ascii: "]")]
        return canonicalHost(bracketed[...]) ?? Array(inner)
    }

    /// The dot at the end of a fully qualified name makes no difference.
    private static func withoutDot(_ host: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        host.last == UInt8(ascii: ".") ? host.dropLast() : host
    }

    private static func texts(_ uri: Reference, _ hosts: [[UInt8]]) -> [[UInt8]] {
        let paths = URIReadingSteps.canonicalPaths(uri.path)
        return hosts.flatMap { host in paths.map { Array(uri.scheme) + Array("://".utf8) + host + $0 } }
    }
}
