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

    @Test(
        "POLICY §7 scopes: scope, and scp when scope is absent, null or empty; a wrong type grants none",
        arguments: [
            (#"{"scope":"a","scp":"b"}"#, "a", false), (#"{"scp":"b"}"#, "b", false),
            (#"{"scope":null,"scp":"b c"}"#, "b c", false), (#"{"scope":"","scp":["b","c"]}"#, "b c", false),
            (#"{"scope":"  ","scp":"b"}"#, "b", false), (#"{"scope":[],"scp":["b"]}"#, "b", false),
            (#"{"scope":["",""],"scp":"b"}"#, "b", false), (#"{"scope":null,"scp":null}"#, "", false),
            (#"{"scope":"","scp":""}"#, "", false), (#"{"scope":""}"#, "", false), (#"{"scp":[]}"#, "", false),
            (#"{"scope":["a",""]}"#, "a", false), (#"{"scope":"a  b"}"#, "a b", false),
            // The refused neighbours: another type is not absent, and a text that is not a scope is not empty.
            (#"{"scope":7,"scp":"b"}"#, "", true), (#"{"scope":false,"scp":"b"}"#, "", true),
            (#"{"scope":{},"scp":"b"}"#, "", true), (#"{"scope":[null],"scp":"b"}"#, "", true),
            (#"{"scope":["a",1],"scp":"b"}"#, "", true), (#"{"scope":"","scp":7}"#, "", true),
            (#"{"scope":null,"scp":{"b":true}}"#, "", true), (#"{"scope":"é","scp":"b"}"#, "", false),
            (#"{"Scope":"a","SCP":"b","scopes":"c"}"#, "", false),
        ])
    func claims(claims: String, scopes: String, isMalformed: Bool) throws {
        let token = try token(claims)
        #expect(token.scopes.description == scopes)
        #expect(token.hasMalformedScopes == isMalformed)
    }

    @Test("An empty text is not a scope, even where the mapping adds a prefix")
    func emptyValue() throws {
        let mapping = ScopeMapping(
            spelling: .withoutPrefix("api://id/"), claims: [.init(["roles"], spelling: .withoutPrefix("role:"))])
        #expect(try token(#"{"scope":["a",""],"roles":["",""]}"#, mapping).scopes.description == "api://id/a")
        #expect(try token(#"{"scope":"","roles":""}"#, mapping).scopes.isEmpty)
    }

    @Test(
        "POLICY §7 scopes: the values of any claim are scopes, as they stand or with a prefix",
        arguments: [
            (
                .init(["permissions"], spelling: .asRequested), #"{"permissions":["read:notes","write"]}"#,
                "read:notes write", false
            ),
            (.init(["permissions"], spelling: .asRequested), #"{"permissions":"read"}"#, "read", false),
            (.init(["permissions"], spelling: .asRequested), #"{"permissions":[],"scope":"a"}"#, "a", false),
            (.init(["permissions"], spelling: .asRequested), #"{"permissions":null}"#, "", false),
            (
                .init(["permissions"], spelling: .asRequested), #"{"permissions":["read","read"],"scope":"read a"}"#,
                "a read", false
            ),
            (
                .init(["permissions"], .spaceSeparated, spelling: .asRequested), #"{"permissions":"read write"}"#,
                "read write", false
            ),
            (
                .init(["permissions"], .spaceSeparated, spelling: .asRequested), #"{"permissions":["read write","a"]}"#,
                "a", false
            ),
            (
                .init(["realm_access", "roles"], spelling: .asRequested), #"{"realm_access":{"roles":["a","b"]}}"#,
                "a b", false
            ),
            (.init(["roles"], spelling: .withoutPrefix("role:")), #"{"roles":["admin"]}"#, "role:admin", false),
            (
                .init(["authorities"], spelling: .withPrefix("SCOPE_")),
                #"{"authorities":["SCOPE_a","ROLE_b","SCOPE_","scope_c"]}"#, "a", false
            ),
            (
                .init(["roles"], spelling: .renamed([.init(token: "r", requested: "read")])),
                #"{"roles":["r","R"]}"#, "R read", false
            ),
            // The refused neighbours: a value that is not a scope, and a claim of another form.
            (.init(["roles"], spelling: .asRequested), #"{"roles":"admin helper"}"#, "", false),
            (.init(["roles"], spelling: .asRequested), #"{"roles":["admin helper","a"]}"#, "a", false),
            (.init(["roles"], spelling: .asRequested), #"{"roles":["a",1],"scope":"b"}"#, "b", true),
            (.init(["roles"], spelling: .asRequested), #"{"roles":{"a":{}},"scope":"b"}"#, "b", true),
            (.init(["roles"], spelling: .asRequested), #"{"roles":true}"#, "", true),
            (.init(["roles"], spelling: .asRequested), #"{"Roles":["a"]}"#, "", false),
            (.init(["a", "b"], spelling: .asRequested), #"{"a":"x","b":"y","a.b":"z"}"#, "", false),
        ] as [(ScopeMapping.ClaimGrants, String, String, Bool)])
    func everyValue(claim: ScopeMapping.ClaimGrants, claims: String, scopes: String, isMalformed: Bool) throws {
        let token = try token(claims, ScopeMapping(claims: [claim]))
        #expect(token.scopes.description == scopes)
        #expect(token.hasMalformedScopes == isMalformed)
    }

    @Test(
        "POLICY §7 scopes: the names of an object's members, as ZITADEL writes roles",
        arguments: [
            (#"{"admin":{"1":"x.example"},"user":{}}"#, "role:admin role:user", false), ("{}", "", false),
            ("null", "", false), (#"{"admin":null,"user":false,"guest":true}"#, "role:guest", false),
            (#"{"a b":{},"\u0061":1,"":{}}"#, "role:a", false), (#"{"nested":{"admin":{}}}"#, "role:nested", false),
            (#"["admin"]"#, "", true), (#""admin""#, "", true), ("1", "", true), ("true", "", true),
        ])
    func memberNames(claim: String, scopes: String, isMalformed: Bool) throws {
        let name = "urn:zitadel:iam:org:project:roles"
        let mapping = ScopeMapping(claims: [.init([name], .memberNames, spelling: .withoutPrefix("role:"))])
        let token = try token("{\"\(name)\":\(claim)}", mapping)
        #expect(token.scopes.description == scopes)
        #expect(token.hasMalformedScopes == isMalformed)
    }

    @Test("Listed values grant in every form of claim, and unlisted ones never do")
    func listed() throws {
        let names = ScopeMapping(claims: [.init(["roles"], .memberNames, grants: ["admin": ["write", "read"]])])
        #expect(try token(#"{"roles":{"admin":{},"write":{}}}"#, names).scopes.description == "read write")
        #expect(try token(#"{"roles":["admin"]}"#, names).hasMalformedScopes)
        let words = ScopeMapping(claims: [.init(["roles"], .spaceSeparated, grants: ["admin": ["write"]])])
        #expect(try token(#"{"roles":"user admin"}"#, words).scopes.description == "write")
    }

    @Test("THREATS C15: an object with too many members grants none; at the limit all count", arguments: [0, 1])
    func memberCount(extra: Int) throws {
        let members = (0..<TokenScopes.maximumValues + extra).map { "\"s\($0)\":{}" }
        let mapping = ScopeMapping(claims: [.init(["roles"], .memberNames, spelling: .asRequested)])
        let token = try token("{\"roles\":{\(members.joined(separator: ","))}}", mapping)
        #expect(token.scopes.tokens.count == (extra == 0 ? TokenScopes.maximumValues : 0))
        #expect(token.hasMalformedScopes == (extra == 1))
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
            (ScopeMapping(spelling: .withPrefix("")), ["i.scopes.spelling"]),
            (ScopeMapping(claims: [.init(["a"], spelling: .withPrefix("a b"))]), ["i.scopes.claims[0]"]),
            (ScopeMapping(claims: [.init(["a"], spelling: .withoutPrefix("\""))]), ["i.scopes.claims[0]"]),
            (ScopeMapping(claims: [.init([""], .memberNames, spelling: .asRequested)]), ["i.scopes.claims[0]"]),
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
