internal import WireFormat

/// A pattern for URIs or paths. It matches every text that a handler may read as a matching one.
///
/// A missed match would skip the scopes of a rule. So the pattern is compared with the text as it was sent, and with
/// all its ``ResourceURIReadings``. A text without a reliable reading is matched by every pattern.
struct ResourceURIPattern: Sendable, Hashable {
    private let asWritten: GlobPattern
    private let readings: [GlobPattern]
    /// Whether the host may be one in the ASCII form of international names, and whether it may have bytes beyond
    /// ASCII.
    private let holdsEncodedName: Bool
    private let holdsInternationalName: Bool
    /// Nil when the pattern leaves the scheme open.
    private let scheme: [UInt8]?

    init(_ pattern: String) {
        let bytes = Array(pattern.utf8)
        asWritten = GlobPattern(bytes, .slashes)
        // The pattern may be spelled in other ways too.
        let folded = URIReadingSteps.folded(URIReadingSteps.decoded(bytes))
        var readings: Set = [GlobPattern(folded, .slashes)]
        let reference = URIAuthority.Reference(folded)
        if let reference {
            for reading in URIAuthority.canonicalPattern(reference) { readings.insert(GlobPattern(reading, .slashes)) }
        }
        self.readings = Array(readings)
        // A pattern such as `**` does not say where its host is.
        let host = reference?.authority ?? (pattern.utf8.first == UInt8(ascii: "/") ? [] : folded[...])
        holdsEncodedName = ResourceURIReadings.holdsEncodedName(host)
        holdsInternationalName = host.contains { $0 >= 0x80 }
        scheme = reference.map { Array($0.scheme) }
    }

    func matches(_ text: ResourceURIReadings) -> Bool {
        if text.isUnclear || asWritten.matches(text.asSent) { return true }
        // Handlers convert between the two forms of international names (RFC 5891 §4), and this library does not.
        if holdsInternationalName, includesScheme(in: text.schemesOfEncodedNames) { return true }
        if holdsEncodedName, includesScheme(in: text.schemesOfInternationalNames) { return true }
        return text.readings.contains { reading in readings.contains { $0.matches(reading) } }
    }

    /// Whether the pattern matches the text as it was sent and by every reading, and no reading leads elsewhere.
    func matchesCertainly(_ text: ResourceURIReadings) -> Bool {
        asWritten.matchesCertainly(text.asSent)
            && text.certainReadings.map {
                $0.allSatisfy { reading in readings.contains { $0.matchesCertainly(reading) } }
            }
                ?? false
    }

    private func includesScheme(in schemes: Set<[UInt8]>) -> Bool {
        scheme.map(schemes.contains) ?? !schemes.isEmpty
    }
}
