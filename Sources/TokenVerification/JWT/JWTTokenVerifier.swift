internal import JOSE
internal import WireFormat

/// Verifies JWT access tokens of one or several issuers (RFC 9068, RFC 8725).
///
/// **Checks** what ``JOSE/JWTValidation`` checks, with the keys, algorithms, audiences and skew of the token's own issuer.
/// **Does not check** scopes and revocation. A token whose `alg`, `typ` or `iss` is not acceptable causes no network I/O.
///
/// A good verdict is remembered for at most a minute, not beyond `exp`, and only while the key set that verified the token is
/// the issuer's present one. Other verdicts are not remembered.
public struct JWTTokenVerifier: TokenVerifier {
    private let issuers: [TrustedIssuer]
    /// The key sources alone: all that a remembered verdict needs of an issuer.
    private let sources: [any KeySource]
    /// The position of an issuer in `issuers`, by its identifier.
    private let positions: [[UInt8]: Int]
    /// One validation for each set of allowed algorithms, so that an algorithm that no issuer allows is found without asking
    /// all of them.
    private let algorithmPolicies: [JWTValidation]
    private let clock: WallClock
    private let cache: VerifiedTokenCache<Basis>?

    /// Whose keys verified a token, and which set of them.
    private struct Basis: Sendable {
        let issuer: Int
        let keys: JSONWebKeySet.Identity
    }

    /// The longest token in bytes that any configuration accepts. A guard usually has a smaller limit, which it checks before.
    public static let maximumTokenBytes = 65_536

    /// A verifier for the tokens of one issuer, with the default policy.
    ///
    /// - Parameters:
    ///   - issuer: The issuer identifier, byte for byte as in `iss`.
    ///   - audience: What tokens for this program name in `aud`; one trailing slash more or less is accepted.
    ///   - keys: The keys of the issuer.
    /// - Throws: ``ConfigurationError`` for an empty issuer or audience.
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

    /// A verifier for the tokens of several issuers.
    ///
    /// - Parameters:
    ///   - issuers: The issuers, each once; a token of any other is refused.
    ///   - caching: How many good verdicts are remembered.
    ///   - clock: The time of day.
    ///   - monotonicClock: For the age of remembered verdicts.
    /// - Throws: ``ConfigurationError`` when there is no issuer, an issuer stands twice, a ``ScopeMapping`` is faulty, or
    ///   `caching` is out of range.
    public init(
        _ issuers: [TrustedIssuer], caching: TokenCaching = .standard, clock: WallClock = .system,
        monotonicClock: MonotonicClock = .system
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        if issuers.isEmpty { faults.add("issuers", "is empty, so that no token could be accepted", "name an issuer") }
        for (index, issuer) in issuers.enumerated() {
            let path = ("issuers" as ConfigurationError.Path)[index]
            if issuers[..<index].contains(where: { $0.issuer.hasSameBytes(as: issuer.issuer) }) {
                faults.add(path, "stands in the list already", "configure each issuer once")
            }
            issuer.scopes.check(at: path + "scopes", &faults)
        }
        caching.check(at: "caching", &faults)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.init(checked: issuers, caching: caching, clock: clock, monotonicClock: monotonicClock)
    }

    /// A verifier of what a configuration check has accepted.
    package init(
        checked issuers: [TrustedIssuer], caching: TokenCaching = .standard, clock: WallClock = .system,
        monotonicClock: MonotonicClock = .system
    ) {
        self.issuers = issuers
        sources = issuers.map(\.keys)
        positions = Dictionary(
            issuers.enumerated().map { (Array($1.issuer.utf8), $0) }, uniquingKeysWith: { first, _ in first })
        algorithmPolicies = issuers.reduce(into: [JWTValidation]()) { distinct, issuer in
            let algorithms = Set(issuer.validation.policy.algorithms)
            if !distinct.contains(where: { Set($0.policy.algorithms) == algorithms }) {
                distinct.append(issuer.validation)
            }
        }
        self.clock = clock
        cache = VerifiedTokenCache(caching, clock: clock, monotonicClock: monotonicClock)
    }

    /// The issuers.
    public var trustedIssuers: [TrustedIssuer] { issuers }

    /// Verifies a token. Suspends only when the present keys cannot decide.
    public func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        if let known = rememberedToken(token) { return known }
        let candidate = try prepare(token)
        if let present = issuers[candidate.issuer].keys.presentKeys() {
            switch verdict(candidate, present) {
            case .accepted(let token): return token
            case .refused(let rejection): throw rejection
            case .unknownKey: break
            }
            return try await verify(candidate, need: .unknownKey)
        }
        return try await verify(candidate, need: .noKeys)
    }

    /// What was found out about the token lately, if the keys of then are still the present ones.
    package func rememberedToken(_ token: PresentedToken) -> AccessToken? {
        guard let verdict = cache?.verdict(on: token.digest) else { return nil }
        // Asked outside of the cache's lock, and each time: a removed key ends its tokens, and the source learns that its
        // keys are in use.
        guard let present = sources[verdict.basis.issuer].presentKeys() else { return nil }
        return present.identity == verdict.basis.keys ? verdict.token : nil
    }

    /// Whether the token is a JWT that names an issuer which is not configured. Verifies nothing.
    func namesForeignIssuer(_ token: PresentedToken) -> Bool {
        guard let jwt = try? UnverifiedJWT(parsing: token.bytes, limit: Self.maximumTokenBytes),
            let name = jwt.unverifiedIssuer
        else { return false }
        return positions[Array(name.utf8)] == nil
    }

    /// A token that passed every check that needs no key.
    private struct Candidate {
        let digest: SHA256Digest
        let jwt: PrecheckedJWT
        /// Where its issuer stands.
        let issuer: Int
    }

    /// Everything that needs no key: form, header, algorithm, issuer.
    private func prepare(_ token: PresentedToken) throws(TokenRejection) -> Candidate {
        var issuerName: String?
        do throws(JOSEError) {
            let jwt = try UnverifiedJWT(parsing: token.bytes, limit: Self.maximumTokenBytes)
            // RFC 8725 §3.1, before anything else is asked: an algorithm that no issuer may use.
            guard algorithmPolicies.contains(where: { $0.admitsAlgorithm(of: jwt) }) else {
                throw JOSEError.header(.algorithmNotAllowed)
            }
            // The unverified `iss` is only a look-up key; the validation of that issuer compares it again. A token without
            // a text there is refused by any validation, with its reason.
            issuerName = jwt.unverifiedIssuer
            guard let position = issuerName.map({ positions[Array($0.utf8)] }) ?? 0 else {
                throw JOSEError.claim(.iss, .mismatch)
            }
            let prechecked = try issuers[position].validation.precheck(jwt)
            return Candidate(digest: token.digest, jwt: prechecked, issuer: position)
        } catch .claim(.iss, .mismatch) {
            throw .invalid(.unknownIssuer(nearestDifference(issuerName)))
        } catch {
            throw .invalid(.jwt(error))
        }
    }

    /// A hint for the operator whose configured issuer has a slash too many, and the like.
    private func nearestDifference(_ name: String?) -> JOSEError.IssuerDifference {
        guard let name else { return .other }
        let differences = issuers.map { JOSEError.IssuerDifference.between(name, $0.validation.policy.issuer) }
        return differences.first { $0 != .other } ?? .other
    }

    private func verify(_ candidate: Candidate, need: KeyNeed) async throws(TokenRejection) -> AccessToken {
        let keys: JSONWebKeySet
        do throws(KeySourceError) {
            keys = try await issuers[candidate.issuer].keys.keys(for: need)
        } catch {
            throw .unavailable(.keys, retryAfter: error.retryAfter)
        }
        switch verdict(candidate, keys) {
        case .accepted(let token): return token
        case .refused(let rejection): throw rejection
        case .unknownKey: throw .invalid(.jwt(.key(.unknown)))
        }
    }

    private enum Verdict {
        case accepted(AccessToken)
        case refused(TokenRejection)
        /// The only answer that a newer key set can change.
        case unknownKey
    }

    private func verdict(_ candidate: Candidate, _ keys: JSONWebKeySet) -> Verdict {
        let validation = issuers[candidate.issuer].validation
        let now = clock.now()
        do throws(JOSEError) {
            let jwt = try validation.verify(candidate.jwt, keys: keys, now: now)
            let token = AccessToken(jwt, scopes: issuers[candidate.issuer].scopes)
            cache?.keep(
                token, basis: Basis(issuer: candidate.issuer, keys: keys.identity), on: candidate.digest,
                verifiedAt: now, end: Self.end(of: jwt, validation.policy))
            return .accepted(token)
        } catch .key(.unknown) {
            return .unknownKey
        } catch .cryptographyUnavailable {
            return .refused(.unavailable(.cryptography, retryAfter: 1))
        } catch {
            return .refused(.invalid(.jwt(error)))
        }
    }

    /// When the verdict ends whatever happens: at `exp`, and before that when the policy limits the age. Without skew.
    private static func end(of jwt: VerifiedJWT, _ policy: JWTPolicy) -> Double {
        guard let maximumAge = policy.maximumAge, let issuedAt = jwt.issuedAt else { return jwt.expiresAt }
        return min(jwt.expiresAt, issuedAt + Double(maximumAge))
    }
}
