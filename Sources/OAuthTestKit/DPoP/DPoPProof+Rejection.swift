public import TokenVerification

extension DPoPProof.Defect {
    /// The reason for which a ``TokenVerification/DPoPVerifier`` with the default settings refuses the proof.
    public var rejection: DPoPRejection {
        switch self {
        case .absent, .empty: .missing
        case .repeated, .commaJoined: .several

        case .tooLarge: .jwt(.malformed(.tooLarge))
        case .twoParts, .noSignature, .unsecured: .jwt(.malformed(.parts))
        case .fiveParts: .jwt(.malformed(.encrypted))
        case .padded: .jwt(.malformed(.base64url))
        case .headerNotJSON, .repeatedParameter: .jwt(.malformed(.headerJSON))
        case .payloadNotAnObject, .repeatedClaim: .jwt(.malformed(.payloadJSON))

        case .noType, .typeJWT, .typeAccessToken, .typeNotText: .jwt(.header(.type))
        case .criticalHeader: .jwt(.header(.critical))
        case .noAlgorithm: .jwt(.header(.algorithmMissing))
        case .algorithmNone, .algorithmHS256: .jwt(.header(.algorithmNotAllowed))
        case .algorithmNotOfKey: .key(.unsupportedAlgorithm)

        case .noKey, .keyNotAnObject, .keyByID, .keyByURL, .keyByCertificate: .keyMissing
        case .symmetricKey: .key(.unsupportedKeyType)
        case .incompleteKey: .key(.malformed)
        case .keyForEncryption: .key(.notForSignatures)
        case .privateMemberD, .privateMemberP, .privateMemberQ, .privateMemberDP, .privateMemberDQ, .privateMemberQI,
            .privateMemberOth, .privateMemberK:
            .key(.privateMaterial)

        case .foreignSignature, .alteredSignature, .tamperedPayload, .tamperedHeader: .jwt(.badSignature)

        case .noTokenID, .tokenIDNotText, .emptyTokenID, .longTokenID: .claim(.jti)
        case .noMethod, .methodNotText: .claim(.htm)
        case .methodInLowerCase, .foreignMethod: .method
        case .noTarget, .targetNotText: .claim(.htu)
        case .targetWithQuery, .targetWithEmptyQuery, .targetWithFragment, .targetWithUser, .relativeTarget,
            .foreignScheme, .foreignHost, .foreignPort, .foreignPath, .escapedSlash:
            .target
        case .noTime, .timeNotANumber, .timeOutOfRange: .claim(.iat)
        case .stale, .future: .time

        case .noTokenHash, .tokenHashNotText: .claim(.ath)
        case .foreignTokenHash, .tokenInsteadOfHash, .paddedTokenHash: .tokenHash
        case .foreignKey: .otherKey
        }
    }
}
