extension JSONDocument {
    /// Why a text is not acceptable JSON, and at which byte.
    public struct ParseError: Error, Sendable, Hashable {
        /// The reason.
        public enum Reason: String, Sendable, Hashable, CaseIterable {
            /// The text is longer than the limit.
            case tooLarge = "too_large"
            /// Arrays and objects are nested deeper than the limit.
            case tooDeep = "too_deep"
            /// A string holds bytes that are not well-formed UTF-8: also overlong forms, surrogates, and scalars beyond
            /// U+10FFFF.
            case invalidUTF8 = "invalid_utf8"
            /// The text begins with a byte order mark (RFC 8259 §8.1).
            case byteOrderMark = "byte_order_mark"
            /// The text ends inside a value, or is empty.
            case unexpectedEnd = "unexpected_end"
            /// A byte that the grammar does not admit here.
            case unexpectedByte = "unexpected_byte"
            /// The text goes on after the value.
            case trailingBytes = "trailing_bytes"
            /// A number does not follow the grammar of RFC 8259 §6.
            case invalidNumber = "invalid_number"
            /// A number is beyond the range of a finite Double.
            case numberOutOfRange = "number_out_of_range"
            /// A backslash does not begin an escape of RFC 8259 §7.
            case invalidEscape = "invalid_escape"
            /// A `\u` escape is half of a surrogate pair.
            case loneSurrogate = "lone_surrogate"
            /// A string holds an unescaped byte below 0x20.
            case controlCharacter = "control_character"
            /// An object has two members of the same name, compared after unescaping.
            case duplicateMember = "duplicate_member"
        }
        /// The reason.
        public let reason: Reason
        /// The offset of the offending byte, 0…size of the text; the size itself for a text that ends too early. For
        /// malformed UTF-8 or a bad escape it is the start of the sequence, for a repeated name the opening quote of
        /// the second one.
        public let offset: Int

        init(reason: Reason, offset: Int) {
            self.reason = reason
            self.offset = offset
        }

        /// The grammar does not admit the byte at this offset, or the text ends there.
        init(unexpectedAt offset: Int, in text: Span<UInt8>) {
            self.init(reason: offset < text.count ? .unexpectedByte : .unexpectedEnd, offset: offset)
        }

        /// A stable, bounded code for events and metrics.
        public var code: String { reason.rawValue }
    }
}
