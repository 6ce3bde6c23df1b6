internal import JOSE
internal import Synchronization

/// Caches the endpoint's verdicts: accepted tokens as ``VerifiedTokenCache`` does, refused ones for ten seconds. It
/// also remembers for five seconds, even without caching, that the endpoint had no answer about one token.
final class IntrospectionMemory: Sendable {
    private struct Refusal: Sendable {
        let rejection: TokenRejection
        let keptSince: Duration
    }

    private let good: VerifiedTokenCache<Void>?
    /// Nil when nothing is cached.
    private let bad: Mutex<DigestTable<Refusal>?>
    /// When the endpoint had no answer about a token.
    private let failed = Mutex(DigestTable<Duration>(capacity: IntrospectionConfiguration.Limits.rememberedDigests))
    private let monotonicClock: MonotonicClock

    init(_ caching: TokenCaching, clock: WallClock, monotonicClock: MonotonicClock) {
        good = VerifiedTokenCache(caching, clock: clock, monotonicClock: monotonicClock)
        bad = Mutex(good == nil ? nil : DigestTable(capacity: caching.capacity))
        self.monotonicClock = monotonicClock
    }

    func verdict(on digest: SHA256Digest) -> IntrospectionQueue.Verdict? {
        if let verdict = good?.verdict(on: digest) { return .success(verdict.token) }
        let now = monotonicClock.now()
        let refusal = bad.withLock { bad -> TokenRejection? in
            guard let refusal = bad?.value(for: digest) else { return nil }
            if now - refusal.keptSince < IntrospectionConfiguration.Limits.refusalLifetime { return refusal.rejection }
            bad?.remove(digest)
            return nil
        }
        return (refusal ?? failure(on: digest, now)).map { .failure($0) }
    }

    private func failure(on digest: SHA256Digest, _ now: Duration) -> TokenRejection? {
        failed.withLock { failed in
            guard let since = failed.value(for: digest) else { return nil }
            let left = since + IntrospectionConfiguration.Limits.failureLifetime - now
            if left > .zero { return .unavailable(.introspection, retryAfter: left.retryAfterSeconds) }
            failed.remove(digest)
            return nil
        }
    }

    /// Remembers that the endpoint had no answer about this token.
    func keepFailure(on digest: SHA256Digest) {
        let now = monotonicClock.now()
        failed.withLock { $0.insert(now, for: digest) }
    }

    func keep(_ verdict: IntrospectionQueue.Verdict, on digest: SHA256Digest, at now: Double) {
        switch verdict {
        case .success(let token):
            good?.keep(token, basis: (), on: digest, verifiedAt: now, end: token.expiresAt ?? .infinity)
        case .failure(let rejection):
            let refusal = Refusal(rejection: rejection, keptSince: monotonicClock.now())
            bad.withLock { $0?.insert(refusal, for: digest) }
        }
    }

    var count: (good: Int, bad: Int) { (good?.count ?? 0, bad.withLock { $0?.count ?? 0 }) }
    var failures: Int { failed.withLock { $0.count } }
}
