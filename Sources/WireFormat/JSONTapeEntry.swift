/// The entries of a text, in its order. The entry of an object is followed by name, value, name, value and so on, so a
/// subtree is a run of entries and a walk needs no stack.
typealias JSONTape = [JSONTapeEntry]

/// One value, or one member name, of a parsed text.
struct JSONTapeEntry: Sendable {
    /// The offset at which the text of the value begins.
    var start: UInt32
    /// The offset after the value. The quotes of a string are within `start` and `end`.
    var end: UInt32
    /// The index of the entry after this subtree. While an array or object is still open, the index of its parent.
    var next: UInt32
    var kind: JSONDocument.Node.Kind
    /// Whether a string holds a backslash.
    var isEscaped: Bool
    /// The ``JSONNameTag`` of a member name without a backslash; else 0.
    var tag: UInt16

    /// An entry whose ``next`` the tape fills in. All offsets fit, because a text has fewer than 2³² bytes and no more
    /// values than bytes.
    @inline(__always)
    init(
        _ kind: JSONDocument.Node.Kind, from start: Int, to end: Int, isEscaped: Bool = false, tag: UInt16 = 0
    ) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        next = 0
        self.kind = kind
        self.isEscaped = isEscaped
        self.tag = tag
    }

    /// The range of a string's content, between the quotes.
    var content: Range<Int> {
        let first = Int(start) + 1
        return first..<max(first, Int(end) - 1)
    }
}

extension JSONTape {
    /// Adds an entry at the end.
    ///
    /// - Parameter next: Its ``JSONTapeEntry/next``; nil for an entry without a subtree.
    @inline(__always)
    mutating func add(_ entry: JSONTapeEntry, next: UInt32? = nil) {
        var entry = entry
        entry.next = next ?? UInt32(truncatingIfNeeded: count &+ 1)
        append(entry)
    }
}
