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
        mayRead = false
        while !isGone, await readable(until: deadline) { mayRead = false }
        mayRead = true
    }
}
