import HTTPMessages
import JOSE

// A sentence for each stable code. No sentence contains text from a token or a key.

extension JOSEError {
    /// Why the token is refused.
    var explanation: String {
        switch self {
        case .malformed(let why): why.explanation
        case .header(let why): why.explanation
        case .key(let why): why.explanation
        case .badSignature:
            "The signature does not verify with the key: the token was changed, or another key signed it."
        case .claim(let name, let why): why.explanation(of: name.rawValue)
        case .notAnAccessToken:
            "It carries claims that only ID tokens and event tokens have; it is not an access token."
        case .cryptographyUnavailable: "libcrypto failed, so the token was not checked."
        }
    }
}

extension JOSEError.Malformation {
    fileprivate var explanation: String {
        switch self {
        case .tooLarge: "The token is longer than 64 KiB."
        case .parts: "It is not a signed JWT, which has three non-empty parts separated by dots."
        case .encrypted: "It is an encrypted token (JWE: five parts, or enc or zip in the header)."
        case .base64url:
            "A part is not base64url: no other characters, padding, white space or stray bits are allowed."
        case .headerTooLarge: "The header is longer than 8 KiB."
        case .headerJSON: "The header is not a JSON object, or not strict JSON (a member may stand in it only once)."
        case .payloadJSON: "The payload is not a JSON object, or not strict JSON (a member may stand in it only once)."
        }
    }
}

extension JOSEError.HeaderDefect {
    fileprivate var explanation: String {
        switch self {
        case .algorithmMissing: "The header has no alg, or one that is not a string."
        case .algorithmNotAllowed: "The header's alg is not among the allowed algorithms."
        case .critical: "The header has crit: it asks for an extension, and none is understood."
        case .unencodedPayload: "The header has b64 with another value than true."
        case .type: "The header's typ names no access token that this profile accepts."
        case .contentType: "The header's cty is not a string."
        case .keyID: "The header's kid is not a string, or longer than 512 bytes."
        }
    }
}

extension JOSEError.KeyMismatch {
    fileprivate var explanation: String {
        switch self {
        case .unknown: "The key set has no usable key for the token's kid or, when it has none, for its alg."
        case .ambiguous: "The token has no kid, and more than one key fits."
        case .algorithmMismatch: "The key of the token's kid does not verify the token's alg."
        case .foreignIssuer: "The keys belong to another issuer."
        }
    }
}

extension JOSEError.ClaimDefect {
    fileprivate func explanation(of name: String) -> String {
        switch self {
        case .missing: "The claim \(name) is missing."
        case .wrongType: "The claim \(name) is of the wrong JSON type, or out of range."
        case .mismatch: "The claim \(name) has another value than the one asked for."
        case .expired: "The token has expired."
        case .notYetValid: "The token is not valid yet."
        case .issuedInFuture: "The token was issued in the future."
        case .tooOld: "The token was issued too long ago."
        case .lifetimeTooLong: "The token's lifetime is longer than allowed."
        case .unsatisfied: "The token is bound to a proof (cnf) that cannot be shown here."
        case .malformed: "The claim \(name) does not have the form that it must have."
        case .unsupported: "The claim \(name) asks for something that is not supported."
        }
    }
}

extension JSONWebKey.Defect {
    /// Why the key is not used.
    var explanation: String {
        switch self {
        case .malformed: "a member is missing, of the wrong type or not base64url, or the encoding is broken"
        case .unsupportedKeyType: "the key type is not RSA, EC or OKP"
        case .unsupportedCurve: "none of the curves P-256, P-384, P-521 and Ed25519"
        case .unsupportedAlgorithm: "its alg is unknown, or does not fit the key"
        case .notForSignatures: "its use is not sig"
        case .notForVerification: "its key_ops do not hold verify"
        case .privateMaterial: "it holds a private key, which is public now: replace it"
        case .modulusTooSmall: "an RSA modulus of less than 2048 bits"
        case .modulusTooLarge: "an RSA modulus of more than 8192 bits"
        case .modulusEven: "an even RSA modulus"
        case .exponent: "an RSA exponent that is even, below 3 or above 2^32"
        case .point: "coordinates of the wrong size, or a point that is not on the curve or of small order"
        case .refusedByLibrary: "libcrypto refuses it"
        case .beyondLimit: "beyond the \(JSONWebKeySet.maximumKeys) keys that are looked at"
        }
    }
}

extension FetchError {
    /// Why the fetch failed.
    var explanation: String {
        switch self {
        case .notAllowed: "only https is fetched, and http from a loopback host"
        case .notResolved: "the host name has no address"
        case .blockedAddress: "the address is not allowed"
        case .connectionFailed: "the connection failed"
        case .timedOut: "it took too long"
        case .unknownAuthority: "no trusted authority has issued the server's certificate"
        case .certificateExpired: "the server's certificate has expired or is not valid yet"
        case .certificateForOtherName: "the server's certificate is for other names than this host"
        case .tls: "TLS failed"
        case .tooLarge: "it is longer than 1 MiB"
        case .unsupportedEncoding: "the answer has a content coding other than gzip"
        case .malformedResponse: "the answer is not HTTP"
        case .credentialsUnreadable: "the file with the token for the fetch cannot be read"
        case .cancelled: "it was cancelled"
        case .unavailable: "libcurl is missing or failed"
        }
    }
}
