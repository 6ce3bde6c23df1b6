/// `OWS` of RFC 9110 §5.6.3: spaces and horizontal tabs, which do not belong to the value that they surround.
///
/// JSON has other white space: see ``JSONDocument``.
///
/// `@usableFromInline`: otherwise the compiler would not inline the functions of a package type into other modules.
@usableFromInline
package enum OptionalWhiteSpace {
    /// Whether the byte is a space or a horizontal tab.
    @inlinable
    package static func contains(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    /// The bytes without the white space at both ends.
    @inlinable
    package static func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
        let start = bytes.drop(while: contains)
        var end = start.endIndex
        while end > start.startIndex {
            let last = start.index(before: end)
            guard contains(start[last]) else { break }
            end = last
        }
        return start[start.startIndex..<end]
    }

    /// The part of `range` without the white space at both ends.
    ///
    /// - Parameter range: Indices of `bytes`.
    @inlinable
    package static func trimmed(_ range: Range<Int>, of bytes: Span<UInt8>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, contains(bytes[start]) { start += 1 }
        while end > start, contains(bytes[end - 1]) { end -= 1 }
        return start..<end
    }
}
