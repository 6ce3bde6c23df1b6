import HTTPMessages
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("ResourceServer", .serialized)
struct ResourceServerTests {
    private static let bearer = #"Bearer scope="mcp:use", \#(GuardFixture.challengeTail)"#
    private static let invalidToken =
        #"Bearer error="invalid_token", error_description="The access token is malformed, expired or not valid for this resource.", scope="mcp:use", \#(GuardFixture.challengeTail)"#
    private static let repeated =
        #"Bearer error="invalid_request", error_description="The request carries more than one Authorization value.", scope="mcp:use", \#(GuardFixture.challengeTail)"#

    @Test("A good token is let through, with its principal")
    func proceed() async throws {
        let fixture = try GuardFixture()
        let token = GuardFixture.issuer.token { $0.claims["sub"] = "alice" }
        var fields = HTTPFields()
        fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + token)))
        let target: HTTPRequest.Target = "/mcp"
        guard case .proceed(let admission) = await fixture.server.decide(method: .post, target: target, fields: fields)
        else {
            Issue.record("refused")
            return
        }
        let principal = admission.principal
        #expect(principal.subject == "alice")
        #expect(principal.clientID == "test-client")
        #expect(principal.issuer == "https://issuer.example")
        #expect(principal.scopes.description == "mcp:use")
        #expect(principal.expiresAt == GuardFixture.now + 3_600)
        #expect(principal.claims["aud"]?.string == GuardFixture.resource)
        #expect("\(principal)" == "<principal>")
        #expect(principal.accessToken?.description == "<verified access token>")
    }

    @Test(
        "POLICY §1: no credentials, or another scheme, is 401 with a challenge and without an error",
        arguments: [
            (nil, "missing_credentials"), ("", "missing_credentials"), ("Basic YWxpY2U6cHc=", "other_scheme"),
            ("Digest username=\"a, b\", realm=\"c\"", "other_scheme"),
            ("Digest username = \"x\", realm = \"y\"", "other_scheme"),
            ("Digest a=\"b\\\", Bearer c\", d=e", "other_scheme"), ("Digest a=b,\tc =d", "other_scheme"),
            ("Bearerabc", "other_scheme"), ("Negotiate", "other_scheme"), ("DPoP abc", "other_scheme"),
            ("eyJhbGciOiJFUzI1NiJ9.e30.AA", "scheme_missing"), ("c2VjcmV0c2VjcmV0c2Vj", "scheme_missing"),
        ] as [(String?, String)])
    func missingCredentials(authorization: String?, code: String) async throws {
        let fixture = try GuardFixture()
        let response: HTTPResponse?
        if let authorization {
            response = try await fixture.refusal(authorization)
        } else {
            response = try await fixture.refusal()
        }
        #expect(response?.status == .unauthorized)
        #expect(response?.text(.wwwAuthenticate) == Self.bearer)
        #expect(response?.text(.cacheControl) == "no-store")
        #expect(response?.text(.contentType) == "application/json")
        #expect(response?.bodyText == #"{"error":"unauthorized","error_description":"An access token is required."}"#)
        #expect(fixture.log.all.map(\.description) == ["denied reason=\(code) token=none method=POST path=/mcp"])
    }

    @Test(
        "POLICY §1: no token is 401 before any content negotiation, whatever the method, path and Accept",
        arguments: [HTTPMethod.get, .post, .delete, .put, .options], ["/mcp", "/", "/elsewhere", "*"])
    func beforeNegotiation(method: HTTPMethod, target: String) async throws {
        let fixture = try GuardFixture()
        let response = try await fixture.refusal(
            method: method, target: target, fields: [(.accept, "text/html"), (.contentType, "text/plain")])
        #expect(response?.status == .unauthorized)
        #expect(response?.text(.wwwAuthenticate) == Self.bearer)
    }

    @Test("POLICY §3: a refused HEAD has no body and the same fields")
    func head() async throws {
        let response = try await GuardFixture().refusal(method: .head)
        #expect(response?.status == .unauthorized)
        #expect(response?.text(.wwwAuthenticate) == Self.bearer)
        #expect(response?.bodyText == "")
    }

    @Test(
        "RFC 6750 §2.1, POLICY §2: Bearer 1*SP token68 and nothing after it",
        arguments: [
            "Bearer", "Bearer a b", "Bearer\ta", "Bearer a\tb", "Bearer a,b", "Bearer a;b", "Bearer \"a\"", "Bearer =",
            "Bearer a=b", "Bearer <a>", "Bearer {}", "Bearer a, b=c", "bearer ä", "BEARER a%20b", "Bearer, a",
        ])
    func syntax(authorization: String) async throws {
        let fixture = try GuardFixture()
        let response = try await fixture.refusal(authorization)
        #expect(response?.status == .unauthorized)
        #expect(response?.text(.wwwAuthenticate) == Self.invalidToken)
        #expect(fixture.log.denials == ["token_syntax"])
    }

    @Test(
        "The scheme is case-insensitive; several spaces are one separator",
        arguments: ["Bearer ", "bearer ", "BEARER ", "bEaReR   "])
    func scheme(prefix: String) async throws {
        #expect(try await GuardFixture().refusal(prefix + GuardFixture.issuer.token()) == nil)
    }

    @Test("POLICY §2: two Authorization fields, even equal ones, are 400")
    func repeatedFields() async throws {
        let fixture = try GuardFixture()
        let good = "Bearer " + GuardFixture.issuer.token()
        for pair in [[good, good], [good, "Basic x"], ["Basic x", good]] {
            let response = try await fixture.refusal(
                pair[0], fields: [(.authorization, try #require(HTTPFields.Value(pair[1])))])
            #expect(response?.status == .badRequest)
            #expect(response?.text(.wwwAuthenticate) == Self.repeated)
        }
        #expect(fixture.log.denials == ["repeated_credentials", "repeated_credentials", "repeated_credentials"])
    }

    @Test(
        "POLICY §2: one field with two credentials is 400",
        arguments: ["Bearer a, Bearer b", "Bearer a,Bearer b", "Basic a, Bearer b", "Bearer a,\tBasic b"])
    func twoCredentials(authorization: String) async throws {
        let fixture = try GuardFixture()
        let response = try await fixture.refusal(authorization)
        #expect(response?.status == .badRequest)
        #expect(response?.text(.wwwAuthenticate) == Self.repeated)
        #expect(fixture.log.denials == ["repeated_credentials"])
    }

    @Test(
        "POLICY §2: a query token alone is as if absent; beside one in the header it is 400",
        arguments: ["access_token=x", "a=b&access_token=", "access%5Ftoken=x", "acce%73s_token=x"])
    func queryToken(query: String) async throws {
        let fixture = try GuardFixture()
        let alone = try await fixture.refusal(target: "/mcp?" + query)
        #expect(alone?.status == .unauthorized)
        #expect(alone?.text(.wwwAuthenticate) == Self.bearer)
        let both = try await fixture.refusal("Bearer " + GuardFixture.issuer.token(), target: "/mcp?" + query)
        #expect(both?.status == .badRequest)
        #expect(
            both?.text(.wwwAuthenticate)?.hasPrefix(
                #"Bearer error="invalid_request", error_description="The access token must be sent in the Authorization header only.""#
            ) == true)
        #expect(fixture.log.denials == ["token_in_query", "token_in_two_places"])
    }

    @Test(
        "Other query parameters do not matter",
        arguments: ["", "x=access_token", "access_tokens=x", "xaccess_token=x", "Access_Token=x"])
    func otherQuery(query: String) async throws {
        #expect(
            try await GuardFixture().refusal("Bearer " + GuardFixture.issuer.token(), target: "/mcp?" + query) == nil)
    }

    @Test("POLICY §1: a token in a form body beside one in the header is 400; alone it is never read")
    func formToken() async throws {
        let fixture = try GuardFixture()
        let form: [(HTTPFields.Name, HTTPFields.Value)] = [
            (.contentType, "Application/X-WWW-Form-Urlencoded; charset=utf-8")
        ]
        let body = Array("a=b&access_token=x".utf8)
        #expect(try await fixture.refusal(fields: form, body: body)?.status == .unauthorized)
        #expect(
            try await fixture.refusal("Bearer " + GuardFixture.issuer.token(), fields: form, body: body)?.status
                == .badRequest)
        #expect(
            try await fixture.refusal(
                "Bearer " + GuardFixture.issuer.token(), fields: [(.contentType, "application/json")], body: body)
                == nil)
    }

    @Test("A token in a cookie is never read")
    func cookie() async throws {
        let cookie: HTTPFields.Name = "Cookie"
        let value = try #require(HTTPFields.Value("access_token=" + GuardFixture.issuer.token()))
        #expect(try await GuardFixture().refusal(fields: [(cookie, value)])?.status == .unauthorized)
    }

    @Test("POLICY §2: the token cap, at the limit and one beyond, without parsing")
    func tokenCap() async throws {
        let fixture = try GuardFixture()
        let atLimit = try await fixture.refusal("Bearer " + String(repeating: "a", count: 16_384))
        let beyond = try await fixture.refusal("Bearer " + String(repeating: "a", count: 16_385))
        #expect(atLimit?.status == .unauthorized)
        #expect(beyond?.status == .unauthorized)
        #expect(beyond?.text(.wwwAuthenticate) == Self.invalidToken)
        #expect(fixture.log.denials == ["token_parts", "token_too_large"])
    }

    @Test("POLICY §2: a smaller configured cap holds")
    func smallerCap() async throws {
        let fixture = try GuardFixture { $0.tokens.maximumBytes = 1_024 }
        _ = try await fixture.refusal("Bearer " + String(repeating: "a", count: 1_024))
        _ = try await fixture.refusal("Bearer " + String(repeating: "a", count: 1_025))
        #expect(fixture.log.denials == ["token_parts", "token_too_large"])
    }

    @Test("POLICY §1: another scheme over the size cap is 400")
    func longBasic() async throws {
        let fixture = try GuardFixture()
        let response = try await fixture.refusal("Basic " + String(repeating: "a", count: 20_000))
        #expect(response?.status == .badRequest)
        #expect(fixture.log.denials == ["authorization_too_long"])
    }

    @Test(
        "POLICY §1, THREATS B5: every bad token has the same answer, and a reason of its own for the operator",
        arguments: TokenDefect.allCases)
    func oneAnswer(defect: TokenDefect) async throws {
        let fixture = try GuardFixture()
        let response = try await fixture.refusal("Bearer " + GuardFixture.issuer.token(with: defect))
        #expect(response?.status == .unauthorized)
        #expect(
            response?.text(.wwwAuthenticate) == Self.invalidToken)
        #expect(fixture.log.denials.count == 1)
        #expect(fixture.log.denials.first?.isEmpty == false)
    }

    @Test("POLICY §1: a token without the scope is 403 with all scopes of the operation")
    func insufficientScope() async throws {
        let fixture = try GuardFixture(requiredScopes: ["files:write", "files:read"])
        for scope in ["files:read", "", "files:rea files:writ", "FILES:READ FILES:WRITE"] {
            let token = GuardFixture.issuer.token { $0.claims["scope"] = .string(scope) }
            let response = try await fixture.refusal("Bearer " + token)
            #expect(response?.status == .forbidden)
            #expect(
                response?.text(.wwwAuthenticate)
                    == #"Bearer error="insufficient_scope", error_description="The operation needs scopes that the access token does not carry.", scope="files:read files:write", \#(GuardFixture.challengeTail)"#
            )
            #expect(response?.text(.cacheControl) == "no-store")
            #expect(
                response?.bodyText
                    == #"{"error":"insufficient_scope","error_description":"The operation needs scopes that the access token does not carry."}"#
            )
        }
    }

    @Test(
        "POLICY §7: scope as string or array, else scp; a wrong type means none",
        arguments: [
            (["scope": "files:read x"], true), (["scope": ["files:read"]], true), (["scp": "x files:read"], true),
            (["scp": ["x", "files:read"]], true), (["scope": 7], false), (["scope": ["files:read", 7]], false),
            (["scope": "x", "scp": "files:read"], false), ([:], false), (["roles": ["files:read"]], false),
        ] as [(JSONDocument.Object, Bool)])
    func scopeClaims(claims: JSONDocument.Object, accepted: Bool) async throws {
        let fixture = try GuardFixture(requiredScopes: ["files:read"])
        let token = GuardFixture.issuer.token { draft in
            draft.claims["scope"] = nil
            for (name, value) in claims.members { draft.claims[name] = value }
        }
        #expect(try await fixture.refusal("Bearer " + token)?.status == (accepted ? nil : .forbidden))
        let isWrong = claims["scope"]?.number != nil || (claims["scope"]?.array ?? []).contains { $0.string == nil }
        #expect(fixture.log.all.contains { $0.description.hasPrefix("scopes_ignored") } == isWrong)
    }

    @Test("POLICY §1: an expired token that also lacks scope is 401")
    func expiredBeforeScope() async throws {
        let fixture = try GuardFixture(requiredScopes: ["other"])
        let token = GuardFixture.issuer.token { $0.expiresAt = GuardFixture.now - 3_600 }
        #expect(try await fixture.refusal("Bearer " + token)?.status == .unauthorized)
        #expect(fixture.log.denials == ["exp_expired"])
    }

    @Test("POLICY §3: no scope parameter when nothing is required; realm first when configured")
    func challengeForms() async throws {
        let plain = try GuardFixture(requiredScopes: [])
        #expect(try await plain.refusal()?.text(.wwwAuthenticate) == "Bearer " + GuardFixture.challengeTail)
        let realm = try GuardFixture(requiredScopes: []) { $0.responses.realm = "notes" }
        #expect(
            try await realm.refusal()?.text(.wwwAuthenticate) == #"Bearer realm="notes", "# + GuardFixture.challengeTail
        )
    }

    @Test(
        "POLICY §1: when nobody can decide it is 503 with Retry-After 1…60 and without a challenge",
        arguments: [(0, "1"), (7, "7"), (600, "60")])
    func unavailable(seconds: Int, expected: String) async throws {
        struct Down: TokenVerifier {
            let seconds: Int
            func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
                throw .unavailable(.verifier, retryAfter: seconds)
            }
        }
        let fixture = try GuardFixture(verifier: Down(seconds: seconds))
        let response = try await fixture.refusal("Bearer abc")
        #expect(response?.status == .serviceUnavailable)
        #expect(response?.text(.retryAfter) == expected)
        #expect(response?.fields.contains(.wwwAuthenticate) == false)
        #expect(response?.bodyText == #"{"error":"temporarily_unavailable"}"#)
        #expect(response?.text(.cacheControl) == "no-store")
        #expect(fixture.log.denials == ["verifier_unavailable"])
    }

    @Test("An event names a token by 16 hexadecimal digits of its SHA-256, never by itself")
    func fingerprint() async throws {
        let fixture = try GuardFixture()
        let token = GuardFixture.issuer.token()
        #expect(try await fixture.refusal("Bearer " + token) == nil)
        guard case .allowed(let request) = fixture.log.all.first else {
            Issue.record("no event")
            return
        }
        #expect(request.fingerprint == PresentedToken(Array(token.utf8)).fingerprint)
        #expect(PresentedToken(Array("abc".utf8)).fingerprint == "ba7816bf8f01cfea")
        let presented = PresentedToken(Array("secret".utf8))
        #expect("\(presented) \(String(reflecting: presented))" == "<access token> <access token>")
        #expect(Mirror(reflecting: presented).children.isEmpty)
    }
}
