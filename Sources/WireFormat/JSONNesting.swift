/// The arrays and objects that are open at a point of a text, while it is parsed.
///
/// They are chained through their entries on the tape: the entry of an open container leads to the one around it.
struct JSONNesting {
    private static let none = UInt32.max

    private let maximumDepth: Int
    private var depth = 0
    /// The position of the innermost container.
    private var innermost = none
    /// The bracket that ends the innermost container, or ``noBracket``.
    private(set) var endByte = noBracket
    /// Neither a byte of UTF-8 nor the one that stands for the end of the text.
    private static let noBracket: UInt8 = 0xFF

    @inline(__always)
    init(maximumDepth: Int) {
        self.maximumDepth = maximumDepth
    }

    var isInContainer: Bool { @inline(__always) get { innermost != Self.none } }
    var isInObject: Bool { @inline(__always) get { endByte == UInt8(ascii: "}") } }

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
        enter(kind)
    }

    /// Completes the entry of the innermost container, which ends before this offset, and leaves it.
    @inline(__always)
    mutating func end(
        before end: Int, on tape: inout JSONTape, in text: Span<UInt8>
    ) throws(JSONDocument.ParseError) {
        let container = Int(innermost)
        // RFC 8259 §4 leaves repeated names to the receiver. RFC 7515 §4 lets us refuse them; we do so everywhere.
        if isInObject { try JSONMemberNames.refuseDuplicates(from: container + 1, on: tape, in: text) }
        depth &-= 1
        // The entry leads to the container around it; from now on it leads over its subtree.
        innermost = tape[container].next
        tape[container].end = UInt32(truncatingIfNeeded: end)
        tape[container].next = UInt32(truncatingIfNeeded: tape.count)
        enter(isInContainer ? tape[Int(innermost)].kind : nil)
    }

    @inline(__always)
    private mutating func enter(_ kind: JSONDocument.Node.Kind?) {
        switch kind {
        case .object: endByte = UInt8(ascii: "}")
        case .array: endByte = UInt8(ascii: "]")
        default: endByte = Self.noBracket
        }
    }
}
