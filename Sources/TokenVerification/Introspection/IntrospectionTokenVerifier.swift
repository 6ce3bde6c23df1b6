public import HTTPMessages

/// Verifies tokens by introspection at the authorization server (RFC 7662). Use it for opaque tokens.
///
/// **Checks** that the response says that the token is active, and the times, issuer, audience, kind and key binding in
/// the response.
/// **Does not check** scopes. A text that cannot be a token is refused without a request. JWT responses (RFC 9701) are
/// not supported.
///
/// An accepted token is cached for at most one minute and not beyond `exp`, a refused one for ten seconds. When the
/// endpoint gives no usable response, the rejection is ``TokenRejection/unavailable(_:retryAfter:)``, because the token
/// may be good. What it means for other tokens depends on the failure:
///
/// | the endpoint | the consequence |
/// |---|---|
/// | cannot be reached, or responds with 401, 429 or 503 | A pause, then one request at a time until one succeeds. |
/// | responds with another status, or 200 and no usable response | Only this token is *unavailable* for five seconds. |
///
/// A caller can invent a token that causes a failure of the first kind too. Therefore the pause applies to all tokens
/// only if it happens with a token that was accepted before. If the endpoint answers about such a token, the failure
/// counts as one of the second kind.
///
/// Tokens that were accepted before overtake the others. When the endpoint fails for another token, the last accepted
/// token is presented to it again, at most once per second. That token is held in memory for this.
///
/// - SeeAlso: [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)
public struct IntrospectionTokenVerifier: TokenVerifier {
    private let memory: IntrospectionMemory
    private let queue: IntrospectionQueue
    /// The source of the metadata that describes the endpoint; nil when everything is configured.
    package let discovery: IssuerDiscovery?

    /// Makes a verifier.
    ///
    /// - Parameters:
    ///   - configuration: The endpoint, and the rules for its responses.
    ///   - fetcher: Sends the requests, without following redirects. For example, `CurlFetcher()` of SafeFetch.
    ///   - clock: The time of day.
    ///   - monotonicClock: The clock for ages and waits.
    ///   - observer: Receives an event when the endpoint gives no usable response.
    /// - Throws: ``ConfigurationError`` with every fault of the configuration.
    public init(
        _ configuration: IntrospectionConfiguration, fetcher: any DocumentFetcher, clock: WallClock = .system,
        monotonicClock: MonotonicClock = .system, observer: TokenVerificationEvent.Observer? = nil
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        let insecureHTTP = IssuerConfiguration.HTTPRule(
            FetchPermissions(insecureHTTP: configuration.insecureHTTP), setting: "insecureHTTP")
        let checked = configuration.check(at: ConfigurationError.Path([]), insecureHTTP: insecureHTTP, &faults)
        guard let checked else { throw ConfigurationError(faults) }
        self.init(
            checked: checked, fetcher: fetcher, clock: clock, monotonicClock: monotonicClock, observer: observer)
    }

    /// Makes a verifier from a configuration that a check has accepted.
    ///
    /// - Parameter shared: A source of the metadata that is read for the purpose of `checked` too; nil for one of its
    ///   own.
    package init(
        checked: CheckedIntrospection, sharing shared: IssuerDiscovery? = nil, fetcher: any DocumentFetcher,
        clock: WallClock = .system, monotonicClock: MonotonicClock = .system,
        observer: TokenVerificationEvent.Observer?
    ) {
        let configuration = checked.configuration
        let endpoint: IntrospectionEndpoint
        (endpoint, discovery) = checked.endpoint(
            sharing: shared, fetcher: fetcher, clock: clock, timing: RefreshTiming(clock: monotonicClock),
            observer: observer)
        let answers = IntrospectionAnswer(
            checked.policy, configuration.absentAudience, scopes: configuration.scopes)
        let memory = IntrospectionMemory(configuration.caching, clock: clock, monotonicClock: monotonicClock)
        self.memory = memory
        queue = IntrospectionQueue(
            clock: monotonicClock, observer: observer, memory: memory,
            ask: { token in
                do throws(IntrospectionEndpoint.RequestFailure) {
                    let answer = try await endpoint.answer(about: token)
                    // The time limit has ended. A late response must not enter the cache: a newer request may already
                    // have another answer.
                    guard !Task.isCancelled else { throw IntrospectionEndpoint.RequestFailure(.fetch(.timedOut)) }
                    let now = clock.now()
                    let verdict = try answers.verdict(on: answer, now: now)
                    memory.keep(verdict, on: token.digest, at: now)
                    return .success(verdict)
                } catch {
                    return .failure(error)
                }
            })
    }

    /// Verifies a token. It suspends only when no verdict is cached.
    public func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        let token = token.withDigest()
        if let known = memory.verdict(on: token.digest) { return try known.get() }
        // A guard has checked this, but other callers may not have. A malformed token must cause no request.
        guard token.isWellFormed, token.bytes.count <= JWTTokenVerifier.maximumTokenBytes else {
            throw .invalid(.syntax)
        }
        return try await queue.verdict(on: token).get()
    }

    /// The number of cached verdicts, accepted and refused.
    var remembered: (good: Int, bad: Int) { memory.count }
    /// The number of remembered failures.
    var rememberedFailures: Int { memory.failures }
    /// The number of tokens that are remembered as good before.
    var goodBefore: Int { queue.goodBefore }
    /// The number of places in line, including abandoned ones.
    var lineLength: Int { queue.lineLength }
}
