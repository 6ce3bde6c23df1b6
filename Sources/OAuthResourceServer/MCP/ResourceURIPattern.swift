internal import WireFormat

/// A pattern for URIs or paths. It matches every text that a handler may read as a matching one.
///
/// A missed match would skip the scopes of a rule. So the pattern is compared with the text as it was sent, and with
/// all its ``ResourceURIReadings``. A text without a reliable reading is matched by every pattern.
struct ResourceURIPattern: Sendable, Hashable {
    private let asWritten: GlobPattern
    private let readings: [GlobPattern]
    private let holdsEncodedName: Bool

    init(_ pattern: String) {
        let bytes = Array(pattern.utf8)
        asWritten = GlobPattern(bytes, .slashes)
        // The pattern may be spelled in other ways too.
        let folded = URIReadingSteps.decoded(bytes).map { ASCII.lowercased($0) }
        var readings: Set = [GlobPattern(folded, .slashes)]
        if let uri = URIAuthority.Reference(folded) {
            for reading in URIAuthority.canonicalPattern(uri) { readings.insert(GlobPattern(reading, .slashes)) }
        }
        self.readings = Array(readings)
        holdsEncodedName = ResourceURIReadings.holdsEncodedName(folded)
    }

    func matches(_ text: ResourceURIReadings) -> Bool {
        if text.isUnclear || asWritten.matches(text.asSent) { return true }
        // Handlers convert between the two forms of international names (RFC 5891 §4), and this library does not.
        if asWritten.isBeyondASCII, text.holdsEncodedName { return true }
        if holdsEncodedName, text.isBeyondASCII { return true }
        return text.readings.contains { reading in readings.contains { $0.matches(reading) } }
    }
}
