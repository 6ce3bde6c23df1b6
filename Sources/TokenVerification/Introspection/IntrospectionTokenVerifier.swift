public import HTTPMessages

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
    ///   - configuration: The endpoint, and what its responses must say.
    ///   - fetcher: How to reach the endpoint, without following redirects: such as `CurlFetcher()` of SafeFetch.
    ///   - clock: The time of day.
    ///   - monotonicClock: For ages and waits.
    ///   - observer: Receives an event when the endpoint gives no usable response.
    /// - Throws: ``ConfigurationError`` with every fault.
    public init(
        _ configuration: IntrospectionConfiguration, fetcher: any DocumentFetcher, clock: WallClock = .system,
        monotonicClock: MonotonicClock = .system, observer: TokenVerificationEvent.Observer? = nil
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        let checked = configuration.check(
            at: ConfigurationError.Path([]), insecureHTTP: (configuration.insecureHTTP, "insecureHTTP"), &faults)
        guard let checked else { throw ConfigurationError(faults) }
        self.init(
            checked: checked, fetcher: fetcher, clock: clock, monotonicClock: monotonicClock, observer: observer)
    }

    /// A verifier of what a configuration check has accepted.
    package init(
        checked: CheckedIntrospection, fetcher: any DocumentFetcher, clock: WallClock = .system,
        monotonicClock: MonotonicClock = .system, observer: TokenVerificationEvent.Observer?
    ) {
        let configuration = checked.configuration
        let endpoint = IntrospectionEndpoint(checked.endpoint, configuration.credentials, fetcher: fetcher)
        let answers = IntrospectionAnswer(
            checked.policy, configuration.absentAudience, scopes: configuration.scopes)
        let memory = IntrospectionMemory(configuration.caching, clock: clock, monotonicClock: monotonicClock)
        self.memory = memory
        queue = IntrospectionQueue(
            clock: monotonicClock, observer: observer, recall: { memory.verdict(on: $0) },
            ask: { token in
                do throws(Failure) {
                    let answer = try await endpoint.answer(about: token)
                    // The time is over: no caller waits, and a later response may have said something else.
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
