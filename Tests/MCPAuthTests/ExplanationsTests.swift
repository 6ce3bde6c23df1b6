import HTTPMessages
import JOSE
import Testing

@testable import mcp_auth

@Suite("mcp-auth: explanations", .serialized)
struct ExplanationsTests {
    @Test("every reason has a sentence of its own")
    func distinct() {
        let malformations: [JOSEError.Malformation] = [
            .tooLarge, .parts, .encrypted, .base64url, .headerTooLarge, .headerJSON, .payloadJSON,
        ]
        let headers: [JOSEError.HeaderDefect] = [
            .algorithmMissing, .algorithmNotAllowed, .critical, .unencodedPayload, .type, .contentType, .keyID,
        ]
        let keys: [JOSEError.KeyMismatch] = [.unknown, .ambiguous, .algorithmMismatch, .foreignIssuer]
        let claims: [JOSEError.ClaimDefect] = [
            .missing, .wrongType, .mismatch, .expired, .notYetValid, .issuedInFuture, .tooOld, .lifetimeTooLong,
            .unsatisfied,
        ]
        let errors: [JOSEError] =
            malformations.map { .malformed($0) } + headers.map { .header($0) } + keys.map { .key($0) }
            + claims.map { .claim(.exp, $0) } + [.badSignature, .notAnAccessToken, .cryptographyUnavailable]
        let sentences = errors.map(\.explanation)
        #expect(Set(sentences).count == errors.count)
        for sentence in sentences { #expect(sentence.hasSuffix(".") && sentence.utf8.count <= 120) }

        let defects: [JSONWebKey.Defect] = [
            .malformed, .unsupportedKeyType, .unsupportedCurve, .unsupportedAlgorithm, .notForSignatures,
            .notForVerification, .privateMaterial, .modulusTooSmall, .modulusTooLarge, .modulusEven, .exponent, .point,
            .refusedByLibrary, .beyondLimit,
        ]
        #expect(Set(defects.map(\.explanation)).count == defects.count)
    }

    @Test("a claim's sentence names the claim")
    func claims() {
        #expect(JOSEError.claim(.aud, .missing).explanation == "The claim aud is missing.")
        #expect(JOSEError.claim(.clientID, .wrongType).explanation.contains("client_id"))
    }
}
