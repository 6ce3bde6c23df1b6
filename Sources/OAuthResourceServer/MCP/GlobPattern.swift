internal import WireFormat

/// A pattern over bytes: `*` stands for any bytes within a segment, `**` for any bytes at all, everything else for itself.
///
/// Both may stand for nothing. There is no escape: a literal `*` is covered by `*`, which demands more, not less. Matching
/// costs at most the size of the text times that of the pattern, whatever they are.
struct GlobPattern: Sendable, Hashable {
    /// What divides a text.
    enum Segments: Sendable, Hashable {
        /// Nothing, so that `*` is `**`: names of tools and prompts.
        case none
        /// `/`: methods, paths and URIs.
        case slashes
    }

    private enum Element: Sendable, Hashable {
        case literal([UInt8])
        case withinSegment
        case anything
    }

    /// The longest pattern in bytes.
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

    /// Whether the whole text is of this form.
    func matches(_ text: [UInt8]) -> Bool {
        // Most texts are told apart by how they begin or end.
        if case .literal(let bytes) = elements.first, !text.starts(with: bytes) { return false }
        if case .literal(let bytes) = elements.last, !text.suffix(bytes.count).elementsEqual(bytes) { return false }
        // Where the elements so far may end. One walk over these places for each element: nothing is ever tried twice.
        var ends = [Bool](repeating: false, count: text.count + 1)
        ends[0] = true
        for element in elements {
            switch element {
            case .literal(let bytes):
                // From the back, so that a place is read before it is written.
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
