import WireFormat

/// Formats a NumericDate (RFC 7519 §2) for a person: `2026-11-20 17:35:00 UTC (in 5 min)`.
enum DisplayTime {
    /// The time in UTC and relative to now; nil outside the years 1 to 9999.
    static func describe(_ seconds: Double, now: Double) -> String? {
        guard let utc = utc(seconds) else { return nil }
        return "\(utc) (\(relative(seconds, now: now)))"
    }

    /// The time in UTC without fractions; nil outside the years 1 to 9999.
    static func utc(_ seconds: Double) -> String? {
        guard (-62_135_596_800..<253_402_300_800).contains(seconds) else { return nil }
        let time = CivilTime(secondsSince1970: Int(seconds.rounded(.down)))
        return "\(time.dateText) \(time.timeText) UTC"
    }

    /// The distance from now, rounded to its largest suitable unit: `in 5 min`, `2 h ago`, `now`.
    static func relative(_ seconds: Double, now: Double) -> String {
        let distance = (seconds - now).magnitude
        let units: [(name: String, seconds: Double, below: Double)] = [
            ("s", 1, 60), ("min", 60, 60), ("h", 3_600, 48), ("d", 86_400, 730), ("years", 365.25 * 86_400, .infinity),
        ]
        for (name, length, below) in units {
            let rounded = (distance / length).rounded()
            guard rounded < below, let amount = Int64(exactly: rounded) else { continue }
            if amount == 0 { break }
            return seconds > now ? "in \(amount) \(name)" : "\(amount) \(name) ago"
        }
        return "now"
    }
}
