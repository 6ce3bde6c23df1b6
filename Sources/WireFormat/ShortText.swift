/// A text of at most 7 bytes as one number: its bytes, and after them their count. Two such texts are compared in one
/// step, and most names of members, algorithms and token types are that short.
///
/// `@usableFromInline`: otherwise the compiler would not compute the number of a literal when it compiles.
@usableFromInline
package struct ShortText: Sendable, Hashable, ExpressibleByStringLiteral {
    @usableFromInline let number: UInt64

    /// The text in a range; nil when it is longer.
    @inline(__always)
    init?(_ text: Span<UInt8>, _ range: Range<Int>) {
        guard range.count <= 7 else { return nil }
        number = text.packed(range) << 8 | UInt64(truncatingIfNeeded: range.count)
    }

    /// Nil for a longer text.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.span, bytes.indices)
    }

    /// Takes a text of the program. Stops the program when it is longer.
    @inlinable
    @inline(__always)
    package init(stringLiteral text: StaticString) {
        precondition(text.utf8CodeUnitCount <= 7, "A short text has at most 7 bytes.")
        let bytes = text.withUTF8Buffer { bytes in unsafe bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        number = bytes << 8 | UInt64(text.utf8CodeUnitCount)
    }

    /// The text.
    package var text: String {
        let bytes = stride(from: 56, to: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
        return String(decoding: bytes.suffix(Int(number & 0xFF)), as: UTF8.self)
    }
}
