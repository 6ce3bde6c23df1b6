import JOSE
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

@Suite("Scopes of a token", .serialized)
struct ScopeMappingTests {
    private func token(_ claims: String, _ mapping: ScopeMapping = ScopeMapping()) throws -> AccessToken {
        let document = try JSONDocument(parsing: Array(claims.utf8))
        return AccessToken(issuer: nil, expiresAt: nil, claims: document, scopes: mapping)
    }

    private static let roles = ScopeMapping(claims: [
        .init(["realm_access", "roles"], grants: ["editor": ["write", "read"], "Domain Users": ["read"]]),
        .init(["resource_access", "notes.example", "roles"], grants: ["reader": ["read"]]),
        .init(["https://example/groups"], grants: ["/staff": ["staff"]]),
    ])

    @Test(
        "Roles and groups grant scopes by the path of their claim; a name may hold dots, a value may hold spaces",
        arguments: [
            (#"{}"#, "", false),
            (#"{"realm_access":{"roles":["editor","other"]}}"#, "read write", false),
            (#"{"realm_access":{"roles":["Domain Users"]},"scope":"mcp:use"}"#, "mcp:use read", false),
            (#"{"realm_access":{"roles":"Domain Users"}}"#, "read", false),
            // A string is a single value, not a list.
            (#"{"realm_access":{"roles":"editor reader"}}"#, "", false),
            (#"{"resource_access":{"notes.example":{"roles":["reader"]}}}"#, "read", false),
            (#"{"resource_access":{"notes":{"example":{"roles":["reader"]}}}}"#, "", false),
            (#"{"resource_access.notes.example.roles":["reader"]}"#, "", false),
            (#"{"https://example/groups":["/staff"]}"#, "staff", false),
            // A role is not a scope unless it is mapped. Roles are compared as bytes.
            (#"{"realm_access":{"roles":["write","Editor","editor "]}}"#, "", false),
            (#"{"realm_access":{"roles":{"editor":true}},"scope":"a"}"#, "a", true),
            (#"{"realm_access":{"roles":["editor",1]},"scope":"a"}"#, "a", true),
            (#"{"realm_access":[{"roles":["editor"]}]}"#, "", false),
            (#"{"realm_access":{"roles":["editor"]},"scope":7}"#, "read write", true),
        ])
    func roles(claims: String, scopes: String, isMalformed: Bool) throws {
        let token = try token(claims, Self.roles)
        #expect(token.scopes.description == scopes)
        #expect(token.hasMalformedScopes == isMalformed)
    }

    @Test("POLICY §11: the token's spelling becomes the one that clients request")
    func spelling() throws {
        let entra = ScopeMapping(spelling: .withoutPrefix("api://id/"))
        #expect(try token(#"{"scp":"read write"}"#, entra).scopes.description == "api://id/read api://id/write")
        #expect(try token(#"{"scp":["read"]}"#, entra).scopes.description == "api://id/read")
        // A value that already has the prefix is not accepted as the mapped scope.
        #expect(try token(#"{"scp":"api://id/read"}"#, entra).scopes.contains("api://id/read") == false)
        let renamed = ScopeMapping(spelling: .renamed([.init(token: "r", requested: "https://x/read")]))
        #expect(try token(#"{"scope":"r R other"}"#, renamed).scopes.description == "R https://x/read other")
        // The mapping respells scopes, but not the scopes that roles grant.
        let both = ScopeMapping(
            spelling: .withoutPrefix("p:"), claims: [.init(["roles"], grants: ["admin": ["p:admin"]])])
        #expect(try token(#"{"scope":"a","roles":["admin"]}"#, both).scopes.description == "p:a p:admin")
    }

    @Test("THREATS C15: a claim with too many values grants none; at the limit all count", arguments: [true, false])
    func count(isArray: Bool) throws {
        func claims(_ count: Int) -> String {
            let scopes = (0..<count).map { "s\($0)" }
            return isArray
                ? "{\"scope\":[\(scopes.map { "\"\($0)\"" }.joined(separator: ","))]}"
                : "{\"scope\":\"\(scopes.joined(separator: " "))\"}"
        }
        let most = try token(claims(TokenScopes.maximumValues))
        #expect(most.scopes.tokens.count == TokenScopes.maximumValues)
        #expect(!most.hasMalformedScopes)
        #expect((0..<TokenScopes.maximumValues).allSatisfy { most.scopes.contains("s\($0)") })
        #expect(!most.scopes.contains("s") && !most.scopes.contains("s1000") && !most.scopes.contains("t"))
        let over = try token(claims(TokenScopes.maximumValues + 1))
        #expect(over.scopes.isEmpty)
        #expect(over.hasMalformedScopes)
    }

    @Test("Another issuer's mapping does not apply: it belongs to the issuer")
    func perIssuer() async throws {
        let (one, other) = (IssuerFixture.issuer, IssuerFixture.stranger)
        func trusted(_ issuer: FakeIssuer, _ mapping: ScopeMapping) throws -> TrustedIssuer {
            .init(
                try JWTValidation(issuer: issuer.url, resource: IssuerFixture.resource), keys: issuer.keySource,
                scopes: mapping)
        }
        let verifier = try JWTTokenVerifier(
            [
                trusted(one, ScopeMapping(spelling: .withoutPrefix("api://id/"))),
                trusted(other, ScopeMapping()),
            ], clock: WallClock { IssuerFixture.now })
        let mapped = try await verifier.verify(PresentedToken(Array(one.token { $0.claims["scope"] = "read" }.utf8)))
        #expect(mapped.scopes.description == "api://id/read")
        let plain = try await verifier.verify(PresentedToken(Array(other.token { $0.claims["scope"] = "read" }.utf8)))
        #expect(plain.scopes.description == "read")
    }

    @Test(
        "A mapping that cannot be meant is a configuration error",
        arguments: [
            (ScopeMapping(spelling: .withoutPrefix("")), ["i.scopes.spelling"]),
            (ScopeMapping(spelling: .withoutPrefix("a b")), ["i.scopes.spelling"]),
            (
                ScopeMapping(
                    spelling: .renamed([.init(token: "a", requested: "b"), .init(token: "a", requested: "c d")])),
                ["i.scopes.spelling[1]", "i.scopes.spelling[1]"]
            ),
            (ScopeMapping(claims: [.init([], grants: ["a": ["b"]])]), ["i.scopes.claims[0]"]),
            (ScopeMapping(claims: [.init(["a", ""], grants: ["a": ["b"]])]), ["i.scopes.claims[0]"]),
            (ScopeMapping(claims: [.init(["a"], grants: [:])]), ["i.scopes.claims[0]"]),
            (ScopeMapping(claims: [.init(["a"], grants: ["x": []])]), ["i.scopes.claims[0]"]),
            (ScopeMapping(claims: [.init(["a"], grants: ["x": ["b c"]])]), ["i.scopes.claims[0]"]),
        ])
    func faults(mapping: ScopeMapping, settings: [String]) throws {
        var faults: ConfigurationFaults = []
        mapping.check(at: ("i" as ConfigurationError.Path) + "scopes", &faults)
        #expect(ConfigurationError(faults).settings == settings)
        let issuer = TrustedIssuer(
            try JWTValidation(issuer: IssuerFixture.issuer.url, resource: IssuerFixture.resource),
            keys: IssuerFixture.issuer.keySource, scopes: mapping)
        #expect(throws: ConfigurationError.self) { try JWTTokenVerifier([issuer]) }
    }
}
