internal import HTTPMessages
internal import WireFormat

/// The jobs that have a slot and wait for what their host resolves to. Used on the worker's thread only.
///
/// **Checks** that every address of the host is admitted, not only the one that would be connected to.
struct ResolvingJobs {
    /// A job that can be given to libcurl.
    struct Ready {
        let job: FetchJob
        /// What the peer's name resolves to, in libcurl's spelling; nil for a literal address.
        let resolution: String?
        let connectDeadline: ContinuousClock.Instant
    }

    private struct Entry {
        let job: FetchJob
        let name: String
        let connectDeadline: ContinuousClock.Instant
        /// When it makes no sense any more to wait.
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

    /// Takes a job that got its slot now: from here on its time for the connection runs.
    mutating func append(_ job: FetchJob) {
        let deadline = ContinuousClock.now.advanced(by: policy.connectTimeout)
        entries.append(Entry(job: job, name: nameToLookUp(job), connectDeadline: deadline))
    }

    /// Takes out the jobs that can be started, and ends those that cannot.
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

    /// Takes out everything.
    mutating func takeAll() -> [FetchJob] {
        defer { entries = [] }
        return entries.map(\.job)
    }

    /// The next connection to the host needs a new look-up.
    mutating func forgetName(_ name: String) {
        knownNames.forget(name)
    }

    /// When the next job's time is over, at least 1 ms from now.
    var millisecondsToWait: Int32 {
        guard let end = entries.map(\.end).min() else { return .max }
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: end).components
        // A day is long enough, and fits.
        return Int32(clamping: max(0, min(seconds, 86_400)) * 1000 + max(0, attoseconds) / 1_000_000_000_000_000 + 1)
    }

    private func step(
        _ entry: Entry, answers: [String: NameLookUps.Answer], now: ContinuousClock.Instant,
        asking lookUps: NameLookUps, wake: @escaping @Sendable () -> Void
    ) -> Step {
        let (job, peer) = (entry.job, entry.job.peer)
        // The total time counts from the call: what was spent in the queue is gone.
        guard now < entry.end else { return .fail(.timedOut) }
        guard peer.hostKind == .name else { return .go(resolution: nil) }
        guard let answer = answers[entry.name] ?? knownNames.answer(for: entry.name, at: now) else {
            return switch lookUps.start(entry.name, done: wake) {
            case .underWay, .full: .wait
            case .unavailable: .fail(.unavailable)
            }
        }
        guard !answer.isEmpty else { return .fail(.notResolved) }
        // One bad answer refuses all: a name with a public and a private address is no honest name.
        guard answer.allSatisfy(job.route.addresses.admits) else { return .fail(.blockedAddress) }
        let scripted = policy.scriptedResolutions.first { $0.hasPrefix(peer.hostWithPort + ":") }
        return .go(resolution: scripted ?? job.resolution(answer))
    }

    private func nameToLookUp(_ job: FetchJob) -> String {
        switch policy.source {
        case .operatorNamed: job.peer.host
        // With a dot at its end a name is looked up as it is, not below the machine's search domains first.
        case .untrusted: job.peer.host + "."
        }
    }
}
