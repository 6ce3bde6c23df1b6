internal import JOSE
public import TokenVerification
internal import WireFormat

/// One defect of an otherwise good access token. A resource server must refuse a token with any of them.
///
/// ```swift
/// @Test(arguments: TokenDefect.allCases)
/// func refused(defect: TokenDefect) async throws {
///     #expect(try await server.post("/mcp", token: issuer.token(with: defect)).status == .unauthorized)
///     #expect(events.refusals == [.token(defect.rejection)])
/// }
/// ```
///
/// The expected reason is ``rejection``. What depends on the server is not here: scopes, sessions and proofs.
public enum TokenDefect: String, Sendable, Hashable, CaseIterable {
    /// `alg: none` without a signature.
    case unsecured
    /// `alg: none` although there is a signature.
    case algorithmNone
    /// `alg` is missing.
    case noAlgorithm
    /// `typ` names another kind of token, such as an ID token or a logout token.
    case foreignType
    /// A `crit` header parameter.
    case criticalHeader
    /// A `kid` that the issuer does not have.
    case unknownKeyID
    /// The signature is by a key that the issuer does not own, under the issuer's `kid`.
    case foreignKey
    /// One bit of the signature is changed.
    case alteredSignature
    /// The signature is missing.
    case noSignature
    /// The claims were changed after signing.
    case tamperedPayload
    /// The header was changed after signing.
    case tamperedHeader
    /// The payload has a claim twice.
    case duplicateClaim
    /// The payload is not a JSON object.
    case payloadNotAnObject
    /// `exp` is an hour in the past.
    case expired
    /// `exp` is missing.
    case noExpiry
    /// `exp` is a string.
    case expiryNotANumber
    /// `nbf` is an hour in the future.
    case notYetValid
    /// `iat` is an hour in the future.
    case issuedInFuture
    /// `iss` names another issuer.
    case foreignIssuer
    /// `iss` has one more trailing slash.
    case issuerWithSlash
    /// `iss` is missing.
    case noIssuer
    /// `aud` names another resource.
    case foreignAudience
    /// `aud` is missing.
    case noAudience
    /// The token is bound to a key by `cnf`. A client that sends it as a bearer token does not prove possession of
    /// that key.
    case boundToKey

    /// Gives a good draft this one defect.
    public func spoil(_ draft: inout FakeIssuer.Draft) {
        switch self {
        case .unsecured: draft.makeUnsecured()
        case .algorithmNone: draft.header["alg"] = "none"
        case .noAlgorithm: draft.header["alg"] = nil
        case .foreignType: draft.header["typ"] = "logout+jwt"
        case .criticalHeader: draft.header["crit"] = ["exp"]
        case .unknownKeyID: draft.header["kid"] = "no-such-key"
        case .foreignKey: draft.signature = .foreignKey
        case .alteredSignature: draft.signature = .altered
        case .noSignature: draft.signature = .empty
        case .tamperedPayload: draft.tamper { $0["sub"] = "somebody-else" }
        case .tamperedHeader:
            var header = draft.header
            header["x"] = 1
            draft.presentedHeader = JSONValue.object(header).encoded()
        case .duplicateClaim:
            draft.payloadBytes = Array(#"{"sub":"a","#.utf8) + draft.signedPayload.dropFirst()
        case .payloadNotAnObject: draft.payloadBytes = Array("[]".utf8)
        case .expired: draft.expiresAt = draft.issuedAt.map { $0 - 3_600 }
        case .noExpiry: draft.claims["exp"] = nil
        case .expiryNotANumber: draft.claims["exp"] = .string(draft.claims["exp"]?.number?.text ?? "")
        case .notYetValid: draft.notBefore = draft.issuedAt.map { $0 + 3_600 }
        case .issuedInFuture:
            draft.expiresAt = draft.issuedAt.map { $0 + 7_200 }
            draft.issuedAt = draft.issuedAt.map { $0 + 3_600 }
        case .foreignIssuer: draft.claims["iss"] = "https://other-issuer.example"
        case .issuerWithSlash: draft.claims["iss"] = draft.claims["iss"]?.string.map { .string($0 + "/") }
        case .noIssuer: draft.claims["iss"] = nil
        case .foreignAudience: draft.claims["aud"] = "https://other-resource.example"
        case .noAudience: draft.claims["aud"] = nil
        case .boundToKey: draft.claims["cnf"] = ["jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"]
        }
    }
}

extension TokenDefect {
    /// The reason for which a server with the default settings refuses the token.
    ///
    /// A server that accepts tokens which are bound to a key refuses ``boundToKey`` with another reason:
    /// ``OAuthResourceServer/ResourceServer/BindingFault/boundTokenAsBearer``.
    public var rejection: TokenRejection {
        switch self {
        case .foreignIssuer: .invalid(.unknownIssuer(.other))
        case .issuerWithSlash: .invalid(.unknownIssuer(.trailingSlash))
        default: .invalid(.jwt(fault))
        }
    }

    /// The reason for which ``JOSE/JWTValidation`` refuses the token.
    var fault: JOSEError {
        switch self {
        case .unsecured, .noSignature: .malformed(.parts)
        case .algorithmNone: .header(.algorithmNotAllowed)
        case .noAlgorithm: .header(.algorithmMissing)
        case .foreignType: .header(.type)
        case .criticalHeader: .header(.critical)
        case .unknownKeyID: .key(.unknown)
        case .foreignKey, .alteredSignature, .tamperedPayload, .tamperedHeader: .badSignature
        case .duplicateClaim, .payloadNotAnObject: .malformed(.payloadJSON)
        case .expired: .claim(.exp, .expired)
        case .noExpiry: .claim(.exp, .missing)
        case .expiryNotANumber: .claim(.exp, .wrongType)
        case .notYetValid: .claim(.nbf, .notYetValid)
        case .issuedInFuture: .claim(.iat, .issuedInFuture)
        case .foreignIssuer, .issuerWithSlash: .claim(.iss, .mismatch)
        case .noIssuer: .claim(.iss, .missing)
        case .foreignAudience: .claim(.aud, .mismatch)
        case .noAudience: .claim(.aud, .missing)
        case .boundToKey: .claim(.cnf, .unsatisfied)
        }
    }
}
