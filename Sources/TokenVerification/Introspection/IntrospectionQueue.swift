internal import HTTPMessages
internal import JOSE
internal import Synchronization

/// Limits the requests to the introspection endpoint: one at a time for each token, a few in total, and none during an
/// outage.
///
/// Callers with the same token share one request. It continues when one of them is cancelled. If all callers of a token
/// leave before its request starts, there is no request. After an outage there is a pause; then there is one request at
/// a time until one succeeds. Tokens that were good before overtake the others, so that tokens which a stranger invents
/// do not keep them out.
///
/// A failure with a stranger's token may be the doing of that token. If the endpoint has answered within the last
/// second, it is. Otherwise the last token that was good is asked about at once, while the strangers in line wait: an
/// answer shows that the failure belongs to the one token, and a failure is an outage. As long as no token was good,
/// nothing can tell the two apart. Then a failed connection and a 503 belong to their token, because a pause would let
/// anyone keep the first good token out.
final class IntrospectionQueue: Sendable {
    typealias Verdict = Result<AccessToken, TokenRejection>
    typealias Outcome = Result<Verdict, IntrospectionEndpoint.RequestFailure>
    private typealias Limits = IntrospectionConfiguration.Limits
    private typealias Inquiry = IntrospectionLine.Inquiry

    private struct State {
        var line = IntrospectionLine()
        var pause = IntrospectionPause()
        /// The tokens that were good when the endpoint was last asked about them.
        var goodBefore = DigestTable<Void>(capacity: Limits.rememberedDigests)
        /// The token of the last good verdict. It is the probe. If it is not good any more, the answer shows as well
        /// that the endpoint is there.
        var lastGood: PresentedToken?
        /// The strangers' tokens whose requests failed before the present probe.
        var suspects: [SHA256Digest] = []

        mutating func takeDue() -> [Inquiry] { line.takeDue(isProbing: pause.isProbing) }

        /// Puts the last good token into the line, if it may be asked about now and no other such token is.
        ///
        /// - Returns: Whether the outcome of a known token's request is to be expected.
        mutating func probe(_ now: Duration) -> Bool {
            if line.isKnownRunning { return true }
            guard let lastGood, line.inquiry(about: lastGood.digest) == nil, pause.beginProbe(now) else { return false }
            line.append(Inquiry(token: lastGood, isKnown: true, waiters: 0))
            return true
        }

        /// Whether a failure with a stranger's token may be one of the endpoint.
        func isInDoubt(_ reason: IntrospectionTokenVerifier.Failure, _ now: Duration) -> Bool {
            guard reason.concernsEveryToken, !pause.hasJustAnswered(now) else { return false }
            return lastGood != nil || reason.concernsThisServer
        }
    }

    /// What the outcome of a request means for its own callers and for the line.
    private struct Effect {
        var given: [Inquiry] = []
        var due: [Inquiry] = []
        var retryAfter = Limits.failureLifetime.retryAfterSeconds
    }

    private let state = Mutex(State())
    private let clock: MonotonicClock
    private let memory: IntrospectionMemory
    private let ask: @Sendable (PresentedToken) async -> Outcome
    private let observer: TokenVerificationEvent.Observer?

    /// Makes a queue.
    ///
    /// - Parameters:
    ///   - memory: The cached verdicts. It is asked inside the lock.
    ///   - ask: Sends a request to the endpoint, and caches the verdict in `memory`.
    init(
        clock: MonotonicClock, observer: TokenVerificationEvent.Observer?, memory: IntrospectionMemory,
        ask: @escaping @Sendable (PresentedToken) async -> Outcome
    ) {
        self.clock = clock
        self.observer = observer
        self.memory = memory
        self.ask = ask
    }

    /// Returns the endpoint's verdict, or *unavailable*.
    func verdict(on token: PresentedToken) async -> Verdict {
        switch join(token) {
        case .known(let verdict): return verdict
        case .wait(let pending):
            let verdict = await pending.value(within: Limits.patience, RefreshTiming(clock: clock))
            state.withLock { $0.line.leave(token.digest, pending) }
            if let verdict { return verdict }
            // A caller that went away says nothing about the endpoint.
            return .failure(.unavailable(Task.isCancelled ? .cancelled : .introspection, retryAfter: 1))
        }
    }

    /// The number of places in line, including abandoned ones.
    var lineLength: Int { state.withLock { $0.line.length } }
    /// The number of tokens that are remembered as good before.
    var goodBefore: Int { state.withLock { $0.goodBefore.count } }

    private enum Step {
        case known(Verdict)
        case wait(SharedResult<Verdict>)
    }

    private func join(_ token: PresentedToken) -> Step {
        let now = clock.now()
        var displaced: Inquiry?
        let (step, due) = state.withLock { state -> (Step, [Inquiry]) in
            if let present = state.line.inquiry(about: token.digest) {
                // Callers that share a request take no place of other tokens.
                return (state.line.join(token.digest) ? .wait(present.pending) : .known(.failure(Self.busy)), [])
            }
            // The caller has looked before. The verdict may have arrived since then.
            if let verdict = memory.verdict(on: token.digest) { return (.known(verdict), []) }
            let isKnown = state.goodBefore.value(for: token.digest) != nil
            let left = state.pause.timeLeft(isKnown: isKnown, now)
            // A stranger waits for the probe, because it usually shows that all is well.
            let isProbed = state.pause.isProbing && !isKnown && state.probe(now)
            if left > .zero, !isProbed {
                return (.known(.failure(.unavailable(.introspection, retryAfter: left.retryAfterSeconds))), [])
            }
            if state.line.isFull {
                displaced = isKnown ? state.line.giveUpLastStranger() : nil
                guard displaced != nil else { return (.known(.failure(Self.busy)), state.takeDue()) }
            }
            let inquiry = Inquiry(token: token, isKnown: isKnown)
            state.line.append(inquiry)
            return (.wait(inquiry.pending), state.takeDue())
        }
        displaced?.pending.deliver(.failure(Self.busy))
        start(due)
        return step
    }

    private static let busy = TokenRejection.unavailable(.introspectionBusy, retryAfter: 1)

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
                    finish(inquiry, .failure(IntrospectionEndpoint.RequestFailure(.fetch(.timedOut))))
                }
            }
        }
    }

    private func finish(_ inquiry: Inquiry, _ outcome: Outcome) {
        let now = clock.now()
        let effect = state.withLock { state -> Effect? in
            // The outcome and the time-out both call this function. Only the first call has an effect.
            guard state.line.end(inquiry) else { return nil }
            var effect = Effect()
            switch outcome {
            case .success(let verdict):
                answered(&state, now)
                switch verdict {
                case .success:
                    state.goodBefore.insert((), for: inquiry.token.digest)
                    state.lastGood = inquiry.token
                case .failure: state.goodBefore.remove(inquiry.token.digest)
                }
            case .failure(let failure) where inquiry.isKnown && failure.reason.concernsEveryToken:
                state.pause.begin(isKnown: true, asked: failure.retryAfter, now)
                // During a pause no request starts, so the callers in line get *unavailable* now.
                effect.given = state.line.giveUp(includingKnown: true)
                state.suspects = []
                effect.retryAfter = state.pause.timeLeft(isKnown: false, now).retryAfterSeconds
            case .failure(let failure) where !inquiry.isKnown && state.isInDoubt(failure.reason, now):
                // Without a known token, no probe can show that a 429 belongs to its token. Then one request must not
                // keep all others out for as long as its response says.
                state.pause.begin(isKnown: false, asked: state.lastGood == nil ? nil : failure.retryAfter, now)
                if state.probe(now) {
                    state.suspects.append(inquiry.token.digest)
                } else {
                    effect.given = state.line.giveUp(includingKnown: false)
                }
                effect.retryAfter = state.pause.timeLeft(isKnown: false, now).retryAfterSeconds
            case .failure:
                memory.keepFailure(on: inquiry.token.digest)
                // A response that concerns one token is an answer. A filter may have given it to a stranger.
                if inquiry.isKnown { answered(&state, now) }
            }
            effect.due = state.takeDue()
            return effect
        }
        guard let effect else { return }
        switch outcome {
        case .success(let verdict): inquiry.pending.deliver(verdict)
        case .failure(let failure):
            // The observer is called before the callers continue, so that a caller finds the event of its failure.
            observer?(.introspectionFailed(failure.reason))
            for inquiry in [inquiry] + effect.given {
                inquiry.pending.deliver(.failure(.unavailable(.introspection, retryAfter: effect.retryAfter)))
            }
        }
        start(effect.due)
    }

    /// Records that the endpoint answers, so that earlier failures belong to their tokens.
    private func answered(_ state: inout State, _ now: Duration) {
        state.pause.end(now)
        for digest in state.suspects { memory.keepFailure(on: digest) }
        state.suspects = []
    }
}
