/// The reason for refusing a token or a JWS: a closed set with a stable, bounded ``code``. No case holds text of the
/// token.
public enum JOSEError: Error, Sendable, Hashable {
    /// The compact form or one of its parts is malformed.
    case malformed(Malformation)
    /// A header parameter is not acceptable.
    case header(HeaderDefect)
    /// The key set has no key for this token.
    case key(KeyMismatch)
    /// The key does not verify the signature.
    case badSignature
    /// A claim is not acceptable.
    case claim(JOSEError.ClaimName, ClaimDefect)
    /// The token is of another kind, such as an ID token. Its signature may be good.
    case notAnAccessToken
    /// libcrypto failed. The token may be good.
    case cryptographyUnavailable

    /// The defect of the form.
    public enum Malformation: String, Sendable, Hashable {
        /// The token is larger than the limit. Nothing was parsed.
        case tooLarge = "token_too_large"
        /// The token does not have three parts, or a part is empty.
        case parts = "token_parts"
        /// The token has five parts, or `enc` or `zip` in its header: it is encrypted (JWE). The library never
        /// decrypts.
        case encrypted = "token_encrypted"
        /// A part is not canonical base64url without padding.
        case base64url = "token_base64url"
        /// The decoded header is larger than the limit.
        case headerTooLarge = "header_too_large"
        /// The header is not a strict JSON object.
        case headerJSON = "header_json"
        /// The payload is not a strict JSON object.
        case payloadJSON = "payload_json"
    }

    /// The header parameter that is not acceptable.
    public enum HeaderDefect: String, Sendable, Hashable {
        /// `alg` is absent, or it is not a string.
        case algorithmMissing = "alg_missing"
        /// `alg` names an algorithm that the policy does not allow.
        case algorithmNotAllowed = "alg_not_allowed"
        /// `crit` is present, in any form.
        case critical = "crit_present"
        /// `b64` is present and not true.
        case unencodedPayload = "b64_not_true"
        /// `typ` names another kind of token, or it is not a string.
        case type = "typ_not_acceptable"
        /// `cty` is not a string.
        case contentType = "cty_malformed"
        /// `kid` is not a string, or it is larger than the limit.
        case keyID = "kid_malformed"
    }

    /// The reason why no key was tried.
    public enum KeyMismatch: String, Sendable, Hashable {
        /// The key set has no key with this `kid`. For a token without `kid`: no key fits. A newer set may have the
        /// key.
        case unknown = "key_unknown"
        /// The token has no `kid`, and several keys fit.
        case ambiguous = "key_ambiguous"
        /// The key with this `kid` may not verify this `alg`. A newer set does not change that.
        case algorithmMismatch = "key_algorithm_mismatch"
        /// The key set belongs to another issuer.
        case foreignIssuer = "key_of_foreign_issuer"
    }

    /// The defect of a claim.
    public enum ClaimDefect: String, Error, Sendable, Hashable {
        /// The claim is required and absent, or null where null counts as absent.
        case missing
        /// The value has another JSON type, or it is a number out of range.
        case wrongType = "wrong_type"
        /// The value is not an accepted one.
        case mismatch
        /// `exp` plus the clock skew is not after the present time.
        case expired
        /// `nbf` is after the present time plus the clock skew.
        case notYetValid = "not_yet_valid"
        /// `iat` is after the present time plus the clock skew.
        case issuedInFuture = "issued_in_future"
        /// The time since `iat` is longer than the policy allows.
        case tooOld = "too_old"
        /// The time between `iat` and `exp` is longer than the policy allows.
        case lifetimeTooLong = "lifetime_too_long"
        /// The claim asks for a key binding that is not checked here (`cnf`).
        case unsatisfied
        /// The claim has the right JSON type, but its content has not the form that it must have (`cnf`).
        case malformed
        /// The claim asks for something that this library does not know (`cnf`).
        case unsupported
    }

    /// A stable snake_case code, for metrics and tests.
    public var code: String {
        switch self {
        case .malformed(let why): why.rawValue
        case .header(let why): why.rawValue
        case .key(let why): why.rawValue
        case .badSignature: "bad_signature"
        case .claim(let name, let why): "\(name.codeName)_\(why.rawValue)"
        case .notAnAccessToken: "not_an_access_token"
        case .cryptographyUnavailable: "cryptography_unavailable"
        }
    }
}
