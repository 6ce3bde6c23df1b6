/// The character classes of RFC 3986, and the stricter host labels of this library.
package enum URLGrammar {
    /// Whether the byte stands anywhere in RFC 3986: unreserved, reserved, or `%`.
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

    /// RFC 3986 §2.1: every byte is admitted, or begins a whole `%XX`.
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

    /// RFC 1123 §2.1: 1…63 letters, digits and hyphens, none of them at an end; and `_`, which real names hold.
    static func isHostLabel(_ label: ArraySlice<UInt8>) -> Bool {
        guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else {
            return false
        }
        return label.allSatisfy {
            ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        }
    }

    /// RFC 3986 §5.2.4: `.` and `..`, in which RFC 3986 §6.2.2.2 lets a dot be spelled `%2E`.
    static func isDotSegment(_ segment: ArraySlice<UInt8>) -> Bool {
        var rest = segment
        var dots = 0
        while let first = rest.first {
            if first == UInt8(ascii: ".") {
                rest = rest.dropFirst()
            } else if rest.count >= 3, ASCII.equalsIgnoringCase(rest.prefix(3), "%2e".utf8) {
                rest = rest.dropFirst(3)
            } else {
                return false
            }
            dots += 1
        }
        return dots == 1 || dots == 2
    }
}
