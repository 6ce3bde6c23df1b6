/// How a stream finds out that its client has closed the whole connection.
extension Socket {
    /// Makes the loop call `body` when the peer closes its sending side, until ``endHandling()``.
    func probeDeparture(_ body: @escaping () -> Void) {
        probe = body
    }
}
