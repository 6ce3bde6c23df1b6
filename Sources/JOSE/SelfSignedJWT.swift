package import WireFormat

/// A JWT that carries the public key of its signature in its header (RFC 7515 §4.1.3), such as a DPoP proof.
///
/// The initializer does everything that is cheap. The caller then compares ``thumbprint`` with the key that it trusts,
/// and judges the claims. Only a JWT that passes costs an import of its key and a verification: so a stranger cannot
/// choose an expensive key.
///
/// **Checks**, in this order: size and form, `typ`, that `algorithms` contains `alg`, that `jwk` is a public key for it
/// within the bounds of RFC 7518, the form of signature and claims. ``verify(with:)`` checks the signature.
/// **Does not check** any claim, and not whose key it is: everybody can sign with a key of their own.
package struct SelfSignedJWT: Sendable {
    /// Why a JWT is not acceptable.
    package enum Failure: Error, Sendable, Hashable {
        /// The form, the header, or the signature.
        case jwt(JOSEError)
        /// `jwk` is absent, or not an object.
        case keyMissing
        /// `jwk` is not a usable public key.
        case key(JSONWebKey.Defect)
    }

    /// An imported public key, for the signatures of one algorithm. Immutable; any number of tasks may use it.
    package struct ImportedKey: Sendable {
        fileprivate let verification: VerificationKey
    }

    /// The claims: strict JSON, an object. They are not verified before ``verify(with:)``.
    package let claims: JSONDocument
    /// The SHA-256 thumbprint of the key (RFC 7638), base64url.
    package let thumbprint: String
    private let jws: CompactJWS
    private let signature: [UInt8]
    private let algorithm: SignatureAlgorithm
    private let key: PublicKey

    /// Parses a compact JWT. No key is imported, and no signature verified.
    ///
    /// - Parameters:
    ///   - bytes: The compact serialization.
    ///   - type: The media type that `typ` must be.
    ///   - algorithms: The algorithms that the caller accepts.
    ///   - limit: The largest acceptable `bytes`, compared before anything else is read.
    package init(
        parsing bytes: [UInt8], type: String, algorithms: [SignatureAlgorithm], limit: Int
    ) throws(Failure) {
        let jws = try Self.parsed(bytes, type: type, limit: limit)
        guard let algorithm = jws.algorithm(among: algorithms) else { throw .jwt(.header(.algorithmNotAllowed)) }
        let key = try Self.key(in: jws.header.document, algorithm)
        do throws(JOSEError) {
            signature = try jws.signature()
            guard let claims = CompactJWS.object(try jws.payload()) else { throw JOSEError.malformed(.payloadJSON) }
            self.claims = claims
        } catch {
            throw .jwt(error)
        }
        thumbprint = key.thumbprint
        self.jws = jws
        self.algorithm = algorithm
        self.key = key
    }

    /// Whether a key that was imported for another JWT with the same ``thumbprint`` can verify this one.
    package func admits(_ known: ImportedKey) -> Bool { known.verification.verifies(algorithm) }

    /// Imports the key of the header.
    package func importKey() throws(Failure) -> ImportedKey {
        do throws(JSONWebKey.Defect) {
            // One context instead of one for each algorithm that fits the key.
            return ImportedKey(verification: try VerificationKey(key, algorithms: [algorithm]))
        } catch {
            throw .key(error)
        }
    }

    /// Verifies the signature.
    ///
    /// - Parameter key: The result of ``importKey()`` for this JWT, or for another one with the same ``thumbprint``.
    package func verify(with key: ImportedKey) throws(Failure) {
        let isGood: Bool
        do throws(JOSEError) {
            isGood = try key.verification.verifies(
                signature, over: jws.token, count: jws.signingInputCount, algorithm: algorithm)
        } catch {
            throw .jwt(error)
        }
        guard isGood else { throw .jwt(.badSignature) }
    }

    /// RFC 8725 §3.11: explicit typing keeps tokens of other kinds out.
    private static func parsed(_ bytes: [UInt8], type: String, limit: Int) throws(Failure) -> CompactJWS {
        let jws: CompactJWS
        do throws(JOSEError) {
            jws = try CompactJWS(parsing: bytes, limit: limit)
        } catch {
            throw .jwt(error)
        }
        guard let typ = jws.header.document.root["typ"]?.string, CompactJWS.isMediaType(typ, type) else {
            throw .jwt(.header(.type))
        }
        return jws
    }

    private static func key(in header: JSONDocument, _ algorithm: SignatureAlgorithm) throws(Failure) -> PublicKey {
        guard let node = header.root["jwk"], node.kind == .object else { throw .keyMissing }
        do throws(JSONWebKey.Defect) {
            return try JSONWebKey.publicKey(node, for: algorithm)
        } catch {
            throw .key(error)
        }
    }
}
