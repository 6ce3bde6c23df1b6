internal import Synchronization

/// The number of commands without outcome, those of cancelled tasks included until they have one.
final class CommandCount: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    /// A command is put into the queue.
    func begin() { count.add(1, ordering: .relaxed) }

    /// Gives a command its outcome. Its caller may make the next one at once, so it is counted before.
    func finish(_ command: StoreCommand, _ outcome: RecordOutcome) {
        count.subtract(1, ordering: .relaxed)
        command.ticket.resolve(outcome)
    }
}
