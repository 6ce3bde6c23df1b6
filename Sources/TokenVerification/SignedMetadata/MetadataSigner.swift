public import JOSE
public import OAuthMetadata
internal import WireFormat

/// Adds `signed_metadata` to a metadata document (RFC 9728 §2.2, RFC 8414 §2.1), with a private key that the program
/// holds: in a file, a key service or a hardware module.
///
/// ```swift
/// let signer = MetadataSigner(issuer: issuer, algorithm: .es256, keyID: "2026-11") { signingInput in
///     try await keyService.sign(signingInput)
/// }
/// let document = try await signer.signed(metadata, lifetime: 86_400)
/// ```
///
/// A ``SignedMetadataVerifier`` with the public key reads it. For the document that a guard serves, set the member in
/// `ResourceServerConfiguration.Metadata.describe`. The guard encodes its document once, so that a JWT with a lifetime
/// expires there: use nil, or restart the program in time.
public struct MetadataSigner: Sendable {
    private let issuer: TokenIssuer
    private let algorithm: SignatureAlgorithm
    private let keyID: String?
    private let clock: WallClock
    private let sign: @Sendable (_ signingInput: [UInt8]) async throws -> [UInt8]

    /// Makes a signer.
    ///
    /// - Parameters:
    ///   - issuer: The party that vouches for the metadata: the claim `iss`.
    ///   - algorithm: The algorithm that `sign` uses.
    ///   - keyID: The `kid` of its key; nil for none.
    ///   - clock: The time of day, for `iat` and `exp`.
    ///   - sign: Returns the JWS signature of the bytes (RFC 7515 §5.1). An ECDSA signature is r followed by s, not DER
    ///     (RFC 7518 §3.4). It is not verified here.
    public init(
        issuer: TokenIssuer, algorithm: SignatureAlgorithm, keyID: String?, clock: WallClock = .system,
        sign: @escaping @Sendable (_ signingInput: [UInt8]) async throws -> [UInt8]
    ) {
        self.issuer = issuer
        self.algorithm = algorithm
        self.keyID = keyID
        self.clock = clock
        self.sign = sign
    }

    /// The document with `signed_metadata`, which contains every other member of the document.
    ///
    /// - Parameters:
    ///   - document: The document of a protected resource. Its own `signed_metadata` is replaced.
    ///   - lifetime: The time until `exp` in seconds; nil for a JWT that does not expire.
    /// - Throws: What the closure throws.
    public func signed(
        _ document: ProtectedResourceMetadata, lifetime: Int?
    ) async throws -> ProtectedResourceMetadata {
        var signed = document
        signed.signedMetadata = try await jwt(of: document.json, lifetime: lifetime)
        return signed
    }

    /// The document with `signed_metadata`, which contains every other member of the document.
    ///
    /// - Parameters:
    ///   - document: The document of an authorization server. Its own `signed_metadata` is replaced.
    ///   - lifetime: The time until `exp` in seconds; nil for a JWT that does not expire.
    /// - Throws: What the closure throws.
    public func signed(
        _ document: AuthorizationServerMetadata, lifetime: Int?
    ) async throws -> AuthorizationServerMetadata {
        var signed = document
        signed.signedMetadata = try await jwt(of: document.json, lifetime: lifetime)
        return signed
    }

    private func jwt(of document: JSONDocument.Object, lifetime: Int?) async throws -> String {
        var header: JSONDocument.Object = ["alg": .string(algorithm.name), "typ": "JWT"]
        header["kid"] = keyID.map { .string($0) }
        let now = Int64(clock.now())
        var claims: JSONDocument.Object = ["iss": .string(issuer.text), "iat": .number(JSONDocument.Number(now))]
        if let lifetime { claims["exp"] = .number(JSONDocument.Number(now + Int64(lifetime))) }
        for (name, value) in document.members
        // An extra member must not replace a claim of this JWT.
        where !name.hasSameBytes(as: "signed_metadata")
            && !SignedMetadataVerifier.registeredClaims.contains(where: name.hasSameBytes)
        {
            claims[name] = value
        }
        let parts = [header, claims].map { Base64URL.encode(JSONValue.object($0).encoded()) }
        let signingInput = parts.joined(separator: ".")
        return signingInput + "." + Base64URL.encode(try await sign(Array(signingInput.utf8)))
    }
}
