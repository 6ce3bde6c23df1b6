/// The IMF-fixdate of RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let days = Array("ThuFriSatSunMonTueWed".utf8)  // 1 January 1970 was a Thursday.
    private static let months = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)

    /// Appends the 29 bytes of the date.
    static func append(secondsSince1970: Int64, to bytes: inout [UInt8]) {
        let seconds = max(0, min(secondsSince1970, 253_402_300_799))  // up to the year 9999
        let day = Int(seconds / 86_400)
        let second = Int(seconds % 86_400)
        // The Gregorian calendar with years that begin in March, so that the leap day is the last of its year.
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 2 : shiftedMonth - 10  // 0 is January
        let year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)

        bytes.append(contentsOf: days[(day % 7 * 3)..<(day % 7 * 3 + 3)])
        bytes.append(contentsOf: [0x2C, 0x20])
        append(dayOfMonth, to: &bytes)
        bytes.append(0x20)
        bytes.append(contentsOf: months[(month * 3)..<(month * 3 + 3)])
        bytes.append(0x20)
        append(year / 100, to: &bytes)
        append(year % 100, to: &bytes)
        bytes.append(0x20)
        append(second / 3600, to: &bytes)
        bytes.append(0x3A)
        append(second / 60 % 60, to: &bytes)
        bytes.append(0x3A)
        append(second % 60, to: &bytes)
        bytes.append(contentsOf: " GMT".utf8)
    }

    private static func append(_ twoDigits: Int, to bytes: inout [UInt8]) {
        bytes.append(0x30 + UInt8(truncatingIfNeeded: twoDigits / 10))
        bytes.append(0x30 + UInt8(truncatingIfNeeded: twoDigits % 10))
    }
}
