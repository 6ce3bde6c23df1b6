import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

@Suite("IntrospectionAnswer: what the members of a response mean", .serialized)
struct IntrospectionAnswerTests {
    private typealias Fixture = IntrospectionFixture

    private static func answer(_ changes: JSONDocument.Object, without names: [String] = []) -> JSONDocument.Object {
        var answer = Fixture.good
        for name in names { answer[name] = nil }
        for (name, value) in changes.members { answer[name] = value }
        return answer
    }

    private func fixture(_ changes: JSONDocument.Object, without names: [String] = []) throws -> Fixture {
        try Fixture(ScriptedIntrospection(Self.answer(changes, without: names)))
    }

    // MARK: token_type

    @Test(
        "POLICY §9: token_type is Bearer, N_A or access_token, in any case, or absent",
        arguments: [
            "Bearer", "bearer", "BEARER", "N_A", "n_a", "access_token", "ACCESS_TOKEN", .null,
        ] as [JSONValue])
    func acceptedKind(type: JSONValue) async throws {
        #expect(try await fixture(["token_type": type]).code() == nil)
    }

    @Test(
        "POLICY §9: every other token_type is refused",
        arguments: [
            "refresh_token", "id_token", "mac", "pop", "access-token", "access_token ", " Bearer", "Bearer,DPoP",
            "urn:ietf:params:oauth:token-type:access_token", "access\u{212A}token", "null", "", 1, true, false, [],
            ["Bearer"], ["access_token"], [:],
        ] as [JSONValue])
    func refusedKind(type: JSONValue) async throws {
        let fixture = try fixture(["token_type": type])
        #expect(await fixture.code() == "not_an_access_token")
        #expect(fixture.failures == [])
    }

    @Test("RFC 9449 §6.2: token_type DPoP, in any case, is accepted only with the key", arguments: ["DPoP", "dpop"])
    func keyOfDPoP(type: String) async throws {
        let thumbprint = JSONValue.string(String(repeating: "A", count: 43))
        func code(
            _ cnf: JSONValue?, _ confirmations: Set<KeyConfirmation.Method> = [.dpop, .mutualTLS]
        ) async throws -> String? {
            var answer = Self.answer(["token_type": .string(type)])
            answer["cnf"] = cnf
            return try await Fixture(ScriptedIntrospection(answer)) { $0.confirmations = confirmations }.code()
        }
        #expect(try await code(["jkt": thumbprint]) == nil)
        #expect(try await code(["jkt": thumbprint, "x5t#S256": thumbprint]) == nil)
        #expect(try await code(["x5t#S256": thumbprint]) == "cnf_missing")
        #expect(try await code(nil) == "cnf_missing")
        #expect(try await code(nil, []) == "cnf_missing")
        #expect(try await code(["jkt": thumbprint], []) == "cnf_unsatisfied")
    }

    @Test("A kind that is accepted satisfies no binding: cnf is refused as before", arguments: ["DPoP", "Bearer"])
    func boundKind(type: String) async throws {
        let fixture = try fixture(["token_type": .string(type), "cnf": ["jkt": "x"]])
        #expect(await fixture.code() == "cnf_unsatisfied")
    }

    // MARK: null

    @Test(
        "POLICY §7 and §9 null: an optional member is absent; exp, iss, aud and cnf are refused with their reasons",
        arguments: [
            ("nbf", nil), ("iat", nil), ("sub", nil), ("jti", nil), ("client_id", nil),
            ("username", nil), ("scope", nil), ("scp", nil), ("token_type", nil), ("token_use", nil),
            ("azp", nil), ("act", nil), ("exp", "exp_wrong_type"), ("iss", "iss_wrong_type"),
            ("aud", "aud_wrong_type"), ("cnf", "cnf_unsatisfied"),
        ] as [(String, String?)])
    func null(name: String, code: String?) async throws {
        let fixture = try fixture([name: .null])
        #expect(await fixture.code() == code)
        #expect(fixture.failures == [])
    }

    @Test("A response with null for all that it does not know is good")
    func allNull() async throws {
        let fixture = try fixture([
            "nbf": .null, "iat": .null, "jti": .null, "client_id": .null, "token_type": .null, "token_use": .null,
            "username": .null, "scope": .null, "scp": ["mcp:use"],
        ])
        let token = try await fixture.verifier.verify(Fixture.token())
        #expect(token.expiresAt == nil && token.subject == "alice" && token.scopes.tokens == ["mcp:use"])
        #expect(!token.hasMalformedScopes)
    }

    @Test("RFC 7662 §2.2: active is JSON true; null there is no answer, neither good nor bad")
    func activeNull() async throws {
        let fixture = try fixture(["active": .null])
        #expect(await fixture.code() == "introspection_unavailable")
        #expect(fixture.failures == ["active_not_boolean"])
    }

    @Test(
        "A scope of the wrong type grants nothing and is reported; the token stays good, as in a JWT",
        arguments: [7, true, [:], ["mcp:use", 1], [.null], [["mcp:use"]]] as [JSONValue])
    func malformedScope(scope: JSONValue) async throws {
        let token = try await fixture(["scope": scope]).verifier.verify(Fixture.token())
        #expect(token.scopes.isEmpty && token.hasMalformedScopes)
    }

    @Test(
        "RFC 7662 §2.2: active is a Boolean, nothing that looks like one",
        arguments: ["true", "false", "", 1, 0, [], [true], [:], "True"] as [JSONValue])
    func activeOfAnotherType(active: JSONValue) async throws {
        let fixture = try fixture(["active": active])
        #expect(await fixture.code() == "introspection_unavailable")
        #expect(fixture.failures == ["active_not_boolean"])
    }

    @Test(
        "Claims that protect the token are refused in every other type, each with its reason",
        arguments: [
            (["exp": "1900000000"], "exp_wrong_type"), (["exp": true], "exp_wrong_type"),
            (["exp": []], "exp_wrong_type"),
            (["nbf": "1"], "nbf_wrong_type"), (["iss": ["https://issuer.example"]], "iss_wrong_type"),
            (["iss": "https://issuer.example/"], "iss_mismatch"), (["iss": ""], "iss_mismatch"),
            (["aud": 1], "aud_wrong_type"), (["aud": [1]], "aud_wrong_type"), (["aud": [:]], "aud_wrong_type"),
            (["aud": []], "aud_mismatch"), (["aud": ""], "aud_mismatch"), (["cnf": [:]], "cnf_unsatisfied"),
            (["cnf": false], "cnf_unsatisfied"), (["sub": 7], "sub_wrong_type"), (["jti": []], "jti_wrong_type"),
            (["client_id": 7], "client_id_wrong_type"), (["token_use": "refresh_token"], "not_an_access_token"),
            (["token_use": "id"], "not_an_access_token"), (["token_use": ["access"]], "not_an_access_token"),
        ] as [(JSONDocument.Object, String)])
    func protected(members: JSONDocument.Object, code: String) async throws {
        #expect(try await fixture(members).code() == code)
    }

    // MARK: The subject

    @Test(
        "POLICY §7 subject: sub; without one username; with neither the token is its client's",
        arguments: [
            (["sub": "alice"], .sub, "alice"), (["sub": "alice", "username": "bob"], .sub, "alice"),
            (["sub": "alice", "username": 7], .sub, "alice"), (["sub": "alice", "username": .null], .sub, "alice"),
            (["username": "bob"], .username, "bob"), (["sub": .null, "username": "bob"], .username, "bob"),
            (["sub": "", "username": "bob"], .username, "bob"), (["username": " "], .username, " "),
            (["sub": "null", "username": "bob"], .sub, "null"),
            (["user_name": "bob", "preferred_username": "bob", "name": "bob", "email": "bob"], nil, nil),
            (["username": ""], nil, nil), (["sub": "", "username": ""], nil, nil), (["username": .null], nil, nil),
            ([:], nil, nil), (["Username": "bob"], nil, nil),
        ] as [(JSONDocument.Object, AccessToken.SubjectClaim?, String?)])
    func subject(members: JSONDocument.Object, claim: AccessToken.SubjectClaim?, subject: String?) async throws {
        var answer = Self.answer(members, without: ["sub"])
        if let sub = members["sub"] { answer["sub"] = sub }
        answer["client_id"] = "app"
        let token = try await Fixture(ScriptedIntrospection(answer)).verifier.verify(Fixture.token())
        #expect(token.subjectClaim == claim)
        #expect(token.subject == subject)
        #expect(token.clientID == "app")
    }

    @Test(
        "A username that would be the subject and is no string is refused: its users would be one principal",
        arguments: [
            (["username": 7], "username_wrong_type"), (["username": ["bob"]], "username_wrong_type"),
            (["username": false], "username_wrong_type"), (["username": [:]], "username_wrong_type"),
            (["username": [:], "sub": .null], "username_wrong_type"),
            (["username": 7, "sub": ""], "username_wrong_type"),
            (["username": "bob", "sub": 7], "sub_wrong_type"), (["username": "bob", "sub": []], "sub_wrong_type"),
        ] as [(JSONDocument.Object, String)])
    func malformedUsername(members: JSONDocument.Object, code: String) async throws {
        #expect(try await fixture(members, without: ["sub"]).code() == code)
    }

    @Test(
        "A JWT never takes username: with or without sub, it is a claim like others",
        arguments: [(#""alice""#, "alice"), ("null", nil), (#""""#, nil)] as [(String, String?)])
    func jwt(sub: String, subject: String?) async throws {
        let issuer = IssuerFixture.issuer
        let verifier = try JWTTokenVerifier(
            [
                TrustedIssuer(
                    try JWTValidation(issuer: issuer.url, resource: IssuerFixture.resource), keys: issuer.keySource)
            ], clock: WallClock { IssuerFixture.now })
        let claim = try JSONValue(parsing: Array(sub.utf8))
        let text = issuer.token {
            $0.claims["sub"] = claim
            $0.claims["username"] = "bob"
        }
        let token = try await verifier.verify(PresentedToken(Array(text.utf8)))
        #expect(token.subject == subject)
        #expect(token.subjectClaim == (subject == nil ? nil : .sub))
        // A verifier of the program makes a token in the same way.
        let own = AccessToken(
            issuer: nil, expiresAt: nil, claims: try JSONDocument(parsing: [UInt8](#"{"username":"bob"}"#.utf8)))
        #expect(own.subject == nil && own.subjectClaim == nil)
    }
}
