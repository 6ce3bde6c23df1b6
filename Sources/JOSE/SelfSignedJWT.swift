package import WireFormat

/// A JWT that carries the public key of its signature in its header (RFC 7515 §4.1.3), such as a DPoP proof.
///
/// **Checks**, in this order: size and form, `typ`, that `algorithms` contains `alg`, that `jwk` is a usable public key
/// for it, the signature.
/// **Does not check** any claim, and not whose key it is: everybody can sign with a key of their own. The caller
/// compares ``thumbprint`` with what it trusts.
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

    /// The claims: strict JSON, an object.
    package let claims: JSONDocument
    /// The SHA-256 thumbprint of the key (RFC 7638), base64url.
    package let thumbprint: String

    /// Parses and verifies a compact JWT.
    ///
    /// - Parameters:
    ///   - bytes: The compact serialization.
    ///   - type: The media type that `typ` must be.
    ///   - algorithms: The algorithms that the caller accepts.
    ///   - limit: The largest acceptable `bytes`, compared before anything else is read.
    package init(
        verifying bytes: [UInt8], type: String, algorithms: [SignatureAlgorithm], limit: Int
    ) throws(Failure) {
        let jws = try Self.parsed(bytes, type: type, limit: limit)
        guard let algorithm = jws.algorithm(among: algorithms) else { throw .jwt(.header(.algorithmNotAllowed)) }
        let key = try Self.key(in: jws.header.document, algorithm)
        do throws(JOSEError) {
            let signature = try jws.signature()
            guard let claims = CompactJWS.object(try jws.payload()) else { throw JOSEError.malformed(.payloadJSON) }
            let isGood = try key.verification.verifies(
                signature, over: jws.token, count: jws.signingInputCount, algorithm: algorithm)
            guard isGood else { throw JOSEError.badSignature }
            self.claims = claims
            thumbprint = key.thumbprint
        } catch {
            throw .jwt(error)
        }
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

    private static func key(
        in header: JSONDocument, _ algorithm: SignatureAlgorithm
    ) throws(Failure) -> JSONWebKey {
        guard let node = header.root["jwk"], node.kind == .object else { throw .keyMissing }
        do throws(JSONWebKey.Defect) {
            // One context instead of one for each algorithm that fits: the key is used once.
            return try JSONWebKey(node, for: algorithm)
        } catch {
            throw .key(error)
        }
    }
}
