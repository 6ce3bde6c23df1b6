public import JOSE
public import OAuthMetadata
public import TokenVerification
public import WireFormat

/// Decides whether a client assertion authenticates its client: `private_key_jwt` (RFC 7523, OpenID Connect Core §9).
///
/// **Checks**, in this order: `alg`, `typ` (absent, `JWT` or `client-authentication+jwt`), key and signature with the
/// keys of the client alone, `exp` (present, not over, at most 300 s ahead), `nbf`, `iat`, `aud` (this server alone),
/// `jti`, and last, once everything else is good, that it was not used before.
/// **Does not check** that the client may use a grant, or what its document says: see ``ClientIDResolver``.
///
/// Any number of tasks may use one verifier.
///
/// - SeeAlso: [RFC 7523 §3](https://www.rfc-editor.org/rfc/rfc7523#section-3)
public struct ClientAssertionVerifier: Sendable {
    /// What `aud` must be.
    public enum Audience: Sendable, Hashable {
        /// The issuer identifier of the authorization server. This is the safest choice, because no other server has
        /// it (draft-ietf-oauth-rfc7523bis).
        case issuer
        /// The URL of the token endpoint.
        case tokenEndpoint
        /// The issuer identifier or the URL of the token endpoint, which older clients use. The default.
        case either
    }

    /// The settings of a verifier.
    public struct Settings: Sendable, Hashable {
        /// What `aud` must be.
        public var audience = Audience.either
        /// The algorithms that `alg` may name; at least one. By default all of ``JOSE/SignatureAlgorithm``.
        public var algorithms = SignatureAlgorithm.all
        /// The largest accepted difference between clocks in seconds; 0…300.
        public var clockSkew = 60

        /// The defaults.
        public init() {}
    }

    /// The longest time from now until `exp` in seconds. ``Settings/clockSkew`` is added.
    public static let maximumLifetime = 300
    /// The longest `jti` in bytes.
    public static let maximumTokenIDBytes = 256

    private let audiences: [String]
    private let settings: Settings
    private let replayStore: any ReplayStore
    private let clock: WallClock

    /// Makes a verifier.
    ///
    /// - Parameters:
    ///   - issuer: The issuer identifier of this authorization server.
    ///   - tokenEndpoint: The URL of its token endpoint, as in its metadata.
    ///   - replayStore: Remembers used assertions. Several instances of a server must share one: by default, each
    ///     remembers its own in memory.
    ///   - settings: What is accepted.
    ///   - clock: The time of day.
    /// - Throws: ``TokenVerification/ConfigurationError`` when a setting is out of range.
    public init(
        issuer: IssuerIdentifier, tokenEndpoint: AbsoluteURL, replayStore: any ReplayStore = InMemoryReplayStore(),
        settings: Settings = Settings(), clock: WallClock = .system
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        if !JWTPolicy.clockSkews.contains(settings.clockSkew) {
            faults.add("clockSkew", "is outside 0…300", "choose a number of seconds in this range")
        }
        if settings.algorithms.isEmpty {
            faults.add("algorithms", "is empty, so no assertion can be accepted", "name an algorithm")
        }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        audiences =
            switch settings.audience {
            case .issuer: [issuer.text]
            case .tokenEndpoint: [tokenEndpoint.text]
            case .either: [issuer.text, tokenEndpoint.text]
            }
        self.settings = settings
        self.replayStore = replayStore
        self.clock = clock
    }

    /// Verifies an assertion and uses it up: the same assertion is refused afterwards. Returns when it is good.
    ///
    /// - Parameters:
    ///   - assertion: The parsed assertion.
    ///   - keys: The keys of the client that the assertion names; nil when it has none. For a client with a document,
    ///     they are ``ClientIDResolver/keys(of:)``. For a registered client, make a
    ///     ``TokenVerification/StaticKeySource`` of its key set, whose ``JOSE/JSONWebKeySet/issuer`` must be the
    ///     `client_id`.
    ///   - algorithm: The client's `token_endpoint_auth_signing_alg`: then `alg` must be this one. For a client with a
    ///     document, it is ``OAuthMetadata/ClientIDMetadataDocument/signingAlgorithm``. Nil when the client names none.
    /// - Throws: ``ClientAssertionError``, for the first check that fails.
    public func verify(
        _ assertion: ClientAssertion, by keys: (any KeySource)?, algorithm: String? = nil
    ) async throws(ClientAssertionError) {
        guard let keys else { throw .invalid(.noKeys) }
        var algorithms = settings.algorithms
        if let algorithm {
            let only = SignatureAlgorithm(name: algorithm)
            algorithms = algorithms.filter { $0 == only }
        }
        let jws = try await verifiedSignature(of: assertion, by: keys, algorithms)
        // RFC 8725 §3.11: an access token or a DPoP proof of the same key is not an assertion.
        guard jws.type == nil || jws.hasType("JWT") || jws.hasType("client-authentication+jwt") else {
            throw .invalid(.jwt(.header(.type)))
        }
        let expiresAt = try checkTimes(assertion.claims)
        try checkAudience(assertion.claims)
        try await useUp(assertion, until: expiresAt)
    }

    private func verifiedSignature(
        of assertion: ClientAssertion, by source: any KeySource, _ algorithms: [SignatureAlgorithm]
    ) async throws(ClientAssertionError) -> VerifiedJWS {
        var judged = source.presentKeys()
        var need = KeyNeed.noKeys
        if let set = judged {
            switch try verdict(on: assertion, set, algorithms) {
            case .good(let jws): return jws
            case .undecided(let next): need = next
            }
        }
        // As for access tokens: a set that is new here is followed by one more question.
        for _ in 0..<2 {
            let set = try await keys(of: source, for: need)
            guard set.identity != judged?.identity else { throw need.rejection }
            switch try verdict(on: assertion, set, algorithms) {
            case .good(let jws): return jws
            case .undecided(.badSignature) where need != .noKeys: throw KeyNeed.badSignature.rejection
            case .undecided(let next): (need, judged) = (next, set)
            }
        }
        throw need.rejection
    }

    private func keys(
        of source: any KeySource, for need: KeyNeed
    ) async throws(ClientAssertionError) -> JSONWebKeySet {
        do throws(KeySourceError) {
            return try await source.keys(for: need)
        } catch {
            // The signature is bad by the set that was judged.
            if need == .badSignature { throw need.rejection }
            throw .unavailable(.keys, retryAfter: error.retryAfter)
        }
    }

    private enum Verdict {
        case good(VerifiedJWS)
        /// A newer key set can change this result.
        case undecided(KeyNeed)
    }

    private func verdict(
        on assertion: ClientAssertion, _ set: JSONWebKeySet, _ algorithms: [SignatureAlgorithm]
    ) throws(ClientAssertionError) -> Verdict {
        // RFC 8725 §3.8: the keys belong to the client.
        guard set.issuer.hasSameBytes(as: assertion.clientID) else { throw .invalid(.jwt(.key(.foreignIssuer))) }
        do throws(JOSEError) {
            return .good(
                try set.verify(
                    jws: assertion.bytes, algorithms: algorithms, limit: ClientAssertion.maximumBytes))
        } catch .key(.unknown) {
            return .undecided(.unknownKey)
        } catch .badSignature {
            return .undecided(.badSignature)
        } catch .cryptographyUnavailable {
            throw .unavailable(.cryptography, retryAfter: 1)
        } catch {
            throw .invalid(.jwt(error))
        }
    }

    /// RFC 7523 §3: `exp` is required. A server may refuse an `exp` that is unreasonably far in the future.
    ///
    /// - Returns: `exp`.
    private func checkTimes(_ claims: JSONDocument) throws(ClientAssertionError) -> Double {
        let now = clock.now()
        let skew = Double(settings.clockSkew)
        let positions = ClaimPositions(claims)
        do throws(JOSEError) {
            var policy = JWTPolicy(issuer: "unused", resource: nil)
            policy.clockSkew = settings.clockSkew
            let rules = ClaimRules(policy)
            guard let expiresAt = try rules.expirationTime(in: claims, at: positions.exp, now: now) else {
                throw JOSEError.claim(.exp, .missing)
            }
            guard expiresAt <= now + Double(Self.maximumLifetime) + skew else {
                throw JOSEError.claim(.exp, .lifetimeTooLong)
            }
            try rules.checkNotBefore(in: claims, at: positions.nbf, now: now)
            _ = try rules.issuedAt(in: claims, at: positions.iat, now: now, future: .refused)
            return expiresAt
        } catch {
            throw .invalid(.jwt(error))
        }
    }

    /// RFC 7523 §3: `aud` names this server. A list with another server is refused: that server could use the assertion
    /// here.
    private func checkAudience(_ claims: JSONDocument) throws(ClientAssertionError) {
        guard let claim = claims.root["aud"] else { throw .invalid(.jwt(.claim(.aud, .missing))) }
        let audience: String?
        switch claim.value {
        case .string(let text): audience = text
        case .array(let elements):
            guard elements.count <= 1 else { throw .invalid(.severalAudiences) }
            audience = elements.first?.string
        default: audience = nil
        }
        guard let audience else { throw .invalid(.jwt(.claim(.aud, .wrongType))) }
        guard audiences.contains(where: { $0.hasSameBytes(as: audience) }) else {
            throw .invalid(.jwt(.claim(.aud, .mismatch)))
        }
    }

    /// RFC 7523 §3: `jti` may be used once. It is recorded last, so that a bad assertion uses nothing up, and only for
    /// its own client, so that no client can use up another one's.
    private func useUp(_ assertion: ClientAssertion, until expiresAt: Double) async throws(ClientAssertionError) {
        guard let claim = assertion.claims.root["jti"] else { throw .invalid(.jwt(.claim(.jti, .missing))) }
        guard let id = claim.string else { throw .invalid(.jwt(.claim(.jti, .wrongType))) }
        guard (1...Self.maximumTokenIDBytes).contains(id.utf8.count) else { throw .invalid(.tokenID) }
        let lifetime = max(0, expiresAt - clock.now()) + Double(settings.clockSkew)
        let verdict: ReplayVerdict
        do throws(ReplayStoreError) {
            let identifier = ReplayIdentifier(.clientAssertion, owner: assertion.clientID, id: id)
            verdict = try await replayStore.record(identifier, for: .milliseconds(Int64(lifetime * 1_000) + 1))
        } catch {
            throw .unavailable(.replayStore, retryAfter: 1)
        }
        guard verdict == .first else { throw .invalid(.replayed) }
    }
}

extension KeyNeed {
    fileprivate var rejection: ClientAssertionError {
        switch self {
        case .noKeys, .unknownKey: .invalid(.jwt(.key(.unknown)))
        case .badSignature: .invalid(.jwt(.badSignature))
        }
    }
}
