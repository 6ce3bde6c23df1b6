import HTTPMessages
import Synchronization
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

@Suite("CurlFetcher over loopback", .serialized, .timeLimit(.minutes(5)))
struct CurlFetcherTests {
    static let loopback = FetchPolicy(permissions: FetchPermissions(insecureHTTP: .loopback)).patient

    // MARK: Answers

    @Test("a 200 comes back with status, fields in order and body")
    func ok() async throws {
        let server = try ScriptedServer(
            answering: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"a\"\r\nX-A: 1\r\nX-A: \t2 \r\n"
                + "Content-Length: 11\r\n\r\n{\"keys\":[]}")
        let document = try await fetch(server.url("/jwks?a=b"))
        #expect(document.status == .ok)
        #expect(document.body == Array("{\"keys\":[]}".utf8))
        #expect(document.fields[.eTag] == "\"a\"")
        #expect(document.fields.pairs.map(\.name) == ["Content-Type", "ETag", "X-A", "X-A", "Content-Length"])
        #expect(document.fields.values(of: "x-a") == ["1", "2"])
    }

    @Test("POLICY §13: the request is a plain GET with a fixed user agent, gzip and no ambient fields")
    func request() async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        var fields = HTTPFields()
        fields.append(.ifNoneMatch, "\"v1\"")
        fields.append(.cacheControl, "no-cache")
        _ = try await fetch(server.url("/a/../b?x=%41"), fields: fields)
        let request = try #require(server.requests.first)
        let lines = request.utf8.split(separator: UInt8(ascii: "\n")).map { String(Substring($0.dropLast())) }
        #expect(lines.first == "GET /a/../b?x=%41 HTTP/1.1")
        #expect(
            Set(lines.dropFirst().dropLast()) == [
                "Host: 127.0.0.1:\(server.port)", "User-Agent: swift-oauth-resource-server", "Accept: */*",
                "Accept-Encoding: gzip", "If-None-Match: \"v1\"", "Cache-Control: no-cache",
            ])
    }

    @Test(
        "a form is posted once, with its media type and length and the caller's credentials, and nobody waits for a 100",
        arguments: [0, 1, 40, 2000, 200_000])
    func post(count: Int) async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            let content = connection.readContent(count: count)
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(content.count)\r\n\r\n")
            connection.send(content)
        }
        var form = Array("token=a%20b&x=\0".utf8)
        form = Array((form + [UInt8](repeating: 0x61, count: 200_000)).prefix(count))
        var fields = HTTPFields()
        fields.append(.authorization, "Basic YTpi")
        fields.append(.accept, "application/json")
        let document = try await fetch(
            server.url("/introspect"), method: .postForm(form), fields: fields, limit: 200_000)
        #expect(document.body == form)
        let lines = try #require(server.requests.first).utf8.split(separator: UInt8(ascii: "\n"))
            .map { String(Substring($0.dropLast())) }
        #expect(lines.first == "POST /introspect HTTP/1.1")
        #expect(
            Set(lines.dropFirst().dropLast()) == [
                "Host: 127.0.0.1:\(server.port)", "User-Agent: swift-oauth-resource-server",
                "Accept: application/json", "Accept-Encoding: gzip", "Authorization: Basic YTpi",
                "Content-Length: \(count)",
                "Content-Type: application/x-www-form-urlencoded",
            ])
        #expect(server.connectionCount == 1)
    }

    // MARK: Clients

    @Test("a client sends any method, with or without content", arguments: ["GET", "HEAD", "OPTIONS", "DELETE", "PUT"])
    func otherMethods(name: String) async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 401 X\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n")
        let fetcher = try CurlFetcher(policy: Self.loopback)
        let method = try #require(HTTPMethod(name))
        let answer = try await fetcher.send(
            ClientExchange(
                AbsoluteURL(parsing: server.url("/mcp")), ClientExchange.Method(method), maximumBodyBytes: 100))
        #expect(answer.status == .unauthorized && answer.fields[.allow] == "GET")
        #expect(server.requests.first?.hasPrefix("\(name) /mcp HTTP/1.1\r\n") == true)
        #expect(server.requests.first?.contains("Content-") == false)
    }

    @Test("a HEAD whose answer announces content ends with its head")
    func head() async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
        let fetcher = try CurlFetcher(policy: Self.loopback)
        let exchange = try ClientExchange(
            AbsoluteURL(parsing: server.url()), ClientExchange.Method(.head), maximumBodyBytes: 100)
        let answer = try await fetcher.send(exchange)
        #expect(answer.status == .ok && answer.body.isEmpty && answer.fields[.contentLength] == "50")
        #expect("\(exchange)" == "<client exchange>")
    }

    @Test("a client posts JSON once, with its media type")
    func json() async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            let content = connection.readContent(count: 2)
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            connection.send(content)
        }
        let fetcher = try CurlFetcher(policy: Self.loopback)
        let answer = try await fetcher.send(
            ClientExchange(
                AbsoluteURL(parsing: server.url()), .post(Array("{}".utf8), as: .json), maximumBodyBytes: 100))
        #expect(answer.body == Array("{}".utf8))
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST ") && request.contains("\r\nContent-Type: application/json\r\n"))
        #expect(request.contains("\r\nContent-Length: 2\r\n"))
    }

    @Test("under a policy for untrusted URLs, a client sends nothing")
    func untrustedClient() async throws {
        let fetcher = try CurlFetcher(policy: .untrusted())
        await #expect(throws: FetchError.notAllowed) {
            try await fetcher.send(
                ClientExchange(AbsoluteURL(parsing: "https://a.example/b"), maximumBodyBytes: 100))
        }
    }

    @Test("a POST that was lost is not sent again", arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"])
    func postIsNotRepeated(answer: String) async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            _ = connection.readContent(count: 4)
            connection.send(answer)
        }
        await #expect(throws: FetchError.connectionFailed) {
            try await fetch(server.url(), method: .postForm(Array("a=bc".utf8)))
        }
        #expect(server.connectionCount == 1)
    }

    @Test("the redirect of a POST is its answer", arguments: [301, 302, 303, 307, 308, 401])
    func postRedirect(code: Int) async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            _ = connection.readContent(count: 4)
            connection.send(
                "HTTP/1.1 \(code) X\r\nLocation: /b\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
        }
        let document = try await fetch(server.url(), method: .postForm(Array("a=bc".utf8)))
        #expect(document.status.code == code)
        #expect(server.connectionCount == 1)
    }

    @Test("a final status is an answer, whatever it is", arguments: [304, 400, 404, 410, 500, 503])
    func statuses(code: Int) async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 \(code) X\r\nConnection: close\r\nRetry-After: 7\r\n\r\n")
        let document = try await fetch(server.url())
        #expect(document.status.code == code)
        #expect(document.fields[.retryAfter] == "7")
        #expect(document.body.isEmpty)
    }

    @Test("POLICY §8: a redirect is a final status and never followed", arguments: [301, 302, 303, 307, 308])
    func redirect(code: Int) async throws {
        let target = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let server = try ScriptedServer(
            answering: "HTTP/1.1 \(code) Moved\r\nLocation: \(target.url())\r\nContent-Length: 0\r\n\r\n")
        let document = try await fetch(server.url())
        #expect(document.status.code == code)
        #expect(document.fields[.location]?.string == target.url())
        #expect(target.connectionCount == 0)
        #expect(server.connectionCount == 1)
    }

    @Test("an interim answer is skipped and trailers are dropped")
    func interimAndTrailers() async throws {
        let server = try ScriptedServer(
            answering:
                "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3\r\nabc\r\n0\r\nETag: \"late\"\r\n\r\n")
        let document = try await fetch(server.url())
        #expect(document.body == Array("abc".utf8))
        #expect(document.fields.pairs.map(\.name) == ["Transfer-Encoding"])
    }

    // MARK: Sizes

    @Test("a body of exactly 1 MiB is accepted", arguments: [true, false])
    func bodyAtLimit(isAnnounced: Bool) async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            connection.send("HTTP/1.1 200 OK\r\n\(isAnnounced ? "Content-Length: 1048576\r\n" : "")\r\n")
            connection.send([UInt8](repeating: 0x61, count: 1 << 20))
        }
        #expect(try await fetch(server.url(), limit: 1 << 20).body.count == 1 << 20)
    }

    @Test("a body of 1 MiB and one byte is refused, announced or not", arguments: [true, false])
    func bodyOverLimit(isAnnounced: Bool) async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            connection.send("HTTP/1.1 200 OK\r\n\(isAnnounced ? "Content-Length: 1048577\r\n" : "")\r\n")
            connection.send([UInt8](repeating: 0x61, count: 1 << 20 + 1))
        }
        await #expect(throws: FetchError.tooLarge(limit: 1 << 20)) { try await fetch(server.url(), limit: 1 << 20) }
    }

    @Test("the policy's body limit holds when a request asks for more")
    func policyLimit() async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\n\r\nabcde")
        var policy = Self.loopback
        policy.maximumBodyBytes = 4
        await #expect(throws: FetchError.tooLarge(limit: 4)) {
            try await fetch(server.url(), limit: 100, policy: policy)
        }
    }

    @Test("a limit of zero bytes accepts an empty body and nothing else", arguments: [0, -1, Int.min])
    func zeroLimit(limit: Int) async throws {
        let empty = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(try await fetch(empty.url(), limit: limit).body.isEmpty)
        let full = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
        await #expect(throws: FetchError.tooLarge(limit: 0)) { try await fetch(full.url(), limit: limit) }
    }

    @Test("an endless body is cut off at the limit")
    func endlessBody() async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = Array("1000\r\n".utf8) + [UInt8](repeating: 0x61, count: 4096) + Array("\r\n".utf8)
            while connection.send(chunk) {}
        }
        await #expect(throws: FetchError.tooLarge(limit: 10_000)) { try await fetch(server.url(), limit: 10_000) }
    }

    @Test(
        "an endless head is cut off at the limit", arguments: ["X-A: 0123456789\r\n", "HTTP/1.1 100 Continue\r\n\r\n"])
    func endlessHead(piece: String) async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            if piece.utf8.first == UInt8(ascii: "X") { connection.send("HTTP/1.1 200 OK\r\n") }
            while connection.send(piece) {}
        }
        await #expect(throws: FetchError.malformedResponse) { try await fetch(server.url()) }
    }

    // MARK: Time

    @Test("POLICY §8: a slow drip does not stretch the total time")
    func slowDrip() async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 12000\r\n\r\n")
            for _ in 0..<12_000 {
                guard !connection.isClosedByPeer(within: 20), connection.send("a") else { return }
            }
        }
        var policy = Self.loopback
        policy.totalTimeout = .milliseconds(300)
        await #expect(throws: FetchError.timedOut) { try await fetch(server.url(), policy: policy) }
    }

    @Test("a server that accepts and says nothing times out")
    func silence() async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            _ = connection.isClosedByPeer(within: ScriptedServer.patience)
        }
        var policy = Self.loopback
        policy.totalTimeout = .milliseconds(200)
        await #expect(throws: FetchError.timedOut) { try await fetch(server.url(), policy: policy) }
    }

    @Test("the connect time-out covers the TLS handshake")
    func connectTimeout() async throws {
        let server = try ScriptedServer { _ = $0.isClosedByPeer(within: ScriptedServer.patience) }
        var policy = FetchPolicy()
        policy.connectTimeout = .milliseconds(200)
        policy.totalTimeout = .seconds(30)
        await #expect(throws: FetchError.timedOut) {
            try await fetch("https://127.0.0.1:\(server.port)/", policy: policy)
        }
    }

    @Test("the time in the queue counts: what is over its deadline when its turn comes opens no connection")
    func timeInQueue() async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let outcome = try await outcome(of: server.url(), remaining: .milliseconds(-1))
        #expect(outcome == .failure(.timedOut))
        #expect(server.connectionCount == 0)
    }

    @Test("a transfer has what is left of its total time, not all of it again")
    func remainingTime() async throws {
        let server = try ScriptedServer { connection in
            connection.readHead()
            _ = connection.isClosedByPeer(within: ScriptedServer.patience)
        }
        #expect(try await outcome(of: server.url(), remaining: .milliseconds(100)) == .failure(.timedOut))
    }

    /// Runs one job directly in a worker, with this part of the 30 s left.
    private func outcome(of url: String, remaining: Duration) async throws -> Outcome {
        let policy = Self.loopback
        let ticket = FetchTicket()
        let job = FetchJob(
            url: try AbsoluteURL(parsing: url), fieldLines: [], bearer: nil, exchange: .get,
            route: FetchPolicy.Route(addresses: .loopback, proxy: nil), maximumBodyBytes: 10,
            deadline: .now.advanced(by: remaining), ticket: ticket)
        CurlWorker(policy: policy).submit(job)
        return await ticket.outcome().map(\.status.code)
    }

    // MARK: Broken peers

    @Test("a closed port is a failed connection")
    func closedPort() async throws {
        let port = try ScriptedServer.closedPort()
        await #expect(throws: FetchError.connectionFailed) { try await fetch("http://127.0.0.1:\(port)/") }
    }

    @Test(
        "a connection closed before or within the answer is a failed connection",
        arguments: [
            "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        ])
    func closedHalfway(answer: String) async throws {
        let server = try ScriptedServer(answering: answer)
        await #expect(throws: FetchError.connectionFailed) { try await fetch(server.url()) }
    }

    @Test(
        "what is not HTTP, or not of the coding that it names, is malformed",
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "garbage without any structure at all, long enough to be looked at",
            "HTTP/1.1 200 OK\r\nBroken Name: x\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX-A: a\u{1}b\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ])
    func malformed(answer: String) async throws {
        let server = try ScriptedServer(answering: answer)
        await #expect(throws: FetchError.malformedResponse) { try await fetch(server.url()) }
    }

    @Test("Content-Encoding: identity is no coding")
    func identity() async throws {
        let server = try ScriptedServer(
            answering: "HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\nContent-Length: 2\r\n\r\nab")
        #expect(try await fetch(server.url()).body == Array("ab".utf8))
    }

    @Test("https to a peer without TLS is a TLS failure")
    func noTLS() async throws {
        let server = try ScriptedServer { connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            _ = connection.isClosedByPeer(within: ScriptedServer.patience)
        }
        await #expect(throws: FetchError.tls) { try await fetch("https://127.0.0.1:\(server.port)/") }
    }

    // MARK: Policy

    @Test("the default policy refuses plain http to loopback, without a connection")
    func httpNever() async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await #expect(throws: FetchError.notAllowed) { try await fetch(server.url(), policy: FetchPolicy()) }
        #expect(server.connectionCount == 0)
    }

    @Test(
        "POLICY §13: plain http to anything but loopback, and a fragment, are refused",
        arguments: [
            "http://example.com/", "http://10.0.0.1/", "http://128.0.0.1/", "http://[::2]/",
            "http://localhost.example/",
            "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://127.0.0.1/#a", "https://127.0.0.1/#",
        ])
    func notAllowed(url: String) async throws {
        await #expect(throws: FetchError.notAllowed) { try await fetch(url) }
    }

    @Test("http://localhost is fetched from the loopback address")
    func localhost() async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(try await fetch("http://LocalHost:\(server.port)").status == .noContent)
        #expect(server.requests.count == 1)
    }

    @Test(
        "POLICY §13: the address is judged where it is connected to: localhost that resolves elsewhere is blocked",
        arguments: [
            "10.0.0.1", "93.184.216.34", "[2001:db8::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1,127.0.0.1",
            "127.0.0.2,10.0.0.1",
        ])
    func blockedAddress(addresses: String) async throws {
        // 127.0.0.2 is permitted, but no server listens there. The next address is tried, and the fetch fails.
        let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        var policy = Self.loopback
        policy.scriptedResolutions = ["localhost:\(server.port):\(addresses)"]
        await #expect(throws: FetchError.blockedAddress) {
            try await fetch("http://localhost:\(server.port)/", policy: policy)
        }
        #expect(server.connectionCount == 0)
    }

    @Test("dangerouslyAnyHost: plain http is fetched from a host that is not loopback by name")
    func anyHost() async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 204 No Content\r\n\r\n")
        for (insecureHTTP, status) in [(InsecureHTTP.loopback, nil), (.dangerouslyAnyHost, HTTPStatus.noContent)] {
            var policy = FetchPolicy(
                permissions: FetchPermissions(insecureHTTP: insecureHTTP, privateHosts: ["mesh.example"]))
            policy.lookUp = { _ in [.ipv4([127, 0, 0, 1])] }
            let answer = try? await fetch("http://mesh.example:\(server.port)/", policy: policy)
            #expect(answer?.status == status)
        }
        #expect(server.connectionCount == 1)
    }

    @Test(
        "libcurl fetches what was spelled: path and query unchanged",
        arguments: [
            ("", "/"), ("?", "/?"), ("/?", "/?"), ("?a=b", "/?a=b"), ("//a//b/./;c=1", "//a//b/./;c=1"),
            ("/%7Ea/%2F..%2f?x=%20+&y=/?:@!$'()*,", "/%7Ea/%2F..%2f?x=%20+&y=/?:@!$'()*,"),
        ])
    func spelling(rest: String, target: String) async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        try await fetch("HTTP://127.0.0.1:\(server.port)" + rest)
        #expect(server.requests.first?.utf8.starts(with: "GET \(target) HTTP/1.1\r\n".utf8) == true)
    }

    @Test("an IPv6 address is the same in every spelling", arguments: ["::1", "0:0:0:0:0:0:0:1", "0000::0001"])
    func ipv6Spelling(host: String) async throws {
        let port = try ScriptedServer.closedPort()
        // No server listens. The attempt to connect shows that libcurl reads the same host.
        await #expect(throws: FetchError.connectionFailed) { try await fetch("http://[\(host)]:\(port)/") }
    }

    @Test("a name that does not exist is not resolved (RFC 6761 §6.4)")
    func notResolved() async throws {
        let outcome = await outcomes(of: 1, from: CurlFetcher(), url: "https://name.invalid/").first
        // On a machine without a resolver, the fetch may time out instead.
        #expect(outcome == .failure(.notResolved) || outcome == .failure(.timedOut))
    }

    @Test(
        "request fields that frame, route or code the message are refused",
        arguments: [
            "Host", "content-length", "Content-Type", "TRANSFER-ENCODING", "Connection", "TE", "Upgrade", "Expect",
            "Accept-Encoding",
            "User-Agent", "Cookie", "Proxy-Authorization",
        ])
    func reservedFields(name: String) async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        var fields = HTTPFields()
        fields.append(try #require(HTTPFields.Name(name)), "x")
        await #expect(throws: FetchError.notAllowed) { try await fetch(server.url(), fields: fields) }
        #expect(server.connectionCount == 0)
    }

    // MARK: Cancellation and concurrency

    @Test("a cancelled task gets .cancelled, and its connection is closed")
    func cancellation() async throws {
        let (events, report) = AsyncStream.makeStream(of: String.self)
        let server = try ScriptedServer { connection in
            connection.readHead()
            report.yield("arrived")
            report.yield(connection.isClosedByPeer(within: ScriptedServer.patience) ? "closed" : "still open")
            report.finish()
        }
        let policy = Self.loopback
        let fetcher = try CurlFetcher(policy: policy)
        let url = server.url()
        let task = Task { await outcomes(of: 1, from: fetcher, url: url) }
        var seen = events.makeAsyncIterator()
        #expect(await seen.next() == "arrived")
        task.cancel()
        #expect(await task.value == [.failure(.cancelled)])
        #expect(await seen.next() == "closed")
        // The fetcher still works afterwards.
        let other = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(await outcomes(of: 1, from: fetcher, url: other.url()) == [.success(200)])
    }

    @Test("a task that is cancelled already opens no connection")
    func cancelledBefore() async throws {
        let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let url = server.url()
        let fetcher = try CurlFetcher(policy: Self.loopback)
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return await outcomes(of: 1, from: fetcher, url: url)
        }
        #expect(await task.value == [.failure(.cancelled)])
        #expect(server.connectionCount == 0)
    }

    @Test("20 fetches at once: 16 connections, the rest take their turn, all are answered")
    func concurrency() async throws {
        let counts = Mutex((arrived: 0, open: 0, mostOpen: 0))
        let server = try ScriptedServer { connection in
            connection.readHead()
            counts.withLock { counts in
                counts.arrived += 1
                counts.open += 1
                counts.mostOpen = max(counts.mostOpen, counts.open)
            }
            // The server answers only when sixteen requests have arrived. A fetcher that runs fewer would time out.
            while counts.withLock({ $0.arrived }) < 16, !connection.isClosedByPeer(within: 5) {}
            counts.withLock { $0.open -= 1 }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        let policy = Self.loopback
        let outcomes = try await outcomes(of: 20, from: CurlFetcher(policy: policy), url: server.url())
        #expect(outcomes == Array(repeating: .success(200), count: 20))
        #expect(server.connectionCount == 20)
        #expect(counts.withLock { $0.mostOpen } == 16)
    }

    @Test("a full queue is .unavailable at once")
    func fullQueue() async throws {
        let (events, report) = AsyncStream.makeStream(of: Void.self)
        let isReleased = Atomic(false)
        let server = try ScriptedServer { connection in
            connection.readHead()
            report.yield()
            while !isReleased.load(ordering: .acquiring), !connection.isClosedByPeer(within: 5) {}
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        var policy = Self.loopback
        policy.maximumConcurrentFetches = 1
        policy.maximumWaitingFetches = 0
        let fetcher = try CurlFetcher(policy: policy)
        let url = server.url()
        async let first = outcomes(of: 1, from: fetcher, url: url)
        var seen = events.makeAsyncIterator()
        await seen.next()
        #expect(await outcomes(of: 2, from: fetcher, url: url) == [.failure(.unavailable), .failure(.unavailable)])
        isReleased.store(true, ordering: .releasing)
        #expect(await first == [.success(200)])
        #expect(server.connectionCount == 1)
    }

    // MARK: The machine's surroundings

    @Test("POLICY §13: proxies from the environment are ignored")
    func proxies() async {
        await #expect(processExitsWith: .success) {
            let proxy = try ScriptedServer(answering: "HTTP/1.1 502 Proxy\r\nContent-Length: 0\r\n\r\n")
            let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"] {
                setEnvironment(name, proxy.url())
            }
            let fetcher = try CurlFetcher(policy: Self.loopback)
            #expect(await outcomes(of: 1, from: fetcher, url: server.url()) == [.success(200)])
            #expect(proxy.connectionCount == 0)
        }
    }

    @Test("POLICY §13: credentials of the machine are never sent (.netrc)")
    func netrc() async {
        await #expect(processExitsWith: .success) {
            let server = try ScriptedServer(
                answering: "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
            let home = "/tmp/netrc-\(getpid())"
            try writeFile("machine 127.0.0.1 login somebody password secret\n", named: ".netrc", inNewDirectory: home)
            defer { removeFile(named: ".netrc", withDirectory: home) }
            setEnvironment("HOME", home)
            let fetcher = try CurlFetcher(policy: Self.loopback)
            #expect(await outcomes(of: 1, from: fetcher, url: server.url()) == [.success(401)])
            #expect(server.requests.allSatisfy { !$0.contains("Authorization") })
        }
    }

    @Test("POLICY preamble: limits out of range are an error when the fetcher is made, and all of them are named")
    func rangesOfLimits() throws {
        var policy = FetchPolicy()
        policy.totalTimeout = .zero
        #expect(throws: FetchPolicy.Invalid(faults: ["totalTimeout must be 1 ms…300 s"])) {
            try CurlFetcher(policy: policy)
        }
        policy.connectTimeout = .seconds(61)
        policy.maximumBodyBytes = -1
        policy.maximumHeadBytes = 0
        policy.maximumConcurrentFetches = 257
        policy.maximumWaitingFetches = 10_001
        policy.maximumLookUps = 65
        let error = #expect(throws: FetchPolicy.Invalid.self) { try CurlFetcher(policy: policy) }
        #expect(
            error?.faults == [
                "connectTimeout must be 1 ms…60 s", "totalTimeout must be 1 ms…300 s",
                "maximumBodyBytes must be 0…67,108,864", "maximumHeadBytes must be 1…262,144",
                "maximumConcurrentFetches must be 1…256", "maximumWaitingFetches must be 0…10,000",
                "maximumLookUps must be 1…64",
            ])
        #expect(error?.description.utf8.count { $0 == UInt8(ascii: "\n") } == 6)
    }

    @Test("POLICY §8: the default limits", arguments: [FetchPolicy(), .untrusted()])
    func defaults(policy: FetchPolicy) {
        #expect(policy.connectTimeout == .seconds(3))
        #expect(policy.totalTimeout == .seconds(5))
        #expect(policy.maximumBodyBytes == 1_048_576)
        #expect(policy.maximumHeadBytes == 32_768)
        #expect(policy.maximumConcurrentFetches == 16)
        #expect(policy.maximumWaitingFetches == 64)
        #expect(policy.maximumLookUps == 16)
    }

    @Test("limits at the ends of their ranges are accepted")
    func endsOfRanges() throws {
        var policy = FetchPolicy()
        policy.connectTimeout = .milliseconds(1)
        policy.totalTimeout = .milliseconds(1)
        policy.maximumBodyBytes = 0
        policy.maximumHeadBytes = 1
        policy.maximumConcurrentFetches = 1
        policy.maximumWaitingFetches = 0
        policy.maximumLookUps = 1
        _ = try CurlFetcher(policy: policy)
        #expect(FetchPolicy().faults.isEmpty)
        policy.connectTimeout = .seconds(60)
        policy.totalTimeout = .seconds(300)
        policy.maximumBodyBytes = 64 << 20
        policy.maximumHeadBytes = 256 << 10
        policy.maximumConcurrentFetches = 256
        policy.maximumWaitingFetches = 10_000
        policy.maximumLookUps = 64
        _ = try CurlFetcher(policy: policy)
    }

    @Test(
        "a certificate authority file that cannot be read, or is none, is refused when configured",
        arguments: [
            CertificateAuthorityFile.Unusable.unreadable(path: "/does/not/exist.pem"),
            .notAFile(path: "/dev/null"), .notAFile(path: "/etc"), .notAFile(path: "/dev/zero"),
            .unreadable(path: ""), .unreadable(path: "/etc/\0hosts"), .noCertificate(path: "/etc/hosts"),
        ])
    func certificateAuthorityFile(unusable: CertificateAuthorityFile.Unusable) {
        let path =
            switch unusable {
            case .unreadable(let path), .notAFile(let path), .noCertificate(let path): path
            }
        #expect(throws: unusable) { try CertificateAuthorityFile(path: path) }
        #expect(unusable.description.contains("\"\(path)\""))
    }

    @Test("a certificate authority file that is a pipe does not hang the start")
    func certificateAuthorityPipe() throws {
        var template = Array("/tmp/safe-fetch-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template).map { unsafe String(cString: $0) }
        let folder = try #require(made)
        let path = folder + "/pipe"
        defer {
            unsafe unlink(path)
            unsafe rmdir(folder)
        }
        try #require(unsafe mkfifo(path, 0o600) == 0)
        #expect(throws: CertificateAuthorityFile.Unusable.notAFile(path: path)) {
            try CertificateAuthorityFile(path: path)
        }
    }
}

/// The status code or the error of a fetch.
typealias Outcome = Result<Int, FetchError>

/// Fetches the URL this many times concurrently.
func outcomes(of count: Int, from fetcher: CurlFetcher, url: String) async -> [Outcome] {
    guard let url = try? AbsoluteURL(parsing: url) else { return [] }
    return await withTaskGroup(of: Outcome.self) { group in
        for _ in 0..<count {
            group.addTask {
                do throws(FetchError) {
                    return .success(
                        try await fetcher.fetch(DocumentRequest(url: url, maximumBodyBytes: 1 << 16)).status.code)
                } catch {
                    return .failure(error)
                }
            }
        }
        return await group.reduce(into: []) { $0.append($1) }
    }
}

@discardableResult
private func fetch(
    _ url: String, method: DocumentRequest.Method = .get, fields: HTTPFields = HTTPFields(), limit: Int = 1 << 16,
    policy: FetchPolicy = CurlFetcherTests.loopback
) async throws -> FetchedDocument {
    let request = DocumentRequest(
        url: try AbsoluteURL(parsing: url), method: method, fields: fields, maximumBodyBytes: limit)
    return try await CurlFetcher(policy: policy).fetch(request)
}
