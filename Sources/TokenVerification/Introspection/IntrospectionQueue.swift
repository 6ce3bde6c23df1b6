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

        mutating func takeDue() -> [Inquiry] { line.takeDue(isProbing: pause.isProbing) }
    }

    private let state = Mutex(State())
    private let clock: MonotonicClock
    private let recall: @Sendable (SHA256Digest) -> Verdict?
    private let ask: @Sendable (PresentedToken) async -> Outcome
    private let observer: TokenVerificationEvent.Observer?

    /// Makes a queue.
    ///
    /// - Parameters:
    ///   - recall: Returns a cached verdict. It must be quick, because it runs inside the lock.
    ///   - ask: Sends a request to the endpoint, and caches the verdict for `recall`.
    init(
        clock: MonotonicClock, observer: TokenVerificationEvent.Observer?,
        recall: @escaping @Sendable (SHA256Digest) -> Verdict?,
        ask: @escaping @Sendable (PresentedToken) async -> Outcome
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
            let present = state.line.inquiry(about: token.digest)
            let isKnown = state.goodBefore.value(for: token.digest) != nil
            if present == nil {
                // The caller has looked before. The verdict may have arrived since then.
                if let verdict = recall(token.digest) { return (.known(verdict), []) }
                let left = state.pause.timeLeft(isKnown: isKnown, now)
                if left > .zero {
                    return (.known(.failure(.unavailable(.introspection, retryAfter: left.retryAfterSeconds))), [])
                }
            }
            if state.line.isFull {
                displaced = isKnown ? state.line.giveUpLastStranger() : nil
                guard displaced != nil else { return (.known(.failure(Self.busy)), []) }
            }
            if let present {
                state.line.join(token.digest)
                return (.wait(present.pending), [])
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
        let effect = state.withLock { state -> (given: [Inquiry], due: [Inquiry], retryAfter: Int)? in
            // The outcome and the time-out both call this function. Only the first call has an effect.
            guard state.line.end(inquiry) else { return nil }
            var given: [Inquiry] = []
            var left = Limits.failureLifetime
            switch outcome {
            case .success(let verdict):
                state.pause.end()
                switch verdict {
                case .success: state.goodBefore.insert((), for: inquiry.token.digest)
                case .failure: state.goodBefore.remove(inquiry.token.digest)
                }
            case .failure(let failure) where failure.reason.concernsEveryToken:
                state.pause.begin(isKnown: inquiry.isKnown, asked: failure.retryAfter, now)
                // During a pause no request starts, so the callers in line get *unavailable* now.
                given = state.line.giveUp(includingKnown: state.pause.includesKnown)
                left = state.pause.timeLeft(isKnown: false, now)
            case .failure: break
            }
            return (given, state.takeDue(), left.retryAfterSeconds)
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
}
