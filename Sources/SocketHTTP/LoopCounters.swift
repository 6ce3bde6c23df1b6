import HTTPMessages
import Synchronization

/// The counters of one event loop. Only the loop's thread writes, so an addition is a load and a store. Any thread may
/// read.
final class LoopCounters: Sendable {
    private let received = Atomic(0)
    private let sent = Atomic(0)
    private let successes = Atomic(0)
    private let redirections = Atomic(0)
    private let clientErrors = Atomic(0)
    private let serverErrors = Atomic(0)

    func countReceived(_ bytes: Int) { Self.add(bytes, to: received) }

    func countSent(_ bytes: Int) { Self.add(bytes, to: sent) }

    func countResponse(_ status: HTTPStatus) {
        switch status.code {
        case ..<300: Self.add(1, to: successes)
        case ..<400: Self.add(1, to: redirections)
        case ..<500: Self.add(1, to: clientErrors)
        default: Self.add(1, to: serverErrors)
        }
    }

    func add(to counters: inout ListeningServer.Counters) {
        counters.receivedBytes &+= received.load(ordering: .relaxed)
        counters.sentBytes &+= sent.load(ordering: .relaxed)
        for (digit, total) in [
            (2, successes.load(ordering: .relaxed)), (3, redirections.load(ordering: .relaxed)),
            (4, clientErrors.load(ordering: .relaxed)), (5, serverErrors.load(ordering: .relaxed)),
        ] {
            counters.responses[digit, default: 0] &+= total
        }
    }

    private static func add(_ count: Int, to total: borrowing Atomic<Int>) {
        total.store(total.load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }
}
