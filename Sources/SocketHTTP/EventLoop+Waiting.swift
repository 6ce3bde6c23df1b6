import Synchronization

/// The sockets that may be closed for others.
extension EventLoop {
    /// From now until ``endWaiting(_:)``, the socket may be closed for a new connection. Has no effect for one that
    /// waits for the same already.
    func beginWaiting(_ socket: Socket, for wait: SocketWait) {
        guard socket.wait != wait, !socket.isGone else { return }
        if socket.wait != nil { sockets.stopWaiting(socket) }
        socket.wait = wait
        socket.waitsSince = now
        sockets.startWaiting(socket, for: wait)
        isFirstWaitStale = true
    }

    func endWaiting(_ socket: Socket) {
        guard socket.wait != nil else { return }
        socket.wait = nil
        sockets.stopWaiting(socket)
        isFirstWaitStale = true
    }

    /// Closes the socket that gives way first. False when there is none.
    func evict() -> Bool {
        assert(isCurrent)
        guard let first = sockets.firstToGiveWay else { return false }
        for wait in [first] + SocketWait.allCases.filter({ $0 != first }) {
            // Bytes may have arrived of which the system has not told yet.
            let socket = sockets.oldest(wait) { !wait.endsWithBytes || !$0.hasBytes() }
            if let socket {
                evict(socket)
                return true
            }
        }
        return false
    }

    /// Closes the socket that has waited longest for the rest of its head, except for one. False when there is none.
    /// Its memory is released in a later job of this loop.
    func evictHead(except spared: Socket? = nil) -> Bool {
        assert(isCurrent)
        guard let socket = sockets.oldest(.restOfHead, where: { $0 !== spared }) else { return false }
        evict(socket)
        return true
    }

    private func evict(_ socket: Socket) {
        endWaiting(socket)
        socket.close()
    }

    /// Tells the acceptor, which chooses among the loops, which wait is the first here. Once in a turn is enough: an
    /// acceptor that waits for a place asks in a later one.
    func announceWait() {
        guard isFirstWaitStale else { return }
        isFirstWaitStale = false
        var urgency = Int64.max
        if let wait = sockets.firstToGiveWay, let since = sockets.oldest(wait)?.waitsSince {
            // The kind of wait comes before its beginning. No clock of milliseconds reaches 2^56.
            urgency = Int64(wait.rawValue) << 56 | since
        }
        firstWait.store(urgency, ordering: .relaxed)
    }
}
