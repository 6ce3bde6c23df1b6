import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import SafeFetch
import Synchronization
import Testing
import WireFormat

@testable import mcp_quickstart

@Suite("mcp-quickstart: the whole program", .serialized)
struct QuickstartTests {
    private let fetcher: CurlFetcher

    init() throws {
        var policy = FetchPolicy(permissions: FetchPermissions(insecureHTTP: .loopback))
        // A busy machine needs its time.
        (policy.connectTimeout, policy.totalTimeout) = (.seconds(60), .seconds(300))
        fetcher = try CurlFetcher(policy: policy)
    }

    private func get(_ url: String) async throws -> FetchedDocument {
        try await fetcher.fetch(DocumentRequest(url: AbsoluteURL(parsing: url), maximumBodyBytes: 65_536))
    }

    /// Starts the program on free ports and calls `body` with the resource and the issuer of its ready line.
    private func withQuickstart(
        _ arguments: [String], environment: [String: String] = [:],
        observer: @escaping ResourceServerEvent.Observer = { _ in },
        _ body: @escaping @Sendable (_ resource: String, _ issuer: String) async throws -> Void
    ) async throws {
        let quickstart = Quickstart(
            QuickstartOptions(parsing: ["--port", "0"] + arguments, environment: environment), observer: observer)
        let (texts, continuation) = AsyncStream.makeStream(of: String.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await quickstart.run { text in continuation.yield(text) }
            }
            group.addTask {
                for await text in texts {
                    let line = text.prefix { $0 != "\n" }.split(separator: " ")
                    try #require(line.count == 3 && line[0] == "ready")
                    try await body(
                        String(line[1].dropFirst("resource=".count)), String(line[2].dropFirst("issuer=".count)))
                    break
                }
            }
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test("ready means: the challenge, both metadata URLs and the authorization server answer", .timeLimit(.minutes(5)))
    func ready() async throws {
        let isChecked = Mutex(false)
        try await withQuickstart(["--issuer-port", "0", "--required-scope", "b", "--required-scope", "a"]) {
            resource, issuer in
            let origin = String(resource.dropLast("/mcp".count))
            let refused = try await get(resource)
            #expect(refused.status == .unauthorized)
            #expect(
                refused.fields[.wwwAuthenticate]?.string
                    == #"Bearer scope="a b", resource_metadata="\#(origin)/.well-known/oauth-protected-resource/mcp""#)
            #expect(refused.fields[.cacheControl]?.string == "no-store")
            for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
                let metadata = try await get(origin + path)
                #expect(metadata.status == .ok)
                let json = try JSONValue(parsing: metadata.body)
                #expect(json["resource"] == .string(resource))
                #expect(json["authorization_servers"] == [.string(issuer)])
                #expect(json["scopes_supported"] == ["a", "b", "notes:read", "notes:write"])
            }
            let metadata = try await get(issuer + "/.well-known/oauth-authorization-server")
            #expect(try JSONValue(parsing: metadata.body)["issuer"] == .string(issuer))
            // Clients of MCP 2025-03-26 (mcp 1.9.4) look for it at the resource server.
            let forwarded = try await get(origin + "/.well-known/oauth-authorization-server")
            #expect(forwarded.status == .ok)
            let (own, old) = (try JSONValue(parsing: metadata.body), try JSONValue(parsing: forwarded.body))
            for name in ["issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint"] {
                #expect(old[name] != nil && old[name] == own[name])
            }
            // Their SDK refuses a document that has it.
            #expect(own["token_endpoint_auth_signing_alg_values_supported"] != nil)
            #expect(old["token_endpoint_auth_signing_alg_values_supported"] == nil)
            isChecked.withLock { $0 = true }
        }
        #expect(isChecked.withLock { $0 })
    }

    @Test("a port in use is one line with the flag and the port, and nothing was started", .timeLimit(.minutes(5)))
    func portInUse() async throws {
        try await withQuickstart(["--issuer-port", "0"]) { resource, _ in
            let taken = try #require(AbsoluteURL(parsing: resource).port)
            for arguments in [
                ["--port", "\(taken)", "--issuer-port", "0"], ["--port", "0", "--issuer-port", "\(taken)"],
            ] {
                let quickstart = Quickstart(QuickstartOptions(parsing: arguments))
                let error = await #expect(throws: UsageError.self) {
                    try await quickstart.run { _ in Issue.record("It must not get ready.") }
                }
                let flag = arguments[1] == "0" ? "--issuer-port" : "--port"
                let line = try #require(error?.faults.first)
                #expect(line.hasPrefix("\(flag) \(taken): ") && line.contains("in use") && !line.contains("\n"))
            }
        }
    }

    private let loopback = ["OAUTH_ALLOW_INSECURE_HTTP": "loopback"]

    @Test("an issuer that is not there stops nothing: 401 without a token, 503 with one", .timeLimit(.minutes(5)))
    func unreachableIssuer() async throws {
        // The issuer's URL is a path of another MCP server, which serves no issuer metadata.
        try await withQuickstart(["--issuer-port", "0"]) { resource, _ in
            let nobody = resource + "/none"
            try await withQuickstart(["--issuer", nobody], environment: loopback) { resource, _ in
                let refused = try await get(resource)
                #expect(refused.status == .unauthorized)
                let token = FakeIssuer(nobody, audience: resource, algorithms: [.es256]).token()
                var request = DocumentRequest(url: try AbsoluteURL(parsing: resource), maximumBodyBytes: 65_536)
                request.fields.append(.authorization, try #require(HTTPFields.Value("Bearer \(token)")))
                let unanswered = try await fetcher.fetch(request)
                #expect(unanswered.status == .serviceUnavailable)
                #expect(unanswered.fields[.retryAfter] != nil)
            }
        }
    }

    @Test("with --issuer the keys of that issuer are used and no other server is started", .timeLimit(.minutes(5)))
    func otherIssuer() async throws {
        try await withQuickstart(["--issuer-port", "0"]) { _, issuer in
            try await withQuickstart(
                ["--issuer", issuer, "--resource", "https://mcp.example/x"], environment: loopback
            ) { resource, named in
                #expect(resource == "https://mcp.example/x")
                #expect(named == issuer)
            }
        }
    }

    @Test("a resource on https://localhost, for TLS of a proxy in front", .timeLimit(.minutes(5)))
    func localTLS() async throws {
        let ready = Mutex<[String]>([])
        try await withQuickstart(["--issuer-port", "0", "--resource", "https://localhost:8443/mcp"]) { resource, _ in
            ready.withLock { $0.append(resource) }
        }
        #expect(ready.withLock { $0 } == ["https://localhost:8443/mcp"])
    }

    @Test("POLICY §17: the operator sees why a request was refused", .timeLimit(.minutes(5)))
    func operatorLog() async throws {
        let codes = Mutex<[String]>([])
        try await withQuickstart(
            ["--issuer-port", "0"],
            observer: { event in
                if case .denied(let rejection, _) = event { codes.withLock { $0.append(rejection.code) } }
            }
        ) { resource, _ in
            let refused = try await get(resource)
            #expect(refused.status == .unauthorized)
        }
        #expect(codes.withLock { $0 } == ["missing_credentials"])
    }

    @Test("pre-shared tokens: no authorization server is started, and the ready line says so", .timeLimit(.minutes(5)))
    func staticTokens() async throws {
        let file = try TokenFile(
            "ci:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n")
        let environment = ["OAUTH_MODE": "static", "OAUTH_STATIC_TOKENS_FILE": file.path]
        try await withQuickstart([], environment: environment) { resource, issuer in
            #expect(issuer == "none")
            var request = DocumentRequest(url: try AbsoluteURL(parsing: resource), maximumBodyBytes: 65_536)
            let refused = try await fetcher.fetch(request)
            #expect(refused.status == .unauthorized)
            #expect(refused.fields[.wwwAuthenticate]?.string == "Bearer realm=\"\(resource)\"")
            // The file contains the SHA-256 of "foo". The handler answers the GET.
            request.fields.append(.authorization, "Bearer foo")
            #expect(try await fetcher.fetch(request).status == .methodNotAllowed)
        }
    }
}
