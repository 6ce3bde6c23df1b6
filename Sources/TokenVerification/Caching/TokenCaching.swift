internal import WireFormat

/// How many verdicts a verifier remembers, so that a token that comes again costs a hash instead of a signature check or a
/// request.
public enum TokenCaching: Sendable, Hashable {
    /// None: every token is judged anew.
    case off
    /// So many, 1…1,000,000; what nobody presented longest is forgotten first.
    case upTo(entries: Int)

    /// 10,000 verdicts.
    public static let standard = TokenCaching.upTo(entries: 10_000)

    /// The longest that a good verdict is remembered.
    public static let lifetime: Duration = .seconds(60)

    /// The longest claims that are remembered, so that the memory is bounded in bytes too.
    static let maximumClaimsBytes = 16_384

    /// What the number of entries may be.
    public static let entries: ClosedRange<Int> = 1...1_000_000

    /// The number of entries; 0 for none.
    var capacity: Int {
        switch self {
        case .off: 0
        case .upTo(let entries): entries
        }
    }

    /// Finds a number that is out of range.
    package func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        guard case .upTo(let entries) = self, !Self.entries.contains(entries) else { return }
        faults.add(
            path, "is outside \(Self.entries.text) entries", "choose a number in this range, or .off to keep none")
    }
}
