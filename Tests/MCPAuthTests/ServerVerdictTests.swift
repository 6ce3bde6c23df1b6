import HTTPMessages
import JOSE
import Testing
import TokenVerification
import WireFormat

@testable import mcp_auth

@Suite("mcp-auth token verify as a server", .serialized)
struct ServerVerdictTests {
    private static let variables = [
        "OAUTH_RESOURCE": ScriptedSite.endpoint, "OAUTH_ISSUERS": ScriptedSite.issuer, "PATH": "/bin",
    ]
    // The guard reads the clock of the system.
    private static let claims = """
        {"iss":"https://login.example.com","sub":"alice","aud":"https://mcp.example.com/mcp","exp":9000000000,\
        "scope":"mcp:use"}
        """

    private func verify(
        _ claims: String = claims, variables: [String: String] = variables, _ arguments: [String] = [],
        scheme: String = "", site: ScriptedSite = ScriptedSite()
    ) async -> Outcome {
        let token = TokenPress.es256.token(claims: claims)
        var session = CommandSession(standardInput: Array(scheme.utf8) + token)
        session.network = site.network
        session.variables = variables
        return await session.run(["token", "verify"] + arguments)
    }

    @Test("the variables decide: issuer, keys by discovery, audience; the fingerprint is that of the log")
    func good() async throws {
        let outcome = await verify(scheme: "Bearer ")
        #expect(outcome.status == .good, "\(outcome)")
        let answer = try JSONValue(parsing: Array(outcome.output.utf8))
        #expect(answer["valid"] == true && answer["subject"] == "alice" && answer["scopes"] == ["mcp:use"])
        #expect(answer["fingerprint"]?.string?.utf8.count == 16 && answer["judged_by"] == "environment")
    }

    @Test("a refusal: the code of the log, with its explanation, and what was expected and found")
    func refused() async throws {
        let outcome = await verify(Self.claims.replacing(#"/mcp""#, with: #"/other""#))
        #expect(outcome.status == .refused)
        let answer = try JSONValue(parsing: Array(outcome.output.utf8))
        #expect(answer["code"] == "aud_mismatch" && answer["status"] == 401)
        #expect(answer["expected"]?["aud"] == [.string(ScriptedSite.endpoint)])
        #expect(answer["found"]?["aud"] == "https://mcp.example.com/other")
        #expect(answer["fix"]?.string?.contains("OAUTH_AUDIENCES") == true)
    }

    @Test("--required-scope adds to the scopes of the environment")
    func scopes() async throws {
        #expect(await verify(["--required-scope", "mcp:use"]).status == .good)
        let outcome = await verify(["--required-scope", "notes:write"])
        #expect(try JSONValue(parsing: Array(outcome.output.utf8))["code"] == "insufficient_scope")
    }

    private func verify(_ arguments: [String]) async -> Outcome { await verify(Self.claims, arguments) }

    @Test("keys that are not available: 503, and the event that says why")
    func unavailable() async throws {
        let site = ScriptedSite { $0.routes["GET https://login.example.com/jwks"] = { _ in ScriptedSite.answer(500) } }
        let outcome = await verify(site: site)
        let answer = try JSONValue(parsing: Array(outcome.output.utf8))
        #expect(answer["code"] == "keys_unavailable" && answer["status"] == 503)
        #expect(outcome.notes.contains { $0.hasPrefix("key_refresh_failed reason=status_500") }, "\(outcome.notes)")
    }

    @Test("faults of the variables are those of the server; without variables, it says what is needed")
    func faults() async {
        let faulty = await verify(variables: ["OAUTH_RESOURCE": "https://mcp.example.com/mcp"])
        #expect(faulty.status == .usage && faulty.faults.first?.hasPrefix("OAUTH_ISSUERS is not set") == true)
        let none = await verify(variables: [:])
        #expect(none.status == .usage && none.faults.count == 3)
    }

    @Test("--issuer without --jwks discovers the keys")
    func discovery() async throws {
        let token = TokenPress.es256.token(
            claims: Self.claims.replacing("9000000000", with: "1800000300"))
        var session = CommandSession(standardInput: token)
        session.network = ScriptedSite().network
        let arguments = ["token", "verify", "--issuer", ScriptedSite.issuer, "--audience", ScriptedSite.endpoint]
        #expect(await session.run(arguments).status == .good)
        let lacking = await session.run(arguments + ["--required-scope", "mcp:use notes:write"])
        let answer = try JSONValue(parsing: Array(lacking.output.utf8))
        #expect(answer["code"] == "insufficient_scope" && answer["found"] == ["mcp:use"])
        session.network = ScriptedSite { $0.server["issuer"] = "https://login.example.com/" }.network
        #expect(
            await session.run(arguments).faults.contains {
                $0.hasSuffix("oauth-authorization-server: it is the metadata of another issuer")
            })
        let name = await session.run("token", "verify", "--issuer", "urn:x", "--audience", "a")
        #expect(name.faults.first?.hasPrefix("--issuer is not an https URL") == true)
    }
}
