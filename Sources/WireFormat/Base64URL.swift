internal import CWireFormat

/// Base64url without padding (RFC 4648 §5, RFC 7515 §2).
///
/// Every byte string has exactly one spelling here. Deny-lists and caches use token text as their key, so a second
/// spelling of a valid token would not be found there.
package enum Base64URL {
    /// The number of bytes that a valid text of `count` characters encodes; nil when no valid text has that length.
    package static func decodedCount(of count: Int) -> Int? {
        let (quads, rest) = count.quotientAndRemainder(dividingBy: 4)
        // RFC 4648 §4: one character alone carries six bits, which is less than a byte.
        guard count >= 0, rest != 1 else { return nil }
        return quads * 3 + (rest == 0 ? 0 : rest - 1)
    }

    /// The one spelling of these bytes.
    package static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes.span)
    }

    /// The one spelling of these bytes.
    package static func encode(_ bytes: Span<UInt8>) -> String {
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

    /// The bytes of a text, or nil when it is not their one spelling: strict alphabet, no padding, no white space,
    /// length not 1 mod 4, unused bits zero.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard let count = decodedCount(of: text.count) else { return nil }
        // Through temporary memory: an array that is made with its size costs a look-up of its type in the Swift
        // runtime, which takes longer than the copy.
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { target in
            let written = unsafe text.withUnsafeBufferPointer { unsafe decode($0, into: target) }
            return written == count ? unsafe Array(copying: Span(_unsafeElements: UnsafeBufferPointer(target))) : nil
        }
    }

    /// The bytes of a text, or nil when it is not their one spelling.
    package static func decode(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8).span)
    }

    /// Decodes a text into the front of a buffer of the caller.
    ///
    /// - Returns: The number of bytes written; nil when the text is not the one spelling of any bytes, or when the
    ///   buffer is too small. After nil the content of the buffer is unspecified.
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
        guard count > 0, let source = text.baseAddress, let bytes = target.baseAddress else { return 0 }
        // Most of the text, 32 characters at a time. The table below decodes and judges the rest.
        let front = unsafe cwireformat_base64url_front(source, text.count, bytes)
        let rest = text.count % 4
        return unsafe groups.withUnsafeBufferPointer { table -> Int? in
            guard let first = table.baseAddress else { return nil }
            let (second, third, fourth) = unsafe (first + 256, first + 512, first + 768)
            var read = unsafe source + front
            var write = unsafe bytes + front / 4 * 3
            var seen: UInt32 = 0
            // In bounds: `table` has 4 × 256 entries and is indexed by bytes. Behind the front, each round reads four
            // of `text.count` bytes and stores four: three of the result, and one that the next round or the tail
            // overwrites. The tail handles the last group of one to four characters, so no store passes `count` ≤
            // `target.count`.
            let rounds = max(0, (text.count - front - 1) / 4)
            for _ in 0..<rounds {
                let group =
                    unsafe first[Int(read[0])] | second[Int(read[1])] | third[Int(read[2])] | fourth[Int(read[3])]
                seen |= group
                unsafe UnsafeMutableRawPointer(write).storeBytes(of: group.bigEndian, as: UInt32.self)
                unsafe read += 4
                unsafe write += 3
            }
            // One to four characters are left, because the front leaves at least one. One alone is excluded by
            // `decodedCount`.
            var group = unsafe first[Int(read[0])] | second[Int(read[1])]
            if rest != 2 { group |= unsafe third[Int(read[2])] }
            if rest == 0 { group |= unsafe fourth[Int(read[3])] }
            unsafe write[0] = UInt8(truncatingIfNeeded: group >> 24)
            if rest != 2 { unsafe write[1] = UInt8(truncatingIfNeeded: group >> 16) }
            if rest == 0 { unsafe write[2] = UInt8(truncatingIfNeeded: group >> 8) }
            // RFC 4648 §3.5: unused bits must be zero, else one byte string has many spellings.
            let unused: UInt32 = rest == 2 ? 0x00FF_FF00 : rest == 3 ? 0x0000_FF00 : 0
            // RFC 4648 §3.3: a character outside the alphabet (padding, white space, `+`, `/`) makes the whole text
            // invalid.
            return (seen | group) & invalid | group & unused == 0 ? count : nil
        }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The mark of a byte outside the alphabet, below the 24 bits of a group.
    private static let invalid: UInt32 = 1

    /// For each of the four places in a group, and for each byte: the six bits of the byte at their position in the
    /// upper 24 bits of the group, or ``invalid`` for a byte outside the alphabet.
    private static let groups: [UInt32] = {
        var table = [UInt32](repeating: invalid, count: 4 * 256)
        for place in 0..<4 {
            for (value, byte) in alphabet.enumerated() {
                table[place * 256 + Int(byte)] = UInt32(value) << UInt32(26 - 6 * place)
            }
        }
        return table
    }()
}
