/// Escapes text for one line of a log, so that the text cannot end the line, move a terminal's cursor or turn its
/// writing direction.
///
/// A byte that is not printable ASCII becomes `\xNN` with lower-case digits, and a backslash becomes `\\`.
package enum LogText {
    /// How a space is written.
    package enum Space: Sendable, Hashable {
        /// As it is: the text may be several words.
        case kept
        /// As `\x20`: the text stays one word between words that spaces separate.
        case escaped
    }

    /// Appends the escaped text to a line.
    ///
    /// - Parameters:
    ///   - space: How a space is written.
    ///   - limit: The largest number of bytes of the whole `line` afterwards. A text that does not fit is cut, and ends
    ///     in `...`.
    package static func append(_ text: String, to line: inout [UInt8], space: Space = .kept, limit: Int) {
        let mark = Array("...".utf8)
        var lastPlaceForMark = line.count
        for byte in text.utf8 {
            append(byte, to: &line, space)
            guard line.count <= limit else {
                line.removeSubrange(lastPlaceForMark...)
                line += mark
                return
            }
            if line.count + mark.count <= limit { lastPlaceForMark = line.count }
        }
    }

    private static func append(_ byte: UInt8, to line: inout [UInt8], _ space: Space) {
        switch byte {
        case UInt8(ascii: "\\"): line += Array(#"\\"#.utf8)
        case 0x20 where space == .kept, 0x21...0x7E: line.append(byte)
        default: line += Array(#"\x"#.utf8) + [ASCII.hexDigit(byte >> 4), ASCII.hexDigit(byte & 0x0F)]
        }
    }
}
