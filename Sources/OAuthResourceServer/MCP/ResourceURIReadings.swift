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
    /// The schemes of readings whose host is written in the ASCII form of international names (RFC 5890 §2.3.2.1).
    let schemesOfEncodedNames: Set<[UInt8]>
    /// The schemes of readings whose host has bytes beyond ASCII.
    let schemesOfInternationalNames: Set<[UInt8]>
    /// The readings of a clear URI, without those that add or remove a slash at the end; empty for any other text.
    private let texts: [[UInt8]]
    /// What the readings cost beside the sent text: their bytes, and 64 for each.
    let cost: Int

    /// The maximum number of rounds of percent-encoding. A text with more is unclear.
    private static let maximumRounds = 4

    init(_ text: [UInt8], _ kind: Kind) {
        let sent = kind == .template ? Self.beginning(ofTemplate: text) : text
        let isBeginning = sent.count < text.count
        asSent = GlobText(sent, isBeginning: isBeginning)
        guard sent.count <= OperationLimits.maximumNameBytes, !URIReadingSteps.isDisguised(sent) else {
            (readings, isUnclear, schemesOfEncodedNames, schemesOfInternationalNames, cost) = ([], true, [], [], 0)
            texts = []
            return
        }
        let limits = (path: OperationLimits.maximumReadingCostOfPath, uri: OperationLimits.maximumReadingCostOfURI)
        var found = Search(URIReadingSteps.folded(sent), limit: kind == .path ? limits.path : limits.uri)
        while !found.isUnclear, let step = found.next() {
            let decoded = URIReadingSteps.decoded(step.text)
            // Folding would replace some of the characters.
            guard step.rounds <= Self.maximumRounds, !URIReadingSteps.isDisguised(decoded) else {
                found.isUnclear = true
                break
            }
            found.add(URIReadingSteps.folded(decoded), step, rounds: step.rounds + 1)
            for shorter in URIReadingSteps.shortened(step.text) { found.add(shorter, step) }
            guard kind != .path else {
                for path in URIReadingSteps.canonicalPaths(step.text[...]) { found.add(path, step) }
                continue
            }
            switch step.hasClearHost ? URIAuthority.pathReadings(of: step.text) : URIAuthority.readings(of: step.text) {
            case .unclear: found.isUnclear = true
            case .clear(let readings):
                for reading in readings {
                    let hasHost = URIAuthority.Reference(reading)?.authority?.isEmpty == false
                    found.add(reading, step, hasClearHost: hasHost || step.hasClearHost)
                }
            }
        }
        isUnclear = found.isUnclear
        cost = found.cost
        texts = kind == .uri && !found.isUnclear ? found.texts : []
        // A handler may name a folder with or without a slash at the end.
        readings =
            found.isUnclear
            ? []
            : found.texts.flatMap { text in
                let other = text.last == UInt8(ascii: "/") ? Array(text.dropLast()) : text + [UInt8(ascii: "/")]
                return [GlobText(text, isBeginning: isBeginning), GlobText(other, isBeginning: isBeginning)]
            }
        let uris = kind == .path ? [] : found.texts.compactMap(URIAuthority.Reference.init)
        func schemes(_ isWanted: (ArraySlice<UInt8>) -> Bool) -> Set<[UInt8]> {
            Set(uris.filter { $0.authority.map(isWanted) ?? false }.map { Array($0.scheme) })
        }
        schemesOfEncodedNames = schemes(Self.holdsEncodedName)
        schemesOfInternationalNames = schemes { $0.contains { $0 >= 0x80 } }
    }

    /// All readings of a URI about which no reader can be misled: see ``URIReadingSteps/leadsElsewhere(_:)``. Nil for
    /// any other text.
    var certainReadings: [GlobText]? {
        guard !texts.isEmpty, !texts.contains(where: URIReadingSteps.leadsElsewhere) else { return nil }
        return texts.flatMap { text in
            // A handler may open the folder without its slash.
            [GlobText(text)] + (text.last == UInt8(ascii: "/") ? [GlobText(text.dropLast())] : [])
        }
    }

    static func holdsEncodedName(_ host: ArraySlice<UInt8>) -> Bool {
        host.indices.contains { host[$0] == UInt8(ascii: "x") && host[$0...].starts(with: "xn--".utf8) }
    }

    /// The text before the first expression. Without the place of the host, if the expression stands there, because it
    /// may end the host; and without half an escape, which the expression may complete.
    private static func beginning(ofTemplate text: [UInt8]) -> [UInt8] {
        var beginning = text.prefix { $0 != UInt8(ascii: "{") }
        guard beginning.count < text.count else { return text }
        if let reference = URIAuthority.Reference(Array(beginning)), let authority = reference.authority,
            reference.path.isEmpty
        {
            beginning = beginning.dropLast(authority.count)
        }
        if let escape = beginning.suffix(2).lastIndex(of: UInt8(ascii: "%")) { beginning = beginning[..<escape] }
        return Array(beginning)
    }

    /// Whether a URI is compared quickly: it has only letters, digits, `-`, `.`, `_`, `~`, `:` and `/`, and no segment
    /// of its path is empty or begins with a dot.
    static func isPlain(_ uri: [UInt8]) -> Bool {
        guard uri.allSatisfy({ PercentEncoding.isUnreserved($0) || ":/".utf8.contains($0) }) else { return false }
        let path = (URIAuthority.Reference(uri)?.path ?? uri[...])
        return zip(path, path.dropFirst()).allSatisfy { $0 != UInt8(ascii: "/") || !"/.".utf8.contains($1) }
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

        private let limit: Int

        init(_ text: [UInt8], limit: Int) {
            self.limit = limit
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
                if !texts.isEmpty { cost += step.text.count + 64 }
                isUnclear = cost > limit
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
