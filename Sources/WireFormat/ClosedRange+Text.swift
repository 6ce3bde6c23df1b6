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
