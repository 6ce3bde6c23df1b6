#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Span<UInt8> {
    /// The first place of a byte at or behind `start`, or nil. Many bytes at a time, by the C library's `memchr`.
    ///
    /// - Parameter start: 0…`count`; anything else finds nothing.
    package func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start >= 0, start < count else { return nil }
        return unsafe withUnsafeBytes { bytes in
            // In bounds: `start` is below the count, and no more than the rest is looked at.
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }
}
