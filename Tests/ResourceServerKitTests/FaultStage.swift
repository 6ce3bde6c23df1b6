import OAuthTestKit
import Synchronization
import Testing

@testable import ResourceServerKit

/// A guard with one planted fault, the requests that meet it, and the lines that an operator sees then.
struct FaultStage {
    static let resource = "https://mcp.example.com/mcp"
    static let issuerURL = "https://issuer.example"
    static let issuer = makeIssuer(issuerURL)

    /// The lines of one guard.
    final class Log: Sendable {
        private let state = Mutex<[String]>([])

        /// The lines without their time stamps. What differs from run to run is replaced: `token=#`, `:PORT`.
        var lines: [String] {
            state.withLock { $0 }.map { line in
                let text = line.dropFirst(25).dropLast().replacing(#/token=[0-9a-f]{16}/#, with: "token=#")
                return String(text.replacing(#/127\.0\.0\.1:[0-9]+/#, with: "127.0.0.1:PORT"))
                    .replacing(#/localhost:[0-9]+/#, with: "localhost:PORT")
            }
        }

        func observer() -> ResourceServerEvent.Observer {
            let logger = LineLogger(.withoutAllowed) { [self] line in
                state.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
                return true
            }
            return { logger.observe($0) }
        }
    }

    let log = Log()
    /// The documents of the issuer. They are good until a test changes them.
    let fetcher = ScriptedFetcher()
    var configuration = ResourceServerConfiguration(
        resource: resource, issuers: [IssuerConfiguration(issuerURL)], requiredScopes: ["mcp:use"])

    init() {
        fetcher.set(Self.metadataURL, json: Self.issuer.metadata)
        fetcher.set(Self.keySetURL, json: Self.issuer.jwks)
    }

    static let metadataURL = issuerURL + "/.well-known/oauth-authorization-server"
    static let keySetURL = issuerURL + "/jwks"

    static func makeIssuer(_ url: String) -> FakeIssuer {
        FakeIssuer(url, audience: resource, algorithms: [.es256])
    }

    /// A guard that fetches the scripted documents.
    func scripted() throws -> ResourceServer {
        try ResourceServer(configuration, fetcher: fetcher, observer: log.observer())
    }

    /// A guard that fetches with libcurl, as a program does.
    func fetching(trusting authorities: CertificateAuthorityFile? = nil) throws -> ResourceServer {
        try ResourceServer(configuration, certificateAuthorities: authorities, observer: log.observer())
    }

    /// Sends a request and returns its response; nil when it may proceed. The credentials are the whole value of
    /// `Authorization`.
    @discardableResult
    func send(
        _ credentials: String?, to server: ResourceServer, target: String = "/mcp", fields: [(String, String)] = []
    ) async -> HTTPResponse? {
        let pairs = [("Host", "mcp.example.com")] + fields + (credentials.map { [("Authorization", $0)] } ?? [])
        // A field of the test replaces the usual one.
        let names = Set(fields.map(\.0))
        let kept = pairs.enumerated().filter { $0.offset > 0 || !names.contains("Host") }.map { $0.element }
        switch await server.decide(method: "POST", target: target, fields: kept) {
        case .respond(let response): return response
        case .proceed: return nil
        }
    }

    /// The lines after one request with a token, good but for the changes.
    func lines(
        audience: String? = nil, _ edit: (inout FakeIssuer.Draft) -> Void = { _ in }
    ) async throws -> [String] {
        let server = try scripted()
        try await server.prepare()
        await send("Bearer " + Self.issuer.token(audience: audience, edit), to: server)
        return log.refusals
    }
}

extension FaultStage.Log {
    /// The lines without those of a successful fetch of keys.
    var refusals: [String] {
        lines.filter { !$0.contains(" key_refresh_started ") && !$0.contains(" key_refresh_succeeded ") }
    }
}
