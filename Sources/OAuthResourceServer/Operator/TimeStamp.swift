internal import WireFormat

/// The time stamp of a log line (RFC 3339).
enum TimeStamp {
    /// `2026-11-20T17:35:00.250Z`. A time outside the years 1970 to 9999 becomes the nearest time in this range.
    static func text(_ secondsSince1970: Double) -> String {
        let last = 253_402_300_799.999
        let seconds = min(max(secondsSince1970.isNaN ? 0 : secondsSince1970, 0), last)
        let milliseconds = Int((seconds * 1_000).rounded(.down))
        let time = CivilTime(secondsSince1970: milliseconds / 1_000)
        return "\(time.dateText)T\(time.timeText).\(CivilTime.digits(milliseconds % 1_000, 3))Z"
    }
}
