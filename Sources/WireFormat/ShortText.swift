/// A text of 1…8 bytes without a NUL, as one number: its bytes, the first one highest. Two such texts are compared in
/// one step, and most names of members, algorithms and token types are that short.
///
/// `@usableFromInline`: otherwise the compiler would not compute the number of a literal when it compiles.
@usableFromInline
package struct ShortText: Sendable, Hashable, ExpressibleByStringLiteral {
    @usableFromInline let number: UInt64

    /// A text that has no number of its own: it is empty or longer than 8 bytes, or has a NUL.
    package static var other: ShortText { @inlinable get { ShortText(number: 0) } }

    /// - Parameter number: The bytes as a number, or 0 for ``other``.
    @inlinable
    init(number: UInt64) {
        self.number = number
    }

    /// Takes a text; ``other`` for one that is empty or longer than 8 bytes, or has a NUL.
    package init(_ bytes: some Collection<UInt8>) {
        let isShort = 1...8 ~= bytes.count && !bytes.contains(0)
        self.init(number: isShort ? bytes.reduce(0) { $0 << 8 | UInt64($1) } : 0)
    }

    /// Takes a text of the program. Stops the program when it does not have 1…8 bytes.
    @inlinable
    @inline(__always)
    package init(stringLiteral text: StaticString) {
        precondition(1...8 ~= text.utf8CodeUnitCount, "A short text has 1…8 bytes.")
        let number = text.withUTF8Buffer { bytes in unsafe bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(number: number)
    }

    /// The text; empty for ``other``.
    package var text: String {
        let bytes = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
        return String(decoding: bytes.drop { $0 == 0 }, as: UTF8.self)
    }
}
