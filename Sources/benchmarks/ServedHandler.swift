import HTTPMessages
import JOSE
import OAuthResourceServer
import OAuthTestKit
import SocketHTTP
import TokenVerification

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A server to put under load. Each one runs in a process of its own.
struct ServedHandler {
    /// The handler that is served.
    enum Kind: String, CaseIterable {
        /// An answer of 13 bytes, without the guard.
        case bare
        /// The same answer behind the guard. Requests have no token and are refused.
        case unauthorized
        /// The same answer behind the guard. Requests have a token whose verdict is cached.
        case cached
        /// The same answer behind the guard. Requests have an ES256 token that is verified each time.
        case es256
        /// The same answer behind the guard. Requests have an RS256 token that is verified each time.
        case rs256
        /// The same answer behind the guard with rules for resources. Requests have a token whose verdict is cached.
        case rules
        /// The handler for load tests: it echoes, streams and counts.
        case laboratory
        /// The same handler behind the guard. Requests have a token whose verdict is cached.
        case guardedLaboratory

        /// The kinds that `benchmarks http` measures. The others are compared with the first.
        static let measured: [Kind] = [.bare, .unauthorized, .cached, .es256, .rs256]

        var title: String {
            switch self {
            case .bare: "bare handler, 13 bytes"
            case .unauthorized: "guard, no token: 401"
            case .cached: "guard, cached token"
            case .es256: "guard, ES256 verified each time"
            case .rs256: "guard, RS256 verified each time"
            case .rules: "guard, rules for resources"
            case .laboratory: "laboratory"
            case .guardedLaboratory: "guard, laboratory"
            }
        }

        var expectedStatus: Int { self == .unauthorized ? 401 : 200 }
    }

    let kind: Kind
    /// The number of event loops; nil means one for each core.
    let loops: Int?

    /// Listens on a free port of 127.0.0.1, prints the port, and serves until the process is terminated.
    func run() async throws {
        var limits = ServerLimits()
        limits.eventLoops = loops
        var token: String?
        let handler: any HTTPHandler
        let laboratory = Laboratory()
        switch kind {
        case .bare: handler = ClosureHandler { _ in .text("Hello, world!") }
        case .laboratory:
            limits.connections = 20_000
            handler = laboratory
        case .unauthorized, .cached, .es256, .rs256, .rules, .guardedLaboratory:
            if kind == .guardedLaboratory || kind == .unauthorized { limits.connections = 20_000 }
            let issuer = FakeIssuer(algorithms: [kind == .rs256 ? .rs256 : .es256])
            if kind != .unauthorized {
                token = issuer.token { $0.expiresAt = ($0.issuedAt ?? 0) + 86_400 }
            }
            let trusted = TrustedIssuer(
                try JWTValidation(issuer: issuer.url, resource: issuer.audience), keys: issuer.keySource)
            var configuration = ResourceServerConfiguration(
                resource: issuer.audience, requiredScopes: ["mcp:use"])
            if kind == .rules {
                configuration.requirements.operations = [
                    .resource("https://internal.example/**/secret/*", requires: "admin"),
                    .resource("db://prod/**", requires: "admin"), .tool("delete_*", requires: "admin"),
                ]
            }
            let remembers = kind == .cached || kind == .rules || kind == .guardedLaboratory
            let caching = remembers ? TokenCaching.standard : .off
            let server = try ResourceServer(configuration, verifier: try JWTTokenVerifier([trusted], caching: caching))
            handler =
                kind == .guardedLaboratory
                ? server.protecting(laboratory) : server.protecting { _, _ in .text("Hello, world!") }
        }
        let server = try HTTPServer(host: "127.0.0.1", port: 0, limits: limits).listen()
        print("listening port=\(server.port) process=\(getpid())\(token.map { " token=\($0)" } ?? "")")
        fflush(nil)
        try await server.runUntilTerminated(handler)
        if kind == .laboratory || kind == .guardedLaboratory { print("answered=\(laboratory.answeredRequests)") }
    }
}
