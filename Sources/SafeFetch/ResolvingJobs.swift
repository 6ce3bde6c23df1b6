internal import HTTPMessages
internal import WireFormat

/// The jobs that have a slot and wait for the addresses of their host. Used on the worker's thread only.
///
/// **Checks** that every address of the host is admitted, not only the one that would be connected to.
struct ResolvingJobs {
    /// A job that can be given to libcurl.
    struct Ready {
        let job: FetchJob
        /// The addresses of the peer's name, in libcurl's spelling; nil for a literal address.
        let resolution: String?
        let connectDeadline: ContinuousClock.Instant
    }

    private struct Entry {
        let job: FetchJob
        let name: String
        let connectDeadline: ContinuousClock.Instant
        /// When the wait for the addresses ends.
        var end: ContinuousClock.Instant { min(job.deadline, connectDeadline) }
    }

    private enum Step {
        case wait
        case go(resolution: String?)
        case fail(FetchError)
    }

    private let policy: FetchPolicy
    private var entries: [Entry] = []
    private var knownNames = KnownNames()

    init(policy: FetchPolicy) {
        self.policy = policy
    }

    var count: Int { entries.count }

    /// Takes a job that has just got its slot. Its time for the connection begins.
    mutating func append(_ job: FetchJob) {
        let deadline = ContinuousClock.now.advanced(by: policy.connectTimeout)
        entries.append(Entry(job: job, name: nameToLookUp(job), connectDeadline: deadline))
    }

    /// Takes out the jobs that can be started, and fails those that cannot.
    mutating func takeReady(asking lookUps: NameLookUps, wake: @escaping @Sendable () -> Void) -> [Ready] {
        let answers = lookUps.takeAnswers()
        let now = ContinuousClock.now
        if policy.keepsConnections {
            for (name, answer) in answers { knownNames.note(answer, for: name, at: now) }
        }
        var ready: [Ready] = []
        var waiting: [Entry] = []
        for entry in entries where !entry.job.ticket.isResolved {
            switch step(entry, answers: answers, now: now, asking: lookUps, wake: wake) {
            case .wait:
                waiting.append(entry)
            case .go(let resolution):
                ready.append(Ready(job: entry.job, resolution: resolution, connectDeadline: entry.connectDeadline))
            case .fail(let error):
                knownNames.forget(entry.name)
                entry.job.ticket.resolve(.failure(error))
            }
        }
        entries = waiting
        return ready
    }

    /// Takes out all jobs.
    mutating func takeAll() -> [FetchJob] {
        defer { entries = [] }
        return entries.map(\.job)
    }

    /// Makes the next connection to this host look up its name again.
    mutating func forgetName(_ name: String) {
        knownNames.forget(name)
    }

    /// The time until the first job times out, at least 1 ms.
    var millisecondsToWait: Int32 {
        guard let end = entries.map(\.end).min() else { return .max }
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: end).components
        // A day is long enough, and does not overflow.
        return Int32(clamping: max(0, min(seconds, 86_400)) * 1000 + max(0, attoseconds) / 1_000_000_000_000_000 + 1)
    }

    private func step(
        _ entry: Entry, answers: [String: NameLookUps.Answer], now: ContinuousClock.Instant,
        asking lookUps: NameLookUps, wake: @escaping @Sendable () -> Void
    ) -> Step {
        let (job, peer) = (entry.job, entry.job.peer)
        // The total time counts from the call, so the wait in the queue is part of it.
        guard now < entry.end else { return .fail(.timedOut) }
        guard peer.hostKind == .name else { return .go(resolution: nil) }
        guard let answer = answers[entry.name] ?? knownNames.answer(for: entry.name, at: now) else {
            return switch lookUps.start(entry.name, done: wake) {
            case .underWay, .full: .wait
            case .unavailable: .fail(.unavailable)
            }
        }
        guard !answer.isEmpty else { return .fail(.notResolved) }
        // One bad address refuses the fetch: a name with a public and a private address is suspicious.
        guard answer.allSatisfy(job.route.addresses.admits) else { return .fail(.blockedAddress) }
        let scripted = policy.scriptedResolutions.first { $0.hasPrefix(peer.hostWithPort + ":") }
        return .go(resolution: scripted ?? job.resolution(answer))
    }

    private func nameToLookUp(_ job: FetchJob) -> String {
        switch policy.source {
        case .operatorNamed: job.peer.host
        // With a dot at its end a name is absolute: the search domains of the machine are not tried.
        case .untrusted: job.peer.host + "."
        }
    }
}
