import OAuthResourceServer
import Synchronization
import Testing

@testable import mcp_quickstart

@Suite("EventLog")
struct EventLogTests {
    /// What the log writes in one batch.
    private func batch(of log: EventLog) async -> [String] {
        let lines = Mutex<[String]>([])
        await log.run(
            write: { line in
                lines.withLock { $0.append(line) }
                return true
            },
            pause: { throw CancellationError() })
        return lines.withLock { $0 }
    }

    @Test("POLICY §17: denials with their reason and key events are shown, a line each; what went well is not")
    func events() async {
        let log = EventLog()
        log.note(.allowed(fingerprint: "ba7816bf8f01cfea"))
        log.note(.denied(.missingCredentials, fingerprint: nil))
        log.note(.denied(.invalid(.syntax), fingerprint: "ba7816bf8f01cfea"))
        log.note(.started)
        log.note(.keySource(.refreshSucceeded(usableKeys: 2), issuer: "i"))
        log.note(.keySource(.refreshFailed(.status(503)), issuer: "i"))
        log.note(.handlerFailed(CancellationError()))
        #expect(
            await batch(of: log) == [
                "denied reason=missing_credentials token=none", "denied reason=token_syntax token=ba7816bf8f01cfea",
                "key_refresh_started cause=aging issuer=i", "key_refresh_succeeded usable_keys=2 issuer=i",
                "key_refresh_failed reason=status_503 issuer=i",
                "handler_failed error=CancellationError",
            ])
    }

    @Test("at the limit of a second every event is shown; one more is counted in a line of its own")
    func bounded() async {
        for (extra, summary) in [(0, []), (1, ["events_left_out count=1"]), (999, ["events_left_out count=999"])] {
            let log = EventLog()
            for _ in 0..<(EventLog.eventsPerSecond + extra) { log.note(.started) }
            let lines = await batch(of: log)
            #expect(lines.count == EventLog.eventsPerSecond + summary.count)
            #expect(Array(lines.dropFirst(EventLog.eventsPerSecond)) == summary)
        }
    }

    @Test("between two batches there is a pause, and nothing is shown twice")
    func pauses() async {
        let log = EventLog()
        let journal = Mutex<[String]>([])
        log.note(.started)
        await log.run(
            write: { line in
                journal.withLock { $0.append(line) }
                return true
            },
            pause: {
                let count = journal.withLock { journal in
                    journal.append("pause")
                    return journal.count
                }
                guard count < 4 else { throw CancellationError() }
                log.note(.succeeded)
            })
        #expect(
            journal.withLock { $0 } == [
                "key_refresh_started cause=aging issuer=i", "pause", "key_refresh_succeeded usable_keys=1 issuer=i",
                "pause",
            ])
    }

    @Test("lines that nobody takes are counted and named when somebody does")
    func stalledReader() async {
        // A log is run once, so the reader comes back within the one run.
        let log = EventLog()
        let lines = Mutex<[String]>([])
        let isStalled = Atomic(true)
        log.note(.started)
        log.note(.started)
        await log.run(
            write: { line in
                guard !isStalled.load(ordering: .relaxed) else { return false }
                lines.withLock { $0.append(line) }
                return true
            },
            pause: {
                guard isStalled.exchange(false, ordering: .relaxed) else { throw CancellationError() }
                log.note(.succeeded)
            })
        #expect(lines.withLock { $0 } == ["key_refresh_succeeded usable_keys=1 issuer=i", "events_left_out count=2"])
    }

    @Test("it ends when its task is cancelled", .timeLimit(.minutes(1)))
    func cancellation() async {
        let log = EventLog()
        let running = Task { await log.run(write: { _ in true }) }
        running.cancel()
        await running.value
    }
}

extension ResourceServerEvent {
    fileprivate static let started = keySource(.refreshStarted(.aging), issuer: "i")
    fileprivate static let succeeded = keySource(.refreshSucceeded(usableKeys: 1), issuer: "i")
}
