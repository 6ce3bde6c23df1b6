public import JOSE
internal import OAuthMetadata
internal import Synchronization
public import TokenVerification
public import WireFormat

/// An authorization server in the test process, which issues access tokens. Keys and signatures are real; no sockets
/// are needed.
///
/// ```swift
/// let issuer = FakeIssuer()
/// let good = issuer.token(scope: "notes:read")
/// let expired = issuer.token(with: .expired)
/// let spoilt = issuer.token { $0.claims["sub"] = "alice"; $0.claims["exp"] = nil }
/// ```
///
/// It is also the fetcher of its documents: its metadata, its key set and its introspection endpoint. A server that was
/// made with
/// ``OAuthResourceServer/ResourceServer/init(testing:_:requiredScopes:operations:mode:dpop:events:clock:configure:)``
/// gets its keys from there, as it would from a server on the network. ``fault`` makes this go wrong.
///
/// Any number of tasks may use one issuer.
public final class FakeIssuer: Sendable {
    /// What happens to the old keys when new ones are made.
    public enum OldKeys: Sendable, Hashable {
        /// They stay in the key set: tokens that they signed stay valid.
        case keep
        /// They leave the key set immediately.
        case drop
    }

    /// The issuer identifier, with the same bytes as `iss`.
    public let url: String
    /// The audience of a token, unless a test asks for another one.
    public let audience: String
    /// The algorithms that the issuer has keys for. The first one signs unless a test asks for another.
    public let algorithms: [SignatureAlgorithm]
    let clocks: Clocks
    let identifier: IssuerIdentifier
    let desk = IssuerDesk()
    private let ring: Mutex<KeyRing>

    /// The lifetime of a token, in seconds.
    public static let tokenLifetime = 3_600.0

    /// Makes an issuer with new keys, and with the clock of the system.
    ///
    /// - Parameters:
    ///   - url: The issuer identifier: https, or http on a loopback host. Any other text is a programmer's mistake and
    ///     stops the program.
    ///   - audience: The `aud` of its tokens, and the resource of a server that is made for it.
    ///   - algorithms: The issuer makes one key for each. There must be at least one. An RSA key takes tens to hundreds
    ///     of milliseconds; a P-256 key takes almost no time.
    ///   - clock: The clock for `iat` and `exp`.
    public convenience init(
        _ url: String = FakeIssuer.defaultURL, audience: String = FakeIssuer.defaultAudience,
        algorithms: [SignatureAlgorithm] = [.es256], clock: WallClock = .system
    ) {
        self.init(
            trapping: url, audience: audience, algorithms: algorithms,
            Clocks(wall: clock, monotonic: .system, patience: 60))
    }

    /// Makes an issuer with new keys, and with a clock that the test moves. A server that is made for the issuer uses
    /// the same clock. See ``init(_:audience:algorithms:clock:)-(_,_,_,WallClock)`` for the other parameters.
    public convenience init(
        _ url: String = FakeIssuer.defaultURL, audience: String = FakeIssuer.defaultAudience,
        algorithms: [SignatureAlgorithm] = [.es256], clock: FakeClock
    ) {
        self.init(trapping: url, audience: audience, algorithms: algorithms, clock.clocks)
    }

    /// The issuer identifier, unless a test chooses another one.
    public static let defaultURL = "https://issuer.example"
    /// The audience, unless a test chooses another one.
    public static let defaultAudience = "https://resource.example/mcp"

    private convenience init(
        trapping url: String, audience: String, algorithms: [SignatureAlgorithm], _ clocks: Clocks
    ) {
        do throws(TestKitError) {
            try self.init(checking: url, audience: audience, algorithms: algorithms, clocks)
        } catch {
            preconditionFailure("The fake issuer cannot be made: \(error.description).")
        }
    }

    /// - Throws: ``TestKitError`` if the identifier is not acceptable or libcrypto cannot generate a key.
    init(
        checking url: String, audience: String = FakeIssuer.defaultAudience, algorithms: [SignatureAlgorithm],
        _ clocks: Clocks
    ) throws(TestKitError) {
        guard let identifier = try? IssuerIdentifier(url, insecureHTTP: .loopback) else { throw .issuerNotAcceptable }
        guard !algorithms.isEmpty else { throw .noAlgorithm }
        self.identifier = identifier
        self.url = url
        self.audience = audience
        self.algorithms = algorithms
        self.clocks = clocks
        ring = Mutex(try KeyRing(issuer: url, current: KeyRing.makeKeys(algorithms)))
    }

    // MARK: Tokens

    /// A good access token (RFC 9068), changed by `edit`.
    ///
    /// - Parameters:
    ///   - scope: The scopes, with a space between two of them; empty for no `scope` claim.
    ///   - subject: The `sub`.
    ///   - audience: The `aud`; nil means the issuer's own ``audience``.
    ///   - key: The key of the client to which the token is bound (RFC 9449); nil for a bearer token.
    ///   - algorithm: One of ``algorithms``; nil means the first.
    ///   - edit: Changes the draft before it is signed.
    public func token(
        scope: String = FakeIssuer.defaultScope, subject: String = FakeIssuer.defaultSubject, audience: String? = nil,
        boundTo key: DPoPKey? = nil, algorithm: SignatureAlgorithm? = nil,
        _ edit: (inout FakeIssuer.Draft) -> Void = { _ in }
    ) -> String {
        var draft = draft(scope: scope, subject: subject, audience: audience, boundTo: key, algorithm: algorithm)
        edit(&draft)
        do throws(JOSEError) {
            return try sign(draft)
        } catch {
            preconditionFailure("libcrypto could not sign a test token.")
        }
    }

    /// An otherwise good access token with one defect. See ``token(scope:subject:audience:boundTo:algorithm:_:)`` for
    /// the other parameters.
    public func token(
        with defect: TokenDefect, scope: String = FakeIssuer.defaultScope, audience: String? = nil,
        algorithm: SignatureAlgorithm? = nil
    ) -> String {
        token(scope: scope, audience: audience, algorithm: algorithm) { defect.spoil(&$0) }
    }

    /// The scope of a token, unless a test chooses another one.
    public static let defaultScope = "mcp:use"
    /// The subject of a token, unless a test chooses another one.
    public static let defaultSubject = "test-user"

    /// A good draft with every claim of RFC 9068 §2.2. Change it, then sign it with ``sign(_:)``. See
    /// ``token(scope:subject:audience:boundTo:algorithm:_:)`` for the parameters.
    public func draft(
        scope: String = FakeIssuer.defaultScope, subject: String = FakeIssuer.defaultSubject, audience: String? = nil,
        boundTo key: DPoPKey? = nil, algorithm: SignatureAlgorithm? = nil
    ) -> FakeIssuer.Draft {
        let signing = currentKey(of: algorithm)
        var draft = FakeIssuer.Draft(
            algorithm: signing.algorithm,
            header: [
                "alg": .string(signing.algorithm.name), "typ": "at+jwt", "kid": signing.publicJWK["kid"] ?? "key",
            ], claims: claims(scope: scope, subject: subject, audience: audience, boundTo: key))
        draft.claims["jti"] = .string(Base64URL.encode(RandomBytes.make(16)))
        return draft
    }

    /// The claims of a good token of any kind.
    func claims(
        scope: String, subject: String, audience: String?, boundTo key: DPoPKey?
    ) -> JSONDocument.Object {
        var claims: JSONDocument.Object = [
            "iss": .string(url), "sub": .string(subject), "aud": .string(audience ?? self.audience),
            "client_id": "test-client",
        ]
        if !scope.isEmpty { claims["scope"] = .string(scope) }
        if let key { claims["cnf"] = ["jkt": .string(key.thumbprint)] }
        let now = clock.now().rounded(.down)
        claims["iat"] = Draft.numericDate(now)
        claims["exp"] = Draft.numericDate(now + Self.tokenLifetime)
        return claims
    }

    var clock: WallClock { clocks.wall }

    /// The compact form of a draft.
    ///
    /// - Throws: ``JOSE/JOSEError/cryptographyUnavailable`` when libcrypto cannot sign.
    public func sign(_ draft: FakeIssuer.Draft) throws(JOSEError) -> String {
        let header = draft.signedHeader
        let payload = draft.signedPayload
        let signingInput = Array("\(Base64URL.encode(header)).\(Base64URL.encode(payload))".utf8)
        var signature: [UInt8]
        switch draft.signature {
        case .good: signature = try currentKey(of: draft.algorithm).sign(signingInput)
        case .foreignKey: signature = try foreignKey(of: draft.algorithm).sign(signingInput)
        case .altered:
            signature = try currentKey(of: draft.algorithm).sign(signingInput)
            // A bit in the middle, so that the altered value is still in the range of a signature.
            let middle = signature.count / 2
            if middle < signature.count { signature[middle] ^= 0x01 }
        case .empty: signature = []
        case .bytes(let bytes): signature = bytes
        }
        let parts = [draft.presentedHeader ?? header, draft.presentedPayload ?? payload, signature]
        return parts.map { Base64URL.encode($0) }.joined(separator: ".")
    }

    // MARK: Keys and documents

    /// The public keys as a JWK Set (RFC 7517 §5), the current keys first.
    public var jwks: JSONDocument.Object {
        ring.withLock { $0.jwks }
    }

    /// The key source for the guard. It fetches nothing, and key rotations take effect immediately.
    public var keySource: InProcessKeySource {
        InProcessKeySource { [self] in ring.withLock { $0.imported } }
    }

    /// The authorization server metadata (RFC 8414 §2) of the issuer.
    public var metadata: JSONDocument.Object {
        authorizationServerMetadata.json
    }

    /// The metadata of a development server with this issuer. Its endpoints are below the issuer identifier.
    var authorizationServerMetadata: AuthorizationServerMetadata {
        var metadata = AuthorizationServerMetadata(issuer: identifier)
        metadata.authorizationEndpoint = endpoint("authorize")
        metadata.tokenEndpoint = endpoint("token")
        metadata.jwksURI = endpoint("jwks")
        metadata.responseTypesSupported = ["code"]
        metadata.codeChallengeMethodsSupported = ["S256"]
        return metadata
    }

    /// The URL of an endpoint: the issuer identifier, a slash, and the name.
    func endpoint(_ name: String) -> AbsoluteURL? {
        try? AbsoluteURL(parsing: url + (url.utf8.last == UInt8(ascii: "/") ? "" : "/") + name)
    }

    /// Makes a new key for every algorithm. The new keys sign from now on. The `kid` of each key is its thumbprint (RFC
    /// 7638).
    ///
    /// A server learns of the new keys when it needs one, and uses dropped keys for some time: see
    /// ``TokenVerification/RemoteKeySet/RemovedKeyRule``. ``keySource`` changes immediately.
    public func rotateKeys(_ oldKeys: OldKeys = .keep) {
        do throws(TestKitError) {
            let keys = try KeyRing.makeKeys(algorithms)
            try ring.withLock { (ring) throws(TestKitError) in try ring.replace(by: keys, oldKeys) }
        } catch {
            preconditionFailure("libcrypto could not generate a test key.")
        }
    }

    private func currentKey(of algorithm: SignatureAlgorithm?) -> SigningKey {
        let wanted = algorithm ?? algorithms.first
        guard let key = ring.withLock({ ring in ring.current.first { $0.algorithm == wanted } }) else {
            preconditionFailure("The fake issuer has no key of this algorithm; name it in init(algorithms:).")
        }
        return key
    }

    /// A key that the issuer does not own. It is made on first use.
    private func foreignKey(of algorithm: SignatureAlgorithm) throws(JOSEError) -> SigningKey {
        if let key = ring.withLock({ ring in ring.foreign.first { $0.algorithm == algorithm } }) { return key }
        let key = try SigningKey.generate(algorithm, keyID: nil)
        ring.withLock { $0.foreign.append(key) }
        return key
    }
}
