/// How a stream finds out that its client has closed the whole connection.
extension Socket {
    /// Makes the loop call `body` when the peer closes its sending side, until ``endHandling()``.
    func probeDeparture(_ body: @escaping () -> Void) {
        probe = body
    }

    /// Sends a zero before the size of the next chunk, if the system takes it at once. A chunk size may have leading
    /// zeros (RFC 9112 §7.1), so it changes nothing.
    func sendProbe() {
        if send([0x30], from: 0) == 1 { endsInProbe = true }
    }
}
