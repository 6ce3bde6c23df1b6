extension Span<UInt8> {
    /// What ``byte(at:)`` returns outside of the text. The grammar of JSON admits this byte nowhere, so the check that
    /// refuses it also finds the end of the text. The error tells the two apart by the index.
    static var noByte: UInt8 { @inline(__always) get { 0 } }

    /// The byte at an index, or ``noByte``.
    @inline(__always)
    func byte(at index: Int) -> UInt8 {
        // A negative index is a large number here.
        UInt(bitPattern: index) < UInt(bitPattern: count) ? unsafe self[unchecked: index] : Self.noByte
    }

    /// Eight bytes as one number whose highest byte is the first one; nil when fewer are left.
    @inline(__always)
    func eightBytes(at index: Int) -> UInt64? {
        guard index >= 0, index &+ 8 <= count else { return nil }
        // In bounds by the line above; any eight bytes are a `UInt64`.
        return unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
    }

    /// Bytes of a range as one number whose highest byte is the first one; 0 for no byte and for more than 8.
    @inline(__always)
    func packed(_ range: Range<Int>) -> UInt64 {
        let size = range.upperBound &- range.lowerBound
        guard size > 0, size <= 8 else { return 0 }
        // Those after the range are shifted out.
        if let word = eightBytes(at: range.lowerBound) { return word >> UInt64(truncatingIfNeeded: 64 &- 8 &* size) }
        var packed: UInt64 = 0
        for index in range { packed = packed << 8 | UInt64(self[index]) }
        return packed
    }
}
