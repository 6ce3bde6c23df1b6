import JOSE
import Testing
import WireFormat

@Suite("PrecheckedJWT", .serialized)
struct PrecheckedJWTTests {
    private func unverified(
        _ mint: TokenMint = .es256, header: String? = nil, payload: String = TokenMint.payload
    ) throws -> UnverifiedJWT {
        try UnverifiedJWT(parsing: mint.token(header: header, payload: payload), limit: 16_384)
    }

    private func refusal(of jwt: UnverifiedJWT, _ edit: (inout JWTPolicy) -> Void = { _ in }) -> JOSEError? {
        do throws(JOSEError) {
            _ = try TokenMint.validation(edit).precheck(jwt)
            return nil
        } catch {
            return error
        }
    }

    @Test("POLICY §1: algorithm, typ and issuer are refused without any key, in this order")
    func refusals() throws {
        let header = TokenMint.es256.header
        let foreign = TokenMint.payload.replacing("issuer.example", by: "other.example")
        let foreignDPoP = try unverified(header: header.replacing("at+jwt", by: "dpop+jwt"), payload: foreign)
        #expect(refusal(of: foreignDPoP) { $0.algorithms = [.rs256] } == .header(.algorithmNotAllowed))
        #expect(refusal(of: foreignDPoP) == .header(.type))
        #expect(try refusal(of: unverified(payload: foreign)) == .claim(.iss, .mismatch))
        let without = TokenMint.payload.replacing(#""iss":"https://issuer.example","#, by: "")
        #expect(try refusal(of: unverified(payload: without)) == .claim(.iss, .missing))
        let number = TokenMint.payload.replacing(#""https://issuer.example""#, by: "1")
        #expect(try refusal(of: unverified(payload: number)) == .claim(.iss, .wrongType))
        let plain = try unverified(header: header.replacing("at+jwt", by: "JWT"))
        #expect(refusal(of: plain) == nil)
        #expect(refusal(of: plain) { $0.profile = .rfc9068 } == .header(.type))
        // Times and audience are checked later, together with the keys.
        #expect(try refusal(of: unverified(payload: TokenMint.payload.replacing("1800000600", by: "1"))) == nil)
    }

    @Test("The result of the precheck is what verify takes, for every algorithm", arguments: TokenMint.all)
    func verifies(mint: TokenMint) throws {
        let validation = TokenMint.validation()
        let prechecked = try validation.precheck(unverified(mint))
        #expect(prechecked.algorithm == mint.key.algorithm)
        let verified = try validation.verify(prechecked, keys: mint.keySet, now: TokenMint.now)
        #expect(verified.subject == "alice")
        let copy = validation
        #expect(try copy.verify(prechecked, keys: mint.keySet, now: TokenMint.now).subject == "alice")
    }

    @Test("verify checks everything else of a prechecked token")
    func remainingChecks() throws {
        let validation = TokenMint.validation()
        let prechecked = try validation.precheck(unverified())
        #expect(throws: JOSEError.claim(.exp, .expired)) {
            try validation.verify(prechecked, keys: TokenMint.es256.keySet, now: TokenMint.now + 660)
        }
        #expect(throws: JOSEError.badSignature) {
            try validation.verify(prechecked, keys: TokenMint(.es256).keySet, now: TokenMint.now)
        }
        #expect(throws: JOSEError.key(.foreignIssuer)) {
            let keys = JSONWebKeySet(TokenMint.es256.keySet.keys, issuer: "https://other.example")
            return try validation.verify(prechecked, keys: keys, now: TokenMint.now)
        }
    }

    @Test("RFC 8725 §3.1: the precheck of one validation does not stand for that of another one")
    func otherValidation() throws {
        let prechecked = try TokenMint.validation().precheck(
            unverified(header: TokenMint.es256.header.replacing("at+jwt", by: "JWT")))
        func verify(_ edit: (inout JWTPolicy) -> Void) throws {
            _ = try TokenMint.validation(edit).verify(prechecked, keys: TokenMint.es256.keySet, now: TokenMint.now)
        }
        try verify { _ in }
        #expect(throws: JOSEError.header(.algorithmNotAllowed)) { try verify { $0.algorithms = [.rs256] } }
        #expect(throws: JOSEError.header(.type)) { try verify { $0.profile = .rfc9068 } }
        #expect(throws: JOSEError.claim(.iss, .mismatch)) { try verify { $0.issuer = "https://other.example" } }
    }

    @Test("THREATS B12: no description and no mirror shows the token")
    func redacted() throws {
        let prechecked = try TokenMint.validation().precheck(unverified())
        #expect("\(prechecked) \(String(reflecting: prechecked))" == "<unverified JWT> <unverified JWT>")
        #expect(Mirror(reflecting: prechecked).children.isEmpty)
    }
}
