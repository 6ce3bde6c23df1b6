/// Why a token was refused: a closed set with a stable, bounded ``code``. No case holds text of the token.
public enum JOSEError: Error, Sendable, Hashable {
    /// The compact form or one of its parts is broken.
    case malformed(Malformation)
    /// A header parameter is not acceptable.
    case header(HeaderDefect)
    /// No key of the issuer verifies this token.
    case key(KeyMismatch)
    /// The signature is not the key's.
    case badSignature
    /// A claim is not acceptable.
    case claim(ClaimName, ClaimDefect)
    /// The token is of another kind (an ID token), although its signature may be good.
    case notAnAccessToken
    /// libcrypto could not do its work. The token may be good.
    case cryptographyUnavailable

    /// What is broken about the form.
    public enum Malformation: String, Sendable, Hashable {
        /// Longer than the limit; nothing was parsed.
        case tooLarge = "token_too_large"
        /// Not three parts.
        case parts = "token_parts"
        /// Five parts, or `enc` or `zip` in the header: an encrypted token (JWE), which is never decrypted.
        case encrypted = "token_encrypted"
        /// A part is not canonical base64url without padding.
        case base64url = "token_base64url"
        /// The decoded header is longer than the limit.
        case headerTooLarge = "header_too_large"
        /// The header is not a strict JSON object.
        case headerJSON = "header_json"
        /// The payload is not a strict JSON object.
        case payloadJSON = "payload_json"
    }

    /// What is not acceptable in the header.
    public enum HeaderDefect: String, Sendable, Hashable {
        /// `alg` is absent or not a string.
        case algorithmMissing = "alg_missing"
        /// `alg` is not in the policy.
        case algorithmNotAllowed = "alg_not_allowed"
        /// `crit` is present, in whatever form.
        case critical = "crit_present"
        /// `b64` is present and not true.
        case unencodedPayload = "b64_not_true"
        /// `typ` names another kind of token, or is not a string.
        case type = "typ_not_acceptable"
        /// `cty` is not a string.
        case contentType = "cty_malformed"
        /// `kid` is not a string, or longer than the limit.
        case keyID = "kid_malformed"
    }

    /// Why no key was tried.
    public enum KeyMismatch: String, Sendable, Hashable {
        /// The key set has no key of this `kid` (or, without `kid`, none that fits). A newer set may have it.
        case unknown = "key_unknown"
        /// The token has no `kid` and several keys fit.
        case ambiguous = "key_ambiguous"
        /// The key of this `kid` does not verify this `alg`. A newer set does not help.
        case algorithmMismatch = "key_algorithm_mismatch"
        /// The key set is another issuer's.
        case foreignIssuer = "key_of_foreign_issuer"
    }

    /// What is wrong with a claim.
    public enum ClaimDefect: String, Sendable, Hashable {
        /// Required and absent.
        case missing
        /// Of another JSON type, or a number out of range.
        case wrongType = "wrong_type"
        /// Another value than required.
        case mismatch
        /// The time of `exp` has come.
        case expired
        /// The time of `nbf` has not come.
        case notYetValid = "not_yet_valid"
        /// `iat` lies in the future.
        case issuedInFuture = "issued_in_future"
        /// `iat` lies further back than the policy allows.
        case tooOld = "too_old"
        /// `exp` lies further behind `iat` than the policy allows.
        case lifetimeTooLong = "lifetime_too_long"
        /// Asks for something that is not satisfied (`cnf`).
        case unsatisfied
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
