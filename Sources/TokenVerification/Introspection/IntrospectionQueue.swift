internal import HTTPMessages
internal import JOSE
internal import Synchronization

/// Limits the requests to the introspection endpoint: one at a time for each token, a few in total, and none during an
/// outage.
///
/// Callers with the same token share one request. It continues when one of them is cancelled. If all callers of a token
/// leave before its request starts, there is no request. After an outage there is a pause; then there is one request at
/// a time until one succeeds.
final class IntrospectionQueue: Sendable {
    typealias Verdict = Result<AccessToken, TokenRejection>
    private typealias Limits = IntrospectionConfiguration.Limits

    /// A token for which callers wait.
    private struct Inquiry: Sendable {
        let token: PresentedToken
        let pending: SharedResult<Verdict>
        var waiters = 1
        var isRunning = false
    }

    private struct State {
        /// The inquiries that run and those that wait in line.
        var inquiries: [SHA256Digest: Inquiry] = [:]
        /// The digests in line, oldest first. Some of them may be abandoned.
        var line: [SHA256Digest] = []
        var running = 0
        var waiting = 0
        /// The number of failures since the last success.
        var failures = 0
        /// The number of pauses since the last success.
        var pauses = 0
        /// The end of the present or last pause; nil after a success.
        var pausedUntil: Duration?
    }

    private let state = Mutex(State())
    private let clock: MonotonicClock
    private let recall: @Sendable (SHA256Digest) -> Verdict?
    private let ask: @Sendable (PresentedToken) async -> Result<Verdict, IntrospectionTokenVerifier.Failure>
    private let observer: TokenVerificationEvent.Observer?

    /// Makes a queue.
    ///
    /// - Parameters:
    ///   - recall: Returns a cached verdict. It must be quick, because it runs inside the lock.
    ///   - ask: Sends a request to the endpoint, and caches the verdict for `recall`.
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

    /// Returns the endpoint's verdict, or *unavailable*.
    func verdict(on token: PresentedToken) async -> Verdict {
        switch join(token) {
        case .known(let verdict): return verdict
        case .wait(let pending):
            let verdict = await pending.value(within: Limits.patience, RefreshTiming(clock: clock))
            leave(token.digest, pending)
            return verdict ?? .failure(.unavailable(.introspection, retryAfter: 1))
        }
    }

    /// The number of places in line, including abandoned ones.
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
            // The caller has looked before. The verdict may have arrived since then.
            if let verdict = recall(token.digest) { return (.known(verdict), []) }
            if let end = state.pausedUntil, end > now {
                return (.known(.failure(.unavailable(.introspection, retryAfter: (end - now).wholeSeconds))), [])
            }
            guard !isFull else { return (.known(.failure(.unavailable(.introspectionBusy, retryAfter: 1))), []) }
            let inquiry = Inquiry(token: token, pending: SharedResult())
            state.inquiries[token.digest] = inquiry
            // Callers that leave before their request starts do not remove their places.
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
            // No caller waits any more, and the request has not started: it is not needed.
            let isGivenUp = inquiry.waiters == 1 && !inquiry.isRunning
            if isGivenUp { state.inquiries[digest] = nil } else { state.inquiries[digest]?.waiters -= 1 }
        }
    }

    /// Removes the abandoned places. Then the line is not longer than the number of callers.
    private static func tidy(_ state: inout State) {
        let inquiries = state.inquiries
        var seen: Set<SHA256Digest> = []
        state.line.removeAll { (inquiries[$0]?.isRunning ?? true) || !seen.insert($0).inserted }
    }

    /// Removes from the line the inquiries that may start now, and returns them.
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
            // This is not a child of the caller's task: a caller that is cancelled must not cancel the request of other
            // callers.
            Task { [self] in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { [self] in finish(inquiry, await ask(inquiry.token)) }
                    // A fetcher that never returns must not occupy a slot forever.
                    group.addTask { [self] in await clock.sleep(Limits.patience) }
                    await group.next()
                    group.cancelAll()
                    // This has no effect if the result has arrived.
                    finish(inquiry, .failure(.fetch(.timedOut)))
                }
            }
        }
    }

    private func finish(_ inquiry: Inquiry, _ result: Result<Verdict, IntrospectionTokenVerifier.Failure>) {
        let now = clock.now()
        let outcome = state.withLock { state -> (given: [Inquiry], due: [Inquiry])? in
            // The result and the time-out both call this function. Only the first call has an effect.
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
                // Requests that ran at the same time and failed count as one outage.
                if isOutage, state.pausedUntil.map({ $0 <= now }) ?? true {
                    state.pausedUntil = now + min(.seconds(1 << min(state.pauses, 8)), Limits.longestPause)
                    state.pauses += 1
                }
                if let end = state.pausedUntil, end > now {
                    // During a pause no request starts, so the callers in line get *unavailable* now.
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
            // The observer is called before the callers continue, so that a caller finds the event of its failure.
            observer?(.introspectionFailed(failure))
            let retryAfter = pause(at: now)
            for inquiry in [inquiry] + outcome.given {
                inquiry.pending.deliver(.failure(.unavailable(.introspection, retryAfter: retryAfter)))
            }
        }
        start(outcome.due)
    }

    /// Seconds until a retry makes sense.
    private func pause(at now: Duration) -> Int {
        state.withLock { state in state.pausedUntil.map { ($0 - now).wholeSeconds } ?? 1 }
    }
}

extension Duration {
    /// The seconds, rounded up; 1…3,600.
    fileprivate var wholeSeconds: Int {
        let seconds = components.seconds + (components.attoseconds > 0 ? 1 : 0)
        return Int(max(1, min(seconds, 3_600)))
    }
}
