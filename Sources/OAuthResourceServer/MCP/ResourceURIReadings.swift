internal import WireFormat

/// A URI or a path, with all readings that a handler may use.
///
/// Handlers decode, normalize and shorten texts in different orders. Every text that the ``URIReadingSteps`` make of
/// the sent one, in any order, is a reading.
struct ResourceURIReadings: Sendable {
    /// What a text is.
    enum Kind: Sendable, Hashable {
        /// An absolute URI. A URI without a scheme is unclear: the guard does not know the base that a handler resolves
        /// it against.
        case uri
        /// A URI or a URI template (RFC 6570). A template is compared by the text before its first expression: a rule
        /// applies if it applies to any URI that begins with it.
        case template
        /// The path of a request.
        case path
    }

    let asSent: GlobText
    let readings: [GlobText]
    /// Whether no reading is reliable: URL parsers in use disagree about the text, it is too long, or it has too many
    /// readings.
    let isUnclear: Bool
    /// Whether a host is written in the ASCII form of international names (RFC 5890 §2.3.2.1).
    let holdsEncodedName: Bool
    /// What the readings cost beside the sent text: their bytes, and 16 for each.
    let cost: Int
    /// Whether a reading has bytes beyond ASCII.
    var isBeyondASCII: Bool { readings.contains { $0.characters != nil } }

    /// The maximum number of rounds of percent-encoding. A text with more is unclear.
    private static let maximumRounds = 4

    init(_ text: [UInt8], _ kind: Kind) {
        let sent = kind == .template ? Array(text.prefix { $0 != UInt8(ascii: "{") }) : text
        let isBeginning = sent.count < text.count
        asSent = GlobText(sent, isBeginning: isBeginning)
        guard sent.count <= OperationLimits.maximumNameBytes else {
            (readings, isUnclear, holdsEncodedName, cost) = ([], true, false, 0)
            return
        }
        var found = Search(sent.map { ASCII.lowercased($0) })
        while !found.isUnclear, let step = found.next() {
            guard step.rounds <= Self.maximumRounds, !URIReadingSteps.isDisguised(step.text) else {
                found.isUnclear = true
                break
            }
            found.add(URIReadingSteps.decoded(step.text).map { ASCII.lowercased($0) }, step, rounds: step.rounds + 1)
            for shorter in URIReadingSteps.shortened(step.text) { found.add(shorter, step) }
            guard kind != .path else {
                for path in URIReadingSteps.canonicalPaths(step.text[...]) { found.add(path, step) }
                continue
            }
            switch step.hasClearHost ? URIAuthority.pathReadings(of: step.text) : URIAuthority.readings(of: step.text) {
            case .unclear: found.isUnclear = true
            case .clear(let readings): for reading in readings { found.add(reading, step, hasClearHost: true) }
            }
        }
        isUnclear = found.isUnclear
        cost = found.cost
        // A handler may name a folder with or without a slash at the end.
        readings =
            found.isUnclear
            ? []
            : found.texts.flatMap { text in
                let other = text.last == UInt8(ascii: "/") ? Array(text.dropLast()) : text + [UInt8(ascii: "/")]
                return [GlobText(text, isBeginning: isBeginning), GlobText(other, isBeginning: isBeginning)]
            }
        holdsEncodedName = found.texts.contains(where: Self.holdsEncodedName)
    }

    static func holdsEncodedName(_ text: [UInt8]) -> Bool {
        text.indices.contains { text[$0] == UInt8(ascii: "x") && text[$0...].starts(with: "xn--".utf8) }
    }

    /// The texts that were found, and those of them from which no step has been taken.
    private struct Search {
        struct Step {
            let text: [UInt8]
            /// How often the sent text was percent-decoded.
            let rounds: Int
            /// Whether the text is a canonical one, of which only the path may be read differently.
            let hasClearHost: Bool
        }

        private(set) var texts: [[UInt8]] = []
        private(set) var cost = 0
        var isUnclear = false
        private var steps: [Step] = []
        private var place = 0
        /// Each text, and whether its host was clear when it was found.
        private var seen: [[UInt8]: Bool] = [:]

        init(_ text: [UInt8]) {
            add(Step(text: text, rounds: 0, hasClearHost: false))
        }

        mutating func add(_ text: [UInt8], _ step: Step, rounds: Int? = nil, hasClearHost: Bool? = nil) {
            guard text != step.text else { return }
            add(
                Step(
                    text: text, rounds: rounds ?? step.rounds, hasClearHost: hasClearHost ?? step.hasClearHost))
        }

        private mutating func add(_ step: Step) {
            let known = seen[step.text]
            guard !isUnclear, known == nil || known == true && !step.hasClearHost else { return }
            seen[step.text] = step.hasClearHost
            if known == nil {
                if !texts.isEmpty { cost += step.text.count + 16 }
                isUnclear = cost > OperationLimits.maximumReadingCostOfURI
                texts.append(step.text)
            }
            steps.append(step)
        }

        mutating func next() -> Step? {
            guard place < steps.count else { return nil }
            defer { place += 1 }
            return steps[place]
        }
    }
}
