import JOSE
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

/// A table of requests and their exact responses, in process and through the real server.
@Suite("The guard, request by request", .serialized, .timeLimit(.minutes(5)))
struct GuardTableTests {
    @Test("POLICY §1, §2: whose fault decides the status, and the Authorization field")
    func credentials() async throws {
        try await RowPaths(guarded: GuardUnderTest()).check(Self.credentialRows + Self.defectRows)
    }

    static let credentialRows: [GuardRow] = [
        // §1 and §3: no credentials.
        .init("no Authorization field", RowRequest(), .unauthorized()),
        .init("GET without a token", RowRequest("GET"), .unauthorized()),
        .init("DELETE without a token", RowRequest("DELETE"), .unauthorized()),
        .init("HEAD without a token: no content", RowRequest("HEAD"), .unauthorized().bodiless),
        .init("an unknown method without a token", RowRequest("BREW"), .unauthorized()),
        .init("OPTIONS that is no preflight, without a token", RowRequest("OPTIONS"), .unauthorized()),
        .init("a path of the handler's own, without a token", RowRequest("GET", "/elsewhere"), .unauthorized()),
        .init(
            "before content negotiation: Accept", RowRequest("POST", "/mcp", ("Accept", "image/png")), .unauthorized()),
        .init(
            "before content negotiation: Content-Type", RowRequest("POST", "/mcp", ("Content-Type", "text/plain")),
            .unauthorized()),
        .init("Basic is another scheme", RowRequest("POST", "/mcp", ("Authorization", "Basic dTpw")), .unauthorized()),
        .init(
            "Digest with parameters is another scheme",
            RowRequest("POST", "/mcp", ("Authorization", #"Digest username="a", realm="b", nonce="c""#)),
            .unauthorized()),
        .init(
            "DPoP is another scheme while it is off", RowRequest("POST", "/mcp", ("Authorization", "DPoP {good}")),
            .unauthorized()),
        .init(
            "a scheme that begins with Bearer", RowRequest("POST", "/mcp", ("Authorization", "BearerX {good}")),
            .unauthorized()),
        .init("an empty Authorization", RowRequest("POST", "/mcp", ("Authorization", "")), .unauthorized()),
        .init(
            "Proxy-Authorization is not ours", RowRequest("POST", "/mcp", ("Proxy-Authorization", "Bearer {good}")),
            .unauthorized()),
        .init(
            "X-Authorization is not ours", RowRequest("POST", "/mcp", ("X-Authorization", "Bearer {good}")),
            .unauthorized()),
        .init("a cookie is never read", RowRequest("POST", "/mcp", ("Cookie", "access_token={good}")), .unauthorized()),
        .init(
            "a token in the query alone counts as none", RowRequest("POST", "/mcp?access_token={good}"), .unauthorized()
        ),
        .init(
            "a token in a form alone counts as none",
            RowRequest(
                "POST", "/mcp", ("Content-Type", "application/x-www-form-urlencoded"), body: "access_token={good}"),
            .unauthorized()),
        .init(
            "X-Forwarded-Host changes nothing",
            RowRequest("POST", "/mcp", ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http")),
            .unauthorized()),
        .init("a session id is not echoed", RowRequest("POST", "/mcp", ("MCP-Session-Id", "abc")), .unauthorized()),
        .init("Last-Event-ID changes nothing", RowRequest("GET", "/mcp", ("Last-Event-ID", "7")), .unauthorized()),
        // §2: the field.
        .init("a good token", .call(), .passed()),
        .init("the scheme in capitals", RowRequest("POST", "/mcp", ("Authorization", "BEARER {good}")), .passed()),
        .init("the scheme in small letters", RowRequest("POST", "/mcp", ("Authorization", "bearer {good}")), .passed()),
        .init("the field name in capitals", RowRequest("POST", "/mcp", ("AUTHORIZATION", "Bearer {good}")), .passed()),
        .init("several spaces", RowRequest("POST", "/mcp", ("Authorization", "Bearer    {good}")), .passed()),
        .init("GET with a good token", RowRequest("GET", "/mcp", ("Authorization", "Bearer {good}")), .passed()),
        .init(
            "HEAD with a good token", RowRequest("HEAD", "/mcp", ("Authorization", "Bearer {good}")), .passed().bodiless
        ),
        .init("Bearer alone", RowRequest("POST", "/mcp", ("Authorization", "Bearer")), .invalidToken()),
        .init(
            "HEAD with a bad token", RowRequest("HEAD", "/mcp", ("Authorization", "Bearer bad")),
            .invalidToken().bodiless),
        .init("something behind the token", .call("{good} more"), .invalidToken()),
        .init(
            "a tab instead of a space", RowRequest("POST", "/mcp", ("Authorization", "Bearer\t{good}")), .invalidToken()
        ),
        .init("a tab inside", .call("a\tb"), .invalidToken()),
        .init(
            "a colon instead of a space", RowRequest("POST", "/mcp", ("Authorization", "Bearer: {good}")),
            .invalidToken()),
        .init("quotes around the token", .call("\"{good}\""), .invalidToken()),
        .init("characters outside of token68", .call("a!b"), .invalidToken()),
        .init("a comma behind the token", .call("{good},"), .invalidToken()),
        .init("padding in the middle", .call("a=b"), .invalidToken()),
        .init("Bearer twice", .call("Bearer {good}"), .invalidToken()),
        .init("non-ASCII", .call("\u{E9}"), .invalidToken()),
        .init(
            "two Authorization fields",
            RowRequest("POST", "/mcp", ("Authorization", "Bearer {good}"), ("Authorization", "Bearer {good}")),
            .twoCredentials),
        .init(
            "two of different schemes",
            RowRequest("POST", "/mcp", ("Authorization", "Basic dTpw"), ("Authorization", "Bearer {good}")),
            .twoCredentials),
        .init(
            "a second one that is empty",
            RowRequest("POST", "/mcp", ("Authorization", "Bearer {good}"), ("Authorization", "")), .twoCredentials),
        .init(
            "two names that differ in case",
            RowRequest("POST", "/mcp", ("Authorization", "Bearer {good}"), ("authorization", "Bearer {good}")),
            .twoCredentials),
        .init("two credentials in one field", .call("{good}, Bearer {good}"), .twoCredentials),
        .init(
            "two credentials of different schemes in one field",
            RowRequest("POST", "/mcp", ("Authorization", "Basic dTpw, Bearer {good}")), .twoCredentials),
        .init(
            "a token in the query too",
            RowRequest("POST", "/mcp?a=1&access_token=x", ("Authorization", "Bearer {good}")), .twoPlaces),
        .init(
            "a token in the query too, percent-encoded name",
            RowRequest("POST", "/mcp?access%5Ftoken=x", ("Authorization", "Bearer {good}")), .twoPlaces),
        .init(
            "a bad token and one in the query",
            RowRequest("POST", "/mcp?access_token=x", ("Authorization", "Bearer bad")), .twoPlaces),
        .init(
            "a parameter that only begins so",
            RowRequest("POST", "/mcp?access_tokens=x", ("Authorization", "Bearer {good}")), .passed()),
        .init(
            "a token in a form too",
            RowRequest(
                "POST", "/mcp", ("Authorization", "Bearer {good}"),
                ("Content-Type", "application/x-www-form-urlencoded"), body: "a=b&access_token=x"), .twoPlaces),
        .init(
            "a form without a token",
            RowRequest(
                "POST", "/mcp/echo", ("Authorization", "Bearer {good}"),
                ("Content-Type", "application/x-www-form-urlencoded"), body: "a=b"),
            RowAnswer(200, [RowAnswer.noStore, "Content-Type: text/plain; charset=utf-8"], "POST /mcp/echo a=b")),
        .init(
            "access_token in a JSON body is content",
            RowRequest(
                "POST", "/mcp/echo?x=%2F", ("Authorization", "Bearer {good}"), ("Content-Type", "application/json"),
                body: #"{"access_token":1}"#),
            RowAnswer(
                200, [RowAnswer.noStore, "Content-Type: text/plain; charset=utf-8"],
                #"POST /mcp/echo?x=%2F {"access_token":1}"#)),
        .init("a token of the longest size is judged", .call("{long=16384}"), .invalidToken()),
        .init("a token beyond the longest size", .call("{long=16385}"), .invalidToken()),
        .init(
            "another scheme beyond the longest size",
            RowRequest("POST", "/mcp", ("Authorization", "Basic {long=16500}")),
            .invalidRequest("The Authorization value is too long.")),
        // §1: tokens.
        .init("not a JWT", .call("opaque"), .invalidToken()),
        .init("two parts", .call("a.b"), .invalidToken()),
        .init("five parts", .call("a.b.c.d.e"), .invalidToken()),
        .init("three empty parts", .call(".."), .invalidToken()),
        .init("of a stranger", .call("{stranger}"), .invalidToken()),
        .init("without scopes", .call("{noScopes}"), .insufficientScope("mcp:use")),
        .init("with other scopes", .call("{scopes=mcp:used mcp}"), .insufficientScope("mcp:use")),
        .init("in another case", .call("{scopes=MCP:USE}"), .insufficientScope("mcp:use")),
        .init(
            "HEAD without the scope", RowRequest("HEAD", "/mcp", ("Authorization", "Bearer {noScopes}")),
            .insufficientScope("mcp:use").bodiless),
        .init("expired, and without the scope: 401 and not 403", .call("{expiredWithoutScope}"), .invalidToken()),
        // §1: the handler.
        .init(
            "a handler that throws", RowRequest("POST", "/mcp/fails", ("Authorization", "Bearer {good}")), .serverError),
        .init(
            "a handler's own Cache-Control stays", RowRequest("GET", "/mcp/own", ("Authorization", "Bearer {good}")),
            RowAnswer(200, ["Cache-Control: private, max-age=5"], "")),
    ]

    /// All defects get the same answer: a client cannot tell which check failed.
    static let defectRows = TokenDefect.allCases.map { defect in
        GuardRow("a token with one defect: \(defect.rawValue)", .call("{\(defect.rawValue)}"), .invalidToken())
    }

    @Test(
        "POLICY §1: 503 while nobody can say, with the wait in bounds and without a challenge",
        arguments: [(-5, 1), (0, 1), (7, 7), (60, 60), (61, 60), (9_999, 60)])
    func unavailable(retryAfter: Int, shown: Int) async throws {
        let guarded = try GuardUnderTest(keys: DeadKeys(retryAfter: retryAfter))
        try await RowPaths(guarded: guarded).check([
            .init("a token that nobody can judge", .call(), .unavailable(retryAfter: shown)),
            .init("no token: 401 all the same", RowRequest(), .unauthorized()),
            .init("a token of a stranger: 401, nobody was asked", .call("{stranger}"), .invalidToken()),
            .init("a token of a forbidden algorithm: 401, nobody was asked", .call("{unsecured}"), .invalidToken()),
        ])
    }

    private struct DeadKeys: KeySource {
        let retryAfter: Int

        func presentKeys() -> JSONWebKeySet? { nil }
        func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
            throw KeySourceError(retryAfter: retryAfter)
        }
    }

    @Test("POLICY §3: the challenge says what there is, in its order")
    func challenges() async throws {
        try await RowPaths(guarded: GuardUnderTest(requiredScopes: [])).check([
            .init("no scope: never scope=\"\"", RowRequest(), .unauthorized(scope: "")),
            .init("no scope: with a bad token", .call("bad"), .invalidToken(scope: "")),
            .init("no scope: a token without any", .call("{noScopes}"), .passed()),
        ])
        try await RowPaths(guarded: GuardUnderTest(requiredScopes: ["b", "a", "c:d"])).check([
            .init("scopes sorted", RowRequest(), .unauthorized(scope: "a b c:d")),
            .init(
                "all scopes of the operation, not only the missing ones", .call("{scopes=a}"),
                .insufficientScope("a b c:d")),
        ])
        let realm = try GuardUnderTest(configure: { $0.responses.realm = #"the "notes""# })
        try await RowPaths(guarded: realm).check([
            .init(
                "the realm first, and escaped", RowRequest(),
                .refused(
                    401, "unauthorized", "An access token is required.",
                    #"Bearer realm="the \"notes\"", scope="mcp:use", \#(RowAnswer.metadata)"#))
        ])
    }

    static let document =
        #"{"resource":"https://mcp.example/mcp","authorization_servers":["https://issuer.example"],"scopes_supported":["mcp:use"],"bearer_methods_supported":["header"]}"#

    @Test("POLICY §4: the metadata routes")
    func metadata() async throws {
        let tag = "ETag: \"" + Self.tag(of: Self.document) + "\""
        let found = RowAnswer(
            200, [RowAnswer.json, "Cache-Control: public, max-age=3600", tag, "Access-Control-Allow-Origin: *"],
            Self.document)
        let unchanged = RowAnswer(
            304, ["Cache-Control: public, max-age=3600", tag, "Access-Control-Allow-Origin: *"], "")
        let allowed = "Allow: GET, HEAD, OPTIONS"
        let wrongMethod = RowAnswer(
            405, [RowAnswer.json, RowAnswer.noStore, allowed, "Access-Control-Allow-Origin: *"],
            #"{"error":"method_not_allowed"}"#)
        let preflight = RowAnswer(
            204,
            [
                allowed, "Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: GET, HEAD, OPTIONS",
                "Access-Control-Allow-Headers: *", "Access-Control-Max-Age: 7200",
            ], "")
        let path = "/.well-known/oauth-protected-resource/mcp"
        let own = String(tag.dropFirst(6))
        try await RowPaths(guarded: GuardUnderTest()).check([
            .init("at the inserted path", RowRequest("GET", path), found),
            .init("at the root alias", RowRequest("GET", "/.well-known/oauth-protected-resource"), found),
            .init("one trailing slash", RowRequest("GET", path + "/"), found),
            .init(
                "one trailing slash at the alias", RowRequest("GET", "/.well-known/oauth-protected-resource/"), found),
            .init("a query", RowRequest("GET", path + "?x=y"), found),
            .init("HEAD", RowRequest("HEAD", path), found.bodiless),
            .init("with a token, even a bad one", RowRequest("GET", path, ("Authorization", "Bearer bad")), found),
            .init("a foreign Host is not in it", RowRequest("GET", path, ("X-Forwarded-Host", "evil.example")), found),
            .init("If-None-Match of the tag", RowRequest("GET", path, ("If-None-Match", own)), unchanged),
            .init("If-None-Match weakly", RowRequest("GET", path, ("If-None-Match", "W/" + own)), unchanged),
            .init("If-None-Match in a list", RowRequest("GET", path, ("If-None-Match", "\"x\", " + own)), unchanged),
            .init("If-None-Match of anything", RowRequest("GET", path, ("If-None-Match", "*")), unchanged),
            .init("If-None-Match of another", RowRequest("GET", path, ("If-None-Match", "\"x\"")), found),
            .init("OPTIONS", RowRequest("OPTIONS", path), preflight),
            .init("POST", RowRequest("POST", path), wrongMethod),
            .init("DELETE", RowRequest("DELETE", path), wrongMethod),
            .init("two trailing slashes", RowRequest("GET", path + "//"), .notFound),
            .init("another case", RowRequest("GET", "/.well-known/OAuth-Protected-Resource/mcp"), .notFound),
            .init("percent-encoded", RowRequest("GET", "/.well-known/oauth-protected-resource/%6Dcp"), .notFound),
            .init("below it", RowRequest("GET", path + "/x"), .notFound),
            .init("another resource", RowRequest("GET", "/.well-known/oauth-protected-resource/other"), .notFound),
            .init(
                "the rest of /.well-known/ is 404 and not 401", RowRequest("GET", "/.well-known/openid-configuration"),
                .notFound),
            .init(
                "404 with a token too", RowRequest("GET", "/.well-known/x", ("Authorization", "Bearer {good}")),
                .notFound),
            .init("404 to a HEAD", RowRequest("HEAD", "/.well-known/x"), .notFound.bodiless),
            .init("/.well-known without a slash is the handler's", RowRequest("GET", "/.well-known"), .unauthorized()),
            .init(
                "in the middle of a path it is the handler's", RowRequest("GET", "/x/.well-known/y"), .unauthorized()),
        ])
        let hidden = try GuardUnderTest(configure: { $0.metadata.rootAlias = .notServed })
        try await RowPaths(guarded: hidden).check([
            .init(
                "without the alias: 404 there", RowRequest("GET", "/.well-known/oauth-protected-resource"), .notFound),
            .init("without the alias: the inserted path", RowRequest("GET", path), found),
        ])
        let claimed = try GuardUnderTest(configure: { $0.metadata.handlerPaths = ["/.well-known/mine"] })
        try await RowPaths(guarded: claimed).check([
            .init("a path that the handler claims is guarded", RowRequest("GET", "/.well-known/mine"), .unauthorized()),
            .init(
                "a path that the handler claims is its own",
                RowRequest("GET", "/.well-known/mine", ("Authorization", "Bearer {good}")), .passed()),
            .init("its neighbours are not claimed", RowRequest("GET", "/.well-known/mine2"), .notFound),
        ])
    }

    /// The strong entity-tag that the server computes for a document.
    static func tag(of document: String) -> String {
        Base64URL.encode(Array(Digest.sha256(Array(document.utf8)).prefix(16)))
    }
}
