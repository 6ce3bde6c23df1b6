import JOSE
import OAuthMetadata
import Testing
import TokenVerification
import WireFormat

@Suite("RFC 9728 §2.2, RFC 8414 §2.1: signed_metadata", .serialized)
struct SignedMetadataTests {
    private static let issuer = "https://federation.example"
    private static let resource = "https://mcp.example/mcp"
    private static let server = "https://as.example"
    private static let now = 1_700_000_000.0

    private let key: SigningKey
    private let keys: JSONWebKeySet

    init() throws {
        key = try SigningKey.generate(.es256, keyID: "k")
        keys = try Self.keySet(key, Self.issuer)
    }

    private static func keySet(_ key: SigningKey, _ issuer: String) throws -> JSONWebKeySet {
        try JSONWebKeySet(
            parsing: JSONValue.object(["keys": [.object(key.publicJWK)]]).encoded(), issuer: issuer)
    }

    private func verifier(
        _ keys: JSONWebKeySet? = nil, algorithms: [SignatureAlgorithm] = [.es256], now: Double = now
    ) throws -> SignedMetadataVerifier {
        try SignedMetadataVerifier(keys: keys ?? self.keys, algorithms: algorithms, clock: WallClock { now })
    }

    private func signer(_ issuer: String = issuer) throws -> MetadataSigner {
        let key = key
        return MetadataSigner(
            issuer: try TokenIssuer(issuer), algorithm: .es256, keyID: "k", clock: WallClock { Self.now }
        ) { try key.sign($0) }
    }

    private static func plainResource() throws -> ProtectedResourceMetadata {
        var document = ProtectedResourceMetadata(resource: try ResourceIdentifier(resource))
        document.authorizationServers = [try IssuerIdentifier(server)]
        document.resourceName = LocalizedText("Notes", translations: [.init(language: "de", value: "Notizen")])
        document.extra = ["x_extra": ["n": 1]]
        return document
    }

    private static func plainServer() throws -> AuthorizationServerMetadata {
        var document = AuthorizationServerMetadata(issuer: try IssuerIdentifier(server))
        document.tokenEndpoint = try AbsoluteURL(parsing: server + "/token")
        document.codeChallengeMethodsSupported = ["S256"]
        return document
    }

    private static let goodHeader: JSONDocument.Object = ["alg": "ES256", "typ": "JWT", "kid": "k"]
    private static let goodClaims: JSONDocument.Object = [
        "iss": .string(issuer), "iat": 1_700_000_000, "resource": .string(resource), "resource_name": "Signed",
    ]

    private func jwt(_ header: JSONDocument.Object, payload: [UInt8]) throws -> String {
        let input = Base64URL.encode(JSONValue.object(header).encoded()) + "." + Base64URL.encode(payload)
        return input + "." + Base64URL.encode(try key.sign(Array(input.utf8)))
    }

    /// The error for a document of the resource with this JWT; nil when it is accepted.
    private func refusal(_ jwt: String?, _ verifier: SignedMetadataVerifier? = nil) throws -> SignedMetadataError? {
        var document = try Self.plainResource()
        document.signedMetadata = jwt
        let verifier = try verifier ?? self.verifier()
        do throws(SignedMetadataError) {
            _ = try verifier.verify(document)
            return nil
        } catch {
            return error
        }
    }

    @Test("what a signer signs, a verifier with its public key accepts, for both kinds of document")
    func roundTrip() async throws {
        let resource = try await signer().signed(Self.plainResource(), lifetime: 3_600)
        #expect(try verifier().verify(resource) == resource)
        let server = try await signer().signed(Self.plainServer(), lifetime: nil)
        #expect(try verifier(now: Self.now * 2).verify(server) == server)
        // Signing again replaces the JWT, and does not put the old one into the new one.
        let again = try await signer().signed(resource, lifetime: 3_600)
        #expect(try verifier().verify(again).signedMetadata == again.signedMetadata)
    }

    @Test("every algorithm of the table signs and verifies", arguments: SignatureAlgorithm.all)
    func algorithms(algorithm: SignatureAlgorithm) async throws {
        let key = try SigningKey.generate(algorithm, keyID: nil)
        let signer = MetadataSigner(issuer: try TokenIssuer(Self.issuer), algorithm: algorithm, keyID: nil) {
            try key.sign($0)
        }
        let document = try await signer.signed(Self.plainServer(), lifetime: 60)
        let verifier = try SignedMetadataVerifier(
            keys: Self.keySet(key, Self.issuer), algorithms: SignatureAlgorithm.all)
        #expect(try verifier.verify(document) == document)
    }

    @Test("a signed member takes precedence over the plain one; a member that is not signed remains")
    func precedence() throws {
        var document = try Self.plainResource()
        document.scopesSupported = try #require(ScopeSet(["evil"]))
        document.signedMetadata = try jwt(
            Self.goodHeader,
            payload: JSONValue.object([
                "iss": .string(Self.issuer), "resource": .string(Self.resource), "resource_name": "Signed",
                "authorization_servers": ["https://signed.example"], "scopes_supported": ["a"], "sub": "x", "jti": "1",
            ]).encoded())
        let verified = try verifier().verify(document)
        #expect(verified.resourceName.value == "Signed")
        #expect(verified.resourceName.translations == document.resourceName.translations)
        #expect(verified.authorizationServers.map(\.text) == ["https://signed.example"])
        #expect(verified.scopesSupported.tokens == ["a"])
        // The claims of the JWT itself are no members of the document.
        #expect(verified.extra == document.extra)
        #expect(verified.signedMetadata == document.signedMetadata)
    }

    @Test("an extra member of the document never replaces a claim of the JWT")
    func extraClaims() async throws {
        var document = try Self.plainServer()
        document.extra = ["iss": "https://evil.example", "exp": 1, "aud": "x", "nbf": 9_999_999_999]
        let signed = try await signer().signed(document, lifetime: 60)
        #expect(try verifier().verify(signed).tokenEndpoint == document.tokenEndpoint)
    }

    @Test("each defect of the JWT has its own reason")
    func defects() throws {
        let cases: [(String, SignedMetadataError, (inout JSONDocument.Object, inout JSONDocument.Object) -> Void)] = [
            ("typ of an access token", .jwt(.header(.type)), { header, _ in header["typ"] = "at+jwt" }),
            ("typ of a proof", .jwt(.header(.type)), { header, _ in header["typ"] = "dpop+jwt" }),
            ("typ of an event", .jwt(.header(.type)), { header, _ in header["typ"] = "secevent+jwt" }),
            ("typ is no string", .jwt(.header(.type)), { header, _ in header["typ"] = 1 }),
            ("crit", .jwt(.header(.critical)), { header, _ in header["crit"] = ["exp"] }),
            ("alg none", .jwt(.header(.algorithmNotAllowed)), { header, _ in header["alg"] = "none" }),
            ("alg of another key", .jwt(.header(.algorithmNotAllowed)), { header, _ in header["alg"] = "RS256" }),
            ("another kid", .jwt(.key(.unknown)), { header, _ in header["kid"] = "other" }),
            ("no iss", .jwt(.claim(.iss, .missing)), { _, claims in claims["iss"] = nil }),
            ("iss null", .jwt(.claim(.iss, .wrongType)), { _, claims in claims["iss"] = .null }),
            (
                "iss with a slash", .jwt(.claim(.iss, .mismatch)),
                { _, claims in claims["iss"] = .string(Self.issuer + "/") }
            ),
            (
                "iss is the resource", .jwt(.claim(.iss, .mismatch)),
                { _, claims in claims["iss"] = .string(Self.resource) }
            ),
            ("expired", .jwt(.claim(.exp, .expired)), { _, claims in claims["exp"] = 1_699_999_940 }),
            ("exp is a text", .jwt(.claim(.exp, .wrongType)), { _, claims in claims["exp"] = "1800000000" }),
            ("not yet", .jwt(.claim(.nbf, .notYetValid)), { _, claims in claims["nbf"] = 1_700_000_061 }),
            ("in future", .jwt(.claim(.iat, .issuedInFuture)), { _, claims in claims["iat"] = 1_700_000_061 }),
            ("an audience", .jwt(.claim(.aud, .mismatch)), { _, claims in claims["aud"] = .string(Self.resource) }),
            ("nested", .nested, { _, claims in claims["signed_metadata"] = "a.b.c" }),
            ("nested null", .nested, { _, claims in claims["signed_metadata"] = .null }),
            ("no resource", .metadata(.missing("resource")), { _, claims in claims["resource"] = nil }),
            (
                "issuer instead", .metadata(.missing("resource")),
                { _, claims in
                    claims["resource"] = nil
                    claims["issuer"] = .string(Self.resource)
                }
            ),
            ("resource null", .metadata(.invalid("resource")), { _, claims in claims["resource"] = .null }),
            (
                "another resource", .metadata(.identifierMismatch),
                { _, claims in claims["resource"] = "https://mcp.example/mcp/" }
            ),
            (
                "a malformed member", .metadata(.invalid("scopes_supported")),
                { _, claims in claims["scopes_supported"] = ["a b"] }
            ),
            (
                "an http server", .metadata(.invalid("authorization_servers")),
                { _, claims in claims["authorization_servers"] = ["http://as.example"] }
            ),
        ]
        for (name, expected, spoil) in cases {
            var (header, claims) = (Self.goodHeader, Self.goodClaims)
            spoil(&header, &claims)
            let jwt = try jwt(header, payload: JSONValue.object(claims).encoded())
            #expect(try refusal(jwt) == expected, "\(name)")
        }
        #expect(Set(cases.map(\.1.code)).isSuperset(of: ["signed_metadata_iss_missing", "signed_metadata_nested"]))
    }

    @Test("the neighbours of the defects are accepted")
    func neighbours() throws {
        let cases: [(String, (inout JSONDocument.Object, inout JSONDocument.Object) -> Void)] = [
            ("as it is", { _, _ in }), ("no typ", { header, _ in header["typ"] = nil }),
            ("typ in another case", { header, _ in header["typ"] = "application/jwt" }),
            ("no kid", { header, _ in header["kid"] = nil }), ("no iat", { _, claims in claims["iat"] = nil }),
            ("expired within the skew", { _, claims in claims["exp"] = 1_699_999_941 }),
            ("early within the skew", { _, claims in claims["nbf"] = 1_700_000_060 }),
            ("sub and jti", { _, claims in claims["sub"] = "x" }),
        ]
        for (name, edit) in cases {
            var (header, claims) = (Self.goodHeader, Self.goodClaims)
            edit(&header, &claims)
            let jwt = try jwt(header, payload: JSONValue.object(claims).encoded())
            #expect(try refusal(jwt) == nil, "\(name)")
        }
    }

    @Test("a document without it, another key, another form")
    func forms() throws {
        #expect(try refusal(nil) == .absent)
        #expect(try refusal("") == .jwt(.malformed(.parts)))
        #expect(try refusal("a.b") == .jwt(.malformed(.parts)))
        #expect(try refusal("a.b.c.d.e") == .jwt(.malformed(.encrypted)))
        for payload in ["[]", "\"x\"", "{", #"{"iss":"a","iss":"b"}"#] {
            #expect(try refusal(jwt(Self.goodHeader, payload: Array(payload.utf8))) == .jwt(.malformed(.payloadJSON)))
        }
        let good = try jwt(Self.goodHeader, payload: JSONValue.object(Self.goodClaims).encoded())
        #expect(try refusal(good) == nil)
        let stranger = try SigningKey.generate(.es256, keyID: "k")
        #expect(try refusal(good, verifier(Self.keySet(stranger, Self.issuer))) == .jwt(.badSignature))
        // The keys of the authorization server vouch for nothing that another issuer signed.
        #expect(try refusal(good, verifier(Self.keySet(key, Self.server))) == .jwt(.claim(.iss, .mismatch)))
        let long = String(repeating: "x", count: SignedMetadataVerifier.maximumBytes + 1)
        #expect(try refusal(long) == .jwt(.malformed(.tooLarge)))
    }

    @Test("the signed metadata of one issuer does not pass for another one's")
    func otherIssuer() async throws {
        let signed = try await signer().signed(Self.plainServer(), lifetime: nil)
        var other = AuthorizationServerMetadata(issuer: try IssuerIdentifier("https://other.example"))
        other.signedMetadata = signed.signedMetadata
        let verifier = try verifier()
        #expect(throws: SignedMetadataError.metadata(.identifierMismatch)) { try verifier.verify(other) }
        var resource = try Self.plainResource()
        resource.signedMetadata = signed.signedMetadata
        #expect(throws: SignedMetadataError.metadata(.missing("resource"))) { try verifier.verify(resource) }
    }

    @Test("a setting out of range is found before the first document")
    func settings() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try SignedMetadataVerifier(keys: keys, algorithms: [], clockSkew: 301)
        }
        #expect(error?.lines.count == 2)
    }

    @Test("what the closure throws reaches the caller")
    func signerFails() async throws {
        struct Broken: Error {}
        let signer = MetadataSigner(issuer: try TokenIssuer(Self.issuer), algorithm: .es256, keyID: nil) { _ in
            throw Broken()
        }
        await #expect(throws: Broken.self) { try await signer.signed(Self.plainServer(), lifetime: nil) }
    }
}
