/// What the owner of a listening socket calls.
extension Socket {
    /// Accepts a connection from a listening socket.
    func accept() -> ListeningSocket.Admission {
        guard mayRead || isGone, descriptor >= 0 else { return .wouldBlock }
        let admission = ListeningSocket.accept(on: descriptor)
        if case .wouldBlock = admission { mayRead = false }
        return admission
    }

    /// Waits until `deadline`, or until the socket is aborted.
    func pause(until deadline: Int64) async {
        while await hasNews(until: deadline) {}
    }

    /// Waits until `deadline`, or until the system or another loop tells something. False when the time is over or the
    /// socket was aborted.
    func hasNews(until deadline: Int64) async -> Bool {
        mayRead = false
        // What the system told meanwhile must not be lost.
        defer { mayRead = true }
        return await readable(until: deadline) && !isGone
    }
}
