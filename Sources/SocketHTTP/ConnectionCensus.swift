import Synchronization

/// Counts the connections of a server: how many are open, from which networks, and how many were refused.
final class ConnectionCensus: Sendable {
    private struct State {
        var open = 0
        var byNetwork: [SocketAddress.Network: Int] = [:]
        var accepted = 0
        var refused = 0
        var rejections: [RequestFault: Int] = [:]
        /// Learns when no connection is open.
        var waiter: FirstAnswer<Bool>?
    }

    private let state = Mutex(State())

    /// Counts one more connection, or returns why it is refused.
    ///
    /// - Parameters:
    ///   - network: Pass the same value to ``leave(_:)``; nil for a connection that no limit per peer concerns.
    ///   - limit: The largest number of open connections; nil when another connection was closed for this one, whose
    ///     task has not left yet.
    ///   - perPeer: The largest number of open connections of one network.
    func enter(_ network: SocketAddress.Network?, limit: Int?, perPeer: Int?) -> RequestFault? {
        state.withLock { state in
            if let network, let perPeer, state.byNetwork[network, default: 0] >= perPeer { return .tooManyFromPeer }
            if let limit, state.open >= limit { return .tooManyConnections }
            state.open += 1
            state.accepted += 1
            if let network { state.byNetwork[network, default: 0] += 1 }
            return nil
        }
    }

    func leave(_ network: SocketAddress.Network?) {
        let waiter = state.withLock { state -> FirstAnswer<Bool>? in
            if let network, let count = state.byNetwork[network] {
                state.byNetwork[network] = count > 1 ? count - 1 : nil
            }
            state.open -= 1
            guard state.open == 0 else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.give(true)
    }

    /// Counts a connection that is refused.
    func refuse(_ fault: RequestFault) {
        state.withLock { state in
            state.refused += 1
            state.rejections[fault, default: 0] += 1
        }
    }

    /// Counts a request that the server itself has refused, or a connection that it has closed for another one.
    func reject(_ fault: RequestFault) {
        state.withLock { $0.rejections[fault, default: 0] += 1 }
    }

    func add(to counters: inout ListeningServer.Counters) {
        state.withLock { state in
            counters.openConnections = state.open
            counters.acceptedConnections = state.accepted
            counters.refusedConnections = state.refused
            for (fault, count) in state.rejections { counters.rejections[fault.rawValue] = count }
        }
    }

    /// Waits until no connection is open. False when that takes longer than `time`.
    func isEmpty(within time: Duration) async -> Bool {
        let answer = FirstAnswer<Bool>()
        let isEmpty = state.withLock { state in
            if state.open > 0 { state.waiter = answer }
            return state.open == 0
        }
        if isEmpty { return true }
        let timer = answer.give(false, after: time)
        defer { timer.cancel() }
        return await answer.value
    }
}
