internal import WireFormat

/// A pattern for texts: `*` matches any bytes within a segment, `**` matches any bytes, and everything else matches
/// itself and every canonically equivalent spelling of itself.
///
/// Both wildcards also match the empty text. There is no escape: a literal `*` is matched by `*`, so that a rule
/// applies to more texts, not fewer. The cost of a match is at most the size of the text times that of the pattern.
///
/// Bytes are compared first. A text or pattern beyond ASCII is then compared as characters: see ``EquivalencePattern``.
struct GlobPattern: Sendable, Hashable {
    /// What divides a text into segments.
    enum Segments: Sendable, Hashable {
        /// The text has no segments, so `*` means the same as `**`. Used for names of tools and prompts.
        case none
        /// `/`: for methods, paths and URIs.
        case slashes
    }

    /// A part of a pattern.
    enum Element: Sendable, Hashable {
        case literal([UInt8])
        case withinSegment
        case anything
    }

    /// The maximum length of a pattern in bytes.
    static let maximumBytes = 512

    private let elements: [Element]
    private let equivalence: EquivalencePattern
    /// Whether the pattern has bytes beyond ASCII.
    let isBeyondASCII: Bool

    init(_ pattern: [UInt8], _ segments: Segments) {
        let star = UInt8(ascii: "*")
        var elements: [Element] = []
        var rest = pattern[...]
        while let first = rest.first {
            if first == star {
                let stars = rest.prefix { $0 == star }
                rest = rest.dropFirst(stars.count)
                elements.append(stars.count == 1 && segments == .slashes ? .withinSegment : .anything)
            } else {
                let literal = rest.prefix { $0 != star }
                rest = rest.dropFirst(literal.count)
                elements.append(.literal(Array(literal)))
            }
        }
        self.elements = elements
        equivalence = EquivalencePattern(elements)
        isBeyondASCII = pattern.contains { $0 >= 0x80 }
    }

    /// Whether the pattern matches the whole text, or a canonically equivalent one.
    func matches(_ text: GlobText) -> Bool {
        if matchesBytes(of: text) { return true }
        // An ASCII text and an ASCII pattern have no other spellings.
        guard isBeyondASCII || text.characters != nil else { return false }
        return equivalence.matches(text)
    }

    /// Whether the pattern matches the whole text, which is ASCII, so that it has no other spelling.
    func matchesCertainly(_ text: GlobText) -> Bool {
        !text.isBeginning && text.bytes.allSatisfy { $0 < 0x80 } && matchesBytes(of: text)
    }

    private func matchesBytes(of text: GlobText) -> Bool {
        let bytes = text.bytes
        // Most texts that do not match differ at their beginning or end.
        if case .literal(let literal) = elements.first {
            guard bytes.starts(with: literal) else { return text.isBeginning && literal.starts(with: bytes) }
            if elements.count == 1, !text.isBeginning { return bytes.count == literal.count }
        }
        if !text.isBeginning, case .literal(let literal) = elements.last,
            !bytes.suffix(literal.count).elementsEqual(literal)
        {
            return false
        }
        // `ends[n]`: whether the elements so far match the first `n` bytes. Each element takes one pass over the array,
        // without backtracking.
        var ends = [Bool](repeating: false, count: bytes.count + 1)
        ends[0] = true
        for element in elements {
            if text.isBeginning, canContinue(after: ends, element, bytes) { return true }
            switch element {
            case .literal(let literal):
                // From the end, so that an entry is read before it is overwritten.
                for end in stride(from: bytes.count, through: 0, by: -1) {
                    let start = end - literal.count
                    ends[end] =
                        start >= 0 && ends[start] && bytes[start] == literal[0]
                        && bytes[start..<end].elementsEqual(literal)
                }
            case .withinSegment:
                for (place, byte) in bytes.enumerated() where ends[place] && byte != UInt8(ascii: "/") {
                    ends[place + 1] = true
                }
            case .anything:
                for place in bytes.indices where ends[place] { ends[place + 1] = true }
            }
        }
        return ends[bytes.count]
    }

    /// Whether a text that begins with these bytes can match from this element on.
    private func canContinue(after ends: [Bool], _ element: Element, _ bytes: [UInt8]) -> Bool {
        guard case .literal(let literal) = element else { return ends[bytes.count] }
        return ends.indices.suffix(literal.count + 1).contains { ends[$0] && literal.starts(with: bytes[$0...]) }
    }
}
