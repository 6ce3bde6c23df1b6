extension ClosedRange<Int> {
    /// The range for a person, such as `1…31,536,000`.
    package var text: String { "\(Self.grouped(lowerBound))…\(Self.grouped(upperBound))" }

    /// A number that is not negative, in groups of three digits.
    private static func grouped(_ number: Int) -> String {
        guard number >= 1_000 else { return "\(number)" }
        let group = "\(number % 1_000)"
        return grouped(number / 1_000) + "," + String(repeating: "0", count: 3 - group.utf8.count) + group
    }
}

extension ClosedRange<Duration> {
    /// The range for a person, such as `1 ms…60 s` or `300 s…24 h`.
    package var text: String { "\(Self.written(lowerBound))…\(Self.written(upperBound))" }

    /// A duration in the largest unit that keeps it a whole number above 1.
    private static func written(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        guard attoseconds == 0 else { return "\(seconds * 1_000 + attoseconds / 1_000_000_000_000_000) ms" }
        for (unit, length) in [("days", 86_400), ("h", 3_600)] as [(String, Int64)]
        where seconds % length == 0 && seconds / length > 1 {
            return "\(seconds / length) \(unit)"
        }
        return "\(seconds) s"
    }
}
