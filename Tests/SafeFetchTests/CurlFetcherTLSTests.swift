import HTTPMessages
import Testing
import WireFormat

@testable import SafeFetch

/// These tests run only if the machine has the `openssl` program.
@Suite("CurlFetcher over TLS", .serialized, .enabled(if: OpenSSLServer.isAvailable), .timeLimit(.minutes(5)))
struct CurlFetcherTLSTests {
    /// The server serves one connection at a time, so none may be kept.
    static let ok = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".utf8)

    // MARK: Certificates

    @Test("a certificate that the system's store does not know is of an unknown authority")
    func unknownAuthority() async throws {
        let server = try OpenSSLServer()
        let url = "https://localhost:\(server.port)/a"
        #expect(await outcomes(of: 1, from: CurlFetcher(), url: url) == [.failure(.unknownAuthority)])
    }

    @Test("with its authority configured the same server is trusted, with another one not")
    func configuredAuthority() async throws {
        let server = try OpenSSLServer()
        try server.answer("a", with: Self.ok)
        for (file, outcome) in [
            (server.authorityFile, Outcome.success(200)), (server.otherAuthorityFile, .failure(.unknownAuthority)),
        ] {
            let fetcher = CurlFetcher(certificateAuthorities: try CertificateAuthorityFile(path: file))
            #expect(await outcomes(of: 1, from: fetcher, url: "https://localhost:\(server.port)/a") == [outcome])
        }
    }

    @Test("RFC 9525 §6: a good certificate for another name is named as such", arguments: ["127.0.0.1", "localhost"])
    func otherName(host: String) async throws {
        let server = try OpenSSLServer(name: host == "localhost" ? "other.example" : "localhost")
        let fetcher = CurlFetcher(certificateAuthorities: try CertificateAuthorityFile(path: server.authorityFile))
        let url = "https://\(host):\(server.port)/a"
        #expect(await outcomes(of: 1, from: fetcher, url: url) == [.failure(.certificateForOtherName)])
    }

    @Test("RFC 5280 §4.1.2.5: an expired certificate is named as such")
    func expired() async throws {
        let server = try OpenSSLServer(days: -1)
        let authorities = try CertificateAuthorityFile(path: server.authorityFile)
        let fetcher = CurlFetcher(certificateAuthorities: authorities)
        let url = "https://localhost:\(server.port)/a"
        #expect(await outcomes(of: 1, from: fetcher, url: url) == [.failure(.certificateExpired)])
    }

    @Test("what is wrong with an expired certificate for another name is its time; of an unknown authority, that")
    func several() async throws {
        let server = try OpenSSLServer(name: "other.example", days: -1)
        let url = "https://localhost:\(server.port)/a"
        let trusting = CurlFetcher(certificateAuthorities: try CertificateAuthorityFile(path: server.authorityFile))
        #expect(await outcomes(of: 1, from: trusting, url: url) == [.failure(.certificateExpired)])
        #expect(await outcomes(of: 1, from: CurlFetcher(), url: url) == [.failure(.unknownAuthority)])
    }

    @Test("untrusted URLs get the same reasons")
    func untrusted() async throws {
        let server = try OpenSSLServer(name: "client.example.com", days: -1)
        #expect(try await fetch("a", from: server).map(\.failure) == [.certificateExpired, .certificateExpired])
        let other = try OpenSSLServer(name: "other.example.com")
        #expect(
            try await fetch("a", from: other).map(\.failure) == [.certificateForOtherName, .certificateForOtherName])
    }

    // MARK: Servers with every defect, for URLs of the operator and for untrusted URLs

    /// Fetches `/name` from a server with a certificate for `client.example.com`, which resolves to it. It fetches in
    /// two ways: as an operator who permits the private address, and as an untrusted URL with loopback permitted for
    /// the test.
    private func fetch(
        _ name: String, from server: OpenSSLServer, limit: Int = 1 << 20, change: (inout FetchPolicy) -> Void = { _ in }
    ) async throws -> [Result<FetchedDocument, FetchError>] {
        let authorities = try CertificateAuthorityFile(path: server.authorityFile)
        let host = "client.example.com"
        var untrusted = FetchPolicy.untrusted(ports: [server.port], certificateAuthorities: authorities)
        untrusted.addressAdmittedForTests = .ipv4([127, 0, 0, 1])
        let permissions = FetchPermissions(privateHosts: [try #require(HTTPHost(host))])
        let request = DocumentRequest(
            url: try AbsoluteURL(parsing: "https://\(host):\(server.port)/\(name)"), maximumBodyBytes: limit)
        var results: [Result<FetchedDocument, FetchError>] = []
        for var policy in [FetchPolicy(permissions: permissions, certificateAuthorities: authorities), untrusted] {
            policy = policy.patient
            policy.lookUp = { _ in [.ipv4([127, 0, 0, 1])] }
            change(&policy)
            let fetcher = try CurlFetcher(policy: policy)
            do throws(FetchError) {
                results.append(.success(try await fetcher.fetch(request)))
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }

    @Test("an answer is an answer: a document, HTML, a redirect that is not followed, 304 and 404")
    func answers() async throws {
        let server = try OpenSSLServer(name: "client.example.com")
        try server.answer("target", with: Self.ok)
        for (status, fields, body) in [
            (200, "Content-Type: application/json\r\nETag: \"v1\"", "{\"keys\":[]}"),
            (200, "Content-Type: text/html", "<!doctype html><title>Sign in</title>"),
            (302, "Location: /target", ""), (307, "Location: https://client.example.com:\(server.port)/target", ""),
            (304, "ETag: \"v1\"", ""), (404, "X-A: b", "not here"), (503, "Retry-After: 5", ""),
        ] {
            let length = "\r\nConnection: close" + (status == 304 ? "" : "\r\nContent-Length: \(body.utf8.count)")
            try server.answer("a", with: Array("HTTP/1.1 \(status) X\r\n\(fields)\(length)\r\n\r\n\(body)".utf8))
            for result in try await fetch("a", from: server) {
                let document = try result.get()
                #expect(document.status.code == status)
                #expect(document.body == Array(body.utf8))
                let first = try #require(document.fields.pairs.first)
                #expect("\(first.name): \(first.value)" == fields.split(separator: "\r\n")[0])
            }
        }
    }

    @Test("THREATS R9: gzip is for URLs of the operator only; an untrusted host gets no decoder")
    func gzip() async throws {
        let server = try OpenSSLServer(name: "client.example.com")
        let content = Gzip.stored(Array("{}".utf8))
        let head =
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: \(content.count)\r\n\r\n"
        try server.answer("a", with: Array(head.utf8) + content)
        let results = try await fetch("a", from: server)
        #expect(try results[0].get().body == Array("{}".utf8))
        #expect(throws: FetchError.unsupportedEncoding) { try results[1].get() }
    }

    @Test("2 MiB are too large, announced or not", arguments: ["Content-Length: 2097152\r\n", ""])
    func tooLarge(length: String) async throws {
        let server = try OpenSSLServer(name: "client.example.com")
        let head = Array("HTTP/1.1 200 OK\r\n\(length)\r\n".utf8)
        try server.answer("a", with: head + [UInt8](repeating: 0x20, count: 2 << 20))
        for result in try await fetch("a", from: server) {
            #expect(result.failure == .tooLarge(limit: 1 << 20))
        }
    }

    @Test("a connection that ends half-way is a failed connection")
    func halfWay() async throws {
        let server = try OpenSSLServer(name: "client.example.com")
        try server.answer("a", with: Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"keys\":[".utf8))
        for result in try await fetch("a", from: server) { #expect(result.failure == .connectionFailed) }
    }

    @Test("a server that drips does not stretch the total time")
    func drip() async throws {
        let server = try OpenSSLServer(name: "client.example.com")
        try server.drip("a")
        let results = try await fetch("a", from: server, limit: 64 << 20) { policy in
            policy.totalTimeout = .milliseconds(400)
            policy.maximumBodyBytes = 64 << 20
        }
        #expect(results.map(\.failure) == [.timedOut, .timedOut])
    }

    @Test("a name that resolves to a private address: blocked without a permission, though the server would be good")
    func privateAddress() async throws {
        let server = try OpenSSLServer(name: "client.example.com")
        try server.answer("a", with: Self.ok)
        let blocked = try await fetch("a", from: server) { policy in
            policy.addressAdmittedForTests = nil
            if case .operatorNamed = policy.source { policy.source = .operatorNamed(FetchPermissions(), proxy: nil) }
        }
        #expect(blocked.map(\.failure) == [.blockedAddress, .blockedAddress])
        #expect(try await fetch("a", from: server).map { try $0.get().body } == [Array("ok".utf8), Array("ok".utf8)])
    }

    @Test("the one address that a test admits admits no other one")
    func admittedAddress() async throws {
        let server = try OpenSSLServer(name: "client.example.com")
        let results = try await fetch("a", from: server) { policy in
            policy.lookUp = { _ in [.ipv4([127, 0, 0, 2])] }
        }
        #expect(results.last?.failure == .blockedAddress)
    }
}

extension Result where Failure == FetchError {
    var failure: FetchError? {
        if case .failure(let error) = self { error } else { nil }
    }
}
