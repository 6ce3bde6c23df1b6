/// A JSON number, kept as written (RFC 8259 §6).
public struct JSONNumber: Sendable, Hashable {
    /// The digits as written.
    public let text: String

    package init(validated text: String) { self.text = text }

    /// An integer.
    public init(_ value: Int64) { text = String(value) }

    /// A finite number; nil for NaN and infinities, which JSON cannot express.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = "\(value)"
    }

    /// The nearest Double; always finite, for a text beyond its range is refused by the parser.
    public var double: Double { fatalError("pending") }

    /// The exact integer, or nil for a fraction, an exponent form that is no integer, or one outside Int64.
    public var int64: Int64? { fatalError("pending") }
}
