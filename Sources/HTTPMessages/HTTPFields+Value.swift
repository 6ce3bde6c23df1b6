import WireFormat

extension HTTPFields {
    /// A field value that cannot split a message (RFC 9110 §5.5): it holds no CR, LF, NUL or other control byte, and
    /// has no white space at its ends.
    ///
    /// Bytes of 0x80 and above (obs-text) are kept as they were received. ``string`` is nil when they are not UTF-8.
    public struct Value: Sendable, Hashable, ExpressibleByStringLiteral {
        /// The bytes of the value.
        public let bytes: [UInt8]

        /// A value; nil when the text holds a byte that RFC 9110 §5.5 forbids, or has white space at its ends.
        public init?(_ text: String) {
            self.init(bytes: Array(text.utf8))
        }

        /// A value; nil when the bytes hold one that RFC 9110 §5.5 forbids, or have white space at their ends.
        public init?(bytes: [UInt8]) {
            guard bytes.allSatisfy(Self.isAllowed) else { return nil }
            if let first = bytes.first, let last = bytes.last {
                guard !OptionalWhiteSpace.contains(first), !OptionalWhiteSpace.contains(last) else { return nil }
            }
            self.bytes = bytes
        }

        package init(validated bytes: [UInt8]) {
            self.bytes = bytes
        }

        /// A value written in the program. A literal that is not a field value is a programmer's mistake and stops the
        /// program.
        public init(stringLiteral text: StaticString) {
            guard let value = HTTPFields.Value(text.description) else {
                preconditionFailure("A field value literal must not hold control bytes or outer white space.")
            }
            self = value
        }

        /// A decimal number.
        public init(_ number: Int) {
            bytes = Array(String(number).utf8)
        }

        /// The value as text; nil when its bytes are not UTF-8.
        public var string: String? {
            String(validating: bytes, as: UTF8.self)
        }

        /// Whether a value may hold the byte: HTAB, SP, VCHAR or obs-text.
        package static func isAllowed(_ byte: UInt8) -> Bool {
            (byte >= 0x20 && byte != 0x7F) || byte == 0x09
        }
    }
}
