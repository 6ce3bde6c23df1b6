internal import HTTPMessages
internal import WireFormat

/// When a server sent a response, according to the response: `Date` and `Age` (RFC 9110 §6.6.1, RFC 9111 §5.1).
///
/// **Checks** the form `Sun, 06 Nov 1994 08:49:37 GMT` strictly. The obsolete forms of RFC 9110 §5.6.7 are not read.
/// **Does not check** the day of the week.
enum ResponseDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// How far a clock is ahead of the sender's, in whole seconds; nil when the response does not say its time.
    ///
    /// - Parameter now: The time of the clock when the response arrived, in seconds since 1970.
    static func difference(of fields: HTTPFields, from now: Double) -> Int? {
        guard let sent = fields[.date].flatMap({ secondsSince1970($0.bytes) }) else { return nil }
        // A response from a cache was sent `Age` seconds ago. A malformed age says that it is from a cache too, but not
        // since when.
        var age = 0
        if let value = fields[.age] {
            guard let seconds = value.string.flatMap({ Int($0) }), (0...1_000_000_000).contains(seconds) else {
                return nil
            }
            age = seconds
        }
        let difference = (now - Double(sent + age)).rounded(.towardZero)
        return abs(difference) < 1e12 ? Int(difference) : nil
    }

    /// The seconds since 1970 of an IMF-fixdate; nil for any other text.
    static func secondsSince1970(_ text: [UInt8]) -> Int? {
        // `Sun, 06 Nov 1994 08:49:37 GMT`
        let separators: [(Int, String)] = [
            (3, ", "), (7, " "), (11, " "), (16, " "), (19, ":"), (22, ":"), (25, " GMT"),
        ]
        guard text.count == 29, separators.allSatisfy({ text[$0.0...].starts(with: $0.1.utf8) }),
            let day = number(text[5..<7]), let year = number(text[12..<16]), let hour = number(text[17..<19]),
            let minute = number(text[20..<22]), let second = number(text[23..<25]),
            let month = months.firstIndex(where: { text[8..<11].elementsEqual($0.utf8) }),
            (1...31).contains(day), year >= 1_970, hour < 24, minute < 60, second <= 60
        else { return nil }
        // Years that begin in March end with the leap day.
        let marchYear = month < 2 ? year - 1 : year
        let monthsSinceMarch = (month + 10) % 12
        let days = marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400
        let dayOfYear = (153 * monthsSinceMarch + 2) / 5 + day - 1
        // 719,468 days are from 0000-03-01 to 1970-01-01.
        return (days + dayOfYear - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        digits.reduce(0 as Int?) { number, byte in
            guard let number, ASCII.isDigit(byte) else { return nil }
            return number * 10 + Int(byte - UInt8(ascii: "0"))
        }
    }
}
