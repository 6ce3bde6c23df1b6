import HTTPMessages
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification

@testable import OAuthResourceServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("LineLogger (POLICY §17)", .serialized)
struct LineLoggerTests {
    private let clock = FakeClock()
    private let wallClock = FakeClock(1_763_660_100.25)
    private let page = Page()

    /// Collects the lines.
    private final class Page: Sendable {
        private let state = Mutex<(lines: [String], isStalled: Bool)>(([], false))

        func write(_ bytes: [UInt8]) -> Bool {
            state.withLock { state in
                if state.isStalled { return false }
                state.lines.append(String(decoding: bytes, as: UTF8.self))
                return true
            }
        }

        func stall(_ isStalled: Bool) { state.withLock { $0.isStalled = isStalled } }

        /// The lines without time stamps, levels, hints and line ends.
        var texts: [String] {
            lines.map { line in
                let text = line.dropFirst(25).dropLast()
                let hint = text.firstRange(of: " hint=\"")?.lowerBound ?? text.endIndex
                return String(text[..<hint].drop { $0 != " " }.dropFirst())
            }
        }
        var lines: [String] { state.withLock { $0.lines } }
    }

    private func logger(_ detail: LineLogger.Detail = .withoutAllowed) -> LineLogger {
        LineLogger(detail, wallClock: wallClock.wallClock, clock: clock.monotonicClock) { [page] in page.write($0) }
    }

    @Test("A line is a time stamp, a name and pairs; it ends in a line feed")
    func line() {
        logger().observe(.denied(.token(.invalid(.syntax)), .init(fingerprint: "ba7816bf8f01cfea")))
        #expect(
            page.lines == [
                "2025-11-20T17:35:00.250Z warning denied reason=token_syntax token=ba7816bf8f01cfea hint=\"The text "
                    + "after Bearer is not a token. The client must send the access token unchanged.\"\n"
            ])
    }

    @Test(
        "RFC 3339 time stamps, also of times that are none",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_827_696.999, "2000-02-29T12:34:56.999Z"),
            (4_107_542_399.5, "2100-02-28T23:59:59.500Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
            (1_735_689_599.75, "2024-12-31T23:59:59.750Z"), (-5, "1970-01-01T00:00:00.000Z"),
            (1e300, "9999-12-31T23:59:59.999Z"), (.infinity, "9999-12-31T23:59:59.999Z"),
            (.nan, "1970-01-01T00:00:00.000Z"),
        ] as [(Double, String)])
    func timeStamps(seconds: Double, text: String) {
        #expect(TimeStamp.text(seconds) == text)
    }

    @Test(
        "Shadow mode and the end of a stream are logged at every detail",
        arguments: [LineLogger.Detail.withoutAllowed, .everything])
    func modesAndStreams(detail: LineLogger.Detail) {
        let logger = logger(detail)
        logger.observe(.guardInShadow)
        logger.observe(.streamExpired(.init(fingerprint: "ba7816bf8f01cfea")))
        logger.observe(.streamExpired(.init()))
        #expect(
            page.texts == [
                "GUARD_SHADOW", "stream_expired token=ba7816bf8f01cfea", "stream_expired token=none",
            ])
    }

    @Test("Requests that were let through are left out unless asked for; events of one token share its fingerprint")
    func detail() {
        let events: [ResourceServerEvent] = [
            .allowed(.init(fingerprint: "ba7816bf8f01cfea")), .scopesIgnored(.init(fingerprint: "ba7816bf8f01cfea")),
        ]
        for event in events { logger().observe(event) }
        #expect(page.texts == ["scopes_ignored token=ba7816bf8f01cfea"])
        for event in events { logger(.everything).observe(event) }
        #expect(page.texts.dropFirst() == ["allowed token=ba7816bf8f01cfea", "scopes_ignored token=ba7816bf8f01cfea"])
    }

    @Test("THREATS L4: of a reason ten lines a second, the others are counted; other reasons have their own ten")
    func rate() async {
        let logger = logger()
        for _ in 0..<10 { logger.observe(.denied(.missingCredentials, .init())) }
        #expect(page.lines.count == 10)
        for _ in 0..<990 { logger.observe(.denied(.missingCredentials, .init())) }
        logger.observe(.denied(.token(.invalid(.syntax)), .init()))
        #expect(page.lines.count == 11)
        #expect(page.texts.last == "denied reason=token_syntax token=none")
        // The first line of the next second reports the count.
        clock.advance(by: .seconds(1))
        logger.observe(.denied(.missingCredentials, .init()))
        #expect(page.texts.count { $0 == "denied reason=missing_credentials suppressed=990" } == 1)
    }

    @Test("When a flood ends, its count is told although nothing else happens", .timeLimit(.minutes(5)))
    func endOfFlood() async {
        let logger = logger()
        for _ in 0..<25 { logger.observe(.scopesIgnored(.init(fingerprint: "t"))) }
        while clock.sleepers == 0 { await Task.yield() }
        clock.advance(by: .seconds(1))
        while page.lines.count < 11 { await Task.yield() }
        #expect(page.texts.last == "scopes_ignored suppressed=15")
        logger.observe(.scopesIgnored(.init(fingerprint: "t")))
        #expect(page.texts.last == "scopes_ignored token=t")
        #expect(page.lines.count == 12)
    }

    @Test("Reasons without end share one count: neither memory nor lines grow with them")
    func manyReasons() {
        let logger = logger()
        for number in 0..<5_000 {
            logger.observe(.denied(.token(.invalid(.other(code: "code_\(number)"))), .init()))
        }
        #expect(page.lines.count == LineLogger.reasons + LineLogger.linesPerSecond)
        // In the next second, other lines are written again.
        clock.advance(by: .seconds(1))
        for _ in 0..<11 { logger.observe(.denied(.originNotAllowed, .init())) }
        clock.advance(by: .seconds(1))
        logger.observe(.denied(.originNotAllowed, .init()))
        #expect(page.texts.count { $0 == "denied reason=origin_not_allowed suppressed=1" } == 1)
    }

    @Test("Lines that nobody takes are counted and told when somebody does")
    func stalledReader() {
        let logger = logger()
        page.stall(true)
        for _ in 0..<3 { logger.observe(.scopesIgnored(.init(fingerprint: "t"))) }
        #expect(page.lines == [])
        page.stall(false)
        logger.observe(.denied(.originNotAllowed, .init()))
        #expect(page.texts == ["dropped count=3", "denied reason=origin_not_allowed token=none"])
    }

    @Test("THREATS S2: what comes from outside ends no line and controls no terminal; a line has an end")
    func escaping() {
        let code = "a\nb\r\u{1B}[31m\u{0}\\\u{202E}é"
        logger().observe(.denied(.token(.invalid(.other(code: code))), .init()))
        #expect(
            page.texts == [#"denied reason=a\x0ab\x0d\x1b[31m\x00\\\xe2\x80\xae\xc3\xa9 token=none"#])
        for length in [950, 1_000, 1_100, 100_000] {
            logger().observe(
                .denied(.token(.invalid(.other(code: String(repeating: "\n", count: length)))), .init()))
        }
        #expect(page.lines.allSatisfy { $0.utf8.count <= LineLogger.bytesPerLine + 1 && $0.utf8.last == 0x0A })
        #expect(page.lines.last?.hasSuffix("...\n") == true)
    }

    @Test("A pipe that is full or has no reader makes nobody wait and ends no process")
    func pipes() throws {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        let line = Array(repeating: UInt8(ascii: "a"), count: LineLogger.bytesPerLine) + [0x0A]
        var written = 0
        while StandardError.write(line, to: ends[1]), written < 1_000_000 { written += 1 }
        #expect((1..<1_000_000).contains(written))
        #expect(!StandardError.write(line, to: ends[1]))
        close(ends[0])
        #expect(!StandardError.write(line, to: ends[1]))
        close(ends[1])
        #expect(!StandardError.write(line, to: ends[1]))
    }

    @Test("Many at once: every event is a line or counted", .timeLimit(.minutes(5)))
    func concurrency() async {
        let logger = logger()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<100 { logger.observe(.scopesIgnored(.init(fingerprint: "t"))) }
                }
            }
        }
        clock.advance(by: .seconds(1))
        logger.observe(.scopesIgnored(.init(fingerprint: "t")))
        #expect(page.texts.count { $0 == "scopes_ignored token=t" } == 11)
        #expect(page.texts.count { $0 == "scopes_ignored suppressed=790" } == 1)
    }

    @Test("As an observer it is one word")
    func observer() throws {
        let observer: ResourceServerEvent.Observer = LineLogger.standardError.observe
        _ = observer
    }
}
