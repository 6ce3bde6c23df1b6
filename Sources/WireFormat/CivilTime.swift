/// A time in UTC by the proleptic Gregorian calendar, to the second.
package struct CivilTime: Sendable, Hashable {
    /// The year; 0 is the year before year 1.
    package let year: Int
    /// 1…12
    package let month: Int
    /// 1…31
    package let day: Int
    /// 0…6, 0 is Sunday.
    package let weekday: Int
    /// 0…23
    package let hour: Int
    /// 0…59
    package let minute: Int
    /// 0…59; there are no leap seconds.
    package let second: Int

    /// The time of this many seconds since 1970-01-01T00:00:00Z, without leap seconds. Any number is accepted.
    package init(secondsSince1970 seconds: Int) {
        let (days, ofDay) = Self.divided(seconds, by: 86_400)
        hour = ofDay / 3_600
        minute = ofDay / 60 % 60
        second = ofDay % 60
        weekday = Self.divided(days + 4, by: 7).rest  // 1970-01-01 was a Thursday.

        // Counted from 0000-03-01, in years that begin in March: the leap day ends its year, its century and its 400
        // years.
        let (era, dayOfEra) = Self.divided(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // From March on, every five months have 153 days.
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month < 3 ? 1 : 0)
    }

    /// `2026-11-20`, for the years 0…9999.
    package var dateText: String {
        "\(Self.digits(year, 4))-\(Self.digits(month, 2))-\(Self.digits(day, 2))"
    }

    /// `17:35:00`
    package var timeText: String {
        "\(Self.digits(hour, 2)):\(Self.digits(minute, 2)):\(Self.digits(second, 2))"
    }

    /// A number that is not negative, with zeros in front up to `width` digits.
    package static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }

    /// The division whose rest is never negative.
    private static func divided(_ value: Int, by divisor: Int) -> (quotient: Int, rest: Int) {
        let rest = value % divisor
        let positive = rest < 0 ? rest + divisor : rest
        return ((value - rest) / divisor - (rest < 0 ? 1 : 0), positive)
    }
}
