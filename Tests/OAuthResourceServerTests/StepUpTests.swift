import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@testable import OAuthResourceServer

@Suite("RFC 9470: step-up authentication")
struct StepUpTests {
    private static let sentence = "The operation needs a more recent or another authentication of the user."
    private static let now = GuardFixture.now
    private static let json = ("Content-Type", "application/json")

    private func fixture(_ configure: (inout ResourceServerConfiguration) -> Void) throws -> GuardFixture {
        try GuardFixture(configure: configure)
    }

    private func server(
        verifier: (any TokenVerifier)? = nil, _ configure: (inout ResourceServerConfiguration) -> Void
    ) throws -> ResourceServer {
        var server = try GuardFixture(verifier: verifier, configure: configure).server
        server.authentication.clock = WallClock { Self.now }
        return server
    }

    private static func token(_ claims: [String: JSONValue]) -> String {
        GuardFixture.issuer.token { token in
            for (name, value) in claims { token.claims[name] = value }
        }
    }

    private static func challenge(_ scope: String, _ rest: String) -> String {
        #"Bearer error="insufficient_user_authentication", error_description="\#(sentence)", scope="\#(scope)", "#
            + GuardFixture.challengeTail + rest
    }

    private static func pay(_ name: String = "pay") -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\#(name)"}}"#
    }

    private func paying(_ requirement: ScopeRequirement) -> (inout ResourceServerConfiguration) -> Void {
        { $0.requirements.operations = [.tool("pay", requires: requirement)] }
    }

    // MARK: acr

    @Test(
        "acr is one of the values, byte for byte; anything else is 401 with acr_values",
        arguments: [
            ("phr", true), ("phrh", true), ("PHR", false), ("phr ", false), ("", false), ("phr phrh", false),
            ("p", false), (1, false), (true, false), (.null, false), (["phr"], false), (["phr": 1], false),
            (nil, false),
        ] as [(JSONValue?, Bool)])
    func acr(value: JSONValue?, isMet: Bool) async throws {
        let server = try server(paying(.authentication(acrValues: ["phr", "phrh"])))
        let exchange = try await GuardExchange(
            server, token: Self.token(value.map { ["acr": $0] } ?? [:]), fields: [Self.json], body: Self.pay())
        #expect(exchange.served == (isMet ? "test-user" : nil))
        guard !isMet else { return }
        #expect(
            exchange.response.summary == [
                "401", "Content-Type: application/json", "Cache-Control: no-store",
                "WWW-Authenticate: " + Self.challenge("mcp:use", #", acr_values="phr phrh""#),
                #"{"error":"insufficient_user_authentication","error_description":"\#(Self.sentence)"}"#,
            ])
    }

    // MARK: max_age

    @Test(
        "auth_time is at most max_age ago, with the clock skew of the issuer (60 s); otherwise 401 with max_age",
        arguments: [
            (.number(JSONDocument.Number(Int64(now))), true), (.number(JSONDocument.Number(Int64(now) - 300)), true),
            (.number(JSONDocument.Number(Int64(now) - 360)), true),
            (.number(JSONDocument.Number(Int64(now) - 361)), false), (.number(JSONDocument.Number(0)), false),
            (.number(JSONDocument.Number(-1)), false), (.number(JSONDocument.Number(Int64(now) + 60)), true),
            (.number(JSONDocument.Number(Int64(now) + 61)), false), (.number(JSONDocument.Number(Int64.max)), false),
            (.string("1800000000"), false), (.null, false), (true, false), ([1_800_000_000], false), ([:], false),
            (nil, false),
        ] as [(JSONValue?, Bool)])
    func maximumAge(value: JSONValue?, isMet: Bool) async throws {
        let server = try server(paying(.authentication(maximumAge: .seconds(300))))
        let exchange = try await GuardExchange(
            server, token: Self.token(value.map { ["auth_time": $0] } ?? [:]), fields: [Self.json], body: Self.pay())
        #expect(exchange.served == (isMet ? "test-user" : nil))
        guard !isMet else { return }
        #expect(exchange.response.status == .unauthorized)
        #expect(exchange.response.text(.wwwAuthenticate) == Self.challenge("mcp:use", #", max_age="300""#))
    }

    @Test("Both must be met, and the challenge names both")
    func both() async throws {
        let server = try server(paying(.authentication(acrValues: ["phr"], maximumAge: .seconds(300))))
        let time = JSONValue.number(JSONDocument.Number(Int64(Self.now)))
        for (claims, isMet) in [
            (["acr": "phr", "auth_time": time], true), (["acr": "phr"], false), (["auth_time": time], false),
            ([:], false),
        ] as [([String: JSONValue], Bool)] {
            let exchange = try await GuardExchange(
                server, token: Self.token(claims), fields: [Self.json], body: Self.pay())
            #expect(exchange.served == (isMet ? "test-user" : nil))
            if !isMet {
                #expect(
                    exchange.response.text(.wwwAuthenticate)
                        == Self.challenge("mcp:use", #", acr_values="phr", max_age="300""#))
            }
        }
    }

    @Test("max_age=0 wants a login of now")
    func zero() async throws {
        let server = try server(paying(.authentication(maximumAge: .zero)))
        for (age, isMet) in [(0, true), (60, true), (61, false)] {
            let time = JSONValue.number(JSONDocument.Number(Int64(Self.now) - Int64(age)))
            let exchange = try await GuardExchange(
                server, token: Self.token(["auth_time": time]), fields: [Self.json], body: Self.pay())
            #expect(exchange.served == (isMet ? "test-user" : nil))
            if !isMet {
                #expect(exchange.response.text(.wwwAuthenticate) == Self.challenge("mcp:use", #", max_age="0""#))
            }
        }
    }

    // MARK: Order and combinations

    @Test("Scopes come first: 403 without them, then 401 that names all scopes for the next login")
    func order() async throws {
        let rule = ScopeRequirement.all(["pay"]).and(.authentication(acrValues: ["phr"]))
        let server = try server(paying(rule))
        func send(_ scopes: String, _ acr: JSONValue? = nil, token: String? = nil) async throws -> HTTPResponse {
            var claims: [String: JSONValue] = ["scope": .string(scopes)]
            claims["acr"] = acr
            return try await GuardExchange(
                server, token: token ?? Self.token(claims), fields: [Self.json], body: Self.pay()
            ).response
        }
        let lacking = try await send("mcp:use", "phr")
        #expect(lacking.status == .forbidden)
        #expect(lacking.text(.wwwAuthenticate)?.contains(#"scope="mcp:use pay""#) == true)
        #expect(lacking.text(.wwwAuthenticate)?.contains("acr_values") == false)
        #expect(try await send("mcp:use").status == .forbidden)
        let unmet = try await send("mcp:use pay")
        #expect(unmet.status == .unauthorized)
        #expect(unmet.text(.wwwAuthenticate) == Self.challenge("mcp:use pay", #", acr_values="phr""#))
        #expect(try await send("mcp:use pay", "phr").status == .ok)
        // A bad token is bad, and nothing else.
        let bad = try await send("", token: "bad")
        #expect(bad.text(.wwwAuthenticate)?.contains(#"error="invalid_token""#) == true)
        #expect(bad.text(.wwwAuthenticate)?.contains("acr_values") == false)
    }

    @Test("Several rules: one login that meets all of them is asked for")
    func several() async throws {
        let server = try server { configuration in
            configuration.requirements.operations = [
                .tool("pay", requires: .authentication(acrValues: ["a", "b", "c"], maximumAge: .seconds(600))),
                .tool("p*", requires: .authentication(acrValues: ["c", "b"])),
                .method("tools/call", requires: .authentication(maximumAge: .seconds(300))),
            ]
        }
        let time = JSONValue.number(JSONDocument.Number(Int64(Self.now) - 400))
        let exchange = try await GuardExchange(
            server, token: Self.token(["acr": "a", "auth_time": time]), fields: [Self.json], body: Self.pay())
        #expect(
            exchange.response.text(.wwwAuthenticate)
                == Self.challenge("mcp:use", #", acr_values="b c", max_age="300""#))
        let fresh = JSONValue.number(JSONDocument.Number(Int64(Self.now)))
        let good = try await GuardExchange(
            server, token: Self.token(["acr": "c", "auth_time": fresh]), fields: [Self.json], body: Self.pay())
        #expect(good.served == "test-user")
        // A batch needs what its messages need together.
        let batch = try await GuardExchange(
            server, token: Self.token(["acr": "a", "auth_time": fresh]), fields: [Self.json],
            body: "[\(Self.pay("x")),\(Self.pay("pay"))]")
        #expect(batch.response.status == .unauthorized)
    }

    @Test("Another operation needs no such login; a route can, for all its operations")
    func routes() async throws {
        let server = try server { configuration in
            configuration.requirements.operations = [.tool("pay", requires: .authentication(acrValues: ["phr"]))]
            configuration.requirements.routeScopes = [
                RouteScopeRule("/admin/**", methods: [.post], requires: .authentication(maximumAge: .seconds(60)))
            ]
        }
        #expect(
            try await GuardExchange(server, token: Self.token([:]), fields: [Self.json], body: Self.pay("list")).served
                == "test-user")
        let admin = try await GuardExchange(server, .post, "/admin/x", token: Self.token([:]), body: "")
        #expect(admin.response.text(.wwwAuthenticate) == Self.challenge("mcp:use", #", max_age="60""#))
        let spelled = try await GuardExchange(server, .post, "/ADMIN/%78", token: Self.token([:]), body: "")
        #expect(spelled.response.status == .unauthorized)
        #expect(
            try await GuardExchange(server, .get, "/admin/x", token: Self.token([:]), body: "").served == "test-user")
    }

    @Test("No login is known of an anonymous caller: it needs a token, also on an optional route and an open operation")
    func anonymous() async throws {
        for operations in [
            [.tool("pay", requires: .authentication(acrValues: ["phr"]))],
            [
                .tool("pay", requires: .authentication(acrValues: ["phr"])),
                .method("tools/call", requires: MCPScopeRules.Rule.Exemption.nothing),
            ],
        ] as [[MCPScopeRules.Rule]] {
            for access in [RouteRule.Access.optional, .required] {
                let server = try server { configuration in
                    configuration.requirements.operations = MCPScopeRules(operations)
                    configuration.requirements.routes = [RouteRule("/mcp", access)]
                }
                let exchange = try await GuardExchange(server, fields: [Self.json], body: Self.pay())
                #expect(exchange.served == nil)
                #expect(exchange.response.status == .unauthorized)
                #expect(exchange.response.text(.wwwAuthenticate)?.contains("insufficient_user") == false)
            }
        }
        let route = try server { configuration in
            configuration.requirements.routes = [RouteRule("/mcp", .optional)]
            configuration.requirements.routeScopes = [
                RouteScopeRule("/mcp", requires: .authentication(maximumAge: .seconds(1)))
            ]
        }
        #expect(try await GuardExchange(route).response.status == .unauthorized)
    }

    @Test("RFC 9470 §6.2: the claims of an introspection response count in the same way")
    func introspection() async throws {
        struct Introspected: TokenVerifier {
            let claims: String
            func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
                guard let document = try? JSONDocument(parsing: Array(claims.utf8)) else { throw .invalid(.syntax) }
                return AccessToken(issuer: "https://issuer.example", expiresAt: nil, claims: document)
            }
        }
        for (claims, isMet) in [
            (#""acr":"phr","auth_time":1799999900"#, true), (#""acr":"phr","auth_time":"1799999900""#, false),
            (#""acr":"phr","auth_time":1799999900.5"#, true), (#""acr":"phr","auth_time":1e400"#, false),
            (#""acr":"x","auth_time":1799999900"#, false), (#""active":true"#, false),
        ] {
            let verifier = Introspected(claims: #"{"sub":"test-user","scope":"mcp:use",\#(claims)}"#)
            let server = try server(
                verifier: verifier, paying(.authentication(acrValues: ["phr"], maximumAge: .seconds(300))))
            let exchange = try await GuardExchange(server, token: "opaque", fields: [Self.json], body: Self.pay())
            #expect(exchange.served == (isMet ? "test-user" : nil), "\(claims)")
            if !isMet { #expect(exchange.response.status == .unauthorized) }
        }
    }

    @Test("POLICY §17: the operator learns the reason; shadow mode reports and lets through")
    func events() async throws {
        let enforced = try fixture(paying(.authentication(acrValues: ["phr"])))
        _ = try await GuardExchange(enforced.server, token: Self.token([:]), fields: [Self.json], body: Self.pay())
        #expect(Set(enforced.log.denials) == ["insufficient_user_authentication"])
        let shadow = try fixture {
            self.paying(.authentication(acrValues: ["phr"]))(&$0)
            $0.mode = .shadow
        }
        let exchange = try await GuardExchange(
            shadow.server, token: Self.token([:]), fields: [Self.json], body: Self.pay())
        #expect(exchange.served == "test-user")
        #expect(
            shadow.log.all.contains {
                $0.description.hasPrefix("would_deny reason=insufficient_user_authentication token=")
            })
    }

    @Test("A JSON-RPC body where the operator chose it")
    func jsonRPC() async throws {
        let server = try server {
            self.paying(.authentication(acrValues: ["phr"]))(&$0)
            $0.responses.body = .jsonRPC
        }
        let exchange = try await GuardExchange(server, token: Self.token([:]), fields: [Self.json], body: Self.pay())
        #expect(exchange.response.status == .unauthorized)
        #expect(
            exchange.response.bodyText
                == #"{"jsonrpc":"2.0","id":1,"error":{"code":401,"message":"\#(Self.sentence)"}}"#)
    }

    // MARK: Configuration

    @Test(
        "A requirement that a challenge cannot carry, or that says nothing, is a fault",
        arguments: [
            (.authentication(), "requires an authentication of any kind and age; give acrValues or maximumAge"),
            (
                .authentication(acrValues: ["a b"]),
                "has an acr value that a challenge cannot carry; use printable ASCII without space, quote and backslash"
            ),
            (
                .authentication(acrValues: [""]),
                "has an acr value that a challenge cannot carry; use printable ASCII without space, quote and backslash"
            ),
            (
                .authentication(acrValues: ["\""]),
                "has an acr value that a challenge cannot carry; use printable ASCII without space, quote and backslash"
            ),
            (
                .authentication(acrValues: ["\u{E9}"]),
                "has an acr value that a challenge cannot carry; use printable ASCII without space, quote and backslash"
            ),
            (
                .authentication(acrValues: (1...17).map { "v\($0)" }),
                "has more than 16 acr values; keep at most 16"
            ),
            (
                .authentication(maximumAge: .seconds(-1)),
                "has an age outside 0 s…365 days; choose a time in this range"
            ),
            (
                .authentication(maximumAge: .seconds(366 * 86_400)),
                "has an age outside 0 s…365 days; choose a time in this range"
            ),
        ] as [(ScopeRequirement, String)])
    func fault(requirement: ScopeRequirement, explanation: String) {
        let operation = #expect(throws: ConfigurationError.self) { try fixture(paying(requirement)) }
        #expect(operation?.lines == ["requirements.operations[0] \(explanation)"])
        let route = #expect(throws: ConfigurationError.self) {
            try fixture { $0.requirements.routeScopes = [RouteScopeRule("/x", requires: requirement)] }
        }
        #expect(route?.lines == ["requirements.routeScopes[0] \(explanation)"])
    }
}
