import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("Browsers: CORS and DNS rebinding", .serialized)
struct BrowserTests {
    private static let page = "https://app.example"
    private static let local = "http://127.0.0.1:8080/mcp"
    private static let exposed = "WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce"
    private static let headers =
        "Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID"

    private static let decideInCode = "list the origins, or decide in code: browsers.allowsOrigin"
    private static let asSpelled =
        "is not an origin as browsers spell it; "
        + "write it like https://app.example.com, or like vscode-webview://* for a whole scheme"

    private func withList(_ origins: [String] = [page, "http://localhost:6274"]) throws -> GuardFixture {
        try GuardFixture { $0.browsers.allowedOrigins = origins }
    }

    private func localGuard(_ resource: String = local, origins: [String] = []) throws -> GuardFixture {
        try GuardFixture { configuration in
            configuration.resource = resource
            configuration.browsers.allowedOrigins = origins
        }
    }

    // MARK: CORS

    @Test("POLICY §10: a preflight of an allowed page is answered before the token, exactly so")
    func preflight() async throws {
        let fixture = try withList()
        for target in ["/mcp", "/", "/elsewhere", "*"] {
            let exchange = try await GuardExchange(
                fixture.server, .options, target,
                fields: [("Origin", Self.page), ("Access-Control-Request-Method", "POST")])
            #expect(
                exchange.response.summary == [
                    "204", "Access-Control-Allow-Origin: \(Self.page)",
                    "Access-Control-Allow-Methods: GET, POST, DELETE",
                    "Access-Control-Allow-Headers: \(Self.headers)", "Access-Control-Max-Age: 7200", "Vary: Origin", "",
                ])
            #expect(exchange.principal == nil)
        }
        #expect(fixture.log.all.isEmpty)
    }

    @Test(
        "POLICY §10: Mcp-Param-* is allowed as requested, and nothing else of the request comes back",
        arguments: [
            ("authorization, mcp-param-region", ", mcp-param-region"),
            ("Mcp-Param-A_b-1,\tMCP-PARAM-C", ", mcp-param-a_b-1, mcp-param-c"),
            ("mcp-param-, mcp-param, x-mcp-param-a, mcp-param-a b", ""),
            ("mcp-param-*, mcp-param-<b>, mcp-param-\u{E9}, *, cookie", ""),
            ("mcp-param-" + String(repeating: "a", count: 64), ", mcp-param-" + String(repeating: "a", count: 64)),
            ("mcp-param-" + String(repeating: "a", count: 65), ""),
            (
                (1...40).map { "mcp-param-\($0)" }.joined(separator: ","),
                (1...32).map { ", mcp-param-\($0)" }.joined()
            ),
            (",,, ,", ""),
        ])
    func parameterHeaders(requested: String, added: String) async throws {
        let exchange = try await GuardExchange(
            try withList().server, .options,
            fields: [
                ("Origin", Self.page), ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", requested),
            ])
        #expect(exchange.response.text(.accessControlAllowHeaders) == Self.headers + added)
    }

    @Test("A preflight of a page outside the list is 403 without CORS fields")
    func foreignPreflight() async throws {
        let fixture = try withList()
        let exchange = try await GuardExchange(
            fixture.server, .options,
            fields: [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")])
        #expect(
            exchange.response.summary == [
                "403", "Content-Type: application/json", "Cache-Control: no-store", "Vary: Origin",
                #"{"error":"origin_not_allowed","error_description":"Pages of this origin may not call this server."}"#,
            ])
    }

    @Test("OPTIONS without what makes it a preflight goes on to the token; so does every preflight while CORS is off")
    func noPreflight() async throws {
        for fields in [
            [("Origin", Self.page)], [("Access-Control-Request-Method", "POST")],
            [
                ("Origin", Self.page), ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Method", "GET"),
            ],
        ] {
            #expect(
                try await GuardExchange(withList().server, .options, fields: fields).response.status == .unauthorized)
        }
        let off = try await GuardExchange(
            GuardFixture().server, .options, fields: [("Origin", Self.page), ("Access-Control-Request-Method", "POST")])
        #expect(off.response.status == .unauthorized)
        #expect(!off.response.fields.pairs.contains { $0.name.hasPrefix("Access-Control") || $0.name == "Vary" })
    }

    @Test("POLICY §10: refusals and handled responses of an allowed page carry CORS, exactly so")
    func crossOriginFields() async throws {
        let fixture = try withList()
        let cors = [
            "Access-Control-Allow-Origin: \(Self.page)", "Access-Control-Expose-Headers: \(Self.exposed)",
            "Vary: Origin",
        ]
        let origin = [("Origin", Self.page)]
        let lacking = GuardFixture.issuer.token { $0.claims["scope"] = nil }
        let good = GuardFixture.issuer.token()
        let exchanges = [
            try await GuardExchange(fixture.server, fields: origin),
            try await GuardExchange(fixture.server, token: "x", fields: origin),
            try await GuardExchange(fixture.server, token: lacking, fields: origin),
            try await GuardExchange(fixture.server, .post, "/mcp?access_token=x", token: good, fields: origin),
            try await GuardExchange(fixture.server, token: good, fields: origin),
        ]
        #expect(exchanges.map(\.response.status.code) == [401, 401, 403, 400, 200])
        for exchange in exchanges { #expect(Array(exchange.response.summary.dropLast().suffix(3)) == cors) }
    }

    @Test("A handler that throws answers an allowed page with CORS too")
    func failingHandler() async throws {
        struct Failure: Error {}
        let handler = try withList().server.protecting { _, _ in throw Failure() }
        var request = HTTPRequest(method: .post, target: "/mcp")
        request.fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + GuardFixture.issuer.token())))
        request.fields.append(.origin, "http://localhost:6274")
        let response = try await handler.respond(to: request)
        #expect(response.status == .internalServerError)
        #expect(response.text(.accessControlAllowOrigin) == "http://localhost:6274")
    }

    @Test("A handler's own CORS fields are replaced; its Vary stays and is not doubled")
    func handlersOwn() async throws {
        let fixture = try withList()
        func summary(_ origin: [(String, String)], vary: HTTPFields.Value) async throws -> [String] {
            var answer = HTTPResponse(status: .ok)
            answer.fields.append(.accessControlAllowOrigin, "*")
            answer.fields.append(.accessControlAllowOrigin, "https://evil.example")
            answer.fields.append(.accessControlAllowCredentials, "true")
            answer.fields.append(.accessControlExposeHeaders, "Set-Cookie")
            answer.fields.append(.accessControlAllowHeaders, "*")
            answer.fields.append(.accessControlAllowMethods, "*")
            answer.fields.append(.accessControlMaxAge, "1")
            answer.fields.append(.vary, vary)
            return try await GuardExchange(
                fixture.server, token: GuardFixture.issuer.token(), fields: origin, answer: answer
            )
            .response.summary
        }
        let own = [
            "Cache-Control: no-store", "Access-Control-Allow-Origin: \(Self.page)",
            "Access-Control-Expose-Headers: \(Self.exposed)",
        ]
        let origin = [("Origin", Self.page)]
        #expect(try await summary(origin, vary: "Accept") == ["200", "Vary: Accept"] + own + ["Vary: Origin", ""])
        #expect(try await summary(origin, vary: "Accept, ORIGIN") == ["200", "Vary: Accept, ORIGIN"] + own + [""])
        #expect(try await summary(origin, vary: "*") == ["200", "Vary: *"] + own + [""])
        // The request has no Origin. No origin is allowed, and `Vary` tells caches that the response depends on it.
        #expect(
            try await summary([], vary: "Accept")
                == ["200", "Vary: Accept", "Cache-Control: no-store", "Vary: Origin", ""])
    }

    @Test("A stream of the handler carries CORS in its head")
    func stream() async throws {
        let answer = HTTPResponse(status: .ok, body: .stream { _ in })
        let exchange = try await GuardExchange(
            withList().server, token: GuardFixture.issuer.token(), fields: [("Origin", Self.page)], answer: answer)
        #expect(exchange.response.text(.accessControlAllowOrigin) == Self.page)
    }

    @Test("While CORS is off, nothing is added and a handler's own fields are left alone")
    func off() async throws {
        var answer = HTTPResponse(status: .ok)
        answer.fields.append(.accessControlAllowOrigin, "*")
        let exchange = try await GuardExchange(
            GuardFixture().server, token: GuardFixture.issuer.token(), fields: [("Origin", "https://any.example")],
            answer: answer)
        #expect(
            exchange.response.summary == ["200", "Access-Control-Allow-Origin: *", "Cache-Control: no-store", ""])
    }

    // MARK: Origin

    @Test(
        "POLICY §10: an Origin that is not in the list, byte for byte, is 403 whatever the token",
        arguments: [
            "https://evil.example", "null", "https://APP.example", "https://app.example/", "https://app.example:443",
            "http://app.example", "https://app.example.evil.example", "https://app.example https://app.example", "*",
            "", "https://app.exampl\u{0435}", "app.example",
        ], [true, false])
    func refusedOrigin(origin: String, isLocal: Bool) async throws {
        let fixture = try isLocal ? localGuard() : withList()
        let host = isLocal ? "127.0.0.1:8080" : "mcp.example"
        let exchange = try await GuardExchange(
            fixture.server, token: GuardFixture.issuer.token(), fields: [("Host", host), ("Origin", fields: origin)])
        #expect(exchange.response.status == .forbidden)
        #expect(exchange.served == nil)
        #expect(exchange.response.fields.contains(.wwwAuthenticate) == false)
        #expect(exchange.response.fields.contains(.accessControlAllowOrigin) == false)
        #expect(
            fixture.log.all.map(\.description).allSatisfy {
                $0.hasPrefix("denied reason=origin_not_allowed token=none ")
            })
        #expect(fixture.log.all.count == 2)
    }

    @Test("Two Origin fields are 403, even equal and allowed ones")
    func repeatedOrigin() async throws {
        let exchange = try await GuardExchange(
            withList().server, token: GuardFixture.issuer.token(),
            fields: [("Origin", Self.page), ("Origin", Self.page)])
        #expect(exchange.response.status == .forbidden)
    }

    @Test(
        "The resource's own origin, as browsers spell it, needs no mention and gets no CORS fields",
        arguments: [
            ("https://mcp.example/mcp", "https://mcp.example"), ("https://MCP.Example:443/mcp", "https://mcp.example"),
            ("https://mcp.example:8443/mcp", "https://mcp.example:8443"),
            ("https://[2001:DB8:0::1]/mcp", "https://[2001:db8::1]"),
        ])
    func ownOrigin(resource: String, origin: String) async throws {
        let fixture = try GuardFixture { configuration in
            configuration.resource = resource
            configuration.browsers.allowedOrigins = [Self.page]
        }
        let exchange = try await GuardExchange(fixture.server, fields: [("Origin", fields: origin)])
        #expect(exchange.response.status == .unauthorized)
        #expect(exchange.response.fields.contains(.accessControlAllowOrigin) == false)
        #expect(exchange.response.text(.vary) == "Origin")
    }

    @Test("The metadata is for every page, also where Origin is not allowed")
    func metadata() async throws {
        let exchange = try await GuardExchange(
            withList().server, .get, "/.well-known/oauth-protected-resource/mcp",
            fields: [("Origin", "https://evil.example")])
        #expect(exchange.response.status == .ok)
        #expect(exchange.response.text(.accessControlAllowOrigin) == "*")
    }

    @Test("A HEAD that is turned away has no body")
    func head() async throws {
        let exchange = try await GuardExchange(withList().server, .head, fields: [("Origin", "https://evil.example")])
        #expect(exchange.response.status == .forbidden)
        #expect(exchange.response.bodyText == "")
    }

    // MARK: Host

    /// The status of a local server for a request with this `Host`; nil means no field.
    private func status(
        _ hosts: [String], _ resource: String = local, target: String = "/mcp",
        listener: HTTPRequest.ListenerKind = .unknown
    ) async throws -> Int {
        try await GuardExchange(
            localGuard(resource).server, .post, target, token: "x", fields: hosts.map { ("Host", $0) },
            listener: listener
        ).response.status.code
    }

    @Test(
        "POLICY §10: on a local server a loopback Host is served, on any port",
        arguments: [
            "127.0.0.1:8080", "127.0.0.1", "127.0.0.1:1", "127.255.255.254:65535", "localhost", "LOCALHOST:3000",
            "[::1]", "[::1]:8080", "[0:0:0:0:0:0:0:1]", "[0000:0000::0001]:80",
        ])
    func loopbackHost(host: String) async throws {
        #expect(try await status([host]) == 401)
    }

    @Test(
        "POLICY §10, THREATS B15: any other Host is 421 there",
        arguments: [
            "evil.example", "evil.example:8080", "localhost.evil.example", "localhost.", "127.0.0.1.",
            "127.0.0.1.nip.io",
            "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]",
            "[::1%25lo]", "[::1", "::1", "[::1]x", "localhost:", "localhost:0", "localhost:65536", "localhost:+80",
            "localhost:80:80", "a@localhost", "localhost@evil.example", "localhost, evil.example", "localhost/x", "",
            "localhost:80/", "xn--localhost", "\u{FF4C}ocalhost", "192.168.0.1", "evil.localhost",
        ])
    func foreignHost(host: String) async throws {
        #expect(try await status([host]) == 421)
    }

    @Test("No Host and two of them are 421 on a local server, and nothing elsewhere")
    func countOfHosts() async throws {
        #expect(try await status([]) == 421)
        #expect(try await status(["localhost", "localhost"]) == 421)
        #expect(try await status([], GuardFixture.resource) == 401)
        #expect(try await status(["evil.example"], GuardFixture.resource) == 401)
    }

    @Test("On a loopback listener the resource's own host is served, for a proxy in front that keeps Host")
    func proxied() async throws {
        for host in ["mcp.example", "MCP.EXAMPLE:443", "mcp.example:8080", "localhost:1", "[::1]"] {
            #expect(try await status([host], GuardFixture.resource, listener: .loopback) == 401)
        }
        for host in ["evil.example", "mcp.example.", "mcp.example.evil.example", "xmcp.example", ""] {
            #expect(try await status([host], GuardFixture.resource, listener: .loopback) == 421)
        }
        #expect(try await status(["[2001:DB8::1]:8"], "https://[2001:db8:0::1]/mcp", listener: .loopback) == 401)
        #expect(try await status(["[2001:db8::2]"], "https://[2001:db8::1]/mcp", listener: .loopback) == 421)
    }

    @Test(
        "A loopback resource makes the server local on every listener; a public one on loopback listeners only",
        arguments: [HTTPRequest.ListenerKind.unknown, .loopback, .network, .unixSocket])
    func local(listener: HTTPRequest.ListenerKind) async throws {
        #expect(try await status(["evil.example"], listener: listener) == 421)
        let expected = listener == .loopback ? 421 : 401
        #expect(try await status(["evil.example"], GuardFixture.resource, listener: listener) == expected)
    }

    @Test("RFC 9112 §3.2.2: the authority of an absolute form must name the server as well")
    func absoluteForm() async throws {
        #expect(try await status(["localhost"], target: "http://localhost:8080/mcp") == 401)
        #expect(try await status(["localhost"], target: "http://evil.example/mcp") == 421)
        #expect(try await status(["localhost"], target: "http://evil.example") == 421)
        #expect(try await status(["evil.example"], target: "http://localhost/mcp") == 421)
        #expect(try await status(["localhost"], target: "HTTPS://localhost?x=/y") == 401)
    }

    @Test("The answer to a foreign Host says so and nothing of it; the metadata is behind the same check")
    func misdirected() async throws {
        let fixture = try localGuard(origins: [Self.page])
        for target in ["/mcp", "/.well-known/oauth-protected-resource/mcp", "/.well-known/x", "*"] {
            let exchange = try await GuardExchange(
                fixture.server, .options, target,
                fields: [("Host", "evil.example"), ("Origin", Self.page), ("Access-Control-Request-Method", "POST")])
            #expect(
                exchange.response.summary == [
                    "421", "Content-Type: application/json", "Cache-Control: no-store",
                    #"{"error":"host_not_served","error_description":"The Host field does not name this server."}"#,
                ])
        }
        #expect(fixture.log.all.allSatisfy { $0.description.hasSuffix(" host=evil.example expected=\"127.0.0.1\"") })
    }

    // MARK: Configuration

    @Test(
        "Every text that browsers would not send as an origin is refused at construction, and says what to write",
        arguments: [
            (
                "https://*",
                "allows every page of its scheme; list the origins, or write * to allow every page of the web"
            ),
            (
                "HTTP://*",
                "allows every page of its scheme; list the origins, or write * to allow every page of the web"
            ),
            (
                "http://localhost:*/x",
                "has a path, query or fragment; remove all that follows the host and port, also a / at the end"
            ),
            ("http://LOCALHOST:*", "is not written as browsers send it; write http://localhost:*"),
            ("HTTP://localhost:*", "is not written as browsers send it; write http://localhost:*"),
            ("http://localhost:80:*", "is not written as browsers send it; write http://localhost:*"),
            ("http://[0:0::1]:*", "is not written as browsers send it; write http://[::1]:*"),
            ("https://[2001:DB8::0:1]", "is not written as browsers send it; write https://[2001:db8::1]"),
            ("http://localhost:", "has no valid host and port; write it like https://app.example.com:8443"),
            (
                "http://localhost.evil.example:*",
                "has a * as its port, which only loopback hosts may have; list the origins with their ports"
            ),
            (
                "https://app.example:*",
                "has a * as its port, which only loopback hosts may have; list the origins with their ports"
            ),
            (
                "http://0.0.0.0:*",
                "has a * as its port, which only loopback hosts may have; list the origins with their ports"
            ),
            ("http://127.1:*", "has no valid host and port; write it like https://app.example.com:8443"),
            ("http://u@localhost:*", "has no valid host and port; write it like https://app.example.com:8443"),
            ("http://localhost:5*", "has a * in its host; \(Self.decideInCode)"),
            ("http://*:*", "has a * in its host; \(Self.decideInCode)"),
            ("http://*:3000", "has a * in its host; \(Self.decideInCode)"),
            ("null", "is null, the origin of every sandboxed page; remove it"),
            ("NULL", "is null, the origin of every sandboxed page; remove it"),
            (
                "https://app.example/",
                "has a path, query or fragment; remove all that follows the host and port, also a / at the end"
            ),
            (
                "https://app.example/x",
                "has a path, query or fragment; remove all that follows the host and port, also a / at the end"
            ),
            (
                "https://app.example?x",
                "has a path, query or fragment; remove all that follows the host and port, also a / at the end"
            ),
            ("https://APP.example", "is not written as browsers send it; write https://app.example"),
            ("https://app.example:443", "is not written as browsers send it; write https://app.example"),
            ("HTTP://app.example:80", "is not written as browsers send it; write http://app.example"),
            ("https://*.example", "has a * in its host; \(Self.decideInCode)"),
            ("https://*.example.com", "has a * in its host; \(Self.decideInCode)"),
            ("https://app.*", "has a * in its host; \(Self.decideInCode)"),
            ("https://u@app.example", "has no valid host and port; write it like https://app.example.com:8443"),
            ("app.example", "is not an origin; write it like https://app.example.com"),
            ("https://", "is not an origin; write it like https://app.example.com"),
            ("https:app.example", "is not an origin; write it like https://app.example.com"),
            ("", "is not an origin; write it like https://app.example.com"),
            ("vscode-webview://A", asSpelled), ("x-app://a*", asSpelled), ("x-app://*.b", asSpelled),
            ("x-app://a b", asSpelled), ("x-app://*:*", asSpelled), ("VSCode-webview://*", asSpelled),
            ("VSCODE-WEBVIEW://*", asSpelled), ("*://x", asSpelled), ("*://*", asSpelled), ("vscode-*://*", asSpelled),
            ("1x://*", asSpelled), ("x-app://u@a", asSpelled),
            (
                "vscode-webview://*/",
                "has a path, query or fragment; remove all that follows the host and port, also a / at the end"
            ),
            ("vscode-webview:*", "is not an origin; write it like https://app.example.com"),
            ("localhost:*", "is not an origin; write it like https://app.example.com"),
            ("**", "is not an origin; write it like https://app.example.com"),
            ("* ", "is not an origin; write it like https://app.example.com"),
        ])
    func originFault(origin: String, explanation: String) {
        let error = #expect(throws: ConfigurationError.self) { try withList([Self.page, origin]) }
        #expect(error?.lines == ["browsers.allowedOrigins[1] \(explanation)"])
    }

    @Test(
        "Origins of extensions and addresses are origins too",
        arguments: ["vscode-webview://0abc", "chrome-extension://abcdef", "http://[::1]:6274", "http://127.0.0.1:6274"])
    func otherOrigins(origin: String) async throws {
        let exchange = try await GuardExchange(withList([origin]).server, fields: [("Origin", fields: origin)])
        #expect(exchange.response.text(.accessControlAllowOrigin) == origin)
    }
}
