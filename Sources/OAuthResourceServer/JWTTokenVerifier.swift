public import JOSE
internal import WireFormat

/// Verifies JWT access tokens of one or several issuers (RFC 9068, RFC 8725).
///
/// **Checks** what ``JOSE/JWTValidation`` checks, with the keys, algorithms, audiences and skew of the token's own issuer.
/// **Does not check** scopes and revocation. No network I/O happens for a token whose `alg`, `typ` or `iss` is not
/// acceptable.
public struct JWTTokenVerifier: TokenVerifier {
    /// An issuer and everything that belongs to it.
    public struct TrustedIssuer: Sendable {
        let validation: JWTValidation
        let keys: any KeySource
        let scopes: ScopeMapping

        /// An issuer with its policy, its keys, and how its tokens name scopes.
        public init(_ validation: JWTValidation, keys: any KeySource, scopes: ScopeMapping = ScopeMapping()) {
            self.validation = validation
            self.keys = keys
            self.scopes = scopes
        }
    }

    private let issuers: [TrustedIssuer]
    private let clock: WallClock

    /// The longest token that any configuration admits, in bytes; ``ResourceServerConfiguration/tokenLimit`` is usually
    /// smaller and checked before.
    public static let maximumTokenBytes = 65_536

    /// A verifier.
    ///
    /// - Parameters:
    ///   - issuers: The issuers, each once; a token of any other is refused.
    ///   - clock: The time of day.
    /// - Throws: ``ConfigurationError`` when there is no issuer, one twice, or a faulty ``ScopeMapping``.
    public init(_ issuers: [TrustedIssuer], clock: WallClock = .system) throws(ConfigurationError) {
        var faults: [ConfigurationError.Fault] = []
        if issuers.isEmpty { faults.append(.init("issuers", "is empty; no token could ever be accepted")) }
        let names = issuers.map { Array($0.validation.policy.issuer.utf8) }
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            faults.append(.init("issuers[\(index)]", "is there already; configure each issuer once"))
        }
        for (index, issuer) in issuers.enumerated() { faults += issuer.scopes.faults(at: "issuers[\(index)].scopes") }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.issuers = issuers
        self.clock = clock
    }

    /// Verifies a token. Suspends only when the present keys cannot decide.
    public func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        let (jwt, issuer) = try prepare(token)
        if let present = issuer.keys.presentKeys() {
            switch verdict(jwt, issuer, present) {
            case .accepted(let token): return token
            case .refused(let rejection): throw rejection
            case .unknownKey: break
            }
            return try await verify(jwt, issuer, need: .unknownKey)
        }
        return try await verify(jwt, issuer, need: .noKeys)
    }

    /// Everything that needs no key: form, header, algorithm, issuer.
    private func prepare(_ token: PresentedToken) throws(TokenRejection) -> (UnverifiedJWT, TrustedIssuer) {
        var issuerName: String?
        do throws(JOSEError) {
            let jwt = try UnverifiedJWT(parsing: token.bytes, limit: Self.maximumTokenBytes)
            // RFC 8725 §3.1, before anything else is asked: an algorithm that no issuer may use.
            guard issuers.contains(where: { $0.validation.admitsAlgorithm(of: jwt) }) else {
                throw JOSEError.header(.algorithmNotAllowed)
            }
            // The unverified `iss` is only a look-up key; the validation of that issuer compares it again. A token without
            // a text there is refused by any validation, with its reason.
            issuerName = jwt.unverifiedIssuer
            let issuer = issuers.first { issuer in
                issuerName.map { issuer.validation.policy.issuer.hasSameBytes(as: $0) } ?? true
            }
            guard let issuer else { throw JOSEError.claim(.iss, .mismatch) }
            try issuer.validation.precheck(jwt)
            return (jwt, issuer)
        } catch .claim(.iss, .mismatch) {
            throw .invalid(.unknownIssuer(nearestDifference(issuerName)))
        } catch {
            throw .invalid(.jwt(error))
        }
    }

    /// A hint for the operator whose configured issuer has a slash too many, and the like.
    private func nearestDifference(_ name: String?) -> IssuerDifference {
        guard let name else { return .other }
        let differences = issuers.map { IssuerDifference.between(name, $0.validation.policy.issuer) }
        return differences.first { $0 != .other } ?? .other
    }

    private func verify(
        _ jwt: UnverifiedJWT, _ issuer: TrustedIssuer, need: KeyNeed
    ) async throws(TokenRejection) -> AccessToken {
        let keys: JSONWebKeySet
        do throws(KeySourceError) {
            keys = try await issuer.keys.keys(for: need)
        } catch {
            throw .unavailable(.keys, retryAfter: error.retryAfter)
        }
        switch verdict(jwt, issuer, keys) {
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

    private func verdict(_ jwt: UnverifiedJWT, _ issuer: TrustedIssuer, _ keys: JSONWebKeySet) -> Verdict {
        do throws(JOSEError) {
            let verified = try issuer.validation.verify(jwt, keys: keys, now: clock.now())
            return .accepted(AccessToken(verified, scopes: issuer.scopes))
        } catch .key(.unknown) {
            return .unknownKey
        } catch .cryptographyUnavailable {
            return .refused(.unavailable(.cryptography, retryAfter: 1))
        } catch {
            return .refused(.invalid(.jwt(error)))
        }
    }
}
