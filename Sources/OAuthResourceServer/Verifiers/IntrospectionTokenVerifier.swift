public import HTTPMessages
internal import JOSE
internal import Synchronization
internal import WireFormat

/// Asks the authorization server about each token (RFC 7662): for tokens that say nothing by themselves.
///
/// **Checks** that the endpoint calls the token active, and the times, issuer, audience, kind and binding that it says.
/// **Does not check** scopes. Nothing is sent that cannot be a token. Answers signed as JWT (RFC 9701) are not supported.
///
/// A good verdict is remembered for a minute and not beyond `exp`, a bad one for ten seconds, no answer not at all. No
/// answer is never the caller's fault: the rejection is ``TokenRejection/unavailable(_:retryAfter:)``.
///
/// - SeeAlso: [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)
public struct IntrospectionTokenVerifier: TokenVerifier {
    private let memory: IntrospectionMemory
    private let queue: IntrospectionQueue

    /// A verifier.
    ///
    /// - Parameters:
    ///   - configuration: The endpoint, and what its answers must say.
    ///   - fetcher: How to reach the endpoint, without following redirects: such as `CurlFetcher()` of SafeFetch.
    ///   - clock: The time of day.
    ///   - monotonicClock: For ages and waits.
    ///   - observer: Told when the endpoint gives no answer.
    /// - Throws: ``ConfigurationError`` with every fault.
    public init(
        _ configuration: IntrospectionConfiguration, fetcher: any DocumentFetcher, clock: WallClock = .system,
        monotonicClock: MonotonicClock = .system, observer: EventObserver? = nil
    ) throws(ConfigurationError) {
        let parts = try configuration.checked()
        let endpoint = IntrospectionEndpoint(parts.endpoint, configuration.credentials, fetcher: fetcher)
        let answers = IntrospectionAnswer(
            parts.policy, configuration.absentAudience, scopes: configuration.scopes)
        let memory = IntrospectionMemory(configuration.caching, clock: clock, monotonicClock: monotonicClock)
        self.memory = memory
        queue = IntrospectionQueue(
            clock: monotonicClock, observer: observer, recall: { memory.verdict(on: $0) },
            ask: { token in
                do throws(IntrospectionFailure) {
                    let answer = try await endpoint.answer(about: token)
                    // After its time: nobody waits, and a later answer may have said otherwise.
                    guard !Task.isCancelled else { return .failure(.fetch(.timedOut)) }
                    let now = clock.now()
                    let verdict = try answers.verdict(on: answer, now: now)
                    memory.keep(verdict, on: token.digest, at: now)
                    return .success(verdict)
                } catch {
                    return .failure(error)
                }
            })
    }

    /// Verifies a token. Suspends only when nothing is known about it.
    public func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        if let known = memory.verdict(on: token.digest) { return try known.get() }
        // The guard has checked that; others may not. What is no token is not worth a request.
        guard token.isWellFormed, token.bytes.count <= JWTTokenVerifier.maximumTokenBytes else {
            throw .invalid(.syntax)
        }
        return try await queue.verdict(on: token).get()
    }

    /// How many verdicts are remembered, good and bad.
    var remembered: (good: Int, bad: Int) { memory.count }
    /// How many questions are in line, given up or not.
    var lineLength: Int { queue.lineLength }
}

/// Remembers what the endpoint said.
private final class IntrospectionMemory: Sendable {
    private struct Refusal: Sendable {
        let rejection: TokenRejection
        let keptSince: Duration
    }

    private let good: VerifiedTokenCache<Void>?
    private let bad: Mutex<DigestTable<Refusal>>?
    private let monotonicClock: MonotonicClock

    init(_ caching: TokenCaching, clock: WallClock, monotonicClock: MonotonicClock) {
        good = VerifiedTokenCache(caching, clock: clock, monotonicClock: monotonicClock)
        bad = good == nil ? nil : Mutex(DigestTable(capacity: caching.capacity ?? 0))
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
