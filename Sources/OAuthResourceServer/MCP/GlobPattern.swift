internal import WireFormat

/// A pattern over bytes: `*` matches any bytes within a segment, `**` matches any bytes, and everything else matches
/// itself.
///
/// Both also match the empty text. There is no escape: a literal `*` is matched by `*`, so that a rule applies to more
/// texts, not fewer. The cost of a match is at most the size of the text times that of the pattern.
struct GlobPattern: Sendable, Hashable {
    /// What divides a text into segments.
    enum Segments: Sendable, Hashable {
        /// The text has no segments, so `*` means the same as `**`. Used for names of tools and prompts.
        case none
        /// `/`: for methods, paths and URIs.
        case slashes
    }

    private enum Element: Sendable, Hashable {
        case literal([UInt8])
        case withinSegment
        case anything
    }

    /// The maximum length of a pattern in bytes.
    static let maximumBytes = 512

    private let elements: [Element]

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
    }

    /// Whether the pattern matches the whole text.
    func matches(_ text: [UInt8]) -> Bool {
        // Most texts that do not match differ at their beginning or end.
        if case .literal(let bytes) = elements.first, !text.starts(with: bytes) { return false }
        if case .literal(let bytes) = elements.last, !text.suffix(bytes.count).elementsEqual(bytes) { return false }
        // `ends[n]`: whether the elements so far match the first `n` bytes. Each element takes one pass over the array,
        // without backtracking.
        var ends = [Bool](repeating: false, count: text.count + 1)
        ends[0] = true
        for element in elements {
            switch element {
            case .literal(let bytes):
                // From the end, so that an entry is read before it is overwritten.
                for end in stride(from: text.count, through: 0, by: -1) {
                    let start = end - bytes.count
                    ends[end] =
                        start >= 0 && ends[start] && text[start] == bytes[0] && text[start..<end].elementsEqual(bytes)
                }
            case .withinSegment:
                for (place, byte) in text.enumerated() where ends[place] && byte != UInt8(ascii: "/") {
                    ends[place + 1] = true
                }
            case .anything:
                for place in text.indices where ends[place] { ends[place + 1] = true }
            }
        }
        return ends[text.count]
    }
}
