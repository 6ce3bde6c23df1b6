import HTTPMessages
import JOSE
import Testing
import WireFormat

@testable import mcp_auth

@Suite("mcp-auth doctor", .serialized)
struct DoctorTests {
    /// A misconfiguration that is planted into a good site.
    struct Planted: Sendable, CustomTestStringConvertible {
        let name: String
        let rule: DoctorRule
        let mark: DoctorReport.Mark
        /// A part of the cause that the report names.
        let cause: String
        let plant: @Sendable (inout ScriptedSite) -> Void

        /// A fault.
        init(
            _ name: String, _ rule: DoctorRule, _ cause: String,
            _ plant: @escaping @Sendable (inout ScriptedSite) -> Void
        ) {
            self.init(name, rule, .fault, cause, plant)
        }

        init(
            _ name: String, _ rule: DoctorRule, _ mark: DoctorReport.Mark, _ cause: String,
            _ plant: @escaping @Sendable (inout ScriptedSite) -> Void
        ) {
            self.name = name
            self.rule = rule
            self.mark = mark
            self.cause = cause
            self.plant = plant
        }

        var testDescription: String { name }
    }

    private func findings(_ outcome: Outcome) throws -> [JSONValue] {
        let json = try JSONValue(parsing: Array(outcome.output.utf8), limits: JSONDocument.Limits(maximumDepth: 8))
        return try #require(json["checks"]?.array)
    }

    @Test("a good server: every check is ✓, exit 0")
    func good() async throws {
        let outcome = await ScriptedSite().doctor()
        #expect(outcome.status == .good && outcome.faults.isEmpty)
        #expect(outcome.output.hasSuffix(" ✓   0 !   0 ✗   A client can log in here.\n"), "\(outcome.output)")
        #expect(!outcome.output.contains("\u{1B}"))
        let json = await ScriptedSite().doctor("--json")
        #expect(try findings(json).allSatisfy { $0["mark"] == "good" })
        #expect(try JSONValue(parsing: Array(json.output.utf8))["good"] == true)
    }

    @Test("each planted misconfiguration is found, with its cause, a fix and a section", arguments: DoctorTests.planted)
    func planted(_ row: Planted) async throws {
        let site = ScriptedSite(row.plant)
        let outcome = await site.doctor("--json")
        let found = try findings(outcome).filter { $0["code"]?.string == row.rule.code }
        let match = found.first { $0["mark"]?.string == row.mark.rawValue }
        let finding = try #require(match, "\(outcome.output)")
        #expect(finding["cause"]?.string?.contains(row.cause) == true, "\(finding)")
        #expect(finding["fix"]?.string?.isEmpty == false && finding["source"]?.string?.isEmpty == false)
        #expect(outcome.status == (row.mark == .fault ? .refused : .good), "\(outcome.output)")
        let text = await site.doctor().output
        #expect(text.contains("\(row.mark.sign) \(row.rule.title)") && text.contains("fix   "), "\(text)")
        for line in text.split(separator: "\n") { #expect(line.unicodeScalars.count <= 300) }
    }

    @Test("no fault is found beside the planted one that has another cause", arguments: DoctorTests.planted)
    func alone(_ row: Planted) async throws {
        guard row.mark == .fault else { return }
        let faults = try findings(await ScriptedSite(row.plant).doctor("--json")).filter { $0["mark"] == "fault" }
        #expect(faults.first?["code"]?.string == row.rule.code, "\(faults)")
    }

    @Test("the table of rules: unique codes, and texts that fit a line")
    func table() {
        let rules = DoctorRule.all
        #expect(Set(rules.map(\.code)).count == rules.count && Set(rules.map(\.title)).count == rules.count)
        for rule in rules {
            #expect(rule.code.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") })
            #expect(!rule.title.hasSuffix(".") && rule.title.utf8.count <= 80, "\(rule.code)")
            #expect(rule.fix.hasSuffix(".") && !rule.source.isEmpty, "\(rule.code)")
        }
        #expect(Self.planted.count >= 30)
    }

    @Test("the arguments: one URL, and options of the network")
    func arguments() async {
        let session = CommandSession()
        #expect(
            await session.run("doctor").faults == [
                "the URL is missing: name the MCP endpoint, such as https://mcp.example.com/mcp"
            ])
        #expect(
            await session.run("doctor", "mcp.example.com").faults == [
                "the URL must be an http or https URL, such as https://mcp.example.com/mcp"
            ])
        let all = await session.run(
            "doctor", "https://a.example", "--ca-file", "/nonexistent", "--proxy", "ftp://a", "--allow-private-host",
            "https://a")
        #expect(all.status == .usage && all.faults.count == 3)
    }

    @Test("a private host that is allowed may have plain http, with a warning")
    func privateHost() async throws {
        let site = ScriptedSite { $0.url = "http://mcp.internal/mcp" }
        let refused = try findings(await site.doctor("--json"))
        #expect(refused.map { $0["code"] } == ["url_acceptable"] && refused[0]["mark"] == "fault")
        let allowed = try findings(await site.doctor("--json", private: ["mcp.internal"]))
        #expect(allowed[0]["code"] == "url_acceptable" && allowed[0]["mark"] == "warning")
    }

    @Test("a document cannot make this program call services of this machine")
    func noCallsToThisMachine() async throws {
        let site = ScriptedSite { site in
            site.resource["authorization_servers"] = ["http://127.0.0.1:9000"]
            site.routes["GET http://127.0.0.1:9000/.well-known/oauth-authorization-server"] = { _ in
                Issue.record("a loopback URL of a document was fetched")
                return .failure(.notAllowed)
            }
        }
        let found = try findings(await site.doctor("--json"))
        #expect(found.contains { $0["code"] == "issuer_url" && $0["mark"] == "fault" })
    }

    // MARK: Tokens

    private static let claims = """
        {"iss":"https://login.example.com","sub":"alice","aud":"https://mcp.example.com/mcp","exp":1800000300}
        """

    private func doctor(_ token: [UInt8], accepting: String? = nil) async throws -> [String: JSONValue] {
        let site = ScriptedSite { $0.endpoint { ScriptedSite.guarded($0, accepting: accepting) } }
        let outcome = await site.doctor("--token-stdin", "--json", token: token)
        #expect(!outcome.output.contains(String(decoding: token.dropLast(), as: UTF8.self)))
        return Dictionary(
            try findings(outcome).map { ($0["code"]?.string ?? "", $0) }, uniquingKeysWith: { _, last in last })
    }

    @Test("a good token: why it is accepted; a scheme in front is removed", arguments: ["", "Bearer ", "bearer  "])
    func goodToken(scheme: String) async throws {
        let token = TokenPress.es256.token(claims: Self.claims)
        let text = String(decoding: token.dropLast(), as: UTF8.self)
        let found = try await doctor(Array(scheme.utf8) + token, accepting: text)
        for code in [
            "token_form", "token_algorithm", "token_issuer", "token_signature", "token_kind", "token_audience",
            "token_time", "token_accepted",
        ] {
            #expect(found[code]?["mark"] == "good", "\(code)")
        }
    }

    @Test(
        "a bad token: the rule that it breaks, expected and found",
        arguments: [
            (
                "token_issuer", "iss is https://other.example; the metadata names https://login.example.com.", "login",
                "other"
            ),
            (
                "token_audience", "aud is https://mcp.example.com/mcp2; expected is https://mcp.example.com/mcp.",
                #"mcp""#, #"mcp2""#
            ),
            ("token_time", "It expired: exp is 2027-01-15 07:55:00 UTC (5 min ago).", "1800000300", "1799999700"),
            ("token_kind", "", "{", #"{"at_hash":"a","#),
        ])
    func badToken(code: String, cause: String, old: String, new: String) async throws {
        var claims = Self.claims
        if code == "token_issuer" { claims = claims.replacing("login.example.com", with: "other.example") }
        if code == "token_audience" { claims = claims.replacing(#"/mcp""#, with: #"/mcp2""#) }
        if code == "token_time" { claims = claims.replacing(old, with: new) }
        if code == "token_kind" { claims = new + claims.dropFirst() }
        let header = code == "token_kind" ? #"{"alg":"ES256","kid":"key-1"}"# : nil
        let found = try await doctor(TokenPress.es256.token(header: header, claims: claims))
        #expect(found[code]?["mark"] == "fault")
        #expect(found[code]?["cause"]?.string?.hasPrefix(cause) == true, "\(String(describing: found[code]))")
        #expect(found["token_accepted"]?["cause"] == "The answer is 401. It says invalid_token.")
    }

    @Test("a server that accepts a token for another resource is not safe")
    func acceptedBadToken() async throws {
        let token = TokenPress.es256.token(claims: Self.claims.replacing(#"/mcp""#, with: #"/mcp2""#))
        let found = try await doctor(token, accepting: String(decoding: token.dropLast(), as: UTF8.self))
        #expect(found["bad_token_refused"]?["mark"] == "fault")
    }

    @Test("a token with another signature, and one that is not a JWT")
    func otherTokens() async throws {
        let other = try await doctor(
            TokenPress.edDSA.token(header: #"{"alg":"ES256","kid":"key-1"}"#, claims: Self.claims))
        #expect(other["token_signature"]?["mark"] == "fault")
        let opaque = try await doctor(Array("opaque-token\n".utf8))
        #expect(opaque["token_form"]?["mark"] == "note" && opaque["token_accepted"]?["mark"] == "fault")
    }

    @Test("a 403 names the scopes that the server asks for")
    func scope() async throws {
        let site = ScriptedSite { site in
            site.endpoint { request in
                guard request.token != nil, request.token != Doctor.madeUpToken else {
                    return ScriptedSite.guarded(request)
                }
                return ScriptedSite.answer(
                    403, [("WWW-Authenticate", #"Bearer error="insufficient_scope", scope="notes:write""#)])
            }
        }
        let found = try findings(
            await site.doctor("--token-stdin", "--json", token: TokenPress.es256.token(claims: Self.claims)))
        let finding = try #require(found.first { $0["code"] == "token_scope" })
        #expect(finding["cause"] == "The answer is 403. It says insufficient_scope. It asks for notes:write.")
    }
}
