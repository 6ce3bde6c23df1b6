extension Socket {
    /// Makes the loop call `body` whenever nothing has been sent for `time` milliseconds, until ``stopFilling()``.
    func fillSilence(after time: Int64, _ body: @escaping () -> Void) {
        filler = (max(20, time), body)
        postponeFiller()
    }

    func stopFilling() {
        filler = nil
        quietDeadline = .max
    }

    /// Restarts the time of silence, because bytes are being sent.
    func postponeFiller() {
        guard let filler else { return }
        quietDeadline = loop.now + filler.time
        loop.expect(quietDeadline, of: self)
    }
}
