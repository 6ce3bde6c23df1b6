public import JOSE
public import OAuthMetadata
public import WireFormat

/// Decides whether the `signed_metadata` of a metadata document may be used, and applies it (RFC 9728 §2.2, RFC 8414
/// §2.1).
///
/// ```swift
/// let verifier = try SignedMetadataVerifier(keys: keysOfTheTrustedParty)
/// let metadata = try verifier.verify(document)
/// ```
///
/// **Checks**, in this order: the signature with ``JOSE/JSONWebKeySet/verify(jws:algorithms:limit:)``, `typ` (absent or
/// `JWT`), that the payload is a strict JSON object, `iss` (present, and the issuer of the keys), `exp`, `nbf` and
/// `iat` where they are present, that there is no `aud`, that `signed_metadata` is not inside, and that `resource` or
/// `issuer` inside is the one of the document, byte for byte.
/// **Does not check** whether the issuer of the keys may vouch for this resource or issuer: the caller chose the keys.
///
/// Stricter than the RFCs in two points, so that another kind of token never passes for metadata (RFC 8725 §3.11):
/// `resource` or `issuer` must be inside the JWT, and `aud`, which every access token and ID token has, must not.
///
/// - SeeAlso: [RFC 9728 §2.2](https://www.rfc-editor.org/rfc/rfc9728#section-2.2) and
///   [RFC 8414 §2.1](https://www.rfc-editor.org/rfc/rfc8414#section-2.1)
public struct SignedMetadataVerifier: Sendable {
    /// The largest `signed_metadata` in bytes.
    public static let maximumBytes = 131_072

    /// The claims of a JWT that are not metadata (RFC 7519 §4.1).
    static let registeredClaims = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]

    private let keys: JSONWebKeySet
    private let algorithms: [SignatureAlgorithm]
    private let clockSkew: Int
    private let clock: WallClock

    /// Makes a verifier.
    ///
    /// - Parameters:
    ///   - keys: The keys of the party that vouches for the metadata. Their ``JOSE/JSONWebKeySet/issuer`` is the only
    ///     acceptable `iss`.
    ///   - algorithms: The algorithms that `alg` may name.
    ///   - clockSkew: How far clocks may differ, in seconds, within ``JOSE/JWTPolicy/clockSkews``.
    ///   - clock: The time of day.
    /// - Throws: ``ConfigurationError`` when a setting is out of range.
    public init(
        keys: JSONWebKeySet, algorithms: [SignatureAlgorithm] = SignatureAlgorithm.allowedByDefault,
        clockSkew: Int = 60, clock: WallClock = .system
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        if !JWTPolicy.clockSkews.contains(clockSkew) {
            faults.add("clockSkew", "is outside 0…300", "choose a number of seconds in this range")
        }
        if algorithms.isEmpty {
            faults.add("algorithms", "is empty, so no signature can be accepted", "name an algorithm")
        }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.keys = keys
        self.algorithms = algorithms
        self.clockSkew = clockSkew
        self.clock = clock
    }

    /// Verifies the `signed_metadata` of a protected resource.
    ///
    /// - Parameters:
    ///   - document: The document, parsed for the resource that the client expects.
    ///   - insecureHTTP: The hosts for which the signed metadata may name authorization servers with plain http.
    /// - Returns: The document, in which every signed member replaces the plain one (RFC 9728 §2.2). Plain members that
    ///   are not signed remain.
    public func verify(
        _ document: ProtectedResourceMetadata, insecureHTTP: InsecureHTTP = .never
    ) throws(SignedMetadataError) -> ProtectedResourceMetadata {
        let merged = try merged(document.json, document.signedMetadata, identifier: "resource")
        do throws(MetadataError) {
            return try ProtectedResourceMetadata(
                parsing: merged, expecting: document.resource, insecureHTTP: insecureHTTP)
        } catch {
            throw .metadata(error)
        }
    }

    /// Verifies the `signed_metadata` of an authorization server.
    ///
    /// - Parameter document: The document, parsed for the issuer that the client expects.
    /// - Returns: The document, in which every signed member replaces the plain one (RFC 8414 §2.1). Plain members that
    ///   are not signed remain.
    public func verify(
        _ document: AuthorizationServerMetadata
    ) throws(SignedMetadataError) -> AuthorizationServerMetadata {
        let merged = try merged(document.json, document.signedMetadata, identifier: "issuer")
        do throws(MetadataError) {
            return try AuthorizationServerMetadata(parsing: merged, expecting: document.issuer)
        } catch {
            throw .metadata(error)
        }
    }

    /// The plain document with the signed members, as JSON. `identifier` is the signed one.
    private func merged(
        _ plain: JSONDocument.Object, _ signed: String?, identifier: String
    ) throws(SignedMetadataError) -> [UInt8] {
        guard let signed else { throw .absent }
        let claims: JSONDocument.Object
        do throws(JOSEError) {
            claims = try self.claims(of: signed)
        } catch {
            throw .jwt(error)
        }
        // RFC 9728 §2.2: signed_metadata SHOULD NOT be a claim of the JWT. It has no meaning there.
        guard claims["signed_metadata"] == nil else { throw .nested }
        // Without it, the signed metadata of one resource could stand in the document of another.
        guard claims[identifier] != nil else { throw .metadata(.missing(identifier)) }
        var merged = plain
        for (name, value) in claims.members where !Self.registeredClaims.contains(where: name.hasSameBytes) {
            merged[name] = value
        }
        return JSONValue.object(merged).encoded()
    }

    /// The claims of the JWT, after its signature and its registered claims were found good.
    private func claims(of signed: String) throws(JOSEError) -> JSONDocument.Object {
        let jws = try keys.verify(jws: Array(signed.utf8), algorithms: algorithms, limit: Self.maximumBytes)
        // RFC 8725 §3.11: an access token of the same key is not metadata.
        guard jws.type == nil || jws.hasType("JWT") else { throw .header(.type) }
        guard let claims = try? JSONDocument(parsing: jws.payload), let object = claims.root.value.object else {
            throw .malformed(.payloadJSON)
        }
        // RFC 9728 §2.2, RFC 8414 §2.1: iss is required.
        guard let issuer = object["iss"] else { throw .claim(.iss, .missing) }
        guard let issuer = issuer.string else { throw .claim(.iss, .wrongType) }
        guard issuer.hasSameBytes(as: keys.issuer) else { throw .claim(.iss, .mismatch) }
        var policy = JWTPolicy(issuer: issuer, resource: nil)
        policy.clockSkew = clockSkew
        let (rules, positions, now) = (ClaimRules(policy), ClaimPositions(claims), clock.now())
        _ = try rules.expirationTime(in: claims, at: positions.exp, now: now)
        try rules.checkNotBefore(in: claims, at: positions.nbf, now: now)
        _ = try rules.issuedAt(in: claims, at: positions.iat, now: now, future: .refused)
        // RFC 7519 §4.1.3: only a member of its audience may accept a JWT, and metadata is for every reader.
        guard object["aud"] == nil else { throw .claim(.aud, .mismatch) }
        return object
    }
}
