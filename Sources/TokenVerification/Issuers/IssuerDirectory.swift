internal import JOSE
internal import OAuthMetadata
internal import Synchronization
internal import WireFormat

/// Asks an ``IssuerLookUp`` and keeps its answers. All numbers are in ``IssuerLookUp/Limits``.
package final class IssuerDirectory: Sendable {
    private typealias Limits = IssuerLookUp.Limits

    /// What is known about an issuer.
    enum Answer: Sendable {
        case trusted(TrustedIssuer)
        /// The function does not know it.
        case unknown
        /// The function could not be asked, failed, or gave a faulty configuration.
        case unavailable(retryAfter: Int)
    }

    /// Checks a configuration. Returns nil when there is a fault.
    package typealias Check = @Sendable (IssuerConfiguration, inout ConfigurationFaults) -> CheckedIssuer?

    private struct Found {
        let checked: CheckedIssuer
        let issuer: TrustedIssuer
        /// When the function gave this configuration.
        let since: Duration
        /// When the function is asked again.
        var asksAt: Duration
    }

    private struct State {
        var found: DigestTable<Found>
        /// When the function refused an issuer, and when it failed.
        var refused = DigestTable<Duration>(capacity: Limits.rememberedIssuers)
        var failed = DigestTable<Duration>(capacity: Limits.rememberedIssuers)
        var underway: [SHA256Digest: Call] = [:]
        var permits: LookUpPermits
        /// The number of calls for issuers that are not kept.
        var strangers: Int { underway.values.count { !$0.isKept } }
    }

    private struct Call: Sendable {
        let name: String
        let digest: SHA256Digest
        let isKept: Bool
        let pending = SharedResult<Answer>()
    }

    private enum Outcome: Sendable {
        case answered(IssuerConfiguration?)
        case failed
    }

    private enum Step {
        case answer(Answer, begun: Call?)
        case wait(Call, isNew: Bool)
    }

    private let find: @Sendable (String) async throws -> IssuerConfiguration?
    private let check: Check
    private let trust: @Sendable (CheckedIssuer, (any KeySource)?) -> TrustedIssuer
    private let timing: RefreshTiming
    private let observer: TokenVerificationEvent.Observer?
    private let state: Mutex<State>

    /// Makes a directory.
    ///
    /// - Parameters:
    ///   - lookUp: The function, and how many of its answers are kept.
    ///   - check: Checks a configuration that the function gave.
    ///   - trust: Makes the trusted issuer, with these keys if they are given.
    ///   - timing: The clock for ages and waits.
    ///   - observer: Receives an event when the function fails or gives a faulty configuration.
    package init(
        _ lookUp: IssuerLookUp, check: @escaping Check,
        trust: @escaping @Sendable (CheckedIssuer, (any KeySource)?) -> TrustedIssuer,
        timing: RefreshTiming = RefreshTiming(clock: .system), observer: TokenVerificationEvent.Observer?
    ) {
        find = lookUp.find
        self.check = check
        self.trust = trust
        self.timing = timing
        self.observer = observer
        state = Mutex(
            State(
                found: DigestTable(capacity: lookUp.capacity), permits: LookUpPermits(now: timing.clock.now())))
    }

    /// What is known about the issuer that a token names. It suspends only while the function is asked.
    func issuer(named name: String) async -> Answer {
        // A text that no configuration can have is not worth a call. This limits its length, too.
        guard (try? TokenIssuer(name)) != nil else { return .unknown }
        let digest = SHA256Digest(of: Array(name.utf8))
        let now = timing.clock.now()
        switch state.withLock({ Self.step(name, digest, now, &$0) }) {
        case .answer(let answer, let begun):
            if let begun { start(begun) }
            return answer
        case .wait(let call, let isNew):
            if isNew { start(call) }
            return await call.pending.value(within: Limits.patience, timing) ?? .unavailable(retryAfter: 1)
        }
    }

    /// The number of issuers that are kept, of refused ones, of failures, and of calls.
    var counts: (found: Int, refused: Int, failed: Int, underway: Int) {
        state.withLock { ($0.found.count, $0.refused.count, $0.failed.count, $0.underway.count) }
    }

    private static func step(_ name: String, _ digest: SHA256Digest, _ now: Duration, _ state: inout State) -> Step {
        let found = state.found.value(for: digest)
        if let found, now - found.since <= Limits.hardLifetime {
            guard now >= found.asksAt, state.underway[digest] == nil else {
                return .answer(.trusted(found.issuer), begun: nil)
            }
            return .answer(.trusted(found.issuer), begun: begin(name, digest, isKept: true, &state))
        }
        if let since = state.refused.value(for: digest), now - since < Limits.refusalLifetime {
            return .answer(.unknown, begun: nil)
        }
        if let since = state.failed.value(for: digest), now - since < Limits.failureLifetime {
            let left = since + Limits.failureLifetime - now
            return .answer(.unavailable(retryAfter: left.retryAfterSeconds), begun: nil)
        }
        if let call = state.underway[digest] { return .wait(call, isNew: false) }
        // An issuer that was good before takes no permit, so that a flood of unknown texts does not keep it out.
        if found == nil {
            let left = state.permits.timeLeft(now)
            guard left == .zero, state.strangers < Limits.concurrentLookUps else {
                return .answer(.unavailable(retryAfter: left.retryAfterSeconds), begun: nil)
            }
            state.permits.take(now)
        }
        return .wait(begin(name, digest, isKept: found != nil, &state), isNew: true)
    }

    private static func begin(_ name: String, _ digest: SHA256Digest, isKept: Bool, _ state: inout State) -> Call {
        let call = Call(name: name, digest: digest, isKept: isKept)
        state.underway[digest] = call
        return call
    }

    /// This is not a child of the caller's task: a caller that is cancelled must not cancel the call for other callers.
    private func start(_ call: Call) {
        Task(executorPreference: timing.executor) { [self] in
            let outcome = SharedResult<Outcome>()
            let work = Task(executorPreference: timing.executor) { [find] in
                do {
                    outcome.deliver(.answered(try await find(call.name)))
                } catch {
                    outcome.deliver(.failed)
                }
            }
            // A function that never returns must not keep its issuer unknown forever.
            finish(call, await outcome.value(within: Limits.patience, timing) ?? .failed)
            work.cancel()
        }
    }

    private func finish(_ call: Call, _ outcome: Outcome) {
        let now = timing.clock.now()
        var event: TokenVerificationEvent?
        var checked: CheckedIssuer?
        switch outcome {
        case .failed: event = .issuerLookUpFailed
        case .answered(nil): break
        case .answered(let configuration?):
            var faults: ConfigurationFaults = []
            if !configuration.issuer.hasSameBytes(as: call.name) {
                faults.add("issuer", "is not the issuer that was asked for", "return its configuration, or nil")
            }
            checked = check(configuration, &faults)
            if !faults.isEmpty {
                checked = nil
                event = .issuerMisconfigured(ConfigurationError(faults))
            }
        }
        let answer = state.withLock { state -> Answer in
            state.underway[call.digest] = nil
            let before = state.found.value(for: call.digest)
            if let checked {
                // The keys stay, unless their place or settings have changed.
                let keys = before.flatMap { $0.checked.hasSameKeys(as: checked) ? $0.issuer.keys : nil }
                let issuer = trust(checked, keys)
                state.failed.remove(call.digest)
                state.refused.remove(call.digest)
                state.found.insert(
                    Found(checked: checked, issuer: issuer, since: now, asksAt: now + Limits.lifetime),
                    for: call.digest)
                return .trusted(issuer)
            }
            guard event != nil else {
                state.found.remove(call.digest)
                state.refused.insert(now, for: call.digest)
                return .unknown
            }
            state.failed.insert(now, for: call.digest)
            if var before, now - before.since <= Limits.hardLifetime {
                before.asksAt = now + Limits.failureLifetime
                state.found.insert(before, for: call.digest)
                return .trusted(before.issuer)
            }
            return .unavailable(retryAfter: Limits.failureLifetime.retryAfterSeconds)
        }
        // The observer is called before the callers continue, so that a caller finds the event of its failure.
        if let event { observer?(event) }
        call.pending.deliver(answer)
    }
}
