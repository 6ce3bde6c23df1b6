/// ASCII rules that the parsers share. Protocol text is bytes, and case is folded for A–Z only.
///
/// A parser must not use `Character` or `lowercased()`: the Kelvin sign lower-cases to `k`, and CR LF is one
/// `Character`.
///
/// `@usableFromInline`: otherwise the compiler would not inline the functions of a package type into other modules.
@usableFromInline
package enum ASCII {
    /// The byte with A–Z folded to a–z; every other byte unchanged.
    @inlinable
    package static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// The text with A–Z folded to a–z; every other byte unchanged.
    package static func lowercased(_ text: String) -> String {
        String(decoding: text.utf8.map { lowercased($0) }, as: UTF8.self)
    }

    /// Whether the byte is 0–9.
    @inlinable
    package static func isDigit(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10
    }

    /// Whether the byte is A–Z or a–z.
    @inlinable
    package static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26
    }

    /// The value of a hexadecimal digit of either case, or nil.
    @inlinable
    package static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    /// The hexadecimal digit of a value 0…15, in lower case.
    package static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 &+ value : 0x57 &+ value
    }

    /// Whether the byte may stand in an RFC 9110 §5.6.2 `token`.
    @inlinable
    package static func isTokenByte(_ byte: UInt8) -> Bool {
        if isDigit(byte) || isLetter(byte) { return true }
        switch byte {
        case 0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: return true
        default: return false
        }
    }

    /// Whether two texts are the same bytes when A–Z are folded to a–z.
    ///
    /// Inlinable, because a call costs twenty times as much when the compiler does not know the kinds of sequence.
    @inlinable
    package static func equalsIgnoringCase(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
        left.elementsEqual(right) { lowercased($0) == lowercased($1) }
    }

    /// Parses `1*DIGIT` with an overflow check: no sign, no white space, no other numerals.
    @inlinable
    package static func parseDecimal(_ bytes: some Collection<UInt8>) -> Int? {
        guard !bytes.isEmpty else { return nil }
        var value = 0
        for byte in bytes {
            guard isDigit(byte) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(byte - 0x30))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }
}
