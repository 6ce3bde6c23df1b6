import HTTPMessages
import Testing
import WireFormat

@testable import SafeFetch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// POLICY §13: a bearer token for the fetch itself, for one host.
@Suite("A token for the fetch itself", .serialized, .timeLimit(.minutes(5)))
struct BearerTests {
    /// A file that is removed with this object.
    private final class TokenFile {
        let path: String

        init(_ content: String) throws {
            path = "/tmp/bearer-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
            try write(content)
        }

        func write(_ content: String) throws {
            guard let file = unsafe fopen(path, "w") else { throw ScriptedServer.SetUpFailed() }
            unsafe fputs(content, file)
            unsafe fclose(file)
        }

        deinit { _ = unsafe unlink(path) }
    }

    private func policy(_ host: HTTPHost, _ path: String, _ insecureHTTP: InsecureHTTP = .loopback) -> FetchPolicy {
        FetchPolicy(
            permissions: FetchPermissions(insecureHTTP: insecureHTTP), bearer: FetchBearer(host: host, file: path)
        ).patient
    }

    private func fetch(
        _ url: String, _ policy: FetchPolicy, fields: HTTPFields = HTTPFields()
    ) async throws -> FetchedDocument {
        let request = DocumentRequest(url: try AbsoluteURL(parsing: url), fields: fields, maximumBodyBytes: 1_000)
        return try await CurlFetcher(policy: policy).fetch(request)
    }

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    private func credentials(_ server: ScriptedServer) -> [String] {
        server.requests.map { head in
            let line = head.split(separator: "\r\n").first { $0.hasPrefix("Authorization:") }
            return line.map(String.init) ?? "none"
        }
    }

    @Test("The token of the file is sent to its host, and the file is read again for each fetch")
    func sent() async throws {
        let server = try ScriptedServer(answering: Self.ok)
        let file = try TokenFile("eyJ.a-b_c~d+/=\n")
        let policy = policy("127.0.0.1", file.path)
        _ = try await fetch(server.url(), policy)
        try file.write("second\r\n")
        _ = try await fetch(server.url(), policy)
        try file.write("third")
        _ = try await fetch(server.url(), policy)
        #expect(
            credentials(server) == [
                "Authorization: Bearer eyJ.a-b_c~d+/=", "Authorization: Bearer second", "Authorization: Bearer third",
            ])
    }

    @Test("Another host, a request with its own credentials, and the target of a redirect do not get it")
    func notSent() async throws {
        let file = try TokenFile("secret")
        let target = try ScriptedServer(answering: Self.ok)
        let server = try ScriptedServer(
            answering: "HTTP/1.1 307 X\r\nLocation: \(target.url())\r\nContent-Length: 0\r\n\r\n")
        for host in ["localhost", "127.0.0.2", "a.example"] as [HTTPHost] {
            _ = try await fetch(server.url(), policy(host, file.path))
        }
        var fields = HTTPFields()
        fields.append(.authorization, "Basic YTpi")
        _ = try await fetch(server.url(), policy("127.0.0.1", file.path), fields: fields)
        _ = try await fetch(server.url(), policy("127.0.0.1", file.path))
        #expect(
            credentials(server) == [
                "none", "none", "none", "Authorization: Basic YTpi", "Authorization: Bearer secret",
            ])
        #expect(target.connectionCount == 0)
    }

    @Test("Over plain http to another machine it is not sent: nothing is fetched, whatever else is allowed")
    func plainHTTP() async throws {
        let file = try TokenFile("secret")
        for insecureHTTP in [InsecureHTTP.dangerouslyAnyHost, .privateHosts] {
            var policy = policy("mesh.example", file.path, insecureHTTP)
            policy.source = .operatorNamed(
                FetchPermissions(insecureHTTP: insecureHTTP, privateHosts: ["mesh.example"]), proxy: nil)
            policy.lookUp = { _ in
                Issue.record("looked up")
                return []
            }
            await #expect(throws: FetchError.notAllowed) { try await fetch("http://mesh.example/keys", policy) }
        }
    }

    @Test("An untrusted URL never gets it, not even on its host")
    func untrusted() throws {
        var policy = FetchPolicy.untrusted()
        policy.bearer = FetchBearer(host: "a.example", file: "/nowhere")
        let request = DocumentRequest(url: try AbsoluteURL(parsing: "https://a.example/a"), maximumBodyBytes: 1)
        #expect(try policy.bearer(for: request) == nil)
        policy.source = .operatorNamed(FetchPermissions(), proxy: nil)
        #expect(try policy.bearer(for: request) == policy.bearer)
    }

    @Test(
        "A file without one token: nothing is sent",
        arguments: [
            "", "\n", "a b", "a\nb", "a\n\n", " a", "a\r", "ä", "a\u{0}b", "=", "a=b", "a,b", "Bearer a",
            String(repeating: "a", count: 16_385),
        ])
    func noToken(content: String) async throws {
        let server = try ScriptedServer(answering: Self.ok)
        let file = try TokenFile("")
        if content.utf8.contains(0) {
            try file.write("a b")
        } else {
            try file.write(content)
        }
        await #expect(throws: FetchError.credentialsUnreadable) {
            try await fetch(server.url(), policy("127.0.0.1", file.path))
        }
        #expect(server.connectionCount == 0)
    }

    @Test("No file, a directory and a pipe: nothing is sent, and no thread waits")
    func noFile() async throws {
        let server = try ScriptedServer(answering: Self.ok)
        let pipe = try TokenFile("")
        _ = unsafe unlink(pipe.path)
        #expect(unsafe mkfifo(pipe.path, 0o600) == 0)
        for path in ["/nowhere/token", "/tmp", pipe.path, "", "/tmp\u{0}x"] {
            await #expect(throws: FetchError.credentialsUnreadable) {
                try await fetch(server.url(), policy("127.0.0.1", path))
            }
        }
        #expect(server.connectionCount == 0)
        let whole = try TokenFile(String(repeating: "a", count: 16_384) + "\n")
        _ = try await fetch(server.url(), policy("127.0.0.1", whole.path))
    }

    @Test("http to a listed private host is fetched, and to no other one")
    func privateHosts() throws {
        let policy = FetchPolicy(
            permissions: FetchPermissions(insecureHTTP: .privateHosts, privateHosts: ["idp", "10.0.0.1"]))
        for url in ["http://idp/keys", "http://IDP:8080/keys", "http://10.0.0.1/", "https://idp/", "http://127.0.0.1/"]
        {
            #expect(policy.refusal(of: try AbsoluteURL(parsing: url)) == nil, "\(url)")
        }
        for url in ["http://other/keys", "http://idp.example/", "http://10.0.0.2/"] {
            #expect(policy.refusal(of: try AbsoluteURL(parsing: url)) == .notAllowed, "\(url)")
        }
        let strict = FetchPolicy(permissions: FetchPermissions(insecureHTTP: .loopback, privateHosts: ["idp"]))
        #expect(strict.refusal(of: try AbsoluteURL(parsing: "http://idp/keys")) == .notAllowed)
    }
}
