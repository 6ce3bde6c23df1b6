public import JOSE

/// Why a DPoP proof is not acceptable. No case contains text of the proof.
public enum DPoPRejection: Error, Sendable, Hashable {
    /// The request has no `DPoP` field.
    case missing
    /// The request has several `DPoP` fields, or one with several values.
    case several
    /// The form, the header or the signature. ``JOSE/JOSEError/header(_:)`` names `typ` and `alg`.
    case jwt(JOSEError)
    /// `jwk` is absent, or not an object.
    case keyMissing
    /// `jwk` is not a usable public key. ``JOSE/JSONWebKey/Defect/privateMaterial`` for a private one.
    case key(JSONWebKey.Defect)
    /// A claim that RFC 9449 §4.2 requires is absent or has another type.
    case claim(Claim)
    /// `htm` is another method.
    case method
    /// `htu` is another URL, or has a query or a fragment.
    case target
    /// `iat` is too long ago, or too far in the future.
    case time
    /// `nonce` is missing or not a recent one of this server: the client should repeat the request with a new one.
    case nonce
    /// `ath` is not the hash of the access token.
    case tokenHash
    /// The proof is signed with another key than the one to which the access token is bound.
    case otherKey
    /// The proof was used before.
    case replayed
    /// The replay store cannot decide now. The proof may be good.
    case store(ReplayStoreError)
    /// libcrypto failed. The proof may be good.
    case cryptographyUnavailable

    /// A claim of a proof.
    public enum Claim: String, Sendable, Hashable, CaseIterable {
        /// The identifier: 1…256 bytes.
        case jti
        /// The method.
        case htm
        /// The URL.
        case htu
        /// The time.
        case iat
        /// The hash of the access token.
        case ath
    }

    /// A stable, bounded code for events and metrics.
    public var code: String {
        switch self {
        case .missing: "dpop_missing"
        case .several: "dpop_several"
        case .jwt(let error): "dpop_" + error.code
        case .keyMissing: "dpop_jwk_missing"
        case .key(let defect): "dpop_jwk_" + defect.rawValue
        case .claim(let claim): "dpop_\(claim.rawValue)_malformed"
        case .method: "dpop_htm_mismatch"
        case .target: "dpop_htu_mismatch"
        case .time: "dpop_iat_not_recent"
        case .nonce: "dpop_nonce"
        case .tokenHash: "dpop_ath_mismatch"
        case .otherKey: "dpop_other_key"
        case .replayed: "dpop_replayed"
        case .store(let error): "dpop_" + error.code
        case .cryptographyUnavailable: "dpop_cryptography_unavailable"
        }
    }
}
