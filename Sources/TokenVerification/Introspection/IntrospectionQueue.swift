internal import HTTPMessages
internal import JOSE
internal import Synchronization

/// Sees to it that the introspection endpoint is asked about each token once, about few at a time, and not while it is out.
///
/// Callers with the same token share one request, which goes on when one of them goes away. A token that nobody waits for
/// any more is not asked about. After an outage there is a pause, then one request at a time until an answer comes.
final class IntrospectionQueue: Sendable {
    typealias Verdict = Result<AccessToken, TokenRejection>
    private typealias Limits = IntrospectionConfiguration.Limits

    /// One token that callers wait for.
    private struct Inquiry: Sendable {
        let token: PresentedToken
        let pending: SharedResult<Verdict>
        var waiters = 1
        var isRunning = false
    }

    private struct State {
        /// Those under way and those in line.
        var inquiries: [SHA256Digest: Inquiry] = [:]
        /// Those in line, first come first; among them some that were given up.
        var line: [SHA256Digest] = []
        var running = 0
        var waiting = 0
        /// Failures since the last answer.
        var failures = 0
        /// Pauses since the last answer.
        var pauses = 0
        /// The end of the present or last pause; nil when an answer came since.
        var pausedUntil: Duration?
    }

    private let state = Mutex(State())
    private let clock: MonotonicClock
    private let recall: @Sendable (SHA256Digest) -> Verdict?
    private let ask: @Sendable (PresentedToken) async -> Result<Verdict, IntrospectionTokenVerifier.Failure>
    private let observer: TokenVerificationEvent.Observer?

    /// A queue.
    ///
    /// - Parameters:
    ///   - recall: What is known already; quick.
    ///   - ask: Asks the endpoint, and remembers what `recall` shall know.
    init(
        clock: MonotonicClock, observer: TokenVerificationEvent.Observer?,
        recall: @escaping @Sendable (SHA256Digest) -> Verdict?,
        ask: @escaping @Sendable (PresentedToken) async -> Result<Verdict, IntrospectionTokenVerifier.Failure>
    ) {
        self.clock = clock
        self.observer = observer
        self.recall = recall
        self.ask = ask
    }

    /// The endpoint's verdict, or that there is none now.
    func verdict(on token: PresentedToken) async -> Verdict {
        switch join(token) {
        case .known(let verdict): return verdict
        case .wait(let pending):
            let verdict = await pending.value(within: Limits.patience, RefreshTiming(clock: clock))
            leave(token.digest, pending)
            return verdict ?? .failure(.unavailable(.introspection, retryAfter: 1))
        }
    }

    /// How many places there are in line, given up or not.
    var lineLength: Int { state.withLock { $0.line.count } }

    private enum Step {
        case known(Verdict)
        case wait(SharedResult<Verdict>)
    }

    private func join(_ token: PresentedToken) -> Step {
        let now = clock.now()
        let (step, due) = state.withLock { state -> (Step, [Inquiry]) in
            let isFull = state.waiting >= Limits.waitingCallers
            if let pending = state.inquiries[token.digest]?.pending {
                guard !isFull else { return (.known(.failure(.unavailable(.introspectionBusy, retryAfter: 1))), []) }
                state.inquiries[token.digest]?.waiters += 1
                state.waiting += 1
                return (.wait(pending), [])
            }
            // Here again: the answer may have come since the caller looked.
            if let verdict = recall(token.digest) { return (.known(verdict), []) }
            if let end = state.pausedUntil, end > now {
                return (.known(.failure(.unavailable(.introspection, retryAfter: (end - now).wholeSeconds))), [])
            }
            guard !isFull else { return (.known(.failure(.unavailable(.introspectionBusy, retryAfter: 1))), []) }
            let inquiry = Inquiry(token: token, pending: SharedResult())
            state.inquiries[token.digest] = inquiry
            // Callers that come and go at once leave their places behind.
            if state.line.count >= 2 * Limits.waitingCallers { Self.tidy(&state) }
            state.line.append(token.digest)
            state.waiting += 1
            return (.wait(inquiry.pending), Self.due(&state))
        }
        start(due)
        return step
    }

    private func leave(_ digest: SHA256Digest, _ pending: SharedResult<Verdict>) {
        state.withLock { state in
            state.waiting -= 1
            guard let inquiry = state.inquiries[digest], inquiry.pending === pending else { return }
            // A token that nobody waits for any more is not asked about.
            let isGivenUp = inquiry.waiters == 1 && !inquiry.isRunning
            if isGivenUp { state.inquiries[digest] = nil } else { state.inquiries[digest]?.waiters -= 1 }
        }
    }

    /// Takes given-up places out of the line. What is left is no more than there are callers.
    private static func tidy(_ state: inout State) {
        let inquiries = state.inquiries
        var seen: Set<SHA256Digest> = []
        state.line.removeAll { (inquiries[$0]?.isRunning ?? true) || !seen.insert($0).inserted }
    }

    /// Takes those out of the line that may be asked about now.
    private static func due(_ state: inout State) -> [Inquiry] {
        let allowed = state.pausedUntil == nil ? Limits.concurrentRequests : 1
        var due: [Inquiry] = []
        var taken = 0
        while state.running < allowed, taken < state.line.count {
            let digest = state.line[taken]
            taken += 1
            guard let inquiry = state.inquiries[digest], !inquiry.isRunning else { continue }
            state.inquiries[digest]?.isRunning = true
            state.running += 1
            due.append(inquiry)
        }
        state.line.removeFirst(taken)
        return due
    }

    private func start(_ due: [Inquiry]) {
        for inquiry in due {
            // Not a child of the request's task: a caller that goes away must not cancel what others wait for.
            Task { [self] in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { [self] in finish(inquiry, await ask(inquiry.token)) }
                    // A fetcher that never answers must not keep its place for ever.
                    group.addTask { [self] in await clock.sleep(Limits.patience) }
                    await group.next()
                    group.cancelAll()
                    // Counts for nothing when the answer has come.
                    finish(inquiry, .failure(.fetch(.timedOut)))
                }
            }
        }
    }

    private func finish(_ inquiry: Inquiry, _ result: Result<Verdict, IntrospectionTokenVerifier.Failure>) {
        let now = clock.now()
        let outcome = state.withLock { state -> (given: [Inquiry], due: [Inquiry])? in
            // The second of answer and time-out counts for nothing.
            guard state.inquiries[inquiry.token.digest]?.pending === inquiry.pending else { return nil }
            state.inquiries[inquiry.token.digest] = nil
            state.running -= 1
            switch result {
            case .success:
                state.failures = 0
                state.pauses = 0
                state.pausedUntil = nil
            case .failure(let failure):
                state.failures += 1
                let isOutage = failure.isOutage || state.failures >= Limits.failuresUntilOutage
                // Those that were under way together are one outage.
                if isOutage, state.pausedUntil.map({ $0 <= now }) ?? true {
                    state.pausedUntil = now + min(.seconds(1 << min(state.pauses, 8)), Limits.longestPause)
                    state.pauses += 1
                }
                if let end = state.pausedUntil, end > now {
                    // Nobody waits in line for an endpoint that is not asked.
                    let given = state.inquiries.values.filter { !$0.isRunning }
                    for inquiry in given { state.inquiries[inquiry.token.digest] = nil }
                    state.line = []
                    return (given, [])
                }
            }
            return ([], Self.due(&state))
        }
        guard let outcome else { return }
        switch result {
        case .success(let verdict): inquiry.pending.deliver(verdict)
        case .failure(let failure):
            // Told before anybody goes on: who waited finds the event of it.
            observer?(.introspectionFailed(failure))
            let retryAfter = pause(at: now)
            for inquiry in [inquiry] + outcome.given {
                inquiry.pending.deliver(.failure(.unavailable(.introspection, retryAfter: retryAfter)))
            }
        }
        start(outcome.due)
    }

    /// Seconds until asking again makes sense.
    private func pause(at now: Duration) -> Int {
        state.withLock { state in state.pausedUntil.map { ($0 - now).wholeSeconds } ?? 1 }
    }
}

extension Duration {
    /// The seconds rounded up, at least 1.
    fileprivate var wholeSeconds: Int {
        let seconds = components.seconds + (components.attoseconds > 0 ? 1 : 0)
        return Int(max(1, min(seconds, 3_600)))
    }
}
