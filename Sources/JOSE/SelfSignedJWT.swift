package import WireFormat

/// A JWT that carries the public key of its signature in its header (RFC 7515 §4.1.3), such as a DPoP proof.
///
/// The initializer does everything that is cheap. The caller then compares ``Header/thumbprint`` with the key that it
/// trusts, and judges the claims. Only a JWT that passes costs an import of its key and a verification: so a stranger
/// cannot choose an expensive key.
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
    /// The header.
    package let header: Header
    /// The size of the whole JWT.
    package var byteCount: Int { jws.token.count }
    private let jws: CompactJWS
    private let signature: [UInt8]

    /// Parses a compact JWT. No key is imported, and no signature verified.
    ///
    /// - Parameters:
    ///   - bytes: The compact serialization.
    ///   - type: The media type that `typ` must be.
    ///   - algorithms: The algorithms that the caller accepts.
    ///   - limit: The largest acceptable `bytes`, compared before anything else is read.
    ///   - known: A header that was accepted with the same `type` and `algorithms`. Nothing of it is checked again when
    ///     the JWT has the same one.
    package init(
        parsing bytes: [UInt8], type: String, algorithms: [SignatureAlgorithm], limit: Int, known: Header? = nil
    ) throws(Failure) {
        do throws(JOSEError) {
            jws = try CompactJWS(parsing: bytes, limit: limit) { known?.jose(ofSame: $0) }
        } catch {
            throw .jwt(error)
        }
        if let known, jws.isHeaderKnown {
            header = known
        } else {
            header = try Header(of: jws, type: type, algorithms: algorithms)
        }
        do throws(JOSEError) {
            signature = try jws.signature()
            claims = try jws.claims()
        } catch {
            throw .jwt(error)
        }
    }

    /// Whether a key that was imported for another JWT with the same ``Header/thumbprint`` can verify
    /// this one.
    package func admits(_ known: ImportedKey) -> Bool { known.verification.verifies(header.algorithm) }

    /// Imports the key of the header.
    package func importKey() throws(Failure) -> ImportedKey {
        do throws(JSONWebKey.Defect) {
            // One context instead of one for each algorithm that fits the key.
            return ImportedKey(verification: try VerificationKey(header.key, algorithms: [header.algorithm]))
        } catch {
            throw .key(error)
        }
    }

    /// Verifies the signature.
    ///
    /// - Parameter key: The result of ``importKey()`` for this JWT, or for another one with the same
    ///   ``Header/thumbprint``.
    package func verify(with key: ImportedKey) throws(Failure) {
        let isGood: Bool
        do throws(JOSEError) {
            isGood = try key.verification.verifies(
                signature, over: jws.token, count: jws.signingInputCount, algorithm: header.algorithm)
        } catch {
            throw .jwt(error)
        }
        guard isGood else { throw .jwt(.badSignature) }
    }
}
