import WireFormat

/// The IMF-fixdate of RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Appends the 29 bytes of the date. A time outside the years 1970…9999 counts as the nearest time within them.
    static func append(secondsSince1970: Int64, to bytes: inout [UInt8]) {
        let time = CivilTime(secondsSince1970: Int(max(0, min(secondsSince1970, 253_402_300_799))))
        let text =
            "\(days[time.weekday]), \(CivilTime.digits(time.day, 2)) \(months[time.month - 1]) "
            + "\(CivilTime.digits(time.year, 4)) \(time.timeText) GMT"
        bytes.append(contentsOf: text.utf8)
    }
}
