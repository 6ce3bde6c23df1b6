/// Base64url without padding (RFC 4648 §5, RFC 7515 §2).
///
/// Every byte string has exactly one spelling here. Token text keys deny-lists and caches, so a second spelling of a
/// valid token would walk past them.
public enum Base64URL {
    /// The number of bytes that a text of `count` characters stands for, when it is valid; nil for a length that no
    /// byte string has.
    package static func decodedCount(of count: Int) -> Int? {
        let (quads, rest) = count.quotientAndRemainder(dividingBy: 4)
        // RFC 4648 §4: one left-over character carries six bits, which is no byte.
        guard count >= 0, rest != 1 else { return nil }
        return quads * 3 + (rest == 0 ? 0 : rest - 1)
    }

    /// The one spelling of these bytes.
    public static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes.span)
    }

    /// The one spelling of these bytes.
    public static func encode(_ bytes: Span<UInt8>) -> String {
        String(decoding: encodedBytes(bytes), as: UTF8.self)
    }

    /// The one spelling of these bytes, as ASCII.
    package static func encodedBytes(_ bytes: Span<UInt8>) -> [UInt8] {
        let alphabet = Self.alphabet
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count / 3 + 1) * 4)
        var index = 0
        while index < bytes.count {
            let taken = min(3, bytes.count - index)
            var group = UInt32(bytes[index]) << 16
            if taken > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if taken > 2 { group |= UInt32(bytes[index + 2]) }
            text.append(alphabet[Int(group >> 18 & 63)])
            text.append(alphabet[Int(group >> 12 & 63)])
            if taken > 1 { text.append(alphabet[Int(group >> 6 & 63)]) }
            if taken > 2 { text.append(alphabet[Int(group & 63)]) }
            index += taken
        }
        return text
    }

    /// The bytes of a text, or nil unless it is their one spelling: strict alphabet, no padding, no white space, length
    /// not 1 mod 4, unused bits zero.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard let count = decodedCount(of: text.count) else { return nil }
        var isValid = false
        let bytes = unsafe text.withUnsafeBufferPointer { source in
            unsafe [UInt8](unsafeUninitializedCapacity: count) { target, written in
                // A failed decode leaves zero elements initialised; `UInt8` is trivial, so nothing is owed for the rest.
                written = unsafe decode(source, into: target) ?? 0
                isValid = written == count
            }
        }
        return isValid ? bytes : nil
    }

    /// The bytes of a text, or nil unless it is their one spelling.
    public static func decode(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8).span)
    }

    /// Decodes a text into the front of a buffer of the caller.
    ///
    /// - Returns: The number of bytes written; nil when the text is not the one spelling of any bytes, or when the
    ///   buffer is too small. What the buffer holds after nil is unspecified.
    package static func decode(_ text: Span<UInt8>, into target: inout MutableSpan<UInt8>) -> Int? {
        unsafe text.withUnsafeBufferPointer { source in
            unsafe target.withUnsafeMutableBufferPointer { unsafe decode(source, into: $0) }
        }
    }

    /// Decodes a text into the front of a buffer of the caller; see ``decode(_:into:)-(Span<UInt8>,_)``.
    package static func decode(
        _ text: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>
    ) -> Int? {
        guard let count = decodedCount(of: text.count), count <= target.count else { return nil }
        guard let source = text.baseAddress, let bytes = target.baseAddress else { return count == 0 ? 0 : nil }
        let quads = text.count / 4
        let rest = text.count % 4
        return unsafe values.withUnsafeBufferPointer { table -> Int? in
            // In bounds: `table` has 256 entries and is indexed by bytes; the loop reads 4 × quads ≤ text.count bytes and
            // writes 3 × quads ≤ count ≤ target.count; the tail reads `rest` more and writes up to `count`.
            guard let values = table.baseAddress else { return nil }
            var read = unsafe source
            var write = unsafe bytes
            var invalid: UInt32 = 0
            for _ in 0..<quads {
                let a = unsafe UInt32(values[Int(read[0])])
                let b = unsafe UInt32(values[Int(read[1])])
                let c = unsafe UInt32(values[Int(read[2])])
                let d = unsafe UInt32(values[Int(read[3])])
                invalid |= a | b | c | d
                let group = a << 18 | b << 12 | c << 6 | d
                unsafe write[0] = UInt8(truncatingIfNeeded: group >> 16)
                unsafe write[1] = UInt8(truncatingIfNeeded: group >> 8)
                unsafe write[2] = UInt8(truncatingIfNeeded: group)
                unsafe read += 4
                unsafe write += 3
            }
            if rest > 0 {
                let a = unsafe UInt32(values[Int(read[0])])
                let b = unsafe UInt32(values[Int(read[1])])
                let c = rest == 3 ? unsafe UInt32(values[Int(read[2])]) : 0
                invalid |= a | b | c
                let group = a << 18 | b << 12 | c << 6
                unsafe write[0] = UInt8(truncatingIfNeeded: group >> 16)
                if rest == 3 { unsafe write[1] = UInt8(truncatingIfNeeded: group >> 8) }
                // RFC 4648 §3.5: bits that stand for no byte must be zero, else one byte string has many spellings.
                guard group & (rest == 3 ? 0xFF : 0xFFFF) == 0 else { return nil }
            }
            // RFC 4648 §3.3: a character outside the alphabet (padding, white space, `+`, `/`) refuses the whole text.
            return invalid & 0x80 == 0 ? count : nil
        }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The six bits of each byte of the alphabet, 0x80 for every other byte.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0x80, count: 256)
        for (value, byte) in alphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        return table
    }()
}
