internal import JOSE
internal import Synchronization

/// Caches the endpoint's verdicts: accepted tokens as ``VerifiedTokenCache`` does, refused ones for ten seconds.
final class IntrospectionMemory: Sendable {
    private struct Refusal: Sendable {
        let rejection: TokenRejection
        let keptSince: Duration
    }

    private let good: VerifiedTokenCache<Void>?
    private let bad: Mutex<DigestTable<Refusal>>?
    private let monotonicClock: MonotonicClock

    init(_ caching: TokenCaching, clock: WallClock, monotonicClock: MonotonicClock) {
        good = VerifiedTokenCache(caching, clock: clock, monotonicClock: monotonicClock)
        bad = good == nil ? nil : Mutex(DigestTable(capacity: caching.capacity))
        self.monotonicClock = monotonicClock
    }

    func verdict(on digest: SHA256Digest) -> IntrospectionQueue.Verdict? {
        if let verdict = good?.verdict(on: digest) { return .success(verdict.token) }
        let now = monotonicClock.now()
        return bad?.withLock { bad in
            guard let refusal = bad.value(for: digest) else { return nil }
            if now - refusal.keptSince < IntrospectionConfiguration.Limits.refusalLifetime {
                return .failure(refusal.rejection)
            }
            bad.remove(digest)
            return nil
        }
    }

    func keep(_ verdict: IntrospectionQueue.Verdict, on digest: SHA256Digest, at now: Double) {
        switch verdict {
        case .success(let token):
            good?.keep(token, basis: (), on: digest, verifiedAt: now, end: token.expiresAt ?? .infinity)
        case .failure(let rejection):
            let refusal = Refusal(rejection: rejection, keptSince: monotonicClock.now())
            bad?.withLock { $0.insert(refusal, for: digest) }
        }
    }

    var count: (good: Int, bad: Int) { (good?.count ?? 0, bad?.withLock { $0.count } ?? 0) }
}
