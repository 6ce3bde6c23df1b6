#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Span<UInt8> {
    /// The first index of a byte at or after `start`, or nil. The C library's `memchr` looks at many bytes at a time.
    ///
    /// - Parameter start: 0…`count`; for any other value the result is nil.
    package func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start >= 0, start < count else { return nil }
        return unsafe withUnsafeBytes { bytes in
            // In bounds: `start` is below the count, and `memchr` reads no more than the rest.
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// Whether both are the same bytes. The C library's `memcmp` looks at many bytes at a time. Not for secrets: the
    /// time depends on the bytes.
    package func hasSameBytes(as other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return unsafe withUnsafeBytes { bytes in
            unsafe other.withUnsafeBytes { otherBytes in
                // In bounds: both have `count` bytes. Without a first byte there is none to compare.
                guard let base = bytes.baseAddress, let otherBase = otherBytes.baseAddress else { return true }
                return unsafe memcmp(base, otherBase, bytes.count) == 0
            }
        }
    }
}

extension String {
    /// Whether two strings are the same UTF-8 bytes. Not for secrets: the time depends on the bytes.
    ///
    /// `==` compares by canonical equivalence, in which U+212A equals K. Identifiers must not be compared so.
    package func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let areSame = unsafe utf8.withContiguousStorageIfAvailable { bytes in
            unsafe other.utf8.withContiguousStorageIfAvailable { otherBytes in
                // In bounds: both have `count` bytes. Without a first byte there is none to compare.
                guard let base = bytes.baseAddress, let otherBase = otherBytes.baseAddress else { return true }
                return unsafe memcmp(base, otherBase, bytes.count) == 0
            }
        }
        // Only a string of another runtime has no UTF-8 bytes of its own.
        return (areSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}

extension ASCII {
    /// Whether the bytes are this text.
    @inlinable
    package static func equals(_ bytes: ArraySlice<UInt8>, _ wanted: StaticString) -> Bool {
        guard bytes.count == wanted.utf8CodeUnitCount else { return false }
        return wanted.withUTF8Buffer { wanted in
            var differences: UInt8 = 0
            // In bounds: both have the same count.
            for (index, byte) in bytes.enumerated() { differences |= unsafe byte ^ wanted[index] }
            return differences == 0
        }
    }

    /// Whether the bytes are this text, which has no A–Z, when A–Z are folded to a–z.
    @inlinable
    package static func equalsIgnoringCase(_ bytes: ArraySlice<UInt8>, lowercased wanted: StaticString) -> Bool {
        guard bytes.count == wanted.utf8CodeUnitCount else { return false }
        return wanted.withUTF8Buffer { wanted in
            var differences: UInt8 = 0
            // In bounds: both have the same count.
            for (index, byte) in bytes.enumerated() { differences |= unsafe lowercased(byte) ^ wanted[index] }
            return differences == 0
        }
    }
}
