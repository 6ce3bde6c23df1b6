import JOSE
import Testing
import WireFormat

@Suite("ClaimRules", .serialized)
struct ClaimRulesTests {
    private static let now = 1_800_000_000.0

    private let rules: ClaimRules = {
        var policy = JWTPolicy(issuer: "https://issuer.example", resource: "https://mcp.example")
        policy.audiences = ["urn:other"]
        policy.audienceClaim = "client_id"
        return ClaimRules(policy)
    }()

    /// The error of a rule that reads one claim; nil if the value is accepted.
    private func defect(
        _ name: String, _ value: String, _ rule: (JSONDocument, ClaimPositions) throws -> Void
    ) throws -> JOSEError.ClaimDefect? {
        let claims = try JSONDocument(parsing: Array(#"{"x":1,"\#(name)":\#(value)}"#.utf8))
        do {
            try rule(claims, ClaimPositions(claims))
            return nil
        } catch JOSEError.claim(let claim, let defect) {
            #expect(claim.rawValue == name)
            return defect
        }
    }

    @Test(
        "RFC 7519 §2: a NumericDate is a finite number with |x| < 2^53, for each of the three times",
        arguments: ["exp", "nbf", "iat"],
        [
            ("0", true), ("-1", true), ("1.5", true), ("9007199254740991", true), ("-9007199254740991", true),
            ("1e3", true), ("9007199254740992", false), ("-9007199254740992", false), ("1e300", false),
            ("\"1\"", false), ("true", false), ("false", false), ("[1]", false), ("[null]", false), ("{}", false),
            ("\"null\"", false),
        ])
    func numericDate(name: String, row: (value: String, isGood: Bool)) throws {
        let defect = try defect(name, row.value) { claims, positions in
            let position = name == "exp" ? positions.exp : name == "nbf" ? positions.nbf : positions.iat
            _ = try ClaimRules.numericDate(JOSEError.ClaimName(rawValue: name), in: claims, at: position)
        }
        #expect(defect == (row.isGood ? nil : .wrongType))
    }

    @Test(
        "RFC 7519 §4.1.4: the first moment of refusal is exp + skew",
        arguments: [("1799999940", true), ("1799999940.5", false), ("1799999941", false), ("0", true)])
    func expiry(value: String, isExpired: Bool) throws {
        let defect = try defect("exp", value) { claims, positions in
            _ = try rules.expirationTime(in: claims, at: positions.exp, now: Self.now)
        }
        #expect(defect == (isExpired ? .expired : nil))
    }

    @Test(
        "RFC 7519 §4.1.5 and §4.1.6: nbf and iat may be in the future by the skew",
        arguments: [("1800000060", false), ("1800000060.5", true), ("1800000061", true), ("0", false)])
    func future(value: String, isLater: Bool) throws {
        let notBefore = try defect("nbf", value) { claims, positions in
            try rules.checkNotBefore(in: claims, at: positions.nbf, now: Self.now)
        }
        #expect(notBefore == (isLater ? .notYetValid : nil))
        let issuedAt = try defect("iat", value) { claims, positions in
            _ = try rules.issuedAt(in: claims, at: positions.iat, now: Self.now, future: .refused)
        }
        #expect(issuedAt == (isLater ? .issuedInFuture : nil))
        let lenient = try defect("iat", value) { claims, positions in
            _ = try rules.issuedAt(in: claims, at: positions.iat, now: Self.now, future: .dangerouslyAccepted)
        }
        #expect(lenient == nil)
    }

    @Test("Presence is the caller's: an absent time is nil and passes, and an absent cnf passes")
    func absent() throws {
        let claims = try JSONDocument(parsing: Array("{}".utf8))
        #expect(try rules.expirationTime(in: claims, at: nil, now: Self.now) == nil)
        #expect(try rules.issuedAt(in: claims, at: nil, now: Self.now, future: .refused) == nil)
        try rules.checkNotBefore(in: claims, at: nil, now: Self.now)
        #expect(try rules.confirmation(in: claims, at: nil) == nil)
    }

    @Test(
        "RFC 7519 §4.1.1: iss has the same bytes as the issuer",
        arguments: [
            (#""https://issuer.example""#, nil), (#""https:\/\/issuer.example""#, nil),
            (#""https://issuer.example/""#, .mismatch), (#""https://Issuer.example""#, .mismatch), ("\"\"", .mismatch),
            ("1", .wrongType), ("null", .wrongType), (#"["https://issuer.example"]"#, .wrongType),
        ] as [(String, JOSEError.ClaimDefect?)])
    func issuer(value: String, expected: JOSEError.ClaimDefect?) throws {
        let defect = try defect("iss", value) { claims, positions in
            try rules.checkIssuer(in: claims, at: #require(positions.iss))
        }
        #expect(defect == expected)
    }

    @Test(
        "RFC 7519 §4.1.3: aud is a string or an array of strings, of which one is accepted",
        arguments: [
            (#""https://mcp.example""#, nil), (#""https://mcp.example/""#, nil), (#""urn:other""#, nil),
            (#"["a","urn:other"]"#, nil), (#"["urn:other","a"]"#, nil), (#""urn:other/""#, .mismatch),
            (#""https://mcp.example//""#, .mismatch), ("[]", .mismatch), (#"["a"]"#, .mismatch), ("\"\"", .mismatch),
            (#"["urn:other",1]"#, .wrongType), (#"[1,"urn:other"]"#, .wrongType), (#"[["urn:other"]]"#, .wrongType),
            ("1", .wrongType), ("null", .wrongType), ("{}", .wrongType), ("true", .wrongType),
        ] as [(String, JOSEError.ClaimDefect?)])
    func audience(value: String, expected: JOSEError.ClaimDefect?) throws {
        let standard = try defect("aud", value) { claims, positions in
            try rules.checkAudience(in: claims, at: #require(positions.aud))
        }
        #expect(standard == expected)
        // The same rule for a claim name that the policy sets.
        let other = try defect("client_id", value) { claims, _ in
            try rules.checkAudience(#require(claims.root["client_id"]), .clientID)
        }
        #expect(other == expected)
    }

    @Test(
        "POLICY §7: sub, client_id and jti are strings", arguments: ["sub", "client_id", "jti"],
        [
            (#""a""#, nil), ("\"\"", nil), (#""null""#, nil), ("1", .wrongType), ("[null]", .wrongType),
            ("[]", .wrongType), ("{}", .wrongType), ("true", .wrongType), ("false", .wrongType),
        ] as [(String, JOSEError.ClaimDefect?)])
    func identity(name: String, row: (value: String, expected: JOSEError.ClaimDefect?)) throws {
        let defect = try defect(name, row.value) { claims, positions in
            let position = name == "sub" ? positions.sub : name == "jti" ? positions.jti : positions.clientID
            try ClaimRules.checkIdentity(JOSEError.ClaimName(rawValue: name), in: claims, at: #require(position))
        }
        #expect(defect == row.expected)
    }

    private static let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"

    @Test(
        "RFC 7800 §3.1: without a binding that the caller checks, cnf is refused in every form",
        arguments: [
            "{}", "null", #""x""#, #"{"jkt":"x"}"#, "1", #"{"jkt":"\#(thumbprint)"}"#,
            #"{"x5t#S256":"\#(thumbprint)"}"#,
        ])
    func confirmation(value: String) throws {
        let defect = try defect("cnf", value) { claims, positions in
            _ = try rules.confirmation(in: claims, at: positions.cnf)
        }
        #expect(defect == .unsatisfied)
    }

    @Test(
        "RFC 7800 §3.1: a binding that the caller checks is read strictly, and every other one is refused",
        arguments: [
            (#"{"jkt":"\#(thumbprint)"}"#, nil, .unsatisfied, nil),
            (#"{"x5t#S256":"\#(thumbprint)"}"#, .unsatisfied, nil, nil),
            (#"{"x5t\u0023S256":"\#(thumbprint)"}"#, .unsatisfied, nil, nil),
            (#"{"jkt":"\#(thumbprint)","x5t#S256":"\#(thumbprint)"}"#, .unsatisfied, .unsatisfied, nil),
            ("null", .wrongType, .wrongType, .wrongType), ("[]", .wrongType, .wrongType, .wrongType),
            (#""\#(thumbprint)""#, .wrongType, .wrongType, .wrongType), ("1", .wrongType, .wrongType, .wrongType),
            ("{}", .malformed, .malformed, .malformed),
            (#"{"jkt":null}"#, .wrongType, .wrongType, .wrongType),
            (#"{"jkt":["\#(thumbprint)"]}"#, .wrongType, .wrongType, .wrongType),
            (#"{"jkt":""}"#, .malformed, .malformed, .malformed),
            (#"{"jkt":"\#(thumbprint)="}"#, .malformed, .malformed, .malformed),
            (#"{"jkt":"\#(thumbprint.dropLast())"}"#, .malformed, .malformed, .malformed),
            (#"{"jkt":"\#(thumbprint.dropLast())J"}"#, .malformed, .malformed, .malformed),
            (#"{"jkt":"\#(thumbprint.dropLast())+"}"#, .malformed, .malformed, .malformed),
            (#"{"jkt":"\#(thumbprint)","kid":"1"}"#, .unsupported, .unsupported, .unsupported),
            (#"{"jwk":{}}"#, .unsupported, .unsupported, .unsupported),
            (#"{"JKT":"\#(thumbprint)"}"#, .unsupported, .unsupported, .unsupported),
            (#"{"x5t":"\#(thumbprint)"}"#, .unsupported, .unsupported, .unsupported),
        ] as [(String, JOSEError.ClaimDefect?, JOSEError.ClaimDefect?, JOSEError.ClaimDefect?)])
    func checkedConfirmation(
        value: String, dpop: JOSEError.ClaimDefect?, mutualTLS: JOSEError.ClaimDefect?, both: JOSEError.ClaimDefect?
    ) throws {
        let rows: [(Set<KeyConfirmation.Method>, JOSEError.ClaimDefect?)] = [
            ([.dpop], dpop), ([.mutualTLS], mutualTLS), ([.dpop, .mutualTLS], both),
        ]
        for (methods, expected) in rows {
            var policy = JWTPolicy(issuer: "https://issuer.example", resource: "https://mcp.example")
            policy.confirmations = methods
            let rules = ClaimRules(policy)
            let defect = try defect("cnf", value) { claims, positions in
                let confirmation = try rules.confirmation(in: claims, at: positions.cnf)
                #expect(confirmation?.methods.isSubset(of: methods) == true)
            }
            #expect(defect == expected, "\(methods)")
        }
    }

    @Test("A binding shows which proofs it needs, and no thumbprint")
    func confirmationText() throws {
        let text = #"{"x5t#S256":"\#(Self.thumbprint)","jkt":"\#(Self.thumbprint)"}"#
        let confirmation = try KeyConfirmation(JSONDocument(parsing: Array(text.utf8)).root)
        #expect(confirmation.keyThumbprint == Self.thumbprint && confirmation.certificateThumbprint == Self.thumbprint)
        #expect("\(confirmation)" == "<bound by jkt and x5t#S256>")
        #expect(Mirror(reflecting: confirmation).children.isEmpty)
    }

    @Test("POLICY §7 null: an optional claim counts as absent; iss, aud, exp and cnf do not")
    func null() throws {
        let names = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "client_id"]
        let text = "{" + names.map { "\"\($0)\":null" }.joined(separator: ",") + "}"
        let claims = try JSONDocument(parsing: Array(text.utf8))
        let jwt = ClaimPositions(claims)
        #expect([jwt.sub, jwt.nbf, jwt.iat, jwt.jti, jwt.clientID].allSatisfy { $0 == nil })
        #expect([jwt.iss, jwt.aud, jwt.exp, jwt.cnf].allSatisfy { $0 != nil })
        // A name with an escape is the same claim.
        let escaped = try JSONDocument(parsing: Array(#"{"\u0073ub":null,"e\u0078p":null}"#.utf8))
        #expect(ClaimPositions(escaped).sub == nil && ClaimPositions(escaped).exp != nil)
    }

    @Test("The positions of a value that is not an object are all nil", arguments: ["[]", "1", #""exp""#, "null"])
    func notAnObject(text: String) throws {
        let positions = ClaimPositions(try JSONDocument(parsing: Array(text.utf8)))
        let all = [
            positions.iss, positions.sub, positions.aud, positions.exp, positions.nbf, positions.iat, positions.jti,
            positions.cnf, positions.clientID,
        ]
        #expect(all.allSatisfy { $0 == nil })
    }
}
