public import JOSE
internal import WireFormat

/// Decides whether a DPoP proof shows that a request comes from the holder of a key (RFC 9449 §4.3).
///
/// **Checks** the twelve rules of RFC 9449 §4.3 in their order, each with its own ``DPoPRejection``, and that the proof
/// was not used before.
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
    }

    /// The largest proof in bytes.
    public static let maximumBytes = 8_192
    /// The longest `jti` in bytes.
    public static let maximumTokenIDBytes = 256

    private let settings: Settings
    private let replayStore: any ReplayStore
    private let clock: WallClock

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
        if !Settings.maximumAges.contains(settings.maximumAge) {
            faults.add(
                "maximumAge", "is outside \(Settings.maximumAges.text)", "choose a number of seconds in this range")
        }
        if settings.algorithms.isEmpty {
            faults.add("algorithms", "is empty, so no proof can be accepted", "name an algorithm")
        }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
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
    /// - Throws: ``DPoPRejection`` for the first rule that is broken.
    public func verify(
        _ fields: [[UInt8]], method: String, target: DPoPTarget, token: PresentedToken, boundTo thumbprint: String
    ) async throws(DPoPRejection) {
        let now = clock.now()
        let (proof, issuedAt) = try verified(fields, method: method, target: target, now)
        // 12. `ath` is the hash of the access token, and the token is bound to the key of the proof.
        try checkBinding(of: proof, token, thumbprint)
        try await useUp(proof, issuedAt: issuedAt, now)
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
        let now = clock.now()
        let (proof, issuedAt) = try verified(fields, method: method, target: target, now)
        try await useUp(proof, issuedAt: issuedAt, now)
        return proof.thumbprint
    }

    /// The rules that need no access token: 1 to 11.
    private func verified(
        _ fields: [[UInt8]], method: String, target: DPoPTarget, _ now: Double
    ) throws(DPoPRejection) -> (proof: SelfSignedJWT, issuedAt: Double) {
        // 1. There is not more than one DPoP field.
        let bytes = try Self.only(fields)
        // 2. It is a single, well-formed JWT. 4. `typ` is dpop+jwt. 5. `alg` is an asymmetric algorithm that is
        // allowed. 6. The signature verifies with `jwk`. 7. `jwk` is not a private key.
        let proof = try verifiedSignature(of: bytes)
        // 3. All required claims are there: each rule below reads its own.
        // 8. `htm` is the method of the request: method names are case-sensitive (RFC 9110 §9.1).
        guard try Self.text(.htm, in: proof).hasSameBytes(as: method) else { throw .method }
        // 9. `htu` is the URL of the request, without query and fragment.
        guard DPoPTarget(htu: try Self.text(.htu, in: proof)) == target else { throw .target }
        // 10. The nonce is one of this server.
        try checkNonce(in: proof, now)
        // 11. The proof is recent.
        let issuedAt = try Self.time(in: proof)
        guard abs(now - issuedAt) <= Double(settings.maximumAge) else { throw .time }
        return (proof, issuedAt)
    }

    private static func only(_ fields: [[UInt8]]) throws(DPoPRejection) -> [UInt8] {
        guard let only = fields.first else { throw .missing }
        // RFC 9110 §5.3: several lines may have become one, with a comma between the values.
        guard fields.count == 1, !only.contains(UInt8(ascii: ",")) else { throw .several }
        let value = OptionalWhiteSpace.trimmed(only[...])
        guard !value.isEmpty else { throw .missing }
        return Array(value)
    }

    private func verifiedSignature(of bytes: [UInt8]) throws(DPoPRejection) -> SelfSignedJWT {
        do throws(SelfSignedJWT.Failure) {
            return try SelfSignedJWT(
                verifying: bytes, type: "dpop+jwt", algorithms: settings.algorithms, limit: Self.maximumBytes)
        } catch {
            switch error {
            case .jwt(.cryptographyUnavailable): throw .unavailable
            case .jwt(let error): throw .jwt(error)
            case .keyMissing: throw .keyMissing
            case .key(let defect): throw .key(defect)
            }
        }
    }

    private func checkNonce(in proof: SelfSignedJWT, _ now: Double) throws(DPoPRejection) {
        guard let nonces = settings.nonces else { return }
        guard let nonce = proof.claims.root["nonce"]?.string, nonces.admits(nonce, now: now) else { throw .nonce }
    }

    private func checkBinding(
        of proof: SelfSignedJWT, _ token: PresentedToken, _ thumbprint: String
    ) throws(DPoPRejection) {
        let hash = Array(try Self.text(.ath, in: proof).utf8)
        let expected = Array(Base64URL.encode(Digest.sha256(token.bytes)).utf8)
        guard ConstantTime.equals(hash, expected) else { throw .tokenHash }
        guard ConstantTime.equals(Array(proof.thumbprint.utf8), Array(thumbprint.utf8)) else { throw .otherKey }
    }

    /// RFC 9449 §11.1: the identifier is recorded last, so that a bad proof uses nothing up, and for its own key, so
    /// that no client can use up another one's. It is remembered until `iat` refuses the proof.
    private func useUp(_ proof: SelfSignedJWT, issuedAt: Double, _ now: Double) async throws(DPoPRejection) {
        let id = try Self.text(.jti, in: proof)
        guard (1...Self.maximumTokenIDBytes).contains(id.utf8.count) else { throw .claim(.jti) }
        let lifetime = max(0, issuedAt - now) + Double(settings.maximumAge) + 1
        let verdict: ReplayVerdict
        do throws(ReplayStoreError) {
            verdict = try await replayStore.record(
                ReplayIdentifier(.dpopProof, owner: proof.thumbprint, id: id), for: .seconds(lifetime))
        } catch {
            throw .unavailable
        }
        guard verdict == .first else { throw .replayed }
    }

    private static func text(
        _ claim: DPoPRejection.Claim, in proof: SelfSignedJWT
    ) throws(DPoPRejection) -> String {
        guard let text = proof.claims.root[claim.rawValue]?.string else { throw .claim(claim) }
        return text
    }

    private static func time(in proof: SelfSignedJWT) throws(DPoPRejection) -> Double {
        guard let seconds = proof.claims.root["iat"]?.double, seconds.magnitude < 9_007_199_254_740_992 else {
            throw .claim(.iat)
        }
        return seconds
    }
}
