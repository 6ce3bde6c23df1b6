extension Duration {
    /// The value of `Retry-After` (RFC 9110 §10.2.3): the seconds, rounded up, and clamped to 1…3,600.
    var retryAfterSeconds: Int {
        let seconds = components.seconds + (components.attoseconds > 0 ? 1 : 0)
        return Int(max(1, min(seconds, 3_600)))
    }
}
