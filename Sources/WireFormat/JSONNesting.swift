/// The arrays and objects that are open at a point of a text, while it is parsed.
///
/// They are chained through their entries on the tape: the entry of an open container leads to the one around it.
struct JSONNesting {
    private static let none = UInt32.max

    private let maximumDepth: Int
    private var depth = 0
    /// The position of the innermost container.
    private var innermost = none
    /// The kind of the innermost container; nil outside of all of them.
    private(set) var kind: JSONDocument.Node.Kind?

    @inline(__always)
    init(maximumDepth: Int) {
        self.maximumDepth = maximumDepth
    }

    /// The bracket that ends the innermost container.
    var endByte: UInt8 {
        @inline(__always) get { kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]") }
    }

    /// Adds the entry of a container that begins at this offset.
    @inline(__always)
    mutating func begin(
        _ kind: JSONDocument.Node.Kind, at start: Int, on tape: inout JSONTape
    ) throws(JSONDocument.ParseError) {
        guard depth < maximumDepth else { throw JSONDocument.ParseError(reason: .tooDeep, offset: start) }
        depth &+= 1
        let container = UInt32(truncatingIfNeeded: tape.count)
        tape.add(JSONTapeEntry(kind, from: start, to: start), next: innermost)
        innermost = container
        self.kind = kind
    }

    /// Completes the entry of the innermost container, which ends before this offset, and leaves it.
    @inline(__always)
    mutating func end(
        before end: Int, on tape: inout JSONTape, in text: Span<UInt8>
    ) throws(JSONDocument.ParseError) {
        let container = Int(innermost)
        // RFC 8259 §4 leaves repeated names to the receiver. RFC 7515 §4 lets us refuse them; we do so everywhere.
        if kind == .object { try JSONMemberNames.refuseDuplicates(from: container + 1, on: tape.span, in: text) }
        depth &-= 1
        // The entry leads to the container around it; from now on it leads over its subtree.
        innermost = tape[container].next
        tape[container].end = UInt32(truncatingIfNeeded: end)
        tape[container].next = UInt32(truncatingIfNeeded: tape.count)
        kind = innermost == Self.none ? nil : tape[Int(innermost)].kind
    }
}
