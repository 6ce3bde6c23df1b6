import HTTPMessages
import Testing

@testable import mcp_auth

@Suite("mcp-auth cimd")
struct ClientDocumentCommandTests {
    private static let url = "https://app.example/client.json"
    private static let create = [
        "cimd", "create", "--client-id", url, "--name", "App", "--redirect-uri", "http://localhost/cb",
    ]

    private func served(
        _ body: String, status: HTTPStatus = .ok, type: HTTPFields.Value = "application/json",
        control: HTTPFields.Value? = nil
    ) -> FixedFetcher {
        var fields = HTTPFields()
        fields.append(.contentType, type)
        if let control { fields.append(.cacheControl, control) }
        return FixedFetcher(answer: .success(FetchedDocument(status: status, fields: fields, body: Array(body.utf8))))
    }

    @Test(
        "what create writes, validate accepts",
        arguments: [
            [], ["--client-uri", "https://app.example/", "--logo-uri", "https://app.example/l.png"],
            ["--scope", "a b", "--scope", "c"], ["--redirect-uri", "cursor://x/cb"],
            ["--auth-method", "private_key_jwt", "--jwks-uri", "https://app.example/jwks"], ["--auth-method", "none"],
        ])
    func roundTrip(more: [String]) async {
        var session = CommandSession()
        let created = await session.run(Self.create + more)
        #expect(created.status == .good && created.faults == [])
        #expect(created.notes.first?.contains("host it at \(Self.url)") == true)
        session.fetcher = served(created.output, control: "max-age=600")
        let validated = await session.run("cimd", "validate", Self.url)
        #expect(validated.status == .good, "\(validated.output)")
        #expect(validated.output.contains("keeps it for 600 s") && !validated.output.contains("FAIL"))
        session.standardInput = Array(created.output.utf8)
        #expect(await session.run("cimd", "validate", "-", "--client-id", Self.url).status == .good)
        session.files["client.json"] = session.standardInput
        #expect(await session.run("cimd", "validate", "client.json", "--client-id", Self.url).status == .good)
    }

    @Test(
        "create refuses to write what a server would refuse, and says why",
        arguments: [
            (["cimd", "create"], 3), (Self.create + ["--client-uri", "x"], 1),
            (Self.create + ["--redirect-uri", "http://app.example/"], 2),
            (Self.create + ["--redirect-uri", "javascript:x"], 2), (Self.create + ["--auth-method", "tls"], 1),
            (Self.create + ["--auth-method", "private_key_jwt"], 1),
            (Self.create + ["--jwks-uri", "https://app.example/k"], 1), (Self.create + ["--client-id", "x"], 1),
            (
                Self.create + ["--auth-method", "private_key_jwt", "--jwks-uri", "http://app.example/k"], 1
            ),
            (["cimd", "create", "--client-id", "http://x.example/c", "--name", "n", "--redirect-uri", "a:b"], 2),
            (["cimd", "create", "--client-id", Self.url, "--name", "\u{202E}", "--redirect-uri", "a:b"], 1),
        ])
    func refusedCreation(arguments: [String], faults: Int) async {
        let outcome = await CommandSession().run(arguments)
        #expect(outcome.status == .usage && outcome.output.isEmpty)
        #expect(outcome.faults.count == faults, "\(outcome.faults)")
    }

    private static let good = """
        {"client_id":"\(url)","client_name":"App","redirect_uris":["https://app.example/cb"]}
        """

    /// A document, the code, and a part of what its author reads.
    private static let faulty: [(String, String, String)] = [
        ("<html>", "document_not_json", "strict JSON"), ("[]", "document_not_an_object", "one JSON object"),
        (good.replacing("App", with: String(repeating: "x", count: 6_000)), "document_too_large", "smaller than 5120"),
        (good.replacing("client.json", with: "Client.json"), "document_client_id_mismatch", "same case"),
        (good.replacing("client.json", with: "client.json/"), "document_client_id_mismatch", "slash at the end"),
        (good.replacing("\"client_id\":\"\(url)\",", with: ""), "document_client_id_missing", "Add client_id"),
        (good.replacing("\"App\"", with: "\"\""), "document_client_name_missing", "Add client_name"),
        (good.replacing("\"redirect_uris\"", with: "\"redirects\""), "document_redirect_uris_missing", "at least one"),
        (good.replacing("https://app.example/cb", with: "http://app.example/cb"), "redirect_uri_insecure", "use https"),
        (good.replacing("https://app.example/cb", with: "data:,x"), "redirect_uri_forbidden_scheme", "private scheme"),
        (good.replacing("{\"", with: "{\"client_secret\":\"s\",\""), "document_shared_secret", "Remove client_secret"),
        (
            good.replacing("{\"", with: "{\"token_endpoint_auth_method\":\"client_secret_post\",\""),
            "document_shared_secret_method", "none, or to private_key_jwt"
        ),
        (
            good.replacing("{\"", with: "{\"token_endpoint_auth_method\":\"tls_client_auth\",\""),
            "document_authentication_method", "none, or to private_key_jwt"
        ),
        (
            good.replacing("{\"", with: "{\"token_endpoint_auth_method\":\"private_key_jwt\",\""),
            "document_keys_missing", "Add jwks"
        ),
        (good.replacing("{\"", with: "{\"jwks\":[],\""), "document_keys_malformed", "list keys"),
        (
            good.replacing("{\"", with: "{\"jwks\":{\"keys\":[{\"kty\":\"oct\",\"k\":\"x\"}]},\""),
            "document_secret_key", "new key pair"
        ),
        (good.replacing("{\"", with: "{\"jwks_uri\":\"/k\",\""), "document_keys_url", "https URL"),
        (good.replacing("{\"", with: "{\"grant_types\":[],\""), "document_grant_types", "authorization_code"),
        (good.replacing("{\"", with: "{\"response_types\":[],\""), "document_response_types", "Include code"),
        (good.replacing("{\"", with: "{\"logo_uri\":7,\""), "document_member", "Correct logo_uri"),
    ]

    @Test("validate prints a line for each fault that tells the author what to change", arguments: faulty)
    func faults(document: String, code: String, remedy: String) async {
        var session = CommandSession()
        session.fetcher = served(document)
        let outcome = await session.run("cimd", "validate", Self.url)
        #expect(outcome.status == .refused)
        let line = outcome.output.split(separator: "\n").first { $0.hasPrefix("FAIL") && $0.contains(code) }
        #expect(line?.contains(remedy) == true, "\(outcome.output)")
    }

    @Test("validate says what is wrong with the way a document is published")
    func publication() async {
        var session = CommandSession()
        for (fetcher, code) in [
            (FixedFetcher(answer: .failure(.blockedAddress)), "blocked_address"),
            (FixedFetcher(answer: .failure(.timedOut)), "timed_out"),
            (served(Self.good, status: .found), "status 302"), (served(Self.good, status: .notFound), "status 404"),
            (served(Self.good, type: "text/html"), "document_content_type"),
        ] {
            session.fetcher = fetcher
            let outcome = await session.run("cimd", "validate", Self.url)
            #expect(outcome.status == .refused && outcome.output.contains(code), "\(outcome.output)")
        }
        for (url, code) in [
            ("http://app.example/c", "client_id_not_https"), ("https://app.example/", "client_id_no_path"),
            ("https://APP.example/c", "client_id_not_normalized"), ("http://localhost/c", "client_id_not_https"),
        ] {
            let outcome = await session.run("cimd", "validate", url)
            #expect(outcome.status == .refused && outcome.output.contains(code))
        }
        session.fetcher = served(Self.good.replacing(Self.url, with: "http://localhost/c"))
        #expect(await session.run("cimd", "validate", "--allow-loopback", "http://localhost/c").status == .good)
    }

    @Test(
        "wrong usage is status 2",
        arguments: [
            ["cimd", "validate"], ["cimd", "validate", "client.json"],
            ["cimd", "validate", Self.url, "--client-id", Self.url],
            ["cimd", "validate", "missing.json", "--client-id", Self.url], ["cimd", "validate", "a", "b"],
        ])
    func usage(arguments: [String]) async {
        let outcome = await CommandSession().run(arguments)
        #expect(outcome.status == .usage && !outcome.faults.isEmpty)
    }

    @Test("nothing that a document contains can move a terminal's cursor")
    func terminal() async {
        var session = CommandSession()
        session.fetcher = served(Self.good.replacing("App", with: "A\\u001b[31m\\u202eB"))
        let output = await session.run("cimd", "validate", Self.url).output
        #expect(!output.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x202E })
    }
}
