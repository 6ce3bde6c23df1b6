/// A NumericDate (RFC 7519 §2) for a reader: `2026-11-20 17:35:00 UTC (in 5 min)`.
enum DisplayTime {
    /// The time in UTC and from now; nil for what is no date of the years 1 to 9999.
    static func describe(_ seconds: Double, now: Double) -> String? {
        guard let utc = utc(seconds) else { return nil }
        return "\(utc) (\(relative(seconds, now: now)))"
    }

    /// The time in UTC, fractions cut off; nil outside the years 1 to 9999.
    static func utc(_ seconds: Double) -> String? {
        guard (-62_135_596_800..<253_402_300_800).contains(seconds) else { return nil }
        let whole = Int(seconds.rounded(.down))
        let days = (whole - modulo(whole, 86_400)) / 86_400
        let ofDay = modulo(whole, 86_400)
        let (year, month, day) = civil(days)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        return "\(date) \(padded(ofDay / 3_600, 2)):\(padded(ofDay / 60 % 60, 2)):\(padded(ofDay % 60, 2)) UTC"
    }

    /// How far the time is away, in its largest sensible unit, rounded: `in 5 min`, `2 h ago`, `now`.
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

    /// The date of a day counted from 1970-01-01, in the Gregorian calendar.
    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        // From 0000-03-01 on, a leap day ends its year, its century and its 400 years.
        let shifted = days + 719_468
        let dayOfEra = modulo(shifted, 146_097)
        let era = (shifted - dayOfEra) / 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // Months from March: 153 days in each five of them.
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        return (era * 400 + yearOfEra + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9, day)
    }

    private static func modulo(_ value: Int, _ divisor: Int) -> Int {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
