import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification

/// POLICY §10: which origins and hosts a setting allows, beyond the exact ones of `BrowserTests`.
@Suite("Browsers: rules for origins and hosts")
struct OriginRuleTests {
    private static let local = "http://127.0.0.1:8080/mcp"

    private func fixture(
        _ resource: String = GuardFixture.resource, _ configure: (inout ResourceServerConfiguration.Browsers) -> Void
    ) throws -> GuardFixture {
        try GuardFixture { configuration in
            configuration.resource = resource
            configure(&configuration.browsers)
        }
    }

    private func exchange(
        _ fixture: GuardFixture, _ origin: String, host: String = "localhost", method: HTTPMethod = .post,
        listener: HTTPRequest.ListenerKind = .unknown, fields: [(String, String)] = []
    ) async throws -> HTTPResponse {
        try await GuardExchange(
            fixture.server, method, fields: [("Host", host), ("Origin", origin)] + fields, listener: listener
        ).response
    }

    // MARK: Origins

    struct Row: Sendable, CustomTestStringConvertible {
        let rules: [String]
        let allowed: [String]
        let refused: [String]
        var testDescription: String { rules.joined(separator: " ") }
    }

    private static let rows = [
        Row(
            rules: ["http://localhost:*"],
            allowed: ["http://localhost", "http://localhost:1", "http://localhost:6274", "http://localhost:65535"],
            refused: [
                "https://localhost:6274", "http://127.0.0.1:6274", "http://[::1]:6274", "http://localhost:80",
                "http://localhost:0", "http://localhost:65536", "http://localhost:06274", "http://localhost:",
                "http://localhost:*", "http://LOCALHOST:6274", "HTTP://localhost:6274", "http://localhost:6274/",
                "http://localhost:6274/x", "http://localhost:6274?x", "http://localhost:6274#x",
                "http://localhost.evil.example:80", "http://localhost.evil.example", "http://localhost.:6274",
                "http://evil.example:6274", "http://evil.example#http://localhost:6274", "http://u@localhost:6274",
                "http://localhost:6274@evil.example", "http://xlocalhost:6274", "http://localhost:6274,", "null",
                "http://localhost:6274, http://localhost:6274", "http://127.0.0.1.evil", "http://\u{FF4C}ocalhost:1",
            ]),
        Row(
            rules: ["http://127.0.0.1:*", "https://[::1]:*"],
            allowed: ["http://127.0.0.1", "http://127.0.0.1:3000", "https://[::1]:8443", "https://[::1]"],
            refused: [
                "http://127.0.0.2:3000", "http://127.0.0.1.evil", "http://127.0.0.1.evil.example:3000",
                "http://127.0.0.01:3000", "http://127.1:3000", "http://2130706433:3000", "http://0x7f.0.0.1:3000",
                "http://[::1]:8443", "https://[::2]:8443", "https://[::ffff:127.0.0.1]:1", "https://::1",
                "http://localhost:3000",
            ]),
        Row(
            rules: ["vscode-webview://*", "file://*"],
            allowed: ["vscode-webview://0abc", "vscode-webview://a-b_c.d", "file://"],
            refused: [
                "VSCODE-WEBVIEW://0abc", "vscode-webview://A", "vscode-webview://a/b", "vscode-webview://a?b",
                "vscode-webview:0abc", "vscode-webview:/0abc", "vscode-webviews://0abc", "xvscode-webview://0abc",
                "vscode-webview.evil://0abc", "https://vscode-webview", "vscode-webview://a b", "vscode-webview://a@b",
                "vscode-webview://\u{E9}", "vscode-webview://*", "null", "http://localhost:3000",
            ]),
        Row(
            rules: ["chrome-extension://abcdef", "https://app.example"],
            allowed: ["chrome-extension://abcdef", "https://app.example"],
            refused: ["chrome-extension://abcdeg", "https://app.example:8443", "moz-extension://abcdef", "null"]),
    ]

    @Test("POLICY §10: a rule allows what it names, and refuses its neighbours", arguments: rows)
    func rules(_ row: Row) async throws {
        for resource in [GuardFixture.resource, Self.local] {
            let fixture = try fixture(resource) { $0.allowedOrigins = row.rules }
            for origin in row.allowed {
                let response = try await exchange(fixture, origin)
                #expect(response.status == .unauthorized, "\(origin)")
                #expect(response.text(.accessControlAllowOrigin) == origin)
                #expect(response.text(.vary) == "Origin")
            }
            for origin in row.refused {
                let response = try await exchange(fixture, origin)
                #expect(response.status == .forbidden, "\(origin)")
                #expect(!response.fields.contains(.accessControlAllowOrigin), "\(origin)")
            }
            #expect(Set(fixture.log.denials) == ["missing_credentials", "origin_not_allowed"])
        }
    }

    @Test("POLICY §10: * allows every page, and sends nothing of the request back")
    func everyPage() async throws {
        let fixture = try fixture { $0.allowedOrigins = ["*"] }
        for origin in ["https://evil.example", "null", "file://", "x", "https://a.example/\u{E9}"] {
            let response = try await exchange(fixture, origin)
            #expect(response.status == .unauthorized)
            #expect(response.text(.accessControlAllowOrigin) == "*")
            #expect(!response.fields.contains(.accessControlAllowCredentials))
        }
        let preflight = try await exchange(
            fixture, "null", method: .options, fields: [("Access-Control-Request-Method", "POST")])
        #expect(preflight.status == .noContent)
        #expect(preflight.text(.accessControlAllowOrigin) == "*")
        // Two fields are still malformed.
        let repeated = try await exchange(fixture, "https://a.example", fields: [("Origin", "https://a.example")])
        #expect(repeated.status == .forbidden)
    }

    @Test("* does not replace the check of Host on a local server")
    func everyPageOnThisMachine() async throws {
        let fixture = try fixture(Self.local) { $0.allowedOrigins = ["*"] }
        #expect(try await exchange(fixture, "https://evil.example").status == .unauthorized)
        #expect(try await exchange(fixture, "https://evil.example", host: "evil.example").status.code == 421)
    }

    @Test("* is a fault where requests without a token get through and only this machine could send them")
    func everyPageWithoutTokens() throws {
        let line =
            "browsers.allowedOrigins[0] is *, and the guard lets requests without a token in: "
            + "every page could do everything; list the origins"
        func lines(_ resource: String, _ mode: ResourceServer.Mode) -> [String]? {
            #expect(throws: ConfigurationError.self) {
                try GuardFixture {
                    $0.resource = resource
                    $0.mode = mode
                    $0.browsers.allowedOrigins = ["*"]
                }
            }?.lines
        }
        #expect(lines(Self.local, .disabled(anonymousAs: "dev")) == [line])
        #expect(lines(Self.local, .shadow) == [line])
        for (resource, mode) in [
            (Self.local, ResourceServer.Mode.enforced), (GuardFixture.resource, .shadow),
            (GuardFixture.resource, .disabled(anonymousAs: "dev", reach: .iKnowThisIsPublic)),
        ] {
            #expect(throws: Never.self) {
                try GuardFixture {
                    $0.resource = resource
                    $0.mode = mode
                    $0.browsers.allowedOrigins = ["*"]
                }
            }
        }
    }

    @Test("POLICY §10: a closure decides about one well-formed origin, and is asked for nothing else")
    func closure() async throws {
        let fixture = try fixture {
            $0.allowedOrigins = ["https://app.example"]
            $0.allowsOrigin = { $0.hasSuffix(".preview.example") || $0 == "null" || $0.contains("evil") }
        }
        for origin in ["https://app.example", "https://pr-7.preview.example", "https://evil.example"] {
            #expect(try await exchange(fixture, origin).text(.accessControlAllowOrigin) == origin)
        }
        for origin in [
            "null", "https://x.example", "https://PR.preview.example", "https://evil.example/", "evil", "",
            "https://evil.example, https://x.example", "https://\u{E9}.preview.example",
            "https://" + String(repeating: "evil.", count: 500) + "example",
        ] {
            #expect(try await exchange(fixture, origin).status == .forbidden, "\(origin)")
        }
    }

    @Test("POLICY §10: on a local server without settings, pages of this machine may call, on any port")
    func ofThisMachine() async throws {
        let byResource = try fixture(Self.local) { _ in }
        let byListener = try fixture { _ in }
        for origin in [
            "http://localhost:6274", "http://localhost", "https://localhost:3000", "http://127.0.0.1:1",
            "http://127.255.255.254:65535", "http://[::1]:6274",
        ] {
            for (fixture, listener) in [
                (byResource, HTTPRequest.ListenerKind.unknown), (byResource, .network), (byListener, .loopback),
            ] {
                let response = try await exchange(fixture, origin, listener: listener)
                #expect(response.text(.accessControlAllowOrigin) == origin)
                #expect(response.text(.vary) == "Origin")
            }
            // Elsewhere CORS is off, and Origin decides nothing.
            let response = try await exchange(byListener, origin, listener: .network)
            #expect(response.status == .unauthorized)
            #expect(!response.fields.contains(.accessControlAllowOrigin))
        }
        for origin in [
            "http://localhost.evil.example:80", "http://127.0.0.1.evil", "http://0.0.0.0:3000", "http://[::]:1",
            "http://[::ffff:127.0.0.1]:1", "http://192.168.0.1", "http://evil.localhost", "vscode-webview://localhost",
            "file://", "file://localhost", "ws://localhost:1", "null", "localhost", "http://LOCALHOST:1",
        ] {
            #expect(try await exchange(byResource, origin).status == .forbidden, "\(origin)")
            #expect(try await exchange(byListener, origin, listener: .loopback).status == .forbidden, "\(origin)")
        }
    }

    @Test("A resource on https://localhost with a proxy in front: Host and Origin of the proxy are the resource's own")
    func behindLocalTLS() async throws {
        let fixture = try fixture("https://localhost:8443/mcp") { _ in }
        for host in ["localhost:8443", "localhost", "127.0.0.1:8080"] {
            for origin in ["https://localhost:8443", "http://localhost:6274"] {
                #expect(try await exchange(fixture, origin, host: host).status == .unauthorized)
            }
            #expect(try await exchange(fixture, "https://evil.example", host: host).status == .forbidden)
        }
        #expect(try await exchange(fixture, "https://localhost:8443", host: "evil.example").status.code == 421)
    }

    @Test("Settings replace the default for pages of this machine")
    func replacedDefault() async throws {
        let listed = try fixture(Self.local) { $0.allowedOrigins = ["https://app.example"] }
        #expect(try await exchange(listed, "http://localhost:6274").status == .forbidden)
        let decided = try fixture(Self.local) { $0.allowsOrigin = { _ in false } }
        #expect(try await exchange(decided, "http://localhost:6274").status == .forbidden)
    }

    @Test("Without settings, a local server adds nothing to responses for other callers than pages of this machine")
    func noFieldsForOthers() async throws {
        let response = try await GuardExchange(
            fixture(Self.local) { _ in }.server, fields: [("Host", "localhost")]
        ).response
        #expect(!response.fields.contains(.vary))
        #expect(!response.fields.contains(.accessControlAllowOrigin))
    }

    // MARK: Preflights

    @Test("POLICY §10: further request headers are allowed in every preflight, as configured")
    func requestHeaders() async throws {
        let fixture = try fixture {
            $0.allowedOrigins = ["https://app.example"]
            $0.allowedRequestHeaders = ["X-Trace-Id", "x-tenant"]
        }
        let response = try await exchange(
            fixture, "https://app.example", method: .options,
            fields: [
                ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", "x-trace-id, x-other, mcp-param-a"),
            ])
        #expect(
            response.text(.accessControlAllowHeaders)
                == "Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, "
                + "Mcp-Name, Last-Event-ID, X-Trace-Id, x-tenant, mcp-param-a")
    }

    @Test(
        "A further request header must be a name",
        arguments: [
            ("*", "is *; list the names of the headers"), ("", "is not the name of a header; correct it, or remove it"),
            ("a b", "is not the name of a header; correct it, or remove it"),
            ("a, b", "is not the name of a header; correct it, or remove it"),
            ("x:", "is not the name of a header; correct it, or remove it"),
            ("x\r\nSet-Cookie", "is not the name of a header; correct it, or remove it"),
            ("\u{E9}", "is not the name of a header; correct it, or remove it"),
        ])
    func faultyRequestHeader(name: String, explanation: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try fixture { $0.allowedRequestHeaders = ["x-good", name] }
        }
        #expect(error?.lines == ["browsers.allowedRequestHeaders[1] \(explanation)"])
    }

    @Test("At most 64 further request headers")
    func manyRequestHeaders() throws {
        #expect(throws: Never.self) { try fixture { $0.allowedRequestHeaders = (1...64).map { "x-\($0)" } } }
        let error = #expect(throws: ConfigurationError.self) {
            try fixture { $0.allowedRequestHeaders = (1...65).map { "x-\($0)" } }
        }
        #expect(error?.lines == ["browsers.allowedRequestHeaders has more than 64 names; keep at most 64"])
    }

    // MARK: Hosts

    private static let hosts = ["mcp", "mcp.tools.svc.cluster.local", "host.docker.internal", "10.1.2.3", "fd00::7"]

    private func status(_ host: String, _ listener: HTTPRequest.ListenerKind, target: String = "/mcp") async throws
        -> Int
    {
        let fixture = try fixture { $0.allowedHosts = Self.hosts }
        return try await GuardExchange(fixture.server, .post, target, fields: [("Host", host)], listener: listener)
            .response.status.code
    }

    @Test(
        "POLICY §10: allowedHosts adds to the Host names of a loopback bind",
        arguments: [
            "mcp", "MCP:8080", "mcp.tools.svc.cluster.local", "host.docker.internal:80", "10.1.2.3", "[fd00::7]:1",
            "[FD00:0::7]", "localhost", "127.0.0.1:1", "mcp.example",
        ])
    func allowedHost(host: String) async throws {
        #expect(try await status(host, .loopback) == 401)
    }

    @Test(
        "POLICY §10: every other Host is 421 as before",
        arguments: [
            "evil.example", "mcp.evil.example", "xmcp", "mcp.", "tools.svc.cluster.local",
            "mcp.tools.svc.cluster.local.", "mcp.tools.svc.cluster.local.evil.example", "10.1.2.4", "010.1.2.3",
            "167838211", "[::ffff:10.1.2.3]", "[fd00::8]", "fd00::7", "mcp, mcp", "mcp@evil.example", "u@mcp", "mcp:0",
            "mcp:", "",
        ])
    func otherHost(host: String) async throws {
        #expect(try await status(host, .loopback) == 421)
        #expect(try await status("localhost", .loopback, target: "http://evil.example/mcp") == 421)
        #expect(try await status("localhost", .loopback, target: "http://mcp:8080/mcp") == 401)
    }

    @Test("A server that is not local accepts every Host, with or without the list")
    func hostElsewhere() async throws {
        #expect(try await status("evil.example", .network) == 401)
    }

    @Test(
        "A host is a name or address alone",
        arguments: [
            "*", "*.example", "mcp:8080", "http://mcp", "mcp/", "[fd00::7]:1", "", "a b", "mcp.", "0x7f.0.0.1", "u@mcp",
        ])
    func faultyHost(host: String) {
        let error = #expect(throws: ConfigurationError.self) { try fixture { $0.allowedHosts = ["mcp", host] } }
        #expect(
            error?.lines == [
                "browsers.allowedHosts[1] is not a host; write its name or address alone, without scheme, port and path"
            ])
    }
}
