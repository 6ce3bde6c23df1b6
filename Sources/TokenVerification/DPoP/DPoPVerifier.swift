public import JOSE
internal import WireFormat

/// Decides whether a DPoP proof shows that a request comes from the holder of a key (RFC 9449 §4.3).
///
/// **Checks** the twelve rules of RFC 9449 §4.3, each with its own ``DPoPRejection``, and that the proof was not used
/// before. The rules are applied in their order, with two exceptions that make bad proofs cheap: the key is compared
/// with that of the token first, and the signature is verified after the claims.
/// **Does not check** the access token itself: verify it first, and take the thumbprint of its `cnf.jkt` from there. A
/// remembered verdict on a token never replaces the proof.
///
/// Any number of tasks may use one verifier.
///
/// - SeeAlso: [RFC 9449 §4.3](https://www.rfc-editor.org/rfc/rfc9449#section-4.3)
public struct DPoPVerifier: Sendable {
    /// The settings of a verifier.
    public struct Settings: Sendable {
        /// The acceptable values of ``maximumAge``, in seconds.
        public static let maximumAges: ClosedRange<Int> = 5...300

        /// The algorithms that `alg` may name. By default all that a public key verifies.
        public var algorithms = SignatureAlgorithm.all
        /// How far `iat` may be from the present time, in seconds, within ``maximumAges``.
        public var maximumAge = 300
        /// The nonces that a proof must contain; nil for none.
        public var nonces: DPoPNonces?

        /// The defaults.
        public init() {}

        /// Appends a fault for each setting that is out of range.
        package func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
            if !Self.maximumAges.contains(maximumAge) {
                faults.add(
                    path + "maximumAge", "is outside \(Self.maximumAges.text) seconds",
                    "choose a number in this range")
            }
            if algorithms.isEmpty {
                faults.add(path + "algorithms", "is empty, so no proof can be accepted", "name an algorithm")
            }
        }
    }

    /// The largest proof in bytes.
    public static let maximumBytes = 8_192
    /// The longest `jti` in bytes.
    public static let maximumTokenIDBytes = 256

    /// How much longer than its time a proof is remembered, in seconds. An instance whose clock is slower by less than
    /// this, or a clock that is set back by less, accepts no proof whose use is forgotten.
    private static let clockDifference = 60.0

    private let settings: Settings
    private let replayStore: any ReplayStore
    private let clock: WallClock
    private let keys = ProofKeyCache()

    /// Makes a verifier.
    ///
    /// - Parameters:
    ///   - replayStore: Remembers used proofs. Several instances of a server must share one.
    ///   - settings: The settings.
    ///   - clock: The time of day.
    /// - Throws: ``ConfigurationError`` when a setting is out of range.
    public init(
        replayStore: any ReplayStore = InMemoryReplayStore(), settings: Settings = Settings(),
        clock: WallClock = .system
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        settings.check(at: ConfigurationError.Path([]), &faults)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.init(checked: settings, replayStore: replayStore, clock: clock)
    }

    /// Makes a verifier from settings that a configuration check has accepted.
    package init(checked settings: Settings, replayStore: any ReplayStore, clock: WallClock = .system) {
        self.settings = settings
        self.replayStore = replayStore
        self.clock = clock
    }

    /// Verifies the proof of a request, and uses it up.
    ///
    /// - Parameters:
    ///   - fields: The values of all `DPoP` fields of the request, one for each field line.
    ///   - method: The method of the request.
    ///   - target: What was called.
    ///   - token: The access token of the request.
    ///   - thumbprint: The `cnf.jkt` of the verified access token.
    /// - Returns: A new nonce for the response, when that of the proof expires soon (RFC 9449 §8.2); otherwise nil.
    /// - Throws: ``DPoPRejection`` for the first rule that is broken.
    @discardableResult
    public func verify(
        _ fields: [[UInt8]], method: String, target: DPoPTarget, token: PresentedToken, boundTo thumbprint: String
    ) async throws(DPoPRejection) -> String? {
        let use = Use(method: method, target: target, token: (token, thumbprint))
        return try await accept(fields, use).nonce == .expiresSoon ? newNonce() : nil
    }

    /// Verifies the proof of a request to the token endpoint of an authorization server (RFC 9449 §5), and uses it up.
    ///
    /// **Checks** the same rules, but the twelfth: such a request has no access token, so `ath` says nothing.
    /// **Does not check** whose key it is: the caller compares the thumbprint with that of the code (`dpop_jkt`) or of
    /// the refresh token.
    ///
    /// - Parameters:
    ///   - fields: The values of all `DPoP` fields of the request, one for each field line.
    ///   - method: The method of the request.
    ///   - target: The token endpoint.
    /// - Returns: The thumbprint of the key (RFC 7638), for `cnf.jkt` of the token that is issued.
    /// - Throws: ``DPoPRejection`` for the first rule that is broken.
    public func verifyTokenRequest(
        _ fields: [[UInt8]], method: String, target: DPoPTarget
    ) async throws(DPoPRejection) -> String {
        try await accept(fields, Use(method: method, target: target, token: nil)).thumbprint.base64URL
    }

    /// What a proof must be for.
    private struct Use {
        let method: String
        let target: DPoPTarget
        /// The access token, and the thumbprint of the key to which it is bound; nil at a token endpoint.
        let token: (PresentedToken, thumbprint: String)?
    }

    private func accept(
        _ fields: [[UInt8]], _ use: Use
    ) async throws(DPoPRejection) -> (thumbprint: SHA256Digest, nonce: DPoPNonces.Verdict?) {
        // 1. There is not more than one DPoP field.
        let bytes = try Self.only(fields)
        // What is kept of the key that the token is bound to. A proof with the same header as before needs no second
        // check of it.
        let boundThumbprint = use.token.flatMap { SHA256Digest(base64URL: Array($0.thumbprint.utf8).span) }
        let known = boundThumbprint.flatMap { keys.known($0) }
        // 2. It is a single, well-formed JWT. 4. `typ` is dpop+jwt. 5. `alg` is an asymmetric algorithm that is
        // allowed. 7. `jwk` is not a private key.
        let proof = try parsed(bytes, known)
        let thumbprint = proof.header.thumbprint
        // 12, second half. The token is bound to the key of the proof. This comes before every other rule that costs
        // something, so that only the holder of a good token can choose which key is used.
        if use.token != nil {
            guard let boundThumbprint, thumbprint.equalsInConstantTime(boundThumbprint) else { throw .otherKey }
        }
        // 3. All required claims are there: each rule below reads its own.
        // 8. `htm` is the method of the request: method names are case-sensitive (RFC 9110 §9.1).
        guard try Self.text(.htm, in: proof).isString(use.method) else { throw .method }
        // 9. `htu` is the URL of the request, without query and fragment.
        guard use.target.isNamed(by: try Self.text(.htu, in: proof)) else { throw .target }
        // 10. The nonce is one of this server.
        let now = clock.now()
        let nonce = try nonce(in: proof, now)
        // 11. The proof is recent.
        let issuedAt = try Self.time(in: proof)
        guard abs(now - issuedAt) <= Double(settings.maximumAge) else { throw .time }
        // 12. `ath` is the hash of the access token.
        if let (token, _) = use.token {
            let text = try Self.text(.ath, in: proof).stringBytes ?? []
            guard let hash = SHA256Digest(base64URL: text.span), hash.equalsInConstantTime(token.digest) else {
                throw .tokenHash
            }
        }
        guard let id = try Self.text(.jti, in: proof).string, (1...Self.maximumTokenIDBytes).contains(id.utf8.count)
        else { throw .claim(.jti) }
        // 6. The signature verifies with `jwk`. It costs more than all rules above together.
        // At a token endpoint, only the proof itself has named the key.
        try verifySignature(of: proof, known ?? keys.known(thumbprint))
        try await useUp(id, of: thumbprint, issuedAt: issuedAt, now)
        return (thumbprint, nonce)
    }

    /// A nonce for a response to a client without a good one; nil when proofs need none.
    public func newNonce() -> String? { settings.nonces?.make(now: clock.now()) }

    private static func only(_ fields: [[UInt8]]) throws(DPoPRejection) -> [UInt8] {
        guard let only = fields.first else { throw .missing }
        // RFC 9110 §5.3: several lines may have become one, with a comma between the values.
        guard fields.count == 1, !only.contains(UInt8(ascii: ",")) else { throw .several }
        let value = OptionalWhiteSpace.trimmed(only[...])
        guard !value.isEmpty else { throw .missing }
        return Array(value)
    }

    private func parsed(_ bytes: [UInt8], _ known: ProofKeyCache.Known?) throws(DPoPRejection) -> SelfSignedJWT {
        do throws(SelfSignedJWT.Failure) {
            return try SelfSignedJWT(
                parsing: bytes, type: "dpop+jwt", algorithms: settings.algorithms, limit: Self.maximumBytes,
                known: known?.header)
        } catch {
            throw DPoPRejection(error)
        }
    }

    private func verifySignature(
        of proof: SelfSignedJWT, _ known: ProofKeyCache.Known?
    ) throws(DPoPRejection) {
        do throws(SelfSignedJWT.Failure) {
            try keys.verify(proof, known)
        } catch {
            throw DPoPRejection(error)
        }
    }

    private func nonce(in proof: SelfSignedJWT, _ now: Double) throws(DPoPRejection) -> DPoPNonces.Verdict? {
        guard let nonces = settings.nonces else { return nil }
        guard let nonce = proof.claims.root["nonce"]?.string, let verdict = nonces.verdict(on: nonce, now: now) else {
            throw .nonce
        }
        return verdict
    }

    /// RFC 9449 §11.1: the identifier is recorded last, so that a bad proof uses nothing up, and for its own key, so
    /// that no client can use up another one's. It is remembered until `iat` refuses the proof on every instance.
    private func useUp(
        _ id: String, of key: SHA256Digest, issuedAt: Double, _ now: Double
    ) async throws(DPoPRejection) {
        let lifetime = max(0, issuedAt - now) + Double(settings.maximumAge) + Self.clockDifference
        let verdict: ReplayVerdict
        do throws(ReplayStoreError) {
            verdict = try await replayStore.record(
                ReplayIdentifier(.dpopProof, owner: key.base64URL, id: id), for: .seconds(lifetime))
        } catch {
            throw .store(error)
        }
        guard verdict == .first else { throw .replayed }
    }

    /// A claim that must be a string.
    private static func text(
        _ claim: DPoPRejection.Claim, in proof: SelfSignedJWT
    ) throws(DPoPRejection) -> JSONDocument.Node {
        guard let text = proof.claims.root[claim.rawValue], text.kind == .string else { throw .claim(claim) }
        return text
    }

    private static func time(in proof: SelfSignedJWT) throws(DPoPRejection) -> Double {
        guard let seconds = proof.claims.root["iat"]?.double, seconds.magnitude < 9_007_199_254_740_992 else {
            throw .claim(.iat)
        }
        return seconds
    }
}

extension DPoPRejection {
    fileprivate init(_ failure: SelfSignedJWT.Failure) {
        self =
            switch failure {
            case .jwt(.cryptographyUnavailable): .cryptographyUnavailable
            case .jwt(let error): .jwt(error)
            case .keyMissing: .keyMissing
            case .key(let defect): .key(defect)
            }
    }
}
