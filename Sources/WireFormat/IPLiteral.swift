/// IP addresses as text (RFC 3986 §3.2.2). The parser is stricter than the system's resolver.
package enum IPLiteral {
    /// The four bytes of a canonical dotted quad, which is four decimal numbers 0…255 without leading zeros; nil for
    /// any other text.
    package static func parseIPv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        // "0.0.0.0" to "255.255.255.255".
        guard (7...15).contains(text.count) else { return nil }
        var address: [UInt8] = []
        var part = text.startIndex
        while true {
            let end = text[part...].firstIndex(of: UInt8(ascii: ".")) ?? text.endIndex
            let digits = text[part..<end]
            // Some parsers read a leading zero as octal.
            guard digits.count == 1 || digits.first != UInt8(ascii: "0"), let value = ASCII.parseDecimal(digits),
                let byte = UInt8(exactly: value)
            else { return nil }
            address.append(byte)
            guard end < text.endIndex else { return address.count == 4 ? address : nil }
            part = end + 1
        }
    }

    /// The sixteen bytes of an IPv6 address; nil for any other text, and for an address with a zone.
    ///
    /// An address has groups of 1…4 hexadecimal digits, at most one `::` for one or more groups, and may end in a
    /// dotted quad.
    package static func parseIPv6(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let colon = UInt8(ascii: ":")
        // 45 bytes: eight groups, the last two as the longest dotted quad.
        guard (2...45).contains(text.count) else { return nil }
        var address: [UInt8] = []
        var gap: Int?
        var rest = text
        if rest.starts(with: [colon, colon]) {
            gap = 0
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let group = rest.prefix { $0 != colon }
            if group.contains(UInt8(ascii: ".")) {
                // RFC 4291 §2.2.3: an embedded IPv4 address stands last.
                guard group.endIndex == rest.endIndex, let quad = parseIPv4(group) else { return nil }
                address += quad
                break
            }
            guard (1...4).contains(group.count) else { return nil }
            var value: UInt16 = 0
            for byte in group {
                guard let digit = ASCII.hexValue(byte) else { return nil }
                value = value << 4 | UInt16(digit)
            }
            address.append(UInt8(truncatingIfNeeded: value >> 8))
            address.append(UInt8(truncatingIfNeeded: value))
            rest = rest.dropFirst(group.count)
            guard !rest.isEmpty else { break }
            rest = rest.dropFirst()
            if rest.first == colon {
                // RFC 4291 §2.2.2: `::` stands once.
                guard gap == nil else { return nil }
                gap = address.count
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        guard let gap else { return address.count == 16 ? address : nil }
        guard address.count <= 14 else { return nil }
        address.insert(contentsOf: repeatElement(0, count: 16 - address.count), at: gap)
        return address
    }

    /// Whether an address of 4 or 16 bytes is a loopback address: RFC 6890 §2.2.2 (127.0.0.0/8) and §2.2.3 (::1/128).
    ///
    /// An IPv4 address inside an IPv6 address is not: no resolver answers `localhost` so.
    package static func isLoopback(_ address: [UInt8]) -> Bool {
        address.count == 4 ? address[0] == 127 : address.last == 1 && address.dropLast().allSatisfy { $0 == 0 }
    }

    /// An address of 4 or 16 bytes in the spelling of a URI: a dotted quad, or an IPv6 address in brackets in the
    /// canonical form of RFC 5952 §4, without an embedded dotted quad.
    package static func uriText(of address: [UInt8]) -> String {
        guard address.count != 4 else { return address.map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: address.count - 1, by: 2).map {
            UInt16(address[$0]) << 8 | UInt16(address[$0 + 1])
        }
        func text(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        // RFC 5952 §4.2: `::` stands for the longest run of zeros, the first of several, and never for one group.
        var gap = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 { start = index + 1 } else if index + 1 - start > gap.count { gap = start..<(index + 1) }
        }
        guard gap.count > 1 else { return "[\(text(groups[...]))]" }
        return "[\(text(groups[..<gap.lowerBound]))::\(text(groups[gap.upperBound...]))]"
    }

    /// Whether some parser of addresses would read this last label as a number: all digits, or `0x` and hexadecimal
    /// digits.
    static func looksNumeric(_ label: ArraySlice<UInt8>) -> Bool {
        if !label.isEmpty, label.allSatisfy({ ASCII.isDigit($0) }) { return true }
        return ASCII.equalsIgnoringCase(label.prefix(2), "0x".utf8)
            && label.dropFirst(2).allSatisfy { ASCII.hexValue($0) != nil }
    }
}
