internal import JOSE
internal import Synchronization
internal import WireFormat

/// Caches the accepted tokens of a verifier by the SHA-256 of the token.
///
/// An entry is valid for at most one minute, by both clocks: the monotonic one may stop while the machine sleeps, and
/// the wall clock may be set back. In addition, the wall clock must be between the time of the verification and the end
/// of the token, without skew. The cache therefore never accepts a token whose times a new verification would refuse.
/// Tokens with large claims are not cached.
///
/// A bound token (`cnf`) is cached too, because a verdict never includes its proof: the verifier accepts such a token
/// only for a caller that checks the proof for every request.
final class VerifiedTokenCache<Basis: Sendable>: Sendable {
    /// An accepted token. It is a class, so that returning it increments only one reference count.
    final class Verdict: Sendable {
        let token: AccessToken
        /// What the verdict depends on besides the time. The verifier compares it.
        let basis: Basis
        /// When the token was verified, in seconds since 1970.
        fileprivate let verifiedAt: Double
        /// The end of the verdict by the wall clock, in seconds since 1970, and by the monotonic clock.
        fileprivate let end: Double
        fileprivate let keptUntil: Duration

        fileprivate init(_ token: AccessToken, _ basis: Basis, verifiedAt: Double, end: Double, keptUntil: Duration) {
            self.token = token
            self.basis = basis
            self.verifiedAt = verifiedAt
            self.end = end
            self.keptUntil = keptUntil
        }

        /// Whether the verdict holds at this time of both clocks.
        fileprivate func isFresh(_ now: Double, _ moment: Duration) -> Bool {
            // If the wall clock was set back, `nbf` or `iat` could be in the future again.
            now >= verifiedAt && now < end && moment < keptUntil
        }
    }

    private let table: Mutex<AdmittingTable<Verdict>>
    private let clock: WallClock
    private let monotonicClock: MonotonicClock

    /// Makes a cache. Returns nil when caching is off.
    init?(_ caching: TokenCaching, clock: WallClock, monotonicClock: MonotonicClock) {
        guard caching.capacity > 0 else { return nil }
        table = Mutex(AdmittingTable(capacity: caching.capacity))
        self.clock = clock
        self.monotonicClock = monotonicClock
    }

    private static var lifetimeSeconds: Double { TokenCaching.lifetime / .seconds(1) }

    /// The number of entries, including expired ones.
    var count: Int { table.withLock { $0.count } }

    /// The cached verdict, or nil. The caller compares its basis.
    func verdict(on digest: SHA256Digest) -> Verdict? {
        let now = clock.now()
        let moment = monotonicClock.roughNow()
        return table.withLock { table in
            guard let verdict = table.value(for: digest) else { return nil }
            if verdict.isFresh(now, moment) { return verdict }
            table.remove(digest)
            return nil
        }
    }

    /// Caches an accepted token. A full cache may not admit it: see ``AdmittingTable``.
    ///
    /// - Parameters:
    ///   - token: The accepted token.
    ///   - basis: What the verdict depends on.
    ///   - digest: The SHA-256 of the token.
    ///   - verifiedAt: The time with which the token's claims were compared, in seconds since 1970.
    ///   - end: The end of the token's validity without skew, in seconds since 1970.
    func keep(_ token: AccessToken, basis: Basis, on digest: SHA256Digest, verifiedAt: Double, end: Double) {
        let claims = token.claims
        guard verifiedAt < end, claims.bytes.count <= TokenCaching.maximumClaimsBytes else { return }
        let moment = monotonicClock.roughNow()
        let verdict = Verdict(
            token, basis, verifiedAt: verifiedAt, end: min(end, verifiedAt + Self.lifetimeSeconds),
            keptUntil: moment + TokenCaching.lifetime)
        table.withLock { $0.insert(verdict, for: digest, evicting: { !$0.isFresh(verifiedAt, moment) }) }
    }
}
