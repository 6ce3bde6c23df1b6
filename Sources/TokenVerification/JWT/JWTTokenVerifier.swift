internal import JOSE
internal import WireFormat

/// Verifies JWT access tokens of one or several issuers (RFC 9068, RFC 8725).
///
/// **Checks** what ``JOSE/JWTValidation`` checks, with the keys, algorithms, audiences and skew of the token's own
/// issuer.
/// **Does not check** scopes or revocation. A token whose `alg`, `typ` or `iss` is not acceptable causes no network
/// I/O.
///
/// The verifier caches the acceptance of a token for at most one minute, and not beyond `exp`. A cached acceptance is
/// used only while the key set that verified the token is the issuer's present one. Rejections are not cached.
///
/// With an ``IssuerLookUp``, a token of another issuer is verified with the configuration that its function finds.
public struct JWTTokenVerifier: TokenVerifier {
    private let issuers: [TrustedIssuer]
    /// Finds issuers that are not in `issuers`; nil when there are no others.
    private let directory: IssuerDirectory?
    /// The position of an issuer in `issuers`, by its identifier.
    private let positions: [[UInt8]: Int]
    /// The algorithms that some issuer allows.
    private let algorithms: [SignatureAlgorithm]
    private let clock: WallClock
    private let cache: VerifiedTokenCache<Basis>?
    private let headers = KnownHeaders()
    /// The largest number of issuers that are found without a hash table.
    private static let fewIssuers = 4

    /// The key set that verified a token, and its source.
    private struct Basis: Sendable {
        let source: any KeySource
        let keys: JSONWebKeySet.Identity

        /// Whether this set is still the present one of its source.
        var isPresent: Bool { source.presents(keys) }
    }

    /// The largest token in bytes that any configuration accepts. A guard usually has a smaller limit and checks it
    /// earlier.
    public static let maximumTokenBytes = 65_536

    /// Makes a verifier for the tokens of one issuer, with the default policy.
    ///
    /// - Parameters:
    ///   - issuer: The issuer identifier, byte for byte as in `iss`.
    ///   - audience: The audience that names this program in `aud`. One trailing slash more or less is accepted.
    ///   - keys: The keys of the issuer.
    /// - Throws: ``ConfigurationError`` when the issuer or the audience is empty.
    public init(issuer: String, audience: String, keys: any KeySource) throws(ConfigurationError) {
        let policy = JWTPolicy(issuer: issuer, resource: audience)
        let validation: JWTValidation
        do throws(JWTPolicy.Invalid) {
            validation = try JWTValidation(policy)
        } catch {
            throw ConfigurationError(error.faults.map { ConfigurationError.Fault($0) })
        }
        self.init(checked: [TrustedIssuer(validation, keys: keys)])
    }

    /// Makes a verifier for the tokens of several issuers.
    ///
    /// - Parameters:
    ///   - issuers: The issuers, each of them once. A token of another issuer is refused.
    ///   - caching: How many accepted tokens are cached.
    ///   - clock: The time of day.
    ///   - monotonicClock: The clock for the age of cached verdicts.
    /// - Throws: ``ConfigurationError`` when the list is empty, when an issuer is listed twice, when a ``ScopeMapping``
    ///   is faulty, or when `caching` is out of range.
    public init(
        _ issuers: [TrustedIssuer], caching: TokenCaching = .standard, clock: WallClock = .system,
        monotonicClock: MonotonicClock = .system
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        if issuers.isEmpty { faults.add("issuers", "is empty, so no token can be accepted", "name an issuer") }
        for (index, issuer) in issuers.enumerated() {
            let path = ("issuers" as ConfigurationError.Path)[index]
            if issuers[..<index].contains(where: { $0.issuer.hasSameBytes(as: issuer.issuer) }) {
                faults.add(path, "is in the list twice", "configure each issuer once")
            }
            issuer.scopes.check(at: path + "scopes", &faults)
        }
        caching.check(at: "caching", &faults)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.init(checked: issuers, caching: caching, clock: clock, monotonicClock: monotonicClock)
    }

    /// Makes a verifier from arguments that a configuration check has accepted.
    package init(
        checked issuers: [TrustedIssuer], others directory: IssuerDirectory? = nil, caching: TokenCaching = .standard,
        clock: WallClock = .system, monotonicClock: MonotonicClock = .system
    ) {
        self.issuers = issuers
        self.directory = directory
        positions = Dictionary(
            issuers.enumerated().map { (Array($1.issuer.utf8), $0) }, uniquingKeysWith: { first, _ in first })
        algorithms = SignatureAlgorithm.all.filter { algorithm in
            // An issuer that is found at run time may allow every algorithm of this library.
            directory != nil || issuers.contains { $0.validation.policy.algorithms.contains(algorithm) }
        }
        self.clock = clock
        cache = VerifiedTokenCache(caching, clock: clock, monotonicClock: monotonicClock)
    }

    /// The issuers, in the order of the configuration. Those that an ``IssuerLookUp`` finds are not among them.
    public var trustedIssuers: [TrustedIssuer] { issuers }

    /// Verifies a token. It suspends only when the present keys cannot decide.
    public func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        // Without a cache the token is not hashed.
        let digest = cache == nil ? nil : token.digest
        if let digest, let known = rememberedToken(digest) { return known }
        let jwt = try parse(token)
        let issuer = if let known = configuredIssuer(of: jwt) { known } else { try await otherIssuer(of: jwt) }
        // Moved: a copy would count a reference to each part.
        let candidate = Candidate(digest: digest, jwt: try precheck(consume jwt, issuer), issuer: consume issuer)
        guard let present = candidate.issuer.keys.presentKeys() else {
            return try await verify(candidate, .noKeys, judged: nil)
        }
        switch verdict(candidate, present) {
        case .accepted(let token): return token
        case .refused(let rejection): throw rejection
        case .undecided(let need): return try await verify(candidate, need, judged: present)
        }
    }

    /// Whether ``rememberedToken(_:)`` can have a result.
    package var remembersVerdicts: Bool { cache != nil }

    /// The cached token, or nil when it is not cached or the key set has changed since then.
    package func rememberedToken(_ token: PresentedToken) -> AccessToken? {
        cache == nil ? nil : rememberedToken(token.digest)
    }

    private func rememberedToken(_ digest: SHA256Digest) -> AccessToken? {
        guard let verdict = cache?.verdict(on: digest) else { return nil }
        // Ask the source for every request, outside the cache's lock. Cached tokens of a removed key are then refused,
        // and the source can start its refresh in the background.
        return verdict.basis.isPresent ? verdict.token : nil
    }

    /// Whether the token is a JWT that names an issuer which is not configured. Verifies nothing.
    func namesForeignIssuer(_ token: PresentedToken) -> Bool {
        guard let jwt = try? UnverifiedJWT(parsing: token.bytes, limit: Self.maximumTokenBytes),
            let name = jwt.unverifiedIssuer
        else { return false }
        return positions[Array(name.utf8)] == nil
    }

    /// A token that has passed every check that needs no key.
    private struct Candidate {
        /// The key of the token in the cache; nil without a cache.
        let digest: SHA256Digest?
        let jwt: PrecheckedJWT
        let issuer: TrustedIssuer
    }

    /// Checks the form, and by the header alone the algorithm and a foreign `typ`.
    private func parse(_ token: PresentedToken) throws(TokenRejection) -> UnverifiedJWT {
        do throws(JOSEError) {
            return try UnverifiedJWT(
                parsing: token.bytes, limit: Self.maximumTokenBytes, known: headers, algorithms: algorithms)
        } catch {
            throw .invalid(.jwt(error))
        }
    }

    /// The configured issuer that the token names, or nil. The unverified `iss` is only a look-up key; the validation
    /// of that issuer compares it again.
    private func configuredIssuer(of jwt: UnverifiedJWT) -> TrustedIssuer? {
        // The names of a few issuers are compared. For more issuers, a String and its hash cost less.
        if issuers.count <= Self.fewIssuers {
            return issuers.indices.first { issuers[$0].validation.isNamed(by: jwt) }.map { issuers[$0] }
        }
        return jwt.unverifiedIssuer.flatMap { positions[Array($0.utf8)] }.map { issuers[$0] }
    }

    /// The issuer of a token that names no configured one.
    private func otherIssuer(of jwt: UnverifiedJWT) async throws(TokenRejection) -> TrustedIssuer {
        guard let name = jwt.unverifiedIssuer else {
            // Any validation refuses a token without a string `iss` with the right reason, so the first one is used.
            if let first = issuers.first { return first }
            throw .invalid(.jwt(.claim(.iss, jwt.payload.root["iss"] == nil ? .missing : .wrongType)))
        }
        switch await directory?.issuer(named: name) {
        case .trusted(let issuer): return issuer
        case .unknown, nil: throw .invalid(.unknownIssuer(nearestDifference(name)))
        case .unavailable(let retryAfter):
            // A wait that ended because the client went away says nothing about the issuer.
            throw .unavailable(Task.isCancelled ? .cancelled : .issuer, retryAfter: retryAfter)
        }
    }

    /// Does the checks of the issuer that need no key.
    private func precheck(
        _ jwt: consuming UnverifiedJWT, _ issuer: TrustedIssuer
    ) throws(TokenRejection) -> PrecheckedJWT {
        do throws(JOSEError) {
            return try issuer.validation.precheck(jwt)
        } catch .claim(.iss, .mismatch) {
            throw .invalid(.unknownIssuer(.other))
        } catch {
            throw .invalid(.jwt(error))
        }
    }

    /// A hint for the operator whose configured issuer differs slightly, for example by a trailing slash.
    private func nearestDifference(_ name: String) -> JOSEError.IssuerDifference {
        let differences = issuers.map { JOSEError.IssuerDifference.between(name, $0.validation.policy.issuer) }
        return differences.first { $0 != .other } ?? .other
    }

    /// Verifies with newer keys than `judged`, which is nil or did not decide.
    private func verify(
        _ candidate: Candidate, _ need: KeyNeed, judged: JSONWebKeySet?
    ) async throws(TokenRejection) -> AccessToken {
        var (need, judged) = (need, judged)
        // A set that lacks the key is final only if it is the answer to the question for an unknown key. The answer to
        // another question, such as the first fetch, may come from a cache that has not yet seen the key. Therefore a
        // set that is new here is followed by one more question.
        for _ in 0..<2 {
            let keys: JSONWebKeySet
            do throws(KeySourceError) {
                keys = try await candidate.issuer.keys.keys(for: need)
            } catch {
                // A wait that ended because the client went away says nothing about the keys.
                if Task.isCancelled { throw .unavailable(.cancelled, retryAfter: error.retryAfter) }
                // The signature is bad by the set that was judged.
                if need == .badSignature { throw Self.rejection(need) }
                throw .unavailable(.keys, retryAfter: error.retryAfter)
            }
            if keys.identity == judged?.identity {
                if need == .badSignature, Task.isCancelled { throw .unavailable(.cancelled, retryAfter: 1) }
                throw Self.rejection(need)
            }
            switch verdict(candidate, keys) {
            case .accepted(let token): return token
            case .refused(let rejection): throw rejection
            // A newer set was asked for, and its key does not verify the signature either.
            case .undecided(.badSignature) where need != .noKeys: throw Self.rejection(.badSignature)
            case .undecided(let next): (need, judged) = (next, keys)
            }
        }
        throw Self.rejection(need)
    }

    /// The rejection of a token when no newer set has changed the verdict.
    private static func rejection(_ need: KeyNeed) -> TokenRejection {
        switch need {
        case .noKeys, .unknownKey: .invalid(.jwt(.key(.unknown)))
        case .badSignature: .invalid(.jwt(.badSignature))
        }
    }

    private enum Verdict {
        case accepted(AccessToken)
        case refused(TokenRejection)
        /// A newer key set can change this result.
        case undecided(KeyNeed)
    }

    private func verdict(_ candidate: Candidate, _ keys: JSONWebKeySet) -> Verdict {
        let validation = candidate.issuer.validation
        let now = clock.now()
        do throws(JOSEError) {
            let jwt = try validation.verify(candidate.jwt, keys: keys, now: now)
            let token = AccessToken(jwt, scopes: candidate.issuer.scopes)
            headers.keep(headerOf: candidate.jwt.jwt)
            if let digest = candidate.digest {
                cache?.keep(
                    token, basis: Basis(source: candidate.issuer.keys, keys: keys.identity), on: digest,
                    verifiedAt: now, end: Self.end(of: jwt, maximumAge: validation.maximumAge))
            }
            return .accepted(token)
        } catch .key(.unknown) {
            return .undecided(.unknownKey)
        } catch .badSignature {
            return .undecided(.badSignature)
        } catch .cryptographyUnavailable {
            return .refused(.unavailable(.cryptography, retryAfter: 1))
        } catch {
            return .refused(.invalid(.jwt(error)))
        }
    }

    /// The time after which the verdict is not used: `exp`, or an earlier time when the policy limits the age. Without
    /// skew.
    private static func end(of jwt: VerifiedJWT, maximumAge: Int?) -> Double {
        guard let maximumAge, let issuedAt = jwt.issuedAt else { return jwt.expiresAt }
        return min(jwt.expiresAt, issuedAt + Double(maximumAge))
    }
}
