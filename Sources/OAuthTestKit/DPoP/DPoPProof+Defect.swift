extension DPoPProof {
    /// One defect of an otherwise good proof. A server must refuse a proof with any of them.
    ///
    /// ```swift
    /// for defect in DPoPProof.Defect.allCases {
    ///     let proofs = key.proofs(with: defect, .post, "https://mcp.example.com/mcp", token: token)
    ///     // Send each of `proofs` in a `DPoP` field, and expect 401 with `error="invalid_dpop_proof"`.
    /// }
    /// ```
    ///
    /// The expected reason is ``rejection``, for a verifier with the default settings and the same clock. What depends
    /// on the server is not here: nonces, replays, and tokens under the wrong scheme.
    public enum Defect: String, Sendable, Hashable, CaseIterable {
        /// The request has no `DPoP` field.
        case absent
        /// The field is empty.
        case empty
        /// There are two fields, both with the same good proof.
        case repeated
        /// One field has two good proofs, with a comma between them.
        case commaJoined

        /// The proof has more than 8 KiB.
        case tooLarge
        /// The signature and its dot are missing.
        case twoParts
        /// There are five parts, as in an encrypted JWT.
        case fiveParts
        /// The last part is padded with `=`.
        case padded
        /// The header is not JSON.
        case headerNotJSON
        /// The header has `typ` twice.
        case repeatedParameter
        /// The payload is not a JSON object.
        case payloadNotAnObject
        /// The payload has `htm` twice.
        case repeatedClaim

        /// `typ` is missing.
        case noType
        /// `typ` is `JWT`.
        case typeJWT
        /// `typ` is `at+jwt`, as of an access token.
        case typeAccessToken
        /// `typ` is a number.
        case typeNotText
        /// A `crit` header parameter.
        case criticalHeader
        /// `alg` is missing.
        case noAlgorithm
        /// `alg` is `none`.
        case algorithmNone
        /// `alg` is `none`, and the signature is empty.
        case unsecured
        /// `alg` is `HS256`.
        case algorithmHS256
        /// `alg` names an algorithm for another kind of key.
        case algorithmNotOfKey

        /// `jwk` is missing.
        case noKey
        /// `jwk` is a string.
        case keyNotAnObject
        /// There is a `kid` instead of `jwk`.
        case keyByID
        /// There is a `jku` instead of `jwk`.
        case keyByURL
        /// There is an `x5c` instead of `jwk`.
        case keyByCertificate
        /// `jwk` is a shared secret.
        case symmetricKey
        /// `jwk` lacks the coordinate `x` or the modulus `n`.
        case incompleteKey
        /// `jwk` has `use: enc`.
        case keyForEncryption
        /// `jwk` has the private member `d`.
        case privateMemberD
        /// `jwk` has the private member `p`.
        case privateMemberP
        /// `jwk` has the private member `q`.
        case privateMemberQ
        /// `jwk` has the private member `dp`.
        case privateMemberDP
        /// `jwk` has the private member `dq`.
        case privateMemberDQ
        /// `jwk` has the private member `qi`.
        case privateMemberQI
        /// `jwk` has the private member `oth`.
        case privateMemberOth
        /// `jwk` has the member `k` of a shared secret.
        case privateMemberK

        /// `jwk` is the key of the token, and the signature is by another key.
        case foreignSignature
        /// One bit of the signature is changed.
        case alteredSignature
        /// The third part is empty.
        case noSignature
        /// The claims were changed after signing.
        case tamperedPayload
        /// The header was changed after signing.
        case tamperedHeader

        /// `jti` is missing.
        case noTokenID
        /// `jti` is a number.
        case tokenIDNotText
        /// `jti` is empty.
        case emptyTokenID
        /// `jti` has 257 bytes.
        case longTokenID
        /// `htm` is missing.
        case noMethod
        /// `htm` is not a string.
        case methodNotText
        /// `htm` is the method in lower case.
        case methodInLowerCase
        /// `htm` is another method.
        case foreignMethod
        /// `htu` is missing.
        case noTarget
        /// `htu` is not a string.
        case targetNotText
        /// `htu` has a query.
        case targetWithQuery
        /// `htu` ends in `?`.
        case targetWithEmptyQuery
        /// `htu` has a fragment.
        case targetWithFragment
        /// `htu` has a user name.
        case targetWithUser
        /// `htu` is the path only.
        case relativeTarget
        /// `htu` has http instead of https, or the reverse.
        case foreignScheme
        /// `htu` has another host.
        case foreignHost
        /// `htu` has another port.
        case foreignPort
        /// `htu` has another path.
        case foreignPath
        /// `htu` has an escaped slash at the end, which is not a slash.
        case escapedSlash
        /// `iat` is missing.
        case noTime
        /// `iat` is a string.
        case timeNotANumber
        /// `iat` is a number beyond all times.
        case timeOutOfRange
        /// `iat` is 301 seconds in the past: one more than the default maximum age.
        case stale
        /// `iat` is six minutes in the future.
        case future

        /// `ath` is missing.
        case noTokenHash
        /// `ath` is not a string.
        case tokenHashNotText
        /// `ath` is the hash of another token.
        case foreignTokenHash
        /// `ath` is the token instead of its hash.
        case tokenInsteadOfHash
        /// `ath` is the hash with padding.
        case paddedTokenHash
        /// The proof is good, but its key is not the key of the token.
        case foreignKey

        /// Whether the defect needs an access token. Without one, as at the token endpoint (RFC 9449 §5), `ath` and the
        /// key of the token say nothing.
        public var needsToken: Bool {
            switch self {
            case .noTokenHash, .tokenHashNotText, .foreignTokenHash, .tokenInsteadOfHash, .paddedTokenHash,
                .foreignKey:
                true
            default: false
            }
        }
    }
}
