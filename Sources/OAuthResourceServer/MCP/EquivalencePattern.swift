/// The pattern of a ``GlobPattern`` as characters, for texts beyond ASCII.
///
/// Unicode has several spellings of one text: `ö` is one scalar, or `o` and a combining mark. `String` and some file
/// systems treat them as equal (UAX #15), so that a handler may find a name that no pattern of bytes matches. Two
/// `Character` values are equal in this sense, and equivalent texts have equal characters.
///
/// A wildcard may end inside a character: `größe*` matches the bytes of `größe` with a combining mark after it, which
/// another spelling combines with the `e`. A character beside a wildcard therefore also matches characters that may be
/// spelled with it. A rule then applies to more texts, not fewer.
struct EquivalencePattern: Sendable, Hashable {
    private enum Element: Sendable, Hashable {
        /// The flags say whether a wildcard is beside the literal.
        case literal([Character], afterWildcard: Bool, beforeWildcard: Bool)
        case withinSegment
        case anything
    }

    private let elements: [Element]
    /// Whether a character beside a wildcard joins its neighbours in ways that this type does not follow. Such a
    /// pattern matches every text beyond ASCII.
    private let joinsWildcards: Bool

    init(_ elements: [GlobPattern.Element]) {
        joinsWildcards = elements.indices.contains { index in
            guard case .literal(let bytes) = elements[index] else { return false }
            let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
            return index > 0 && scalars.first.map(Self.joinsNeighbours) ?? false
                || index + 1 < elements.count && scalars.last.map(Self.joinsNeighbours) ?? false
        }
        self.elements = elements.indices.map { index in
            switch elements[index] {
            case .literal(let bytes):
                .literal(
                    Array(String(decoding: bytes, as: UTF8.self)), afterWildcard: index > 0,
                    beforeWildcard: index + 1 < elements.count)
            case .withinSegment: .withinSegment
            case .anything: .anything
            }
        }
    }

    func matches(_ text: GlobText) -> Bool {
        if joinsWildcards, text.characters != nil { return true }
        let characters = text.characters ?? Array(String(decoding: text.bytes, as: UTF8.self))
        // As in `GlobPattern`: `ends[n]` says whether the elements so far match the first `n` characters.
        var ends = [Bool](repeating: false, count: characters.count + 1)
        ends[0] = true
        for element in elements {
            switch element {
            case .literal(let literal, let afterWildcard, let beforeWildcard):
                if text.isBeginning, canContinue(after: ends, literal, characters) { return true }
                for end in stride(from: characters.count, through: 0, by: -1) {
                    let start = end - literal.count
                    ends[end] =
                        start >= 0 && ends[start]
                        && Self.matches(
                            literal, characters[start..<end], afterWildcard: afterWildcard,
                            beforeWildcard: beforeWildcard)
                }
            case .withinSegment:
                if text.isBeginning, ends[characters.count] { return true }
                for (place, character) in characters.enumerated() where ends[place] && character != "/" {
                    ends[place + 1] = true
                }
            case .anything:
                if text.isBeginning, ends[characters.count] { return true }
                for place in characters.indices where ends[place] { ends[place + 1] = true }
            }
        }
        return ends[characters.count]
    }

    /// Whether a text that begins with these characters can match from this literal on. The last character of a
    /// beginning may change with the text after it, so that it is not compared when it is beyond ASCII.
    private func canContinue(after ends: [Bool], _ literal: [Character], _ characters: [Character]) -> Bool {
        ends.indices.suffix(literal.count + 1).contains { start in
            guard ends[start] else { return false }
            var rest = characters[start...]
            if let last = rest.last, !last.isASCII { rest = rest.dropLast() }
            return literal.starts(with: rest)
        }
    }

    private static func matches(
        _ literal: [Character], _ text: ArraySlice<Character>, afterWildcard: Bool, beforeWildcard: Bool
    ) -> Bool {
        for (index, (wanted, character)) in zip(literal, text).enumerated() where wanted != character {
            let mayEnd = afterWildcard && index == 0 && Self.mayEnd(character, with: wanted)
            let mayBegin = beforeWildcard && index == literal.count - 1 && Self.mayBegin(character, with: wanted)
            guard mayEnd || mayBegin else { return false }
        }
        return true
    }

    /// Whether a scalar may belong to the character before or after it (UAX #29): marks, joiners and other format
    /// characters, emoji modifiers, and Hangul letters that form syllables.
    private static func joinsNeighbours(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .format: return true
        default: break
        }
        switch scalar.value {
        case 0x1100...0x11FF, 0xA960...0xA97F, 0xD7B0...0xD7FF: return true
        default: return scalar.properties.isGraphemeExtend || scalar.properties.isEmojiModifier
        }
    }

    /// Whether a spelling of `character` may begin with `part`, so that a wildcard matches the rest.
    private static func mayBegin(_ character: Character, with part: Character) -> Bool {
        guard !character.isASCII, let first = character.unicodeScalars.first else { return false }
        guard part.isASCII else { return true }
        if part.unicodeScalars.first == first { return true }
        // All normalized characters whose canonical decomposition begins with ASCII (Unicode Character Database,
        // UnicodeData.txt): Latin letters, and three signs.
        switch first.value {
        case 0xC0...0x24F, 0x1E00...0x1EFF, 0x2260, 0x226E, 0x226F: return true
        default: return false
        }
    }

    /// Whether a spelling of `character` may end with `part`, so that a wildcard matches what is before it. Combining
    /// marks are beyond ASCII.
    private static func mayEnd(_ character: Character, with part: Character) -> Bool {
        !character.isASCII && (!part.isASCII || character.unicodeScalars.dropFirst().first != nil)
    }
}
