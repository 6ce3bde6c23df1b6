import Synchronization

/// The sockets that may be closed for a new connection.
extension EventLoop {
    /// From now until ``endWaiting(_:)``, the socket may be closed for a new connection: it waits for a request, or it
    /// only reads what is dropped. Has no effect for one that waits already.
    func beginWaiting(_ socket: Socket) {
        guard socket.waitsSince == .max else { return }
        socket.waitsSince = now
        sockets.startWaiting(socket)
        announceLongestWait()
    }

    func endWaiting(_ socket: Socket) {
        guard socket.waitsSince != .max else { return }
        socket.waitsSince = .max
        sockets.stopWaiting(socket)
        announceLongestWait()
    }

    /// Closes the socket that has waited longest of those for which nothing has arrived. False when there is none.
    func evict() -> Bool {
        assert(isCurrent)
        guard let socket = sockets.longestSilent else { return false }
        endWaiting(socket)
        socket.close()
        return true
    }

    /// Lets the acceptor choose among the loops.
    func announceLongestWait() {
        longestWait.store(sockets.longestWaiting?.waitsSince ?? .max, ordering: .relaxed)
    }
}
