internal import WireFormat

/// Numbers as hosts, as `inet_aton` reads them: `127.1`, `0x7f000001` and `017700000001` are 127.0.0.1.
enum NumericHost {
    /// The dotted quad of a host of 1…4 decimal, octal or hexadecimal numbers; nil for any other text. The last number
    /// fills the rest of the address.
    static func dottedQuad(of host: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let numbers = parts.compactMap(number)
        guard (1...4).contains(numbers.count), numbers.count == parts.count, let last = numbers.last else { return nil }
        let leading = numbers.dropLast()
        guard leading.allSatisfy({ $0 <= 255 }), last < 1 << (8 * (4 - leading.count)) else { return nil }
        var address = leading.map { UInt8(truncatingIfNeeded: $0) }
        for place in (0..<(4 - leading.count)).reversed() {
            address.append(UInt8(truncatingIfNeeded: last >> (8 * place)))
        }
        return Array(IPLiteral.uriText(of: address).utf8)
    }

    private static func number(_ text: ArraySlice<UInt8>) -> Int? {
        let isHexadecimal = ASCII.equalsIgnoringCase(text.prefix(2), "0x".utf8)
        let digits = isHexadecimal ? text.dropFirst(2) : text
        let radix = isHexadecimal ? 16 : text.first == UInt8(ascii: "0") ? 8 : 10
        guard !text.isEmpty else { return nil }
        var value = 0
        for byte in digits {
            guard let digit = ASCII.hexValue(byte), digit < radix, value <= 0xFFFF_FFFF else { return nil }
            value = value * radix + Int(digit)
        }
        return value
    }
}
