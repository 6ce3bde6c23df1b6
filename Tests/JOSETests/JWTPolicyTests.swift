import JOSE
import Testing
import WireFormat

@Suite("JWTPolicy", .serialized)
struct JWTPolicyTests {
    private func refusal(
        _ payload: String = TokenMint.payload, now: Double = TokenMint.now, _ edit: (inout JWTPolicy) -> Void
    ) -> JOSEError? {
        TokenMint.refusal(
            of: TokenMint.es256.token(payload: payload), keys: TokenMint.es256.keySet,
            validation: TokenMint.validation(edit), now: now)
    }

    @Test("POLICY §7: iat in the future can be accepted")
    func futureIssuedAt() {
        let payload = TokenMint.payload.replacing(#""iat":1799999990"#, by: #""iat":1800000500"#)
        #expect(refusal(payload) { _ in } == .claim(.iat, .issuedInFuture))
        #expect(refusal(payload) { $0.futureIssuedAt = .dangerouslyAccepted } == nil)
    }

    @Test("POLICY §7: a maximum age counts from iat, with the skew, and needs iat")
    func maximumAge() {
        let exp = TokenMint.payload.replacing("1800000600", by: "1900000000")
        #expect(refusal(exp, now: 1_799_999_990 + 160) { $0.maximumAge = 100 } == nil)
        #expect(refusal(exp, now: 1_799_999_990 + 161) { $0.maximumAge = 100 } == .claim(.iat, .tooOld))
        let without = TokenMint.payload.replacing(#""iat":1799999990,"#, by: "")
        #expect(refusal(without) { $0.maximumAge = 100 } == .claim(.iat, .missing))
        #expect(refusal(without) { _ in } == nil)
    }

    @Test("POLICY §7: a maximum lifetime is exp − iat, and needs iat; milliseconds in exp are caught by it")
    func maximumLifetime() {
        #expect(refusal { $0.maximumLifetime = 610 } == nil)
        #expect(refusal { $0.maximumLifetime = 609 } == .claim(.exp, .lifetimeTooLong))
        let milliseconds = TokenMint.payload.replacing("1800000600", by: "1800000600000")
        #expect(refusal(milliseconds) { $0.maximumLifetime = 86_400 } == .claim(.exp, .lifetimeTooLong))
        let without = TokenMint.payload.replacing(#""iat":1799999990,"#, by: "")
        #expect(refusal(without) { $0.maximumLifetime = 86_400 } == .claim(.iat, .missing))
    }

    @Test(
        "POLICY §7: maximum age and lifetime are 1…31,536,000 seconds, both ends included",
        arguments: [
            (1, true), (31_536_000, true), (0, false), (31_536_001, false), (-1, false), (Int.min, false),
            (Int.max, false),
        ])
    func bounds(seconds: Int, isGood: Bool) {
        var policy = JWTPolicy(issuer: "i", resource: "r")
        policy.maximumAge = seconds
        #expect(policy.faults == (isGood ? [] : [.maximumAge]))
        policy.maximumAge = nil
        policy.maximumLifetime = seconds
        #expect(policy.faults == (isGood ? [] : [.maximumLifetime]))
        policy.maximumLifetime = nil
    }

    @Test("POLICY §7: the skew is 0…300 seconds", arguments: [(0, true), (300, true), (-1, false), (301, false)])
    func clockSkew(seconds: Int, isGood: Bool) {
        var policy = JWTPolicy(issuer: "i", resource: "r")
        policy.clockSkew = seconds
        #expect(policy.faults == (isGood ? [] : [.clockSkew]))
        #expect(JWTPolicy.clockSkews.contains(seconds) == isGood)
    }

    @Test("A fault names its setting, and the ranges of its text are those of the policy")
    func faultTexts() throws {
        var policy = JWTPolicy(issuer: "i", resource: "r")
        policy.clockSkew = 301
        policy.maximumAge = 0
        policy.maximumLifetime = 31_536_001
        let error = #expect(throws: JWTPolicy.Invalid.self) { try JWTValidation(policy) }
        #expect(
            error?.description == """
                clockSkew is outside 0…300 seconds; choose a number in this range
                maximumAge is outside 1…31,536,000 seconds; choose a number in this range
                maximumLifetime is outside 1…31,536,000 seconds; choose a number in this range
                """)
        for fault in JWTPolicy.Fault.allCases {
            #expect(fault.description == "\(fault.setting) \(fault.reason); \(fault.remedy)")
            #expect(Mirror(reflecting: policy).children.contains { $0.label == fault.setting })
        }
    }

    @Test("Required claims: present, not null, one of the values")
    func requiredClaims() {
        let claims = TokenMint.payload.replacing("{", by: #"{"tid":"t1","n":null,"amr":["pwd"],"v":2,"#)
        func check(_ required: JWTPolicy.RequiredClaim) -> JOSEError? {
            refusal(claims) { $0.requiredClaims = [required] }
        }
        #expect(check(.init("tid")) == nil)
        #expect(check(.init("tid", .oneOf(["t0", "t1"]))) == nil)
        #expect(check(.init("amr", .oneOf([["pwd"]]))) == nil)
        #expect(check(.init("v", .oneOf([2]))) == nil)
        #expect(
            check(.init("tid", .oneOf(["T1", "t1 ", "t"]))) == .claim(JOSEError.ClaimName(rawValue: "tid"), .mismatch))
        #expect(check(.init("v", .oneOf(["2", true]))) == .claim(JOSEError.ClaimName(rawValue: "v"), .mismatch))
        #expect(check(.init("n")) == .claim(JOSEError.ClaimName(rawValue: "n"), .missing))
        #expect(check(.init("x")) == .claim(JOSEError.ClaimName(rawValue: "x"), .missing))
        // All required claims are checked, not only the first.
        let second = refusal(claims) { $0.requiredClaims = [.init("tid"), .init("v", .oneOf([3]))] }
        #expect(second == .claim(JOSEError.ClaimName(rawValue: "v"), .mismatch))
        #expect(refusal(claims) { $0.requiredClaims = [.init("tid"), .init("v", .oneOf([2]))] } == nil)
        // Claim names that the operator sets do not become error codes.
        #expect(JOSEError.claim(JOSEError.ClaimName(rawValue: "tid"), .mismatch).code == "claim_mismatch")
        #expect(JOSEError.claim(.sub, .missing).code == "sub_missing")
    }

    @Test("POLICY §7: the audience may live in another claim, explicitly; aud is not looked at then")
    func audienceClaim() throws {
        let payload = TokenMint.payload.replacing(#""https://mcp.example/mcp""#, by: #""somebody-else""#)
        func edit(_ policy: inout JWTPolicy) {
            policy.audienceClaim = "client_id"
            policy.resource = nil
            policy.audiences = ["c1"]
        }
        #expect(refusal(payload, edit) == nil)
        #expect(refusal(payload.replacing(#""c1""#, by: #""c2""#), edit) == .claim(.clientID, .mismatch))
        #expect(refusal(payload.replacing(#","client_id":"c1""#, by: ""), edit) == .claim(.clientID, .missing))
        let jwt = try UnverifiedJWT(parsing: TokenMint.es256.token(payload: payload), limit: 16_384)
        let verified = try TokenMint.validation(edit).verify(jwt, keys: TokenMint.es256.keySet, now: TokenMint.now)
        #expect(verified.audience == ["c1"])
    }

    @Test("POLICY §6: ID tokens can be accepted", arguments: ["at_hash", "c_hash", "s_hash", "events"])
    func idTokens(claim: String) {
        let mint = TokenMint.es256
        let token = mint.token(
            header: mint.header.replacing("at+jwt", by: "JWT"),
            payload: TokenMint.payload.replacing("{", by: #"{"\#(claim)":"x","#))
        #expect(TokenMint.refusal(of: token, keys: mint.keySet) == .notAnAccessToken)
        #expect(
            TokenMint.refusal(
                of: token, keys: mint.keySet, validation: TokenMint.validation { $0.idTokens = .dangerouslyAccepted })
                == nil)
    }

    @Test("A claim is found by its unescaped name")
    func escapedNames() {
        #expect(refusal(TokenMint.payload.replacing(#""exp""#, by: #""\u0065xp""#)) { _ in } == nil)
        #expect(
            refusal(TokenMint.payload.replacing("{", by: #"{"\u0063nf":{},"#)) { _ in } == .claim(.cnf, .unsatisfied))
        #expect(refusal(TokenMint.payload.replacing("{", by: #"{"CNF":{},"cn":1,"cnf2":1,"#)) { _ in } == nil)
    }

    @Test("Accessors give what is there, and nil for the rest")
    func accessors() throws {
        let jwt = try UnverifiedJWT(parsing: TokenMint.es256.token(), limit: 16_384)
        let verified = try TokenMint.validation().verify(jwt, keys: TokenMint.es256.keySet, now: TokenMint.now)
        #expect(verified.subject == "alice")
        #expect(verified.tokenID == "j1")
        #expect(verified.issuedAt == 1_799_999_990)
        #expect(verified.notBefore == 1_799_999_990)
        #expect(verified.audience == [TokenMint.resource])
        #expect(verified.rfc9068 == nil)
        #expect(verified.claims.bytes == Array(TokenMint.payload.utf8))
    }
}
