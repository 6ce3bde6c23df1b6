import HTTPMessages
import Synchronization

/// What a server has done so far: totals that only grow, except for the connections that are open.
///
/// Taken while the server works, so that two numbers of one snapshot may be an instant apart.
public struct ServerCounters: Sendable, Hashable {
    /// Connections open now.
    public var openConnections = 0
    /// Connections accepted, without those refused for their number.
    public var acceptedConnections = 0
    /// Connections refused for their number.
    public var refusedConnections = 0
    /// Final responses begun, by the first digit of their status: 2, 3, 4 or 5. Those of refused requests are among them.
    public var responses: [Int: Int] = [:]
    /// Requests and connections that no handler saw to the end, by reason: a closed set of snake-case codes.
    public var rejections: [String: Int] = [:]
    /// Bytes received on connections.
    public var receivedBytes = 0
    /// Bytes sent on connections.
    public var sentBytes = 0
}

/// The counters of one event loop. Only its thread writes, so that an addition is a load and a store; anybody reads.
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

    func add(to counters: inout ServerCounters) {
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
