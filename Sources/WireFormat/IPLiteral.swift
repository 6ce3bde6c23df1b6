/// IP addresses as text (RFC 3986 §3.2.2), parsed without a resolver's leniency.
package enum IPLiteral {
    /// The four bytes of a canonical dotted quad: four decimal numbers 0…255 without leading zeros; else nil.
    package static func parseIPv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: [UInt8] = []
        for part in parts {
            // A leading zero means octal to some readers.
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0"),
                let value = ASCII.parseDecimal(part), let byte = UInt8(exactly: value)
            else { return nil }
            address.append(byte)
        }
        return address
    }

    /// The sixteen bytes of an IPv6 address: groups of 1…4 hexadecimal digits, at most one `::` for one or more groups,
    /// the last two groups perhaps as a dotted quad; no zone. Else nil.
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

    /// Whether a reader of addresses would take this last label for a number: all digits, or `0x` and hexadecimal digits.
    static func looksNumeric(_ label: ArraySlice<UInt8>) -> Bool {
        if !label.isEmpty, label.allSatisfy({ ASCII.isDigit($0) }) { return true }
        return ASCII.equalsIgnoringCase(label.prefix(2), "0x".utf8)
            && label.dropFirst(2).allSatisfy { ASCII.hexValue($0) != nil }
    }
}
