import HTTPMessages
import JOSE
import OAuthClientMetadata
import OAuthMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("Development authorization server: clients with a document")
struct ClientDocumentLoginTests {
    private static let clientID = "https://app.example/client.json"
    private let fetcher = ScriptedFetcher()

    private func fixture(
        _ edit: (inout DevelopmentAuthorizationServer.Settings) -> Void = { _ in }
    ) throws -> DevelopmentServerFixture {
        let resolver = try ClientIDResolver(fetcher: fetcher)
        return try DevelopmentServerFixture { settings in
            settings.clientResolver = resolver
            edit(&settings)
        }
    }

    private func serve(_ members: [(String, JSONValue)] = []) {
        var document: JSONDocument.Object = [
            "client_id": .string(Self.clientID), "client_name": "Notes <b>app</b>",
            "redirect_uris": [.string(DevelopmentServerFixture.redirectURI)],
            "grant_types": ["authorization_code", "refresh_token"],
        ]
        for (name, value) in members { document[name] = value }
        fetcher.set(Self.clientID, json: document)
    }

    private func assertion(
        by client: FakeIssuer, _ fixture: DevelopmentServerFixture, id: JSONValue = "j1", audience: JSONValue? = nil
    ) throws -> String {
        var draft = client.draft()
        draft.header["typ"] = nil
        draft.claims = [
            "iss": .string(client.url), "sub": .string(client.url), "jti": id,
            "aud": audience ?? .string(DevelopmentServerFixture.issuerURL),
        ]
        draft.expiresAt = fixture.clock.now + 60
        return try client.sign(draft)
    }

    private static func withoutClient(_ form: [(String, String)]) -> [(String, String)] {
        form.filter { $0.0 != "client_id" }
    }

    @Test("a public client logs in with its document, and refreshes")
    func publicClient() async throws {
        serve()
        let fixture = try fixture()
        let tokens = try await fixture.tokens(for: Self.clientID)
        let claims = try fixture.verified(try #require(tokens.json["access_token"]?.string))
        #expect(claims["client_id"]?.string == Self.clientID)
        let refreshed = try await fixture.refresh(Self.clientID, try #require(tokens.json["refresh_token"]?.string))
        #expect(refreshed.status == .ok)
    }

    @Test("the metadata says that documents are supported, only when they are")
    func metadata() throws {
        #expect(try fixture().server.metadata.clientIDMetadataDocumentSupported == true)
        #expect(try DevelopmentServerFixture().server.metadata.clientIDMetadataDocumentSupported == nil)
        let methods = try fixture().server.metadata.tokenEndpointAuthMethodsSupported
        #expect(methods.contains("private_key_jwt"))
        #expect(try fixture().server.metadata.tokenEndpointAuthSigningAlgorithms.contains("ES256"))
    }

    @Test("without a resolver a URL is an unknown client")
    func withoutResolver() async throws {
        let answer = try await DevelopmentServerFixture().authorize(
            DevelopmentServerFixture.authorizationRequest(Self.clientID))
        #expect(answer.status == .badRequest && answer.json["error"] == "invalid_client")
    }

    @Test("a bad document is an error that never redirects, and says nothing of the document")
    func badDocument() async throws {
        for (members, error, status) in [
            ([("client_secret", "s")], "invalid_client", HTTPStatus.badRequest),
            ([("client_id", "https://app.example/other.json")], "invalid_client", .badRequest),
            ([("redirect_uris", ["javascript:alert(1)"])], "invalid_client", .badRequest),
        ] as [([(String, JSONValue)], JSONValue, HTTPStatus)] {
            serve(members)
            let answer = try await fixture().authorize(DevelopmentServerFixture.authorizationRequest(Self.clientID))
            #expect(answer.status == status && answer.json["error"] == error)
            #expect(answer.fields[.location] == nil)
        }
        fetcher.set(Self.clientID, .failure(.timedOut))
        let answer = try await fixture().authorize(DevelopmentServerFixture.authorizationRequest(Self.clientID))
        #expect(answer.status == .serviceUnavailable && answer.json["error"] == "temporarily_unavailable")
    }

    @Test("a redirect URI that the document does not have is never redirected to")
    func redirectURI() async throws {
        serve()
        let fixture = try fixture()
        var request = DevelopmentServerFixture.authorizationRequest(Self.clientID)
        request[2] = ("redirect_uri", "https://evil.example/callback")
        let answer = try await fixture.authorize(request)
        #expect(answer.status == .badRequest && answer.fields[.location] == nil)
        request[2] = ("redirect_uri", "http://127.0.0.1:4/callback")
        #expect(try await fixture.authorize(request).status == .found)
    }

    @Test("a client with keys authenticates with an assertion, once each")
    func privateKey() async throws {
        let client = FakeIssuer(Self.clientID, algorithms: [.es256])
        serve([("token_endpoint_auth_method", "private_key_jwt"), ("jwks", .object(client.jwks))])
        let fixture = try fixture()
        let type = ("client_assertion_type", ClientAssertion.type)
        let code = try await fixture.code(for: Self.clientID)
        let request = DevelopmentServerFixture.codeRequest(Self.clientID, code)
        // Without an assertion it is not this client, and the code stays valid.
        #expect(try await fixture.form(request).json["error"] == "invalid_client")
        let bad = try assertion(by: client, fixture, audience: "https://other.example")
        #expect(try await fixture.form(request + [type, ("client_assertion", bad)]).json["error"] == "invalid_client")
        let good = try assertion(by: client, fixture)
        let both = request + [type, ("client_assertion", good), ("client_secret", "s")]
        #expect(try await fixture.form(both).json["error"] == "invalid_request")
        // RFC 7521 §4.2: client_id is optional beside an assertion.
        let answer = try await fixture.form(Self.withoutClient(request) + [type, ("client_assertion", good)])
        #expect(answer.status == .ok)
        let token = try #require(answer.json["refresh_token"]?.string)
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", token), type]
        #expect(
            try await fixture.form(refresh + [("client_assertion", good)]).json["error"] == "invalid_client")
        let next = try assertion(by: client, fixture, id: "j2")
        #expect(try await fixture.form(refresh + [("client_assertion", next)]).status == .ok)
    }

    @Test("a client that names its algorithm authenticates with no other")
    func signingAlgorithm() async throws {
        let client = FakeIssuer(Self.clientID, algorithms: [.es256])
        for (algorithm, status) in [("ES256", HTTPStatus.ok), ("RS256", .unauthorized), ("none", .unauthorized)] {
            serve([
                ("token_endpoint_auth_method", "private_key_jwt"), ("jwks", .object(client.jwks)),
                ("token_endpoint_auth_signing_alg", .string(algorithm)),
            ])
            let fixture = try fixture()
            let request = DevelopmentServerFixture.codeRequest(
                Self.clientID, try await fixture.code(for: Self.clientID))
            let proof = [
                ("client_assertion_type", ClientAssertion.type),
                ("client_assertion", try assertion(by: client, fixture)),
            ]
            let answer = try await fixture.form(request + proof)
            #expect((answer.status == .ok) == (status == .ok), "\(algorithm)")
        }
    }

    @Test("a client that registers with keys authenticates with an assertion to the token endpoint")
    func registered() async throws {
        let fixture = try fixture()
        let keys = FakeIssuer("https://keys.example", algorithms: [.es256])
        let answer = try await fixture.register([
            "redirect_uris": [.string(DevelopmentServerFixture.redirectURI)], "jwks": .object(keys.jwks),
            "token_endpoint_auth_method": "private_key_jwt",
            "grant_types": ["authorization_code", "client_credentials"],
        ])
        let id = try #require(answer.json["client_id"]?.string)
        #expect(answer.json["client_secret"] == nil)
        var draft = keys.draft()
        draft.header["typ"] = "JWT"
        draft.claims = [
            "iss": .string(id), "sub": .string(id), "jti": "j", "aud": "http://127.0.0.1:9000/token",
        ]
        draft.expiresAt = fixture.clock.now + 60
        let granted = try await fixture.form([
            ("grant_type", "client_credentials"), ("resource", DevelopmentServerFixture.resource),
            ("client_assertion_type", ClientAssertion.type), ("client_assertion", try keys.sign(draft)),
        ])
        #expect(granted.status == .ok)
        for members in [[:], ["jwks_uri": "https://keys.example/jwks"], ["jwks": ["keys": []]]] as [JSONDocument.Object]
        {
            var metadata: JSONDocument.Object = [
                "redirect_uris": [.string(DevelopmentServerFixture.redirectURI)],
                "token_endpoint_auth_method": "private_key_jwt",
            ]
            for (name, value) in members.members { metadata[name] = value }
            #expect(try await fixture.register(metadata).json["error"] == "invalid_client_metadata")
        }
    }

    // MARK: Consent

    private func asking() throws -> DevelopmentServerFixture {
        try fixture { $0.consent = .asked(scopeSentences: ["mcp:use": "Use the tools & notes."]) }
    }

    private struct Question {
        let name: String
        let cookie: String
        let page: String
        let answer: Answer
    }

    private func ask(
        _ fixture: DevelopmentServerFixture, cookie: String? = nil, redirectURI: String? = nil
    ) async throws -> Question {
        var request = DevelopmentServerFixture.authorizationRequest(Self.clientID)
        if let redirectURI { request[2] = ("redirect_uri", redirectURI) }
        let query = DevelopmentServerFixture.encode(request)
        let fields: [(HTTPFields.Name, String)] = cookie.map { [(.cookie, $0)] } ?? []
        let answer = try await fixture.send(.get, "/authorize?" + query, fields)
        let page = String(decoding: answer.body, as: UTF8.self)
        let name = try #require(page.firstMatch(of: /name="request" value="([A-Za-z0-9_-]{43})"/)).1
        let set = try #require(answer.fields[.setCookie]?.string)
        return Question(
            name: String(name), cookie: String(set.prefix { $0 != ";" }), page: page, answer: answer)
    }

    private func reply(
        _ fixture: DevelopmentServerFixture, _ answer: String, to question: Question, cookie: String? = nil,
        origin: String? = DevelopmentServerFixture.issuerURL
    ) async throws -> Answer {
        var fields: [(HTTPFields.Name, String)] = [
            (.contentType, "application/x-www-form-urlencoded"), (.cookie, cookie ?? question.cookie),
        ]
        if let origin { fields.append((.origin, origin)) }
        return try await fixture.send(
            .post, "/consent", fields, body: Array("request=\(question.name)&answer=\(answer)".utf8))
    }

    @Test("a page asks before a code is issued; allow redirects with a code, deny with access_denied")
    func consent() async throws {
        serve()
        let fixture = try asking()
        let question = try await ask(fixture)
        #expect(question.answer.status == .ok)
        let allowed = try await reply(fixture, "allow", to: question)
        #expect(allowed.status == .seeOther)
        let code = try #require(allowed.redirected["code"])
        #expect(
            allowed.redirected["state"] == "s t&1" && allowed.redirected["iss"] == DevelopmentServerFixture.issuerURL)
        #expect(try await fixture.form(DevelopmentServerFixture.codeRequest(Self.clientID, code)).status == .ok)
        let denied = try await reply(fixture, "deny", to: ask(fixture))
        #expect(denied.redirected["error"] == "access_denied" && denied.redirected["code"] == nil)
    }

    @Test("the page shows the client safely: escaped name, host, badge, scopes, a warning for this machine")
    func page() async throws {
        serve()
        let page = try await ask(asking()).page
        #expect(page.contains("Notes &lt;b&gt;app&lt;/b&gt;") && !page.contains("<b>app"))
        #expect(page.contains("app.example") && page.contains("127.0.0.1:3030"))
        #expect(page.contains(">unverified<") && page.contains("Use the tools &amp; notes."))
        #expect(page.contains("runs on your own computer"))
        #expect(!page.contains("<script"))
        serve([("redirect_uris", ["https://app.example/cb", .string(DevelopmentServerFixture.redirectURI)])])
        let verified = try fixture { settings in
            settings.consent = .asked(scopeSentences: [:])
            var resolving = ClientIDResolver.Settings()
            resolving.trust.verified = [try! DomainRule("app.example")]
            settings.clientResolver = try! ClientIDResolver(fetcher: self.fetcher, settings: resolving)
        }
        // Any program of this machine can pass for a verified client whose answers go there.
        let other = try await ask(verified).page
        #expect(other.contains(">verified domain<") && other.contains("runs on your own computer"))
        let web = try await ask(verified, redirectURI: "https://app.example/cb").page
        #expect(web.contains(">verified domain<") && !web.contains("runs on your own computer"))
    }

    @Test("no script, frame or cache gets at the page, and the form leads to this server and the client alone")
    func fields() async throws {
        serve()
        let fields = try await ask(asking()).answer.fields
        let policy = try #require(fields[.contentSecurityPolicy]?.string)
        #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
        #expect(policy.contains("style-src 'sha256-") && !policy.contains("unsafe"))
        #expect(policy.contains("form-action 'self' http://127.0.0.1:3030"))
        #expect(fields[.xFrameOptions]?.string == "DENY" && fields[.cacheControl]?.string == "no-store")
        let cookie = try #require(fields[.setCookie]?.string)
        // RFC 6265 §5.1.4: a browser sends it to both endpoints, and when it comes from the client's pages.
        #expect(cookie.contains("HttpOnly") && cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Lax"))
    }

    @Test("an answer counts once, from the browser that was asked, on this server's page, in time")
    func forgery() async throws {
        serve()
        let fixture = try asking()
        let question = try await ask(fixture)
        for origin in [nil, "https://evil.example", "null", "http://127.0.0.1:5173", "http://localhost:9000"] {
            let answer = try await reply(fixture, "allow", to: question, origin: origin)
            #expect([HTTPStatus.badRequest, .forbidden].contains(answer.status), "\(origin ?? "none")")
            #expect(answer.fields[.location] == nil)
        }
        let other = try await ask(fixture)
        #expect(try await reply(fixture, "allow", to: question, cookie: other.cookie).status == .badRequest)
        #expect(try await reply(fixture, "allow", to: question, cookie: "consent=x").status == .badRequest)
        #expect(
            try await reply(fixture, "allow", to: question, cookie: question.cookie + "; " + other.cookie).status
                == .badRequest)
        #expect(try await reply(fixture, "perhaps", to: question).status == .badRequest)
        // The attempts have used nothing up.
        #expect(try await reply(fixture, "allow", to: question).status == .seeOther)
        #expect(try await reply(fixture, "allow", to: question).status == .badRequest)
        let late = try await ask(fixture)
        fixture.clock.advance(by: .seconds(601))
        #expect(try await reply(fixture, "allow", to: late).status == .badRequest)
    }

    @Test("a browser keeps its cookie, so that two pages can be answered")
    func twoPages() async throws {
        serve()
        let fixture = try asking()
        let first = try await ask(fixture)
        let second = try await ask(fixture, cookie: first.cookie)
        #expect(first.cookie == second.cookie)
        #expect(try await reply(fixture, "allow", to: first).status == .seeOther)
        #expect(try await reply(fixture, "deny", to: second).status == .seeOther)
    }

    @Test("errors without a trustworthy redirect URI are pages, which redirect nowhere")
    func errorPages() async throws {
        serve()
        let fixture = try asking()
        var request = DevelopmentServerFixture.authorizationRequest(Self.clientID)
        request[2] = ("redirect_uri", "https://evil.example/callback")
        for parameters in [request, DevelopmentServerFixture.authorizationRequest("unknown"), []] {
            let answer = try await fixture.authorize(parameters)
            #expect(answer.status == .badRequest && answer.fields[.location] == nil)
            #expect(answer.fields[.contentType]?.string == "text/html; charset=utf-8")
            #expect(answer.fields[.contentSecurityPolicy]?.string?.contains("form-action 'none'") == true)
            #expect(!String(decoding: answer.body, as: UTF8.self).contains("evil.example"))
        }
    }
}
