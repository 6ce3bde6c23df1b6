/// The recent addresses of the operator's hosts, for one thread. A fetch over a kept connection needs no look-up, and
/// libcurl does not say beforehand whether it has kept one.
struct KnownNames {
    static let lifetime = Duration.seconds(30)
    static let capacity = 256

    private var entries: [String: (answer: NameLookUps.Answer, end: ContinuousClock.Instant)] = [:]

    func answer(for name: String, at now: ContinuousClock.Instant) -> NameLookUps.Answer? {
        guard let entry = entries[name], now < entry.end else { return nil }
        return entry.answer
    }

    mutating func note(_ answer: NameLookUps.Answer, for name: String, at now: ContinuousClock.Instant) {
        if entries.count >= Self.capacity { entries = entries.filter { now < $0.value.end } }
        guard entries.count < Self.capacity, !answer.isEmpty else { return }
        entries[name] = (answer, now.advanced(by: Self.lifetime))
    }

    mutating func forget(_ name: String) {
        entries[name] = nil
    }
}
