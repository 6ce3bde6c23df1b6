public import HTTPMessages
public import JOSE
public import TokenVerification
public import WireFormat

/// The private key of a client that proves possession of it, and a maker of such proofs (RFC 9449 §4).
///
/// ```swift
/// let key = DPoPKey()
/// let token = issuer.token(boundTo: key)
/// let proof = key.proof(.post, "https://mcp.example.com/mcp", token: token)
/// ```
///
/// The key and its signatures are real. The private key does not leave the value, and no description shows it.
public struct DPoPKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// The algorithm of the proofs.
    public let algorithm: SignatureAlgorithm
    /// The thumbprint of the public key (RFC 7638), base64url: the `jkt` of a token that is bound to the key.
    public let thumbprint: String
    /// The public key as the `jwk` of a proof: the members that its type requires, and no others.
    public let publicJWK: JSONDocument.Object
    let signing: SigningKey
    private let clock: WallClock

    /// Generates a key, for proofs with the time of the system.
    ///
    /// - Parameters:
    ///   - algorithm: The algorithm of the proofs. An RSA key takes tens to hundreds of milliseconds.
    ///   - clock: The clock for `iat`.
    public init(_ algorithm: SignatureAlgorithm = .es256, clock: WallClock = .system) {
        guard let signing = try? SigningKey.generate(algorithm, .thumbprint),
            let thumbprint = signing.publicJWK["kid"]?.string
        else { preconditionFailure("libcrypto could not generate a test key.") }
        self.algorithm = algorithm
        self.signing = signing
        self.clock = clock
        self.thumbprint = thumbprint
        var jwk = signing.publicJWK
        for name in ["alg", "use", "kid"] { jwk[name] = nil }
        publicJWK = jwk
    }

    /// Generates a key, for proofs with the time of a clock that the test moves.
    public init(_ algorithm: SignatureAlgorithm = .es256, clock: FakeClock) {
        self.init(algorithm, clock: clock.wallClock)
    }

    /// A good proof for one request, changed by `edit`. Each call makes another `jti`.
    ///
    /// - Parameters:
    ///   - method: The method of the request.
    ///   - url: The URL of the request. A query and a fragment are left out of `htu`.
    ///   - token: The access token of the request. Nil for a request to the token endpoint, which has none.
    ///   - nonce: The last nonce that the server has sent; nil for none.
    ///   - edit: Changes the proof before it is signed.
    /// - Returns: The value of the `DPoP` field.
    public func proof(
        _ method: HTTPMethod, _ url: String, token: String? = nil, nonce: String? = nil,
        _ edit: (inout DPoPProof) -> Void = { _ in }
    ) -> String {
        var proof = draft(method, url, token: token, nonce: nonce)
        edit(&proof)
        return proof.signed()
    }

    /// The values of all `DPoP` fields of a request whose proof has one defect.
    ///
    /// The array is empty for ``DPoPProof/Defect/absent``, and has two values for ``DPoPProof/Defect/repeated``.
    public func proofs(
        with defect: DPoPProof.Defect, _ method: HTTPMethod, _ url: String, token: String? = nil, nonce: String? = nil
    ) -> [String] {
        defect.fields(of: draft(method, url, token: token, nonce: nonce))
    }

    /// A good proof before it is signed. See ``proof(_:_:token:nonce:_:)`` for the parameters.
    public func draft(
        _ method: HTTPMethod, _ url: String, token: String? = nil, nonce: String? = nil
    ) -> DPoPProof {
        let target = url.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        var proof = DPoPProof(
            key: self,
            header: ["typ": "dpop+jwt", "alg": .string(algorithm.name), "jwk": .object(publicJWK)],
            claims: [
                "jti": .string(Base64URL.encode(RandomBytes.make(16))), "htm": .string(method.name),
                "htu": .string(String(decoding: Array(target), as: UTF8.self)),
            ])
        proof.issuedAt = clock.now().rounded(.down)
        if let token { proof.claims["ath"] = .string(Base64URL.encode(Digest.sha256(Array(token.utf8)))) }
        if let nonce { proof.claims["nonce"] = .string(nonce) }
        return proof
    }

    /// Another key for the same algorithm, for proofs by the wrong key.
    func other() -> DPoPKey { DPoPKey(algorithm, clock: clock) }

    /// The thumbprint, without the private key.
    public var description: String { "DPoPKey(\(thumbprint))" }
    /// Shows the thumbprint, without the private key.
    public var customMirror: Mirror { Mirror(self, children: ["thumbprint": thumbprint]) }
}
