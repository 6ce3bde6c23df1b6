internal import JOSE
internal import Synchronization
internal import WireFormat

/// Remembers the good verdicts of a verifier by the SHA-256 of the token.
///
/// An entry counts for a minute of the monotonic clock at most, and only while the wall clock stands between the moment of
/// the verification and the end of the token without any skew: never when a verification would refuse the token for its
/// times. Bound tokens and large ones are not kept.
final class VerifiedTokenCache<Basis: Sendable>: Sendable {
    /// A good verdict. An object, so that handing it out counts one reference.
    final class Verdict: Sendable {
        let token: AccessToken
        /// What it depends on besides the time: that is for the verifier to compare.
        let basis: Basis
        /// When the token was verified, by both clocks.
        fileprivate let verifiedAt: Double
        fileprivate let keptSince: Duration
        /// The end of the token in seconds since 1970.
        fileprivate let end: Double

        fileprivate init(_ token: AccessToken, _ basis: Basis, verifiedAt: Double, keptSince: Duration, end: Double) {
            self.token = token
            self.basis = basis
            self.verifiedAt = verifiedAt
            self.keptSince = keptSince
            self.end = end
        }
    }

    private let table: Mutex<DigestTable<Verdict>>
    private let clock: WallClock
    private let monotonicClock: MonotonicClock

    /// A cache; nil when none is wanted.
    init?(_ caching: TokenCaching, clock: WallClock, monotonicClock: MonotonicClock) {
        guard caching.capacity > 0 else { return nil }
        table = Mutex(DigestTable(capacity: caching.capacity))
        self.clock = clock
        self.monotonicClock = monotonicClock
    }

    /// The number of entries, those that no longer count included.
    var count: Int { table.withLock { $0.count } }

    /// The verdict on a token that was verified lately. The caller compares the basis.
    func verdict(on digest: SHA256Digest) -> Verdict? {
        let now = clock.now()
        let moment = monotonicClock.now()
        return table.withLock { table in
            guard let verdict = table.value(for: digest) else { return nil }
            // A wall clock that was set back could make `nbf` and `iat` lie in the future again.
            if now >= verdict.verifiedAt, now < verdict.end, moment - verdict.keptSince < TokenCaching.lifetime {
                return verdict
            }
            table.remove(digest)
            return nil
        }
    }

    /// Remembers a good verdict.
    ///
    /// - Parameters:
    ///   - token: The good token.
    ///   - basis: What the verdict depends on.
    ///   - digest: The SHA-256 of the token.
    ///   - verifiedAt: The time that its claims were compared with.
    ///   - end: When the token ends, without skew, in seconds since 1970.
    func keep(_ token: AccessToken, basis: Basis, on digest: SHA256Digest, verifiedAt: Double, end: Double) {
        let claims = token.claims
        // RFC 7800 §3.1: a bound token is good only together with a proof, which is another one each time.
        guard verifiedAt < end, claims.root["cnf"] == nil, claims.bytes.count <= TokenCaching.maximumClaimsBytes
        else { return }
        let verdict = Verdict(token, basis, verifiedAt: verifiedAt, keptSince: monotonicClock.now(), end: end)
        table.withLock { $0.insert(verdict, for: digest) }
    }
}
