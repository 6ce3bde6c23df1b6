import Testing

@testable import mcp_auth

@Suite("mcp-auth: times", .serialized)
struct DisplayTimeTests {
    @Test(
        "a time is shown in UTC, fractions cut off",
        arguments: [
            (0, "1970-01-01 00:00:00 UTC"), (-1, "1969-12-31 23:59:59 UTC"), (-0.5, "1969-12-31 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"), (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_078_012_799, "2004-02-28 23:59:59 UTC"), (1_078_012_800, "2004-02-29 00:00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"), (4_107_542_399.9, "2100-02-28 23:59:59 UTC"),
            (1_800_000_000, "2027-01-15 08:00:00 UTC"), (1_798_761_599, "2026-12-31 23:59:59 UTC"),
            (-2_203_891_200, "1900-03-01 00:00:00 UTC"),
            (-62_135_596_800, "0001-01-01 00:00:00 UTC"), (253_402_300_799, "9999-12-31 23:59:59 UTC"),
        ] as [(Double, String)])
    func utc(seconds: Double, text: String) {
        #expect(DisplayTime.utc(seconds) == text)
    }

    @Test(
        "what lies beyond the years 1 to 9999 is no date",
        arguments: [-62_135_596_801, 253_402_300_800, 1_800_000_000_000, 1e300, -1e300, .infinity, .nan] as [Double])
    func noDate(seconds: Double) {
        #expect(DisplayTime.utc(seconds) == nil)
        #expect(DisplayTime.describe(seconds, now: 0) == nil)
    }

    @Test(
        "how far away, in the largest sensible unit",
        arguments: [
            (0, "now"), (0.4, "now"), (-0.4, "now"), (1, "in 1 s"), (-1, "1 s ago"), (59, "in 59 s"),
            (59.7, "in 1 min"), (299.2, "in 5 min"), (300, "in 5 min"), (-7_200, "2 h ago"), (-7_300, "2 h ago"),
            (3_590, "in 1 h"), (47 * 3_600, "in 47 h"), (48 * 3_600, "in 2 d"), (-729 * 86_400, "729 d ago"),
            (730 * 86_400, "in 2 years"), (-1_800_000_000, "57 years ago"), (1e300, "now"),
        ] as [(Double, String)])
    func relative(distance: Double, text: String) {
        #expect(DisplayTime.relative(CommandSession.now + distance, now: CommandSession.now) == text)
    }

    @Test("both together")
    func both() {
        let text = DisplayTime.describe(1_800_000_300, now: CommandSession.now)
        #expect(text == "2027-01-15 08:05:00 UTC (in 5 min)")
    }
}
