import CLibcrypto
import JOSE
import Testing
import WireFormat

/// A good token with exactly one thing wrong, for every defect and every algorithm.
struct Defect: Sendable, CustomTestStringConvertible {
    enum Edit: Sendable {
        case header(String, String)
        case payload(String, String)
        /// Replaces the whole header text; `ALG` stands for the algorithm.
        case wholeHeader(String)
        case wholePayload(String)
    }

    let name: String
    let edit: Edit
    let expected: JOSEError
    var testDescription: String { name }

    init(_ name: String, _ edit: Edit, _ expected: JOSEError) {
        self.name = name
        self.edit = edit
        self.expected = expected
    }

    func token(_ mint: TokenMint) -> [UInt8] {
        switch edit {
        case .header(let old, let new): mint.token(header: mint.header.replacing(old, by: new))
        case .payload(let old, let new): mint.token(payload: TokenMint.payload.replacing(old, by: new))
        case .wholeHeader(let text):
            mint.token(
                header: text.utf8.contains(UInt8(ascii: "$"))
                    ? text.replacing("$ALG", by: mint.key.algorithm.name) : text)
        case .wholePayload(let text): mint.token(payload: text)
        }
    }

    static let all: [Defect] = headers + payloads + times + audiences

    static let headers: [Defect] = [
        Defect("alg absent", .wholeHeader(#"{"kid":"key-1"}"#), .header(.algorithmMissing)),
        Defect("alg null", .wholeHeader(#"{"alg":null,"kid":"key-1"}"#), .header(.algorithmMissing)),
        Defect("alg a number", .wholeHeader(#"{"alg":256,"kid":"key-1"}"#), .header(.algorithmMissing)),
        Defect("alg an array", .wholeHeader(#"{"alg":["$ALG"],"kid":"key-1"}"#), .header(.algorithmMissing)),
        Defect("alg none", .wholeHeader(#"{"alg":"none","kid":"key-1"}"#), .header(.algorithmNotAllowed)),
        Defect("alg None", .wholeHeader(#"{"alg":"None","kid":"key-1"}"#), .header(.algorithmNotAllowed)),
        Defect("alg empty", .wholeHeader(#"{"alg":"","kid":"key-1"}"#), .header(.algorithmNotAllowed)),
        Defect("alg HS256", .wholeHeader(#"{"alg":"HS256","kid":"key-1"}"#), .header(.algorithmNotAllowed)),
        Defect("alg in lower case", .wholeHeader(#"{"alg":"rs256","kid":"key-1"}"#), .header(.algorithmNotAllowed)),
        Defect("alg with a space", .wholeHeader(#"{"alg":"$ALG ","kid":"key-1"}"#), .header(.algorithmNotAllowed)),
        Defect("alg with a NUL", .wholeHeader(#"{"alg":"$ALG\u0000","kid":"key-1"}"#), .header(.algorithmNotAllowed)),
        Defect("alg behind a NUL", .wholeHeader(#"{"alg":"\u0000$ALG","kid":"key-1"}"#), .header(.algorithmNotAllowed)),
        Defect("alg twice", .wholeHeader(#"{"alg":"$ALG","alg":"RS256","kid":"key-1"}"#), .malformed(.headerJSON)),
        Defect(
            "alg twice, once escaped", .wholeHeader(#"{"alg":"$ALG","\u0061lg":"RS256","kid":"key-1"}"#),
            .malformed(.headerJSON)),
        Defect("crit with a known name", .header("{", #"{"crit":["alg"],"#), .header(.critical)),
        Defect("crit empty", .header("{", #"{"crit":[],"#), .header(.critical)),
        Defect("crit null", .header("{", #"{"crit":null,"#), .header(.critical)),
        Defect("crit no array", .header("{", #"{"crit":"exp","#), .header(.critical)),
        Defect("b64 false", .header("{", #"{"b64":false,"#), .header(.unencodedPayload)),
        Defect("b64 a string", .header("{", #"{"b64":"true","#), .header(.unencodedPayload)),
        Defect("b64 a number", .header("{", #"{"b64":1,"#), .header(.unencodedPayload)),
        Defect("enc in a token of three parts", .header("{", #"{"enc":"A256GCM","#), .malformed(.encrypted)),
        Defect("zip in a token of three parts", .header("{", #"{"zip":"DEF","#), .malformed(.encrypted)),
        Defect("cty a number", .header("{", #"{"cty":7,"#), .header(.contentType)),
        Defect("typ of a DPoP proof", .header("at+jwt", "dpop+jwt"), .header(.type)),
        Defect("typ of a logout token", .header("at+jwt", "logout+jwt"), .header(.type)),
        Defect("typ of a client assertion", .header("at+jwt", "client-authentication+jwt"), .header(.type)),
        Defect("typ empty", .header("at+jwt", ""), .header(.type)),
        Defect("typ with another prefix", .header("at+jwt", "text/at+jwt"), .header(.type)),
        Defect("typ with a foreign prefix of that length", .header("at+jwt", "credentials/at+jwt"), .header(.type)),
        Defect("typ a number", .header(#""at+jwt""#, "1"), .header(.type)),
        Defect("typ null", .header(#""at+jwt""#, "null"), .header(.type)),
        Defect("kid a number", .header(#""key-1""#, "1"), .header(.keyID)),
        Defect("kid null", .header(#""key-1""#, "null"), .header(.keyID)),
        Defect("kid of 513 bytes", .header("key-1", String(repeating: "k", count: 513)), .header(.keyID)),
        Defect("kid unknown", .header("key-1", "key-2"), .key(.unknown)),
        Defect("kid empty", .header("key-1", ""), .key(.unknown)),
        Defect("kid in another case", .header("key-1", "KEY-1"), .key(.unknown)),
        Defect("kid with the Kelvin sign", .header("key-1", "\u{212A}ey-1"), .key(.unknown)),
        Defect("kid with a trailing NUL", .header("key-1", #"key-1\u0000"#), .key(.unknown)),
        Defect("header an array", .wholeHeader(#"[{"alg":"RS256"}]"#), .malformed(.headerJSON)),
        Defect("header a string", .wholeHeader(#""RS256""#), .malformed(.headerJSON)),
        Defect("header with trailing comma", .header("}", ",}"), .malformed(.headerJSON)),
        Defect("header of two documents", .header("}", "}{}"), .malformed(.headerJSON)),
        Defect("header with a BOM", .header("{", "\u{FEFF}{"), .malformed(.headerJSON)),
        Defect(
            "header nested 17 deep",
            .header("{", "{\"x\":\(String(repeating: "[", count: 16))\(String(repeating: "]", count: 16)),"),
            .malformed(.headerJSON)),
        Defect(
            "header of more than 8 KiB", .header("{", "{\"x\":\"\(String(repeating: "x", count: 8_192))\","),
            .malformed(.headerTooLarge)),
    ]

    static let payloads: [Defect] = [
        Defect("payload an array", .wholePayload("[]"), .malformed(.payloadJSON)),
        Defect("payload a nested JWT", .wholePayload("a.b.c"), .malformed(.payloadJSON)),
        Defect("payload empty object", .wholePayload("{}"), .claim(.iss, .missing)),
        Defect("payload with trailing bytes", .payload("}", "} x"), .malformed(.payloadJSON)),
        Defect("exp twice", .payload("{", #"{"exp":9000000000,"#), .malformed(.payloadJSON)),
        Defect("a lone surrogate", .payload("alice", #"\ud800"#), .malformed(.payloadJSON)),
        Defect("a number with a leading zero", .payload("1800000600", "01800000600"), .malformed(.payloadJSON)),
        Defect("duplicate names in a nested claim", .payload("{", #"{"x":{"a":1,"a":2},"#), .malformed(.payloadJSON)),
        Defect("iss absent", .payload(#""iss":"https://issuer.example","#, ""), .claim(.iss, .missing)),
        Defect("iss null", .payload(#""https://issuer.example""#, "null"), .claim(.iss, .wrongType)),
        Defect(
            "iss an array", .payload(#""https://issuer.example""#, #"["https://issuer.example"]"#),
            .claim(.iss, .wrongType)),
        Defect("iss with a trailing slash", .payload("issuer.example", "issuer.example/"), .claim(.iss, .mismatch)),
        Defect("iss in another case", .payload("issuer.example", "Issuer.example"), .claim(.iss, .mismatch)),
        Defect("iss with the default port", .payload("issuer.example", "issuer.example:443"), .claim(.iss, .mismatch)),
        Defect("iss with http", .payload("https://issuer", "http://issuer"), .claim(.iss, .mismatch)),
        Defect("iss as a prefix", .payload("issuer.example", "issuer.exam"), .claim(.iss, .mismatch)),
        Defect("iss with more behind it", .payload("issuer.example", "issuer.example.evil"), .claim(.iss, .mismatch)),
        Defect("sub a number", .payload(#""alice""#, "7"), .claim(.sub, .wrongType)),
        Defect("jti an object", .payload(#""j1""#, "{}"), .claim(.jti, .wrongType)),
        Defect("client_id a Boolean", .payload(#""c1""#, "true"), .claim(.clientID, .wrongType)),
        Defect("cnf with a thumbprint", .payload("{", #"{"cnf":{"jkt":"x"},"#), .claim(.cnf, .unsatisfied)),
        Defect("cnf empty", .payload("{", #"{"cnf":{},"#), .claim(.cnf, .unsatisfied)),
        Defect("cnf null", .payload("{", #"{"cnf":null,"#), .claim(.cnf, .unsatisfied)),
        Defect("cnf a string", .payload("{", #"{"cnf":"x","#), .claim(.cnf, .unsatisfied)),
    ]

    static let times: [Defect] = [
        Defect("exp absent", .payload(#""exp":1800000600,"#, ""), .claim(.exp, .missing)),
        Defect("exp now − skew", .payload("1800000600", "1799999940"), .claim(.exp, .expired)),
        Defect("exp long ago", .payload("1800000600", "1"), .claim(.exp, .expired)),
        Defect("exp zero", .payload("1800000600", "0"), .claim(.exp, .expired)),
        Defect("exp negative", .payload("1800000600", "-1"), .claim(.exp, .expired)),
        Defect("exp a string", .payload("1800000600", #""1800000600""#), .claim(.exp, .wrongType)),
        Defect("exp true", .payload("1800000600", "true"), .claim(.exp, .wrongType)),
        Defect("exp null", .payload("1800000600", "null"), .claim(.exp, .wrongType)),
        Defect("exp an array", .payload("1800000600", "[1800000600]"), .claim(.exp, .wrongType)),
        Defect("exp 2^53", .payload("1800000600", "9007199254740992"), .claim(.exp, .wrongType)),
        Defect("exp −2^53", .payload("1800000600", "-9007199254740992"), .claim(.exp, .wrongType)),
        Defect("exp 1e300", .payload("1800000600", "1e300"), .claim(.exp, .wrongType)),
        Defect("exp 1e400", .payload("1800000600", "1e400"), .malformed(.payloadJSON)),
        Defect("nbf now + skew + 1", .payload(#""nbf":1799999990"#, #""nbf":1800000061"#), .claim(.nbf, .notYetValid)),
        Defect("nbf a string", .payload(#""nbf":1799999990"#, #""nbf":"1""#), .claim(.nbf, .wrongType)),
        Defect("nbf −2^53", .payload(#""nbf":1799999990"#, #""nbf":-9007199254740992"#), .claim(.nbf, .wrongType)),
        Defect("nbf false", .payload(#""nbf":1799999990"#, #""nbf":false"#), .claim(.nbf, .wrongType)),
        Defect(
            "iat now + skew + 1", .payload(#""iat":1799999990"#, #""iat":1800000061"#), .claim(.iat, .issuedInFuture)),
        Defect("iat an object", .payload(#""iat":1799999990"#, #""iat":{}"#), .claim(.iat, .wrongType)),
    ]

    static let audiences: [Defect] = [
        Defect("aud absent", .payload(#""aud":"https://mcp.example/mcp","#, ""), .claim(.aud, .missing)),
        Defect("aud null", .payload(#""https://mcp.example/mcp""#, "null"), .claim(.aud, .wrongType)),
        Defect("aud a number", .payload(#""https://mcp.example/mcp""#, "1"), .claim(.aud, .wrongType)),
        Defect("aud an object", .payload(#""https://mcp.example/mcp""#, "{}"), .claim(.aud, .wrongType)),
        Defect("aud of somebody else", .payload("mcp.example/mcp", "other.example"), .claim(.aud, .mismatch)),
        Defect("aud the parent", .payload("mcp.example/mcp", "mcp.example"), .claim(.aud, .mismatch)),
        Defect("aud a child", .payload("mcp.example/mcp", "mcp.example/mcp/x"), .claim(.aud, .mismatch)),
        Defect("aud with two slashes", .payload("mcp.example/mcp", "mcp.example/mcp//"), .claim(.aud, .mismatch)),
        Defect("aud in another case", .payload("mcp.example/mcp", "mcp.example/MCP"), .claim(.aud, .mismatch)),
        Defect(
            "aud a list in one string",
            .payload(#""https://mcp.example/mcp""#, #""https://mcp.example/mcp https://other.example""#),
            .claim(.aud, .mismatch)),
        Defect("aud an empty array", .payload(#""https://mcp.example/mcp""#, "[]"), .claim(.aud, .mismatch)),
        Defect(
            "aud an array of others", .payload(#""https://mcp.example/mcp""#, #"["a","b"]"#), .claim(.aud, .mismatch)),
        Defect(
            "aud an array with a number", .payload(#""https://mcp.example/mcp""#, #"["https://mcp.example/mcp",1]"#),
            .claim(.aud, .wrongType)),
        Defect(
            "aud an array that begins with a number",
            .payload(#""https://mcp.example/mcp""#, #"[1,"https://mcp.example/mcp"]"#), .claim(.aud, .wrongType)),
        Defect(
            "aud a nested array", .payload(#""https://mcp.example/mcp""#, #"[["https://mcp.example/mcp"]]"#),
            .claim(.aud, .wrongType)),
        Defect("aud a wildcard", .payload("https://mcp.example/mcp", "*"), .claim(.aud, .mismatch)),
    ]
}

@Suite("JWTValidation", .serialized)
struct JWTValidationTests {
    @Test("A good token is accepted", arguments: TokenMint.all)
    func goodToken(mint: TokenMint) throws {
        let jwt = try UnverifiedJWT(parsing: mint.token(), limit: 16_384)
        let verified = try TokenMint.validation().verify(jwt, keys: mint.keySet, now: TokenMint.now)
        #expect(verified.issuer == TokenMint.issuer)
        #expect(verified.expiresAt == 1_800_000_600)
        #expect(verified.claims.root["sub"]?.string == "alice")
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("One defect, one reason", arguments: Defect.all, TokenMint.all)
    func oneDefect(defect: Defect, mint: TokenMint) {
        let refusal = TokenMint.refusal(of: defect.token(mint), keys: mint.keySet)
        #expect(refusal == defect.expected)
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("Every defect has a name of its own")
    func names() {
        #expect(Set(Defect.all.map(\.name)).count == Defect.all.count)
        #expect(Defect.all.count >= 80)
    }

    @Test(
        "POLICY §6 typ: absent, JWT and at+jwt, with or without application/, in any case",
        arguments: [
            #""typ":"at+jwt""#, #""typ":"AT+JWT""#, #""typ":"application/at+jwt""#, #""typ":"Application/AT+JWT""#,
            #""typ":"JWT""#, #""typ":"jwt""#, #""typ":"application/jwt""#, #""x":1"#,
        ])
    func acceptableTypes(member: String) {
        let mint = TokenMint.es256
        let token = mint.token(header: mint.header.replacing(#""typ":"at+jwt""#, by: member))
        #expect(TokenMint.refusal(of: token, keys: mint.keySet) == nil)
    }

    @Test(
        "RFC 9068 §4: the profile wants at+jwt",
        arguments: [(#""typ":"JWT""#, false), (#""x":1"#, false), (#""typ":"application/at+jwt""#, true)])
    func profileType(member: String, accepted: Bool) {
        let mint = TokenMint.es256
        let token = mint.token(header: mint.header.replacing(#""typ":"at+jwt""#, by: member))
        let refusal = TokenMint.refusal(
            of: token, keys: mint.keySet, validation: TokenMint.validation { $0.profile = .rfc9068 })
        #expect(refusal == (accepted ? nil : .header(.type)))
    }

    @Test(
        "RFC 9068 §2.2: the profile wants sub, client_id, jti and iat",
        arguments: [
            (#""sub":"alice","#, JOSEError.ClaimName.sub), (#","client_id":"c1""#, .clientID), (#""jti":"j1","#, .jti),
            (#""iat":1799999990,"#, .iat),
        ])
    func profileClaims(member: String, name: JOSEError.ClaimName) {
        let mint = TokenMint.es256
        let payload = TokenMint.payload.replacing(member, by: "")
        let strict = TokenMint.refusal(
            of: mint.token(payload: payload), keys: mint.keySet,
            validation: TokenMint.validation { $0.profile = .rfc9068 })
        #expect(strict == .claim(name, .missing))
        #expect(TokenMint.refusal(of: mint.token(payload: payload), keys: mint.keySet) == nil)
    }

    @Test(
        "POLICY §7 null: an optional claim that is null counts as absent; where it is required, it is missing",
        arguments: [
            (#""nbf":1799999990"#, #""nbf":null"#, nil), (#""iat":1799999990"#, #""iat":null"#, .iat),
            (#""sub":"alice""#, #""sub":null"#, .sub), (#""jti":"j1""#, #""jti":null"#, .jti),
            (#""client_id":"c1""#, #""client_id":null"#, .clientID),
            (#""client_id":"c1""#, #""client_id":"c1","azp":null,"cid":null,"appid":null"#, nil),
            (#""scope":"mcp:use""#, #""scope":null"#, nil),
            (#""scope":"mcp:use""#, #""scope":null,"scp":null,"username":null,"act":null"#, nil),
        ] as [(String, String, JOSEError.ClaimName?)])
    func nullClaim(member: String, null: String, requiredByProfile: JOSEError.ClaimName?) throws {
        let mint = TokenMint.es256
        let token = mint.token(payload: TokenMint.payload.replacing(member, by: null))
        #expect(TokenMint.refusal(of: token, keys: mint.keySet) == nil)
        let strict = TokenMint.refusal(
            of: token, keys: mint.keySet, validation: TokenMint.validation { $0.profile = .rfc9068 })
        #expect(strict == requiredByProfile.map { .claim($0, .missing) })
        let aged = TokenMint.refusal(
            of: token, keys: mint.keySet, validation: TokenMint.validation { $0.maximumAge = 3_600 })
        #expect(aged == (requiredByProfile == .iat ? .claim(.iat, .missing) : nil))
        let jwt = try UnverifiedJWT(parsing: token, limit: 16_384)
        let verified = try TokenMint.validation().verify(jwt, keys: mint.keySet, now: TokenMint.now)
        #expect((verified.subject == nil) == (requiredByProfile == .sub))
        #expect((verified.tokenID == nil) == (requiredByProfile == .jti))
        #expect((verified.issuedAt == nil) == (requiredByProfile == .iat))
    }

    @Test("A claim that names the audience in place of aud is strict: null is refused")
    func nullAudienceClaim() {
        let mint = TokenMint.es256
        let token = mint.token(payload: TokenMint.payload.replacing(#""client_id":"c1""#, by: #""client_id":null"#))
        let refusal = TokenMint.refusal(
            of: token, keys: mint.keySet,
            validation: TokenMint.validation {
                $0.audienceClaim = "client_id"
                $0.audiences = ["c1"]
            })
        #expect(refusal == .claim(.clientID, .wrongType))
    }

    @Test("An ID token is not an access token", arguments: ["at_hash", "c_hash"])
    func idToken(claim: String) {
        let mint = TokenMint.es256
        let payload = TokenMint.payload.replacing("{", by: #"{"\#(claim)":"x","#)
        let plain = mint.token(header: mint.header.replacing("at+jwt", by: "JWT"), payload: payload)
        #expect(TokenMint.refusal(of: plain, keys: mint.keySet) == .notAnAccessToken)
        // The header declares an access token, so the claim has no special meaning.
        #expect(TokenMint.refusal(of: mint.token(payload: payload), keys: mint.keySet) == nil)
    }

    @Test(
        "RFC 7519 §4.1.4: exp + skew is the first moment of refusal",
        arguments: [(0, 599.0, nil), (0, 600.0, JOSEError.claim(.exp, .expired)), (60, 659.0, nil)]
            + [
                (60, 659.999, nil), (60, 660.0, .claim(.exp, .expired)), (300, 899.0, nil),
                (300, 900, .claim(.exp, .expired)),
            ]
    )
    func expiry(skew: Int, elapsed: Double, expected: JOSEError?) {
        let mint = TokenMint.es256
        let refusal = TokenMint.refusal(
            of: mint.token(), keys: mint.keySet, validation: TokenMint.validation { $0.clockSkew = skew },
            now: TokenMint.now + elapsed)
        #expect(refusal == expected)
    }

    @Test("nbf and iat within the skew, and fractional times, are accepted", arguments: ["1800000060", "1800000059.5"])
    func withinSkew(time: String) {
        let mint = TokenMint.es256
        for name in ["nbf", "iat"] {
            let payload = TokenMint.payload.replacing("\"\(name)\":1799999990", by: "\"\(name)\":\(time)")
            #expect(TokenMint.refusal(of: mint.token(payload: payload), keys: mint.keySet) == nil)
        }
        let fraction = TokenMint.payload.replacing("1800000600", by: "1800000600.5")
        #expect(TokenMint.refusal(of: mint.token(payload: fraction), keys: mint.keySet) == nil)
    }

    @Test(
        "RFC 7519 §4.1.3: any one of several audiences; the resource with or without one trailing slash",
        arguments: [
            #""https://mcp.example/mcp""#, #""https://mcp.example/mcp/""#, #"["a","https://mcp.example/mcp"]"#,
            #"["https://mcp.example/mcp/","b"]"#, #""https:\/\/mcp.example\/mcp""#, #""urn:other""#,
        ])
    func audiences(value: String) {
        let mint = TokenMint.es256
        let payload = TokenMint.payload.replacing(#""https://mcp.example/mcp""#, by: value)
        let refusal = TokenMint.refusal(
            of: mint.token(payload: payload), keys: mint.keySet,
            validation: TokenMint.validation { $0.audiences = ["urn:other"] })
        #expect(refusal == nil)
    }

    @Test("Another accepted audience has no tolerance for a slash")
    func exactAudience() {
        let mint = TokenMint.es256
        let payload = TokenMint.payload.replacing("https://mcp.example/mcp", by: "urn:other/")
        for resource in [nil, TokenMint.resource] {
            let validation = TokenMint.validation {
                $0.audiences = ["urn:other"]
                $0.resource = resource
            }
            #expect(
                TokenMint.refusal(of: mint.token(payload: payload), keys: mint.keySet, validation: validation)
                    == .claim(.aud, .mismatch))
        }
    }

    @Test("A resource configured with a trailing slash accepts it without, and not the empty string for a single slash")
    func trailingSlashResource() {
        let mint = TokenMint.es256
        let validation = TokenMint.validation { $0.resource = "https://mcp.example/mcp/" }
        #expect(TokenMint.refusal(of: mint.token(), keys: mint.keySet, validation: validation) == nil)
    }

    @Test("The policy chooses the algorithm: an allowed row only")
    func policyAlgorithms() {
        let mint = TokenMint.rs256
        let refusal = TokenMint.refusal(
            of: mint.token(), keys: mint.keySet, validation: TokenMint.validation { $0.algorithms = [.es256] })
        #expect(refusal == .header(.algorithmNotAllowed))
    }

    @Test("A policy without issuer, audience or algorithm, or with a number out of range, cannot be made; all at once")
    func faults() {
        #expect(TokenMint.validation().policy.faults.isEmpty)
        var policy = JWTPolicy(issuer: "", resource: nil)
        policy.algorithms = []
        policy.audienceClaim = ""
        policy.clockSkew = 301
        policy.maximumAge = 0
        policy.maximumLifetime = 31_536_001
        policy.requiredClaims = [.init("")]
        let error = #expect(throws: JWTPolicy.Invalid.self) { try JWTValidation(policy) }
        #expect(error?.faults == JWTPolicy.Fault.allCases)
        #expect(policy.faults == JWTPolicy.Fault.allCases)
        for resource in ["", "/"] {
            #expect(JWTPolicy(issuer: "i", resource: resource).faults == [.noAudience])
        }
        policy = JWTPolicy(issuer: "i", resource: "r")
        policy.audiences = [""]
        #expect(policy.faults == [.noAudience])
        policy = JWTPolicy(issuer: "i", resource: "r")
        policy.clockSkew = -1
        policy.requiredClaims = [.init("x", .oneOf([]))]
        #expect(policy.faults == [.clockSkew, .requiredClaims])
    }

    @Test("RFC 8725 §3.10: jwk, jku, x5u, x5c and x5t in the header are ignored")
    func embeddedKeys() throws {
        let mint = TokenMint.es256
        let stranger = TokenMint(.es256)
        let jwk = String(decoding: JSONValue.object(stranger.key.publicJWK).encoded(), as: UTF8.self)
        let members = #""jwk":\#(jwk),"jku":"https://evil.example","x5u":"https://evil.example","x5c":["x"],"x5t":"x","#
        // A token with a foreign key in its header is refused if that key signed it, and accepted if the issuer's key
        // did.
        #expect(
            TokenMint.refusal(
                of: stranger.token(header: stranger.header.replacing("{", by: "{" + members)), keys: mint.keySet)
                == .badSignature)
        #expect(
            TokenMint.refusal(of: mint.token(header: mint.header.replacing("{", by: "{" + members)), keys: mint.keySet)
                == nil)
    }

    @Test("Verification with one key from 8 tasks at once")
    func concurrency() async {
        for mint in TokenMint.all {
            let keys = mint.keySet
            let good = mint.token()
            let bad = TokenMint(mint.key.algorithm).token()
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        (0..<12).allSatisfy { _ in
                            TokenMint.refusal(of: good, keys: keys) == nil
                                && TokenMint.refusal(of: bad, keys: keys) == .badSignature
                        }
                    }
                }
                for await held in group { #expect(held) }
            }
        }
    }
}
