import Dispatch
import HTTPMessages
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@testable import OAuthResourceServer

/// How names and URIs are read: spellings, completions, and what the reading may cost.
@Suite("Readings of MCP operations", .serialized)
struct OperationReadingTests {
    private func isServed(
        _ rules: MCPScopeRules, _ method: String, _ params: String, scopes: String = "mcp:use"
    ) async throws -> Bool {
        let fixture = try GuardFixture { $0.requirements.operations = rules }
        let exchange = try await GuardExchange(
            fixture.server, token: GuardFixture.issuer.token { $0.claims["scope"] = .string(scopes) },
            body: #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#)
        if exchange.served == nil { #expect(Set(fixture.log.denials) == ["insufficient_scope"]) }
        return exchange.served != nil
    }

    @Test(
        "POLICY §11: a resource that a parser may read as a protected one is not served without the scope",
        arguments: [
            ("https://internal.example/**/secret/*", "https://internal.example:0443/a/secret/b"),
            ("https://internal.example/**/secret/*", "https://internal。example/a/secret/b"),
            ("https://internal.example/**/secret/*", "https://internal．example/a/secret/b"),
            ("https://internal.example/**/secret/*", "https://ｉnternal.example/a/secret/b"),
            ("https://internal.example/**/secret/*", "https:/internal.example/a/secret/b"),
            ("https://internal.example/**/secret/*", "https:///internal.example/a/secret/b"),
            ("db://prod/**", "db://prod:1/x"), ("db://prod/**", "db://u:p@prod:9/x"),
        ])
    func resources(pattern: String, uri: String) async throws {
        let rules: MCPScopeRules = [.resource(pattern, requires: "admin")]
        for (method, params) in [
            ("resources/read", #"{"uri":"\#(uri)"}"#), ("resources/subscribe", #"{"uri":"\#(uri)"}"#),
            ("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":["\#(uri)"]}}"#),
            ("completion/complete", #"{"ref":{"type":"ref/resource","uri":"\#(uri)"}}"#),
        ] {
            #expect(try await !isServed(rules, method, params), "\(method)")
            #expect(try await isServed(rules, method, params, scopes: "mcp:use admin"), "\(method)")
        }
    }

    @Test(
        "POLICY §11: a rule for a name matches every canonically equivalent spelling",
        arguments: [
            ("größe_löschen", "gro\u{308}ße_lo\u{308}schen", false), ("gro\u{308}ße", "größe", false),
            ("größe_*", "gro\u{308}ße_x", false), ("*_löschen", "x_lo\u{308}schen", false),
            ("*é*", "xe\u{301}y", false), ("delete_*", "delete_größe", false), ("größe", "grösse", true),
            ("削除_*", "削除_x", false), ("削除_*", "追加_x", true),
            ("한글", "\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}", false),
            // A wildcard that ends inside a character: `é` may be spelled as `e` and a mark.
            ("größe*", "gro\u{308}ßéx", false), ("e*", "éx", false), ("*\u{301}x", "éx", false),
            ("delete_*", "delete♦x", true), ("a*c", "aéc", false),
            // Two marks have two orders.
            ("a\u{323}\u{307}", "a\u{307}\u{323}", false),
            // A wildcard beside a character that joins its neighbours.
            ("*Ẑa*\u{1F3FB}", "xZ\u{302}a👍\u{1F3FB}", false), ("\u{1112}*각", "한각", false), ("삭제*", "추가", true),
        ])
    func names(pattern: String, name: String, isServed: Bool) async throws {
        #expect(
            try await self.isServed([.tool(pattern, requires: "admin")], "tools/call", #"{"name":"\#(name)"}"#)
                == isServed)
        #expect(
            try await self.isServed([.prompt(pattern, requires: "admin")], "prompts/get", #"{"name":"\#(name)"}"#)
                == isServed)
    }

    @Test(
        "POLICY §11: completion/complete needs what the prompt or resource needs that it refers to",
        arguments: [
            (#"{"ref":{"type":"ref/prompt","name":"review"}}"#, false),
            (#"{"ref":{"type":"ref/prompt","name":"other"}}"#, true),
            (#"{"ref":{"type":"ref/resource","uri":"file:///private/a"}}"#, false),
            (#"{"ref":{"type":"ref/resource","uri":"file:///x/%2e%2e/private/{name}"}}"#, false),
            (#"{"ref":{"type":"ref/resource","uri":"file:///{+path}"}}"#, false),
            (#"{"ref":{"type":"ref/resource","uri":"file:///pri{rest}"}}"#, false),
            (#"{"ref":{"type":"ref/resource","uri":"{+uri}"}}"#, false),
            (#"{"ref":{"type":"ref/resource","uri":"file:///%{x}"}}"#, false),
            (
                #"{"ref":{"type":"ref/resource","uri":"file:///public/{+p}"},"argument":{"name":"p","value":"../p"}}"#,
                false
            ),
            (#"{"ref":{"type":"ref/resource","uri":"file:///public/{p}"},"context":{"arguments":{"q":"a/b"}}}"#, false),
            (#"{"ref":{"type":"ref/resource","uri":"file:///public/{+p}"},"argument":{"name":"p","value":"a"}}"#, true),
            (#"{"ref":{"type":"ref/resource","uri":"note://{name}"}}"#, true),
            (#"{"ref":{"type":"ref/resource","uri":"file:///public/{name}"}}"#, true),
            (#"{"ref":{"type":"ref/resource","uri":"file:///public/a"}}"#, true),
            // The type does not decide which member is read.
            (#"{"ref":{"type":"ref/prompt","uri":"file:///private/a","name":"other"}}"#, false),
            (#"{"ref":{"name":"review"}}"#, false), (#"{"ref":{"type":"ref/tool"}}"#, true), (#"{"ref":null}"#, true),
            ("{}", true),
        ])
    func completions(params: String, isServed: Bool) async throws {
        let rules: MCPScopeRules = [
            .prompt("review", requires: "admin"), .resource("file:///private/**", requires: "admin"),
        ]
        #expect(try await self.isServed(rules, "completion/complete", params) == isServed)
        #expect(try await self.isServed(rules, "completion/complete", params, scopes: "mcp:use admin"))
    }

    @Test(
        "A completion whose reference readers may read differently is refused",
        arguments: [
            #"{"ref":"file:///private/a"}"#, #"{"ref":[{"name":"review"}]}"#, #"{"Ref":{"name":"review"}}"#,
            #"{"ref":{"Name":"review"}}"#, #"{"ref":{"name":7}}"#, #"{"ref":{"uri":null}}"#,
            #"{"ref":{"uri":"file:///\u0000"}}"#,
        ])
    func malformedCompletions(params: String) async throws {
        let fixture = try GuardFixture { $0.requirements.operations = [.prompt("review", requires: "admin")] }
        let exchange = try await GuardExchange(
            fixture.server, token: GuardFixture.issuer.token { $0.claims["scope"] = "mcp:use" },
            body: #"{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":\#(params)}"#)
        #expect(exchange.served == nil)
        #expect(exchange.response.status == .badRequest)
        #expect(Set(fixture.log.denials) == ["body_not_json_rpc"])
    }

    @Test("POLICY §11: with more than 32 KiB of names and URIs in one body, every rule applies", arguments: [0, 1])
    func manyTexts(further: Int) async throws {
        // The method of the message and 16 resources: 32,768 bytes.
        let method = "subscriptions/listen"
        let rest = 32_768 - method.utf8.count
        let uris = (0..<16).map { index in
            let count = rest / 16 + (index < rest % 16 ? 1 : 0) + (index == 0 ? further : 0)
            return "a:" + String(repeating: "x", count: count - 2)
        }
        let list = uris.map { #""\#($0)""# }.joined(separator: ",")
        let isServed = try await isServed(
            [.tool("unrelated", requires: "admin")], method, #"{"notifications":{"resourceSubscriptions":[\#(list)]}}"#)
        #expect(isServed == (further == 0))
    }

    @Test("POLICY §11: an expensive body is judged on other threads than the connection's")
    func expensiveBodies() async throws {
        let server = try GuardFixture {
            $0.requirements.operations = [.resource("https://internal.example/**/secret/*", requires: "admin")]
        }.server
        let token = GuardFixture.issuer.token { $0.claims["scope"] = "mcp:use" }
        func jobs(_ uris: [String], filler: Int = 0) async throws -> Int {
            let list = uris.map { #""\#($0)""# }.joined(separator: ",")
            let params = #"{"notifications":{"resourceSubscriptions":[\#(list)]}}"#
            let body = #"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":\#(params)}"#
            let spaced = body + String(repeating: " ", count: filler)
            let executor = CountingExecutor()
            let isServed = try await Task(executorPreference: executor) {
                try await GuardExchange(server, token: token, body: spaced).served != nil
            }.value
            #expect(isServed)
            return executor.count
        }
        let few = try await jobs(["a://b/c"])
        #expect(try await jobs(Array(repeating: "a://b/c", count: 7)) == few)
        #expect(try await jobs(Array(repeating: "a://b/c", count: 8)) > few)
        #expect(try await jobs(["a://b/" + String(repeating: "c", count: 1_000)]) > few)
        #expect(try await jobs(["a://b/c"], filler: 17_000) > few)
        // One URI with many readings.
        #expect(try await jobs(["a://b//c"]) > few)
        #expect(try await jobs(["a://b/%63"]) > few)
    }

    @Test("POLICY §11: URIs with too many readings meet every rule, alone or together")
    func readingCosts() async throws {
        let rules: MCPScopeRules = [.resource("https://internal.example/**/secret/*", requires: "admin")]
        func isServed(_ uri: String, _ count: Int) async throws -> Bool {
            let list = Array(repeating: #""\#(uri)""#, count: count).joined(separator: ",")
            return try await self.isServed(
                rules, "subscriptions/listen", #"{"notifications":{"resourceSubscriptions":[\#(list)]}}"#)
        }
        let spelled = "a://u@b.:1/%2e//..;/c?d#e"
        let cost = ResourceURIReadings(Array(spelled.utf8), .uri).cost
        let most = 262_144 / cost
        try #require((1..<900).contains(most))
        #expect(try await isServed(spelled, most))
        #expect(try await !isServed(spelled, most + 1))
        #expect(try await isServed("https://a.example/b", 600))
        #expect(try await isServed("a:b", 1_000))
    }

    @Test("A path that is longer than any URI meets every rule for routes")
    func longPath() async throws {
        let fixture = try GuardFixture {
            $0.requirements.routeScopes = [RouteScopeRule("/admin/**", requires: "admin")]
        }
        let token = "Bearer " + GuardFixture.issuer.token { $0.claims["scope"] = "mcp:use" }
        let path = "/" + String(repeating: "a", count: 2_047)
        #expect(try await fixture.refusal(token, target: path) == nil)
        #expect(try await fixture.refusal(token, target: path + "a")?.status == .forbidden)
        #expect(fixture.log.denials == ["insufficient_scope"])
    }

    @Test("The path of a request is read before its token is known to be good, so that its readings cost little")
    func pathCost() {
        let pieces = ["%2e%2e//..;/c;x/", "%252e/", "//;x/..\\%252e/%2f", "a%2fb/../", "%61//b;c%2f", "A/"]
        var unclear = 0
        for piece in pieces {
            for count in [8, 100, 1_000, 2_000, 2_048, 2_049, 8_192] {
                let text = "/" + String(String(repeating: piece, count: count).prefix(count - 1))
                let readings = ResourceURIReadings(Array(text.utf8), .path)
                // The limit, and the reading that exceeds it.
                #expect(readings.cost <= 2_048 + 2_048 + 64, "\(text.prefix(20)) \(count)")
                if count > 2_048 { #expect(readings.isUnclear && readings.cost == 0) }
                if count <= 2_048, readings.isUnclear { unclear += 1 }
            }
        }
        // Such a path meets every rule.
        #expect(unclear > 5)
    }

    @Test("A text with more readings than the guard compares is unclear")
    func manyReadings() {
        func readings(_ text: String) -> ResourceURIReadings { ResourceURIReadings(Array(text.utf8), .uri) }
        let hostile = "db://u@h:1/" + String(repeating: "a//;x/..\\%252e/%2f?#", count: 20)
        #expect(readings(hostile).isUnclear)
        #expect(readings(hostile).cost < 8_192 + 2_048 + 64)
        #expect(!readings("db://u@h:1/a//b;x/../c%20d?e#f").isUnclear)
    }
}

/// A serial executor that counts the jobs that it is given.
private final class CountingExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "counting")
    private let jobs = Mutex(0)

    var count: Int { jobs.withLock { $0 } }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0 += 1 }
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
