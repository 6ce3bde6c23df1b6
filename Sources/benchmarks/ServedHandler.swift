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

/// The servers that are put under load, each in a process of its own.
struct ServedHandler {
    /// What is served.
    enum Kind: String, CaseIterable {
        /// 13 bytes.
        case bare
        /// The same behind the guard, without a token.
        case unauthorized
        /// The same behind the guard, with a token whose verdict is cached.
        case cached
        /// With an ES256 token that is verified each time.
        case es256
        /// With an RS256 token that is verified each time.
        case rs256
        /// For load tests: echoes, streams, counts.
        case laboratory

        /// Those of `benchmarks http`, the one to compare with first.
        static let measured: [Kind] = [.bare, .unauthorized, .cached, .es256, .rs256]

        var title: String {
            switch self {
            case .bare: "bare handler, 13 bytes"
            case .unauthorized: "guard, no token: 401"
            case .cached: "guard, cached token"
            case .es256: "guard, ES256 verified each time"
            case .rs256: "guard, RS256 verified each time"
            case .laboratory: "laboratory"
            }
        }

        var expectedStatus: Int { self == .unauthorized ? 401 : 200 }
    }

    let kind: Kind
    /// The number of event loops; nil for one a core.
    let loops: Int?

    /// Listens on a free port of 127.0.0.1, says which, and serves until it is terminated.
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
        case .unauthorized, .cached, .es256, .rs256:
            let issuer = try FakeIssuer(algorithms: [kind == .rs256 ? .rs256 : .es256])
            if kind != .unauthorized {
                token = issuer.token { $0.expiresAt = ($0.issuedAt ?? 0) + 86_400 }
            }
            let trusted = TrustedIssuer(
                try JWTValidation(issuer: issuer.url, resource: issuer.audience), keys: issuer.keySource)
            let configuration = ResourceServerConfiguration(
                resource: issuer.audience, requiredScopes: ["mcp:use"])
            let caching = kind == .cached ? TokenCaching.standard : .off
            handler = try ResourceServer(configuration, verifier: try JWTTokenVerifier([trusted], caching: caching))
                .protecting { _, _ in .text("Hello, world!") }
        }
        let server = try HTTPServer(host: "127.0.0.1", port: 0, limits: limits).listen()
        print("listening port=\(server.port) process=\(getpid())\(token.map { " token=\($0)" } ?? "")")
        fflush(nil)
        try await server.runUntilTerminated(handler)
        if kind == .laboratory { print("answered=\(laboratory.answeredRequests)") }
    }
}
