import HTTPMessages
import Synchronization
import Testing
import WireFormat

@testable import SafeFetch

@Suite("Connections, kept and not", .serialized, .timeLimit(.minutes(5)))
struct ConnectionTests {
    /// A server that keeps its connections open and answers every request with 200 and an empty body.
    private static func keepingServer() throws -> ScriptedServer {
        try ScriptedServer { connection in
            while !connection.readHead().isEmpty {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
    }

    @Test("an operator's fetcher keeps the connection for the next fetch")
    func kept() async throws {
        let server = try Self.keepingServer()
        let fetcher = try CurlFetcher(policy: CurlFetcherTests.loopback)
        for _ in 0..<3 { #expect(await outcomes(of: 1, from: fetcher, url: server.url()) == [.success(200)]) }
        #expect(server.connectionCount == 1)
        #expect(server.requests.filter { !$0.isEmpty }.count == 3)
    }

    @Test("POLICY §13: for untrusted URLs each fetch has a connection of its own, so that each is checked")
    func ownConnections() async throws {
        let server = try Self.keepingServer()
        let worker = CurlWorker(policy: .untrusted().patient)
        for _ in 0..<3 {
            #expect(try await outcome(of: server.url(), from: worker, addresses: .loopback) == .success(200))
        }
        #expect(server.connectionCount == 3)
    }

    @Test("a kept connection that died under a GET is replaced, under a POST it is the caller's to know")
    func deadConnection() async throws {
        // Answers the first request of each connection, reads the second one, and closes.
        let server = try ScriptedServer { connection in
            connection.readHead()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            if connection.readHead().hasPrefix("POST") { _ = connection.readContent(count: 4) }
        }
        let fetcher = try CurlFetcher(policy: CurlFetcherTests.loopback)
        let url = try AbsoluteURL(parsing: server.url())
        let form = DocumentRequest(url: url, method: .postForm(Array("a=bc".utf8)), maximumBodyBytes: 10)
        let page = DocumentRequest(url: url, maximumBodyBytes: 10)
        #expect(try await fetcher.fetch(page).status == .ok)
        #expect(try await fetcher.fetch(page).status == .ok)
        #expect(server.connectionCount == 2)
        await #expect(throws: FetchError.connectionFailed) { try await fetcher.fetch(form) }
        #expect(server.requests.filter { $0.hasPrefix("POST") }.count == 1)
    }

    @Test("a form over a kept connection is sent whole")
    func formOverKept() async throws {
        let server = try ScriptedServer { connection in
            for _ in 0..<3 {
                connection.readHead()
                let content = connection.readContent(count: 70_000)
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(content.count)\r\n\r\n")
                connection.send(content)
            }
        }
        let fetcher = try CurlFetcher(policy: CurlFetcherTests.loopback)
        for byte in UInt8(1)...3 {
            let form = [UInt8](repeating: byte, count: 70_000)
            let request = DocumentRequest(
                url: try AbsoluteURL(parsing: server.url()), method: .postForm(form), maximumBodyBytes: 70_000)
            #expect(try await fetcher.fetch(request).body == form)
        }
        #expect(server.connectionCount == 1)
    }

    @Test("a cookie is not kept")
    func cookies() async throws {
        let server = try ScriptedServer { connection in
            while !connection.readHead().isEmpty {
                connection.send("HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n")
            }
        }
        let fetcher = try CurlFetcher(policy: CurlFetcherTests.loopback)
        for _ in 0..<2 { #expect(await outcomes(of: 1, from: fetcher, url: server.url()) == [.success(200)]) }
        #expect(server.requests.allSatisfy { !$0.contains("Cookie") })
    }

    // MARK: Untrusted URLs

    @Test(
        "POLICY §13: no credentials for an untrusted URL: any field but a few harmless ones is refused",
        arguments: [
            "Authorization", "authorization", "Cookie", "Proxy-Authorization", "DPoP", "X-Api-Key", "Range", "Origin",
            "Forwarded", "X-Forwarded-For", "Host", "Content-Type",
        ])
    func untrustedFields(name: String) async throws {
        var fields = HTTPFields()
        fields.append(try #require(HTTPFields.Name(name)), "x")
        let url = try AbsoluteURL(parsing: "https://client.example.com/a")
        let resolver = NameLookUpTests.Resolver([])
        var policy = FetchPolicy.untrusted()
        policy.lookUp = resolver.lookUp
        let fetcher = try CurlFetcher(policy: policy)
        await #expect(throws: FetchError.notAllowed) {
            try await fetcher.fetch(DocumentRequest(url: url, fields: fields, maximumBodyBytes: 1))
        }
        #expect(resolver.asked.isEmpty)
    }

    @Test(
        "conditional requests of untrusted URLs are admitted",
        arguments: ["Accept", "If-None-Match", "IF-MODIFIED-SINCE", "Cache-Control"])
    func harmlessFields(name: String) async throws {
        var fields = HTTPFields()
        fields.append(try #require(HTTPFields.Name(name)), "x")
        #expect(RequestFieldLines(fields, for: .untrusted(ports: [443]))?.lines == ["\(name): x"])
    }

    @Test("nothing is posted to an untrusted URL")
    func untrustedForm() async throws {
        let url = try AbsoluteURL(parsing: "https://client.example.com/a")
        let fetcher = try CurlFetcher(policy: .untrusted())
        await #expect(throws: FetchError.notAllowed) {
            try await fetcher.fetch(DocumentRequest(url: url, method: .postForm([0x61]), maximumBodyBytes: 1))
        }
    }

    // MARK: The operator's proxy

    @Test("a proxy is asked for a tunnel, and sees no request field")
    func proxied() async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            connection.send("HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n")
            connection.readHead()
            connection.send("HTTP/1.1 404 Not Found\r\nX-Server: 1\r\nContent-Length: 0\r\n\r\n")
        }
        let policy = FetchPolicy(
            permissions: FetchPermissions(insecureHTTP: .dangerouslyAnyHost),
            proxy: try AbsoluteURL(parsing: server.url("")))
        var fields = HTTPFields()
        fields.append(.authorization, "Bearer secret")
        let request = DocumentRequest(
            url: try AbsoluteURL(parsing: "http://a.example/x?y"), fields: fields, maximumBodyBytes: 10)
        let document = try await CurlFetcher(policy: policy.patient).fetch(request)
        #expect(document.status == .notFound)
        #expect(document.fields.pairs.map(\.name) == ["X-Server", "Content-Length"])
        let heads = server.requests
        #expect(heads.first?.hasPrefix("CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n") == true)
        #expect(heads.first?.contains("secret") == false)
        #expect(heads.last?.hasPrefix("GET /x?y HTTP/1.1\r\nHost: a.example\r\n") == true)
        #expect(heads.last?.contains("Authorization: Bearer secret\r\n") == true)
    }

    @Test("a proxy that refuses is a failed connection, not the server's answer", arguments: [403, 407, 502])
    func proxyRefuses(code: Int) async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 \(code) No\r\nContent-Length: 0\r\n\r\n")
        let policy = FetchPolicy(proxy: try AbsoluteURL(parsing: server.url()))
        let outcome = try await outcomes(of: 1, from: CurlFetcher(policy: policy.patient), url: "https://a.example/")
        #expect(outcome == [.failure(.connectionFailed)])
        #expect(server.requests.first?.hasPrefix("CONNECT a.example:443 HTTP/1.1\r\n") == true)
    }
}

/// Runs one fetch in a worker, without the rules for URLs, so that connections and names can be tested with plain
/// `http` on loopback.
func outcome(
    of url: String, from worker: CurlWorker, addresses: AddressPolicy, within time: Duration = .seconds(240)
) async throws -> Outcome {
    let ticket = FetchTicket()
    worker.submit(
        FetchJob(
            url: try AbsoluteURL(parsing: url), fieldLines: [], bearer: nil, exchange: .get,
            route: FetchPolicy.Route(addresses: addresses, proxy: nil), maximumBodyBytes: 1000,
            deadline: .now.advanced(by: time), ticket: ticket))
    return await ticket.outcome().map(\.status.code)
}
