import Testing
import WireFormat

@Suite("Civil times", .serialized)
struct CivilTimeTests {
    @Test(
        "Seconds since 1970 are a date of the Gregorian calendar, before 1970 too",
        arguments: [
            (0, "1970-01-01 00:00:00", 4), (-1, "1969-12-31 23:59:59", 3), (784_111_777, "1994-11-06 08:49:37", 0),
            (951_782_399, "2000-02-28 23:59:59", 1), (951_782_400, "2000-02-29 00:00:00", 2),
            (951_868_800, "2000-03-01 00:00:00", 3), (4_107_542_399, "2100-02-28 23:59:59", 0),
            (4_107_542_400, "2100-03-01 00:00:00", 1), (-2_203_891_200, "1900-03-01 00:00:00", 4),
            (-62_135_596_800, "0001-01-01 00:00:00", 1), (253_402_300_799, "9999-12-31 23:59:59", 5),
        ] as [(Int, String, Int)])
    func table(seconds: Int, text: String, weekday: Int) {
        let time = CivilTime(secondsSince1970: seconds)
        #expect("\(time.dateText) \(time.timeText)" == text)
        #expect(time.weekday == weekday)
    }

    @Test("Day by day over 800 years, the calendar's own rules hold")
    func everyDay() {
        var (year, month, day, weekday) = (1570, 1, 1, 4)
        var seconds = -12_622_780_800
        while year < 2370 {
            let time = CivilTime(secondsSince1970: seconds)
            guard (time.year, time.month, time.day, time.weekday) == (year, month, day, weekday) else {
                Issue.record("\(time) is not \(year)-\(month)-\(day), weekday \(weekday)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
            day += 1
            if day > length { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
            weekday = (weekday + 1) % 7
            seconds += 86_400
        }
    }

    @Test("Any number of seconds is a time", arguments: [Int.min, Int.max])
    func extremes(seconds: Int) {
        let time = CivilTime(secondsSince1970: seconds)
        #expect((1...12).contains(time.month) && (1...31).contains(time.day) && (0...6).contains(time.weekday))
        #expect((0...23).contains(time.hour) && (0...59).contains(time.minute) && (0...59).contains(time.second))
    }
}
