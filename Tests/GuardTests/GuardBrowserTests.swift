import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification

/// POLICY §10: CORS, and the defence against DNS rebinding. The server of these rows listens on loopback.
@Suite("The guard and browsers, request by request", .serialized, .timeLimit(.minutes(5)))
struct GuardBrowserTests {
    static let app = "https://app.example"
    static let expose = "Access-Control-Expose-Headers: WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce"
    static let vary = "Vary: Origin"
    static let headers =
        "Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID"

    static func shared(_ answer: RowAnswer, with origin: String = app) -> RowAnswer {
        answer.with("Access-Control-Allow-Origin: \(origin)", expose, vary)
    }

    static func preflight(_ more: String = "", origin: String = app) -> RowAnswer {
        RowAnswer(
            204,
            [
                "Access-Control-Allow-Origin: \(origin)", "Access-Control-Allow-Methods: GET, POST, DELETE",
                "Access-Control-Allow-Headers: \(headers)\(more)", "Access-Control-Max-Age: 7200", vary,
            ], "")
    }

    static let foreign = RowAnswer(
        403, [RowAnswer.json, RowAnswer.noStore],
        #"{"error":"origin_not_allowed","error_description":"Pages of this origin may not call this server."}"#)
    static let misdirected = RowAnswer(
        421, [RowAnswer.json, RowAnswer.noStore],
        #"{"error":"host_not_served","error_description":"The Host field does not name this server."}"#)

    static func asking(_ method: String?, _ lines: (String, String)...) -> RowRequest {
        var request = RowRequest("OPTIONS")
        request.lines = lines.map { ($0.0, $0.1) }
        if let method { request.lines.append(("Access-Control-Request-Method", method)) }
        return request
    }

    @Test("POLICY §10: with a list of origins")
    func allowList() async throws {
        let guarded = try GuardUnderTest(configure: {
            $0.browsers.allowedOrigins = [Self.app, "http://localhost:5173", "vscode-webview://panel"]
        })
        let origin = ("Origin", Self.app)
        try await RowPaths(guarded: guarded).check([
            .init("no Origin: caches learn that there are others", RowRequest(), .unauthorized().with(Self.vary)),
            .init(
                "an allowed origin can read the 401", RowRequest("POST", "/mcp", origin), Self.shared(.unauthorized())),
            .init(
                "an allowed origin can read the 401 of a bad token", .call("bad", origin), Self.shared(.invalidToken())),
            .init(
                "an allowed origin can read the 400",
                RowRequest("POST", "/mcp", origin, ("Authorization", "Bearer a"), ("Authorization", "Bearer a")),
                Self.shared(.twoCredentials)),
            .init(
                "an allowed origin can read the 403", .call("{noScopes}", origin),
                Self.shared(.insufficientScope("mcp:use"))),
            .init("an allowed origin can read the answer", .call("{good}", origin), Self.shared(.passed())),
            .init(
                "an allowed origin can read the 500",
                RowRequest("POST", "/mcp/fails", origin, ("Authorization", "Bearer {good}")), Self.shared(.serverError)),
            .init(
                "each of the list", .call("{good}", ("Origin", "http://localhost:5173")),
                Self.shared(.passed(), with: "http://localhost:5173")),
            .init(
                "of a foreign scheme", .call("{good}", ("Origin", "vscode-webview://panel")),
                Self.shared(.passed(), with: "vscode-webview://panel")),
            .init(
                "the resource's own origin", .call("{good}", ("Origin", "https://mcp.example")),
                RowAnswer.passed().with(Self.vary)),
            .init(
                "a foreign origin", .call("{good}", ("Origin", "https://evil.example")), Self.foreign.with(Self.vary)),
            .init(
                "a foreign origin without a token", RowRequest("POST", "/mcp", ("Origin", "https://evil.example")),
                Self.foreign.with(Self.vary)),
            .init(
                "a foreign origin's HEAD", RowRequest("HEAD", "/mcp", ("Origin", "https://evil.example")),
                Self.foreign.with(Self.vary).bodiless),
            .init("null", .call("{good}", ("Origin", "null")), Self.foreign.with(Self.vary)),
            .init("an empty Origin", .call("{good}", ("Origin", "")), Self.foreign.with(Self.vary)),
            .init("two Origins", .call("{good}", origin, origin), Self.foreign.with(Self.vary)),
            .init("another port", .call("{good}", ("Origin", Self.app + ":8443")), Self.foreign.with(Self.vary)),
            .init(
                "its default port spelled out", .call("{good}", ("Origin", Self.app + ":443")),
                Self.foreign.with(Self.vary)),
            .init("another scheme", .call("{good}", ("Origin", "http://app.example")), Self.foreign.with(Self.vary)),
            .init("another case", .call("{good}", ("Origin", "https://APP.example")), Self.foreign.with(Self.vary)),
            .init(
                "a name that ends so", .call("{good}", ("Origin", "https://evilapp.example")),
                Self.foreign.with(Self.vary)),
            .init(
                "a name that begins so", .call("{good}", ("Origin", Self.app + ".evil.example")),
                Self.foreign.with(Self.vary)),
            .init("with a slash", .call("{good}", ("Origin", Self.app + "/")), Self.foreign.with(Self.vary)),
            .init("a preflight", Self.asking("POST", origin), Self.preflight()),
            .init("a preflight for DELETE", Self.asking("DELETE", origin), Self.preflight()),
            .init(
                "a preflight asks without a token, and one with a bad token too",
                Self.asking("POST", origin, ("Authorization", "Bearer bad")), Self.preflight()),
            .init(
                "a preflight's known headers are answered from our list",
                Self.asking("POST", origin, ("Access-Control-Request-Headers", "authorization,content-type,x-evil")),
                Self.preflight()),
            .init(
                "a preflight's Mcp-Param-* as requested",
                Self.asking("POST", origin, ("Access-Control-Request-Headers", "Mcp-Param-Region, mcp-param-x_1")),
                Self.preflight(", mcp-param-region, mcp-param-x_1")),
            .init(
                "a preflight's parameter with other characters",
                Self.asking("POST", origin, ("Access-Control-Request-Headers", "mcp-param-<b>, mcp-param-, mcp-param")),
                Self.preflight()),
            .init(
                "a preflight of a foreign origin", Self.asking("POST", ("Origin", "https://evil.example")),
                Self.foreign.with(Self.vary)),
            .init(
                "OPTIONS of an allowed origin that asks nothing", Self.asking(nil, origin), Self.shared(.unauthorized())
            ),
            .init("OPTIONS that asks without an origin", Self.asking("POST"), .unauthorized().with(Self.vary)),
        ])
    }

    @Test("POLICY §10: without a list, on a loopback bind, the resource's own pages and those of this machine may call")
    func noList() async throws {
        try await RowPaths(guarded: GuardUnderTest()).check([
            .init("no Origin", .call(), .passed()),
            .init("the resource's own", .call("{good}", ("Origin", "https://mcp.example")), .passed()),
            .init("any other", .call("{good}", ("Origin", Self.app)), Self.foreign),
            .init("null", .call("{good}", ("Origin", "null")), Self.foreign),
            .init(
                "a page of this machine", .call("{good}", ("Origin", "http://localhost:3000")),
                Self.shared(.passed(), with: "http://localhost:3000")),
            .init(
                "a page of this machine can read the 401",
                RowRequest("POST", "/mcp", ("Origin", "https://127.0.0.1:6274")),
                Self.shared(.unauthorized(), with: "https://127.0.0.1:6274")),
            .init(
                "a page of a host that begins so", .call("{good}", ("Origin", "http://localhost.evil.example:80")),
                Self.foreign),
            .init("a preflight", Self.asking("POST", ("Origin", Self.app)), Self.foreign),
            .init(
                "a preflight of a page of this machine", Self.asking("POST", ("Origin", "http://localhost:3000")),
                Self.preflight(origin: "http://localhost:3000")),
        ])
    }

    @Test("POLICY §10: on a loopback bind Host names this machine or the resource")
    func hosts() async throws {
        func rows(_ hosts: [String], _ answer: RowAnswer) -> [GuardRow] {
            hosts.map {
                GuardRow(
                    "Host: \($0)", RowRequest("POST", "/mcp", ("Host", $0), ("Authorization", "Bearer {good}")), answer)
            }
        }
        let paths = try RowPaths(guarded: GuardUnderTest())
        try await paths.check(
            rows(
                [
                    "localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:65535", "127.255.255.254", "[::1]",
                    "[::1]:8080",
                    "[0:0:0:0:0:0:0:1]", "mcp.example", "MCP.example", "mcp.example:8080",
                ], .passed())
                + rows(
                    [
                        "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost.",
                        "mcp.example.",
                        "128.0.0.1", "0.0.0.0", "[::]", "[::2]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.0.0.1",
                        "127.1",
                        "xmcp.example", "mcp.example.evil",
                    ], Self.misdirected)
                + [
                    .init(
                        "without a token too", RowRequest("POST", "/mcp", ("Host", "evil.example")), Self.misdirected),
                    .init("a HEAD", RowRequest("HEAD", "/mcp", ("Host", "evil.example")), Self.misdirected.bodiless),
                    .init(
                        "the metadata too",
                        RowRequest("GET", "/.well-known/oauth-protected-resource/mcp", ("Host", "evil.example")),
                        Self.misdirected),
                    .init(
                        "an origin does not excuse it",
                        RowRequest("POST", "/mcp", ("Host", "evil.example"), ("Origin", "https://mcp.example")),
                        Self.misdirected),
                ])
    }

    @Test("POLICY §12: shadow mode lets through and reports, but not pages of other origins")
    func shadow() async throws {
        let guarded = try GuardUnderTest(observer: { _ in }, configure: { $0.mode = .shadow })
        try await RowPaths(guarded: guarded).check([
            .init("no token", RowRequest(), .passed("nobody")),
            .init("a bad token", .call("bad"), .passed("nobody")),
            .init(
                "two credentials",
                RowRequest("POST", "/mcp", ("Authorization", "Bearer a"), ("Authorization", "Bearer b")),
                .passed("nobody")),
            .init("a good token", .call(), .passed()),
            .init("a foreign origin", .call("{good}", ("Origin", Self.app)), Self.foreign),
            .init("a foreign host", RowRequest("POST", "/mcp", ("Host", "evil.example")), Self.misdirected),
        ])
    }

    @Test("POLICY §12: pre-shared tokens: no metadata, and a plain challenge")
    func staticTokens() async throws {
        let made = StaticTokenFixture.make()
        let guarded = try GuardUnderTest(
            requiredScopes: ["mcp:use"],
            verifier: StaticTokenVerifier(try StaticTokenList(parsing: Array(made.lines.utf8))),
            configure: {
                $0.mode = .staticTokens
                $0.metadata.authorizationServers = []
            })
        let realm = "Bearer realm=\"https://mcp.example/mcp\""
        func refused(_ status: Int, _ error: String, _ sentence: String, _ more: String) -> RowAnswer {
            .refused(status, error, sentence, realm + more)
        }
        let sentence = "The access token is malformed, expired or not valid for this resource."
        let lacking = "The operation needs scopes that the access token does not carry."
        try await RowPaths(guarded: guarded).check([
            .init(
                "no token", RowRequest(),
                refused(401, "unauthorized", "An access token is required.", ", scope=\"mcp:use\"")),
            .init(
                "a token that is not in the list", .call("nope"),
                refused(
                    401, "invalid_token", sentence,
                    ", error=\"invalid_token\", error_description=\"\(sentence)\", scope=\"mcp:use\"")),
            .init(
                "a JWT", .call(),
                refused(
                    401, "invalid_token", sentence,
                    ", error=\"invalid_token\", error_description=\"\(sentence)\", scope=\"mcp:use\"")),
            .init("a token of the list", .call(made.token), .passed("ci")),
            .init(
                "a token without the scope", .call(made.lesser),
                refused(
                    403, "insufficient_scope", lacking,
                    ", error=\"insufficient_scope\", error_description=\"\(lacking)\", scope=\"mcp:use\"")),
            .init("no metadata", RowRequest("GET", "/.well-known/oauth-protected-resource/mcp"), .notFound),
            .init("no metadata at the root", RowRequest("GET", "/.well-known/oauth-protected-resource"), .notFound),
        ])
    }

    @Test("POLICY §12: a disabled guard lets everybody through as the one it names")
    func disabled() async throws {
        let guarded = try GuardUnderTest(
            requiredScopes: [], observer: { _ in },
            configure: { $0.mode = .disabled(anonymousAs: "everybody", reach: .iKnowThisIsPublic) })
        try await RowPaths(guarded: guarded).check([
            .init("no token", RowRequest(), .passed("nobody")),
            .init("a bad token is not looked at", .call("bad"), .passed("nobody")),
            .init("a foreign origin", .call("bad", ("Origin", Self.app)), Self.foreign),
        ])
    }

    @Test("Routes: public and optional paths, and nothing that only looks like one")
    func routes() async throws {
        let guarded = try GuardUnderTest(configure: {
            $0.requirements.routes = [
                RouteRule("/health", .public), RouteRule(below: "/open", .public), RouteRule("/maybe", .optional),
            ]
        })
        func get(_ path: String, _ lines: (String, String)...) -> RowRequest {
            var request = RowRequest("GET", path)
            request.lines = lines.map { ($0.0, $0.1) }
            return request
        }
        let bad = ("Authorization", "Bearer bad"), good = ("Authorization", "Bearer {good}")
        let lacking = ("Authorization", "Bearer {noScopes}")
        try await RowPaths(guarded: guarded).check(
            [
                .init("public", get("/health"), .passed("nobody")),
                .init("public with a query", get("/health?x=1"), .passed("nobody")),
                .init("public: a bad token is not looked at", get("/health", bad), .passed("nobody")),
                .init("public: a good token neither", get("/health", good), .passed("nobody")),
                .init("public below", get("/open/a/b"), .passed("nobody")),
                .init("public below: the path itself", get("/open"), .passed("nobody")),
                .init("optional without a token", get("/maybe"), .passed("nobody")),
                .init("optional with a good token", get("/maybe", good), .passed()),
                .init("optional with a bad token", get("/maybe", bad), .invalidToken()),
                .init("optional with a token that lacks scope", get("/maybe", lacking), .insufficientScope("mcp:use")),
                .init("optional with another scheme", get("/maybe", ("Authorization", "Basic dTpw")), .unauthorized()),
                .init("optional with two credentials", get("/maybe", good, good), .twoCredentials),
            ]
                + [
                    "/health/", "/health/x", "/healthz", "/HEALTH", "/%68ealth", "//health", "/./health",
                    "/x/../health",
                    "/health;x=1", "/open/../mcp", "/open//x", "/open/%2e%2e/mcp", "/open/..;/mcp", "/open/%2Fmcp",
                    "/opened",
                    "/maybe/x", "/", "/open/./x",
                ].map { GuardRow("protected: \($0)", get($0), .unauthorized()) })
    }
}
