/// Text for a line of a log: printable ASCII, whatever comes in.
enum LogText {
    /// Appends a text. A byte that is not printable ASCII becomes `\xNN`, so that no text ends the line, moves a terminal's
    /// cursor or turns its direction of writing.
    ///
    /// - Parameter limit: The most bytes of `line`; a text that is cut there ends in `...`.
    static func append(_ text: String, to line: inout [UInt8], limit: Int) {
        let mark = Array("...".utf8)
        var lastPlaceForMark = line.count
        for byte in text.utf8 {
            line += escaped(byte)
            guard line.count <= limit else {
                line.removeSubrange(lastPlaceForMark...)
                line += mark
                return
            }
            if line.count + mark.count <= limit { lastPlaceForMark = line.count }
        }
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "\\"): Array(#"\\"#.utf8)
        case 0x20...0x7E: [byte]
        default: Array(#"\x"#.utf8) + [digit(byte >> 4), digit(byte & 0x0F)]
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? value + 0x30 : value + 0x57
    }
}

/// The time of a log's line (RFC 3339).
enum TimeStamp {
    /// `2026-11-20T17:35:00.250Z`; a time outside the years 1970 to 9999 counts as the nearest in them.
    static func text(_ secondsSince1970: Double) -> String {
        let last = 253_402_300_799.999
        let milliseconds = Int64(
            (min(max(secondsSince1970.isNaN ? 0 : secondsSince1970, 0), last) * 1_000).rounded(.down))
        let seconds = milliseconds / 1_000
        let (year, month, day) = date(seconds / 86_400)
        let ofDay = seconds % 86_400
        let time = "\(padded(ofDay / 3_600, 2)):\(padded(ofDay / 60 % 60, 2)):\(padded(ofDay % 60, 2))"
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(time).\(padded(milliseconds % 1_000, 3))Z"
    }

    /// The date of a day counted from 1970-01-01, in the Gregorian calendar.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Years that begin in March, from the year 0: a leap day ends its year, its century and its 400 years.
        let shifted = days + 719_468
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // Months from March: 153 days in each five of them.
        let month = (5 * dayOfYear + 2) / 153
        let year = shifted / 146_097 * 400 + yearOfEra + (month < 10 ? 0 : 1)
        return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
