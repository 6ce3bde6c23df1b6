extension Duration {
    /// The seconds, rounded up, for `Retry-After`; 1…3,600.
    var wholeSeconds: Int {
        let seconds = components.seconds + (components.attoseconds > 0 ? 1 : 0)
        return Int(max(1, min(seconds, 3_600)))
    }
}
