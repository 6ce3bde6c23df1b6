/// The character classes of RFC 3986, and the stricter host labels of this library.
package enum URLGrammar {
    /// Whether RFC 3986 admits the byte in some part of a URL: unreserved, reserved, or `%`.
    package static func isURLByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "%"), UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "["),
            UInt8(ascii: "]"):
            true
        default: isPathByte(byte)
        }
    }

    /// RFC 3986 §3.3: `pchar` without percent-encoding.
    package static func isPathByte(_ byte: UInt8) -> Bool {
        if ASCII.isLetter(byte) || ASCII.isDigit(byte) { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),  // unreserved
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "="),  // sub-delims
            UInt8(ascii: ":"), UInt8(ascii: "@"):
            return true
        default: return false
        }
    }

    /// RFC 3986 §3.3: empty, or segments of `pchar` that each follow a `/`.
    package static func isPath(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.isEmpty || bytes.first == UInt8(ascii: "/") else { return false }
        return consists(bytes) { isPathByte($0) || $0 == UInt8(ascii: "/") }
    }

    /// RFC 3986 §3.4 and §3.5: `pchar`, `/` and `?`.
    package static func isQueryOrFragment(_ bytes: ArraySlice<UInt8>) -> Bool {
        consists(bytes) { isPathByte($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
    }

    /// RFC 3986 §3.2.2 `reg-name`: unreserved, sub-delims and whole escapes. It may be empty.
    package static func isRegisteredName(_ bytes: ArraySlice<UInt8>) -> Bool {
        consists(bytes) { isPathByte($0) && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "@") }
    }

    /// What an acceptable host is, ``AbsoluteURL/HostKind/name`` or ``AbsoluteURL/HostKind/ipv4``; nil for any other
    /// text.
    package static func hostKind(of host: ArraySlice<UInt8>) -> AbsoluteURL.HostKind? {
        // RFC 1035 §2.3.4: 253 bytes of text are 255 on the wire.
        guard (1...253).contains(host.count) else { return nil }
        let dot = UInt8(ascii: ".")
        let last = host.lastIndex(of: dot).map { host[($0 + 1)...] } ?? host
        // Octal, hexadecimal, short and over-long spellings of an address are refused, because resolvers disagree about
        // what they mean.
        if IPLiteral.looksNumeric(last) { return IPLiteral.parseIPv4(host) == nil ? nil : .ipv4 }
        var rest = host
        while let end = rest.firstIndex(of: dot) {
            guard isHostLabel(rest[..<end]) else { return nil }
            rest = rest[(end + 1)...]
        }
        return isHostLabel(rest) ? .name : nil
    }

    /// The port that the digits mean, 1…65535; nil for any other text and for leading zeros.
    package static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard let first = digits.first, first != UInt8(ascii: "0"), digits.count <= 5 else { return nil }
        return ASCII.parseDecimal(digits).flatMap { UInt16(exactly: $0) }
    }

    /// Whether every byte is admitted or belongs to a whole `%XX` (RFC 3986 §2.1).
    private static func consists(_ bytes: ArraySlice<UInt8>, of isAdmitted: (UInt8) -> Bool) -> Bool {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex, ASCII.hexValue(bytes[index + 1]) != nil,
                    ASCII.hexValue(bytes[index + 2]) != nil
                else { return false }
                index += 3
            } else {
                guard isAdmitted(bytes[index]) else { return false }
                index += 1
            }
        }
        return true
    }

    /// RFC 1123 §2.1: 1…63 letters, digits and hyphens, with no hyphen at either end. `_` is admitted too, because
    /// names in use hold it.
    static func isHostLabel(_ label: ArraySlice<UInt8>) -> Bool {
        guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else {
            return false
        }
        return label.allSatisfy {
            ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        }
    }

    /// RFC 3986 §5.2.4: 1 for `.`, 2 for `..`, nil for another segment. By RFC 3986 §6.2.2.2 a dot may be spelled
    /// `%2E`.
    package static func dots(of segment: ArraySlice<UInt8>) -> Int? {
        var rest = segment
        var dots = 0
        while let first = rest.first {
            if first == UInt8(ascii: ".") {
                rest = rest.dropFirst()
            } else if rest.count >= 3, ASCII.equalsIgnoringCase(rest.prefix(3), "%2e".utf8) {
                rest = rest.dropFirst(3)
            } else {
                return nil
            }
            dots += 1
        }
        return dots == 1 || dots == 2 ? dots : nil
    }
}
