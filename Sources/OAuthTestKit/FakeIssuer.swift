public import JOSE
internal import OAuthMetadata
internal import Synchronization
public import TokenVerification
public import WireFormat

/// An issuer of access tokens in the test process. Keys and signatures are real; no sockets are needed.
///
/// ```swift
/// let issuer = try FakeIssuer(audience: "https://mcp.example.com/mcp")
/// let good = issuer.token()
/// let spoilt = issuer.token { $0.claims["sub"] = "alice"; $0.claims["exp"] = nil }
/// ```
public final class FakeIssuer: Sendable {
    /// What happens to the old keys when new ones are made.
    public enum OldKeys: Sendable, Hashable {
        /// They stay in the key set: tokens that they signed stay valid.
        case keep
        /// They leave the key set immediately.
        case drop
    }

    private struct KeyRing: Sendable {
        let issuer: String
        private(set) var current: [SigningKey]
        private(set) var retired: [SigningKey]
        var foreign: [SigningKey] = []
        /// The public keys as the guard imports them. They are imported once, not for each token.
        private(set) var imported: JSONWebKeySet

        init(issuer: String, current: [SigningKey], retired: [SigningKey] = []) throws(TestKitError) {
            self.issuer = issuer
            self.current = current
            self.retired = retired
            let document = JSONValue.object(Self.jwks(current + retired)).encoded()
            guard let set = try? JSONWebKeySet(parsing: document, issuer: issuer) else { throw .keyGenerationFailed }
            imported = set
        }

        var jwks: JSONDocument.Object { Self.jwks(current + retired) }

        private static func jwks(_ keys: [SigningKey]) -> JSONDocument.Object {
            ["keys": .array(keys.map { .object($0.publicJWK) })]
        }
    }

    /// The issuer identifier, with the same bytes as `iss`.
    public let url: String
    /// The audience of a token, unless a test asks for another one.
    public let audience: String
    /// The algorithms that the issuer has keys for. The first one signs unless a test asks for another.
    public let algorithms: [SignatureAlgorithm]
    let clock: WallClock
    private let identifier: IssuerIdentifier
    private let ring: Mutex<KeyRing>

    /// The lifetime of a token, in seconds.
    public static let tokenLifetime = 3_600.0

    /// Makes an issuer with new keys.
    ///
    /// - Parameters:
    ///   - url: The issuer identifier: https, or http on a loopback host.
    ///   - audience: The `aud` of its tokens.
    ///   - algorithms: The issuer makes one key for each. An RSA key takes tens to hundreds of milliseconds; a P-256
    ///     key takes almost no time.
    ///   - clock: The clock for `iat` and `exp`.
    /// - Throws: ``TestKitError`` if the identifier is not acceptable or libcrypto cannot generate a key.
    public init(
        _ url: String = "https://issuer.example", audience: String = "https://resource.example/mcp",
        algorithms: [SignatureAlgorithm] = [.rs256, .es256], clock: WallClock = .system
    ) throws(TestKitError) {
        guard let identifier = try? IssuerIdentifier(url, insecureHTTP: .loopback) else { throw .issuerNotAcceptable }
        guard !algorithms.isEmpty else { throw .noAlgorithm }
        self.identifier = identifier
        self.url = url
        self.audience = audience
        self.algorithms = algorithms
        self.clock = clock
        ring = Mutex(try KeyRing(issuer: url, current: Self.makeKeys(algorithms)))
    }

    // MARK: Tokens

    /// A good access token (RFC 9068), changed by `edit`.
    ///
    /// - Parameters:
    ///   - audience: The `aud`; nil means the issuer's own ``audience``.
    ///   - algorithm: One of ``algorithms``; nil means the first.
    ///   - edit: Changes the draft before it is signed.
    public func token(
        audience: String? = nil, algorithm: SignatureAlgorithm? = nil,
        _ edit: (inout FakeIssuer.Draft) -> Void = { _ in }
    ) -> String {
        var draft = draft(audience: audience, algorithm: algorithm)
        edit(&draft)
        do throws(JOSEError) {
            return try sign(draft)
        } catch {
            preconditionFailure("libcrypto could not sign a test token.")
        }
    }

    /// An otherwise good access token with one defect.
    public func token(
        with defect: FakeIssuer.Defect, audience: String? = nil, algorithm: SignatureAlgorithm? = nil
    ) -> String {
        token(audience: audience, algorithm: algorithm) { defect.spoil(&$0) }
    }

    /// A good draft with every claim of RFC 9068 §2.2. Change it, then sign it with ``sign(_:)``.
    public func draft(audience: String? = nil, algorithm: SignatureAlgorithm? = nil) -> FakeIssuer.Draft {
        let key = currentKey(of: algorithm)
        var draft = FakeIssuer.Draft(
            algorithm: key.algorithm,
            header: ["alg": .string(key.algorithm.name), "typ": "at+jwt", "kid": key.publicJWK["kid"] ?? "key"],
            claims: [
                "iss": .string(url), "sub": "test-user", "aud": .string(audience ?? self.audience),
                "client_id": "test-client", "scope": "mcp:use",
                "jti": .string(Base64URL.encode(RandomBytes.make(16))),
            ])
        let now = clock.now().rounded(.down)
        draft.issuedAt = now
        draft.expiresAt = now + Self.tokenLifetime
        return draft
    }

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
    /// - Throws: ``TestKitError/keyGenerationFailed`` if libcrypto cannot generate a key.
    public func rotateKeys(_ oldKeys: OldKeys = .keep) throws(TestKitError) {
        let keys = try Self.makeKeys(algorithms)
        try ring.withLock { (ring) throws(TestKitError) in
            let retired =
                switch oldKeys {
                case .keep: ring.current + ring.retired
                case .drop: [SigningKey]()
                }
            var rotated = try KeyRing(issuer: url, current: keys, retired: retired)
            rotated.foreign = ring.foreign
            ring = rotated
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

    /// No new key has the `kid` of an earlier one, so that a server with the earlier keys looks for the new ones.
    private static func makeKeys(_ algorithms: [SignatureAlgorithm]) throws(TestKitError) -> [SigningKey] {
        var keys: [SigningKey] = []
        for algorithm in algorithms {
            guard let key = try? SigningKey.generate(algorithm, .thumbprint) else { throw .keyGenerationFailed }
            keys.append(key)
        }
        return keys
    }
}
