import OAuthResourceServer
import Synchronization

/// Tells the operator what was refused and how the keys fare: one line an event, a bounded number of lines a second.
///
/// Events happen on the servers' event loops, so ``note(_:)`` only keeps a line; ``run(write:pause:)`` prints them in a
/// task of its own, together with the number of those that were too many.
final class EventLog: Sendable {
    /// The most events that are shown a second.
    static let eventsPerSecond = 20

    private struct Pending {
        var lines: [String] = []
        var leftOut = 0
    }

    private let pending = Mutex(Pending())
    private let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Takes note of an event; requests that were let through are not shown. Never blocks.
    func note(_ event: ResourceServerEvent) {
        if case .allowed = event { return }
        pending.withLock { pending in
            if pending.lines.count < Self.eventsPerSecond {
                pending.lines.append(event.description)
            } else {
                pending.leftOut += 1
            }
        }
        arrival.yield()
    }

    /// Prints until the task is cancelled. Called once.
    ///
    /// - Parameters:
    ///   - write: Writes a line; false when that would have to wait. It is counted then, and not kept.
    ///   - pause: Waits between two batches of lines; throws when there shall be no other.
    func run(
        write: @Sendable (String) -> Bool,
        pause: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(1)) }
    ) async {
        for await _ in arrivals {
            var batch = pending.withLock { pending in
                defer { pending = Pending() }
                return pending
            }
            batch.leftOut += batch.lines.count { !write($0) }
            if batch.leftOut > 0, !write("events_left_out count=\(batch.leftOut)") {
                let unsaid = batch.leftOut
                pending.withLock { $0.leftOut += unsaid }
            }
            do {
                try await pause()
            } catch {
                return
            }
        }
    }
}
