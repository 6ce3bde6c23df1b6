import HTTPMessages
import OAuthClientMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@testable import SafeFetch

/// THREATS §10, R5, R8, R9, R11: what a hostile host may answer over TLS. The resolver, the fetcher and libcurl are the
/// real ones. These tests run only if the machine has the `openssl` program.
@Suite(
    "Clients with hostile content", .serialized, .enabled(if: OpenSSLServer.isAvailable), .timeLimit(.minutes(5)))
struct ClientContentAttackTests {
    typealias Part = ClientLab.Part

    /// Refuses this answer, keeps nothing of it, and accepts a good answer once the time of a failure has passed.
    private func expect(
        _ refusal: ClientLab.Refusal, to answer: [UInt8], _ lab: ClientLab, _ server: OpenSSLServer, _ comment: Comment
    ) async throws {
        let resolver = try lab.resolver()
        try server.answer("c", with: answer)
        #expect(try await lab.refusal(resolver) == refusal, comment)
        try server.answer("c", with: lab.response())
        lab.passFailureTime()
        #expect(try await lab.refusal(resolver) == nil, comment)
    }

    @Test("a good host is good: the client is found, once for its lifetime", arguments: Part.allCases)
    func good(part: Part) async throws {
        let server = try OpenSSLServer(name: ClientLab.host)
        let lab = try ClientLab(part, on: server)
        try server.answer("c", with: lab.response())
        let resolver = try lab.resolver()
        for _ in 0..<3 { #expect(try await lab.refusal(resolver) == nil) }
        #expect(lab.requests.count == 1)
    }

    @Test(
        "R5: a name that rebinds between two fetches is judged again; what was fetched before does not outlive it",
        arguments: Part.allCases)
    func rebindingBetweenFetches(part: Part) async throws {
        let server = try OpenSSLServer(name: ClientLab.host)
        let names = NameLookUpTests.Resolver([ClientLab.local], [ClientLab.privateIPv4], [ClientLab.local])
        let lab = try ClientLab(part, on: server) { $0.lookUp = names.lookUp }
        try server.answer("c", with: lab.response())
        let resolver = try lab.resolver()
        #expect(try await lab.refusal(resolver) == nil)
        // The lifetime of the document without max-age; for keys, the hard lifetime.
        lab.clock.advance(by: part == .document ? .seconds(301) : RemoteKeySet.Limits.hardLifetime + .seconds(1))
        #expect(try await lab.refusal(resolver) == lab.refusal(for: .blockedAddress))
        lab.passFailureTime()
        #expect(try await lab.refusal(resolver) == nil)
        #expect(names.asked.count == 3)
    }

    @Test("R8: no redirect is followed, to wherever it leads", arguments: Part.allCases, [301, 302, 303, 307, 308])
    func redirects(part: Part, status: Int) async throws {
        let inside = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        let server = try OpenSSLServer(name: ClientLab.host)
        let lab = try ClientLab(part, on: server)
        try server.answer("good", with: lab.response())
        let refusal = ClientLab.Refusal(
            code: part == .document ? "document_status" : "status_\(status)",
            oauthError: part == .document ? "invalid_client" : "temporarily_unavailable")
        for location in [
            inside.url(), "https://169.254.169.254/latest", "https://\(ClientLab.host):\(server.port)/good", "/good",
            "file:///etc/passwd", "https://localhost:\(inside.port)/",
        ] {
            let answer =
                "HTTP/1.1 \(status) X\r\nLocation: \(location)\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            try await expect(refusal, to: Array(answer.utf8), lab, server, "\(location)")
        }
        #expect(inside.connectionCount == 0)
    }

    @Test(
        "R9: large content, announced or not, is too large, and a compressed bomb is refused for its coding",
        arguments: Part.allCases)
    func large(part: Part) async throws {
        let server = try OpenSSLServer(name: ClientLab.host)
        let lab = try ClientLab(part, on: server)
        let limit = part == .document ? 5_120 : ClientIDResolver.Limits.maximumKeySetBytes
        let refusal = lab.refusal(for: .tooLarge(limit: limit))
        let spaces = [UInt8](repeating: 0x20, count: limit)
        let padded = lab.goodContent + spaces.dropLast(lab.goodContent.count - 1)
        let head = Array("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n".utf8)
        try await expect(refusal, to: lab.response(body: padded), lab, server, "one byte more")
        try await expect(refusal, to: head + Array("\r\n".utf8) + padded, lab, server, "not announced")
        let lie = Array("Content-Length: 9999999999\r\n\r\n".utf8)
        try await expect(refusal, to: head + lie + lab.goodContent, lab, server, "announced, and not sent")
        // R9: identity is the only coding for untrusted URLs, so that a bomb is not even decoded.
        let bomb = lab.response("Content-Encoding: gzip\r\n", body: Gzip.zeros(count: 200 << 20))
        try await expect(lab.refusal(for: .unsupportedEncoding), to: bomb, lab, server, "a bomb of 200 MiB")
        // The limit itself is good.
        try server.answer("c", with: lab.response(body: Array(padded.dropLast())))
        #expect(try await lab.refusal(lab.resolver()) == nil)
    }

    @Test("R9: content that never ends is too large", arguments: Part.allCases)
    func endless(part: Part) async throws {
        let server = try OpenSSLServer(name: ClientLab.host)
        let lab = try ClientLab(part, on: server)
        try server.drip("c")
        #expect(try await lab.refusal(lab.resolver()) == lab.refusal(for: .tooLarge(limit: 0)))
    }

    @Test("R9: a slow drip of a small document ends with the deadline", arguments: Part.allCases)
    func drip(part: Part) async throws {
        let server = try OpenSSLServer(name: ClientLab.host)
        let lab = try ClientLab(part, on: server) { $0.totalTimeout = .milliseconds(400) }
        // Less than any limit in all: only the time can end it.
        try server.drip("c", bytes: 20, pieces: 100)
        #expect(try await lab.refusal(lab.resolver()) == lab.refusal(for: .timedOut))
    }

    @Test(
        "R9: a head without end, other codings and broken framing have reasons of their own", arguments: Part.allCases)
    func framing(part: Part) async throws {
        let server = try OpenSSLServer(name: ClientLab.host)
        let lab = try ClientLab(part, on: server)
        let long = "X-A: \(String(repeating: "a", count: 40_000))\r\n"
        let rows: [(FetchError, [UInt8], Comment)] = [
            (.malformedResponse, lab.response(long), "a large head"),
            (.unsupportedEncoding, lab.response("Content-Encoding: br\r\n"), "br"),
            (.unsupportedEncoding, lab.response("Content-Encoding: gzip, gzip\r\n"), "two codings"),
            (.unsupportedEncoding, lab.response("Content-Encoding: gzip\r\n"), "gzip that is none"),
            (.connectionFailed, lab.response().dropLast(), "half of it"),
        ]
        for (error, answer, comment) in rows {
            try await expect(lab.refusal(for: error), to: Array(answer), lab, server, comment)
        }
    }

    @Test("R11: a bearer, cookies and validators: only what a public document needs is sent", arguments: Part.allCases)
    func credentials(part: Part) async throws {
        let server = try OpenSSLServer(name: ClientLab.host)
        let host = try #require(HTTPHost(ClientLab.host))
        // If the token were meant for this URL, the missing file would end the fetch.
        let lab = try ClientLab(part, on: server) { $0.bearer = FetchBearer(host: host, file: "/nowhere/token") }
        try server.answer("c", with: lab.response("Set-Cookie: a=b; Secure\r\nETag: \"1\"\r\n"))
        let resolver = try lab.resolver()
        #expect(try await lab.refusal(resolver) == nil)
        lab.clock.advance(by: RemoteKeySet.Limits.hardLifetime + .seconds(1))
        #expect(try await lab.refusal(resolver) == nil)
        #expect(lab.requests.count == 2)
        let harmless: Set<String> = ["Accept", "If-None-Match", "Cache-Control"]
        for fields in lab.requests {
            #expect(fields.pairs.allSatisfy { harmless.contains($0.name) })
        }
    }

    @Test("R4: the certificate must be for the host of the URL, by a known authority", arguments: Part.allCases)
    func certificates(part: Part) async throws {
        let other = try OpenSSLServer(name: "other.example.com")
        let foreign = try ClientLab(part, on: other)
        #expect(try await foreign.refusal(foreign.resolver()) == foreign.refusal(for: .certificateForOtherName))
        let server = try OpenSSLServer(name: ClientLab.host)
        let lab = try ClientLab(part, on: server) { $0.certificateAuthorities = nil }
        #expect(try await lab.refusal(lab.resolver()) == lab.refusal(for: .unknownAuthority))
    }
}
