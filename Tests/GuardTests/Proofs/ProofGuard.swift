import OAuthResourceServer
import OAuthTestKit
import SocketHTTP
import Synchronization
import Testing
import TokenVerification

/// A guard that accepts bound tokens, and the reason codes of its refusals.
struct ProofGuard: Sendable {
    let guarded: GuardUnderTest
    private let codes: Codes

    private final class Codes: Sendable {
        let all = Mutex<[String]>([])
    }

    init(
        _ mode: ResourceServerConfiguration.DPoP.Mode, caching: TokenCaching = .standard, keys: (any KeySource)? = nil,
        clock: WallClock = WallClock { GuardUnderTest.now },
        configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws {
        let codes = Codes()
        guarded = try GuardUnderTest(
            verifier: Self.verifier(keys, caching, clock),
            observer: { event in
                switch event {
                case .denied(let refusal, _), .wouldDeny(let refusal, _): codes.all.withLock { $0.append(refusal.code) }
                default: break
                }
            },
            configure: { configuration in
                configuration.dpop.mode = mode
                configuration.dpop.clock = clock
                configure(&configuration)
            })
        self.codes = codes
    }

    /// A verifier that accepts every binding: the guard must decide by its own settings.
    private static func verifier(
        _ keys: (any KeySource)?, _ caching: TokenCaching, _ clock: WallClock
    ) throws -> JWTTokenVerifier {
        var policy = JWTPolicy(issuer: GuardUnderTest.issuer.url, resource: GuardUnderTest.resource)
        policy.confirmations = [.dpop, .mutualTLS]
        return try JWTTokenVerifier(
            [.init(try JWTValidation(policy), keys: keys ?? GuardUnderTest.issuer.keySource)], caching: caching,
            clock: clock)
    }

    /// The reason codes since the last call.
    func takeCodes() -> [String] {
        codes.all.withLock { all in
            defer { all = [] }
            return all
        }
    }

    /// Sends each request in process and over a socket, with a new proof each time, and compares the whole answers and
    /// the reason codes.
    func check(_ rows: [ProofRow]) async throws {
        let listening = try HTTPServer(host: "127.0.0.1", port: 0, limits: RowPaths.patientLimits).listen()
        let running = Task { [handler = guarded.handler] in try await listening.run(handler) }
        let paths = RowPaths(guarded: guarded)
        for row in rows {
            do {
                _ = takeCodes()
                let direct = try await paths.inProcess(request(of: row))
                #expect(direct == row.answer, "in process: \(row.title)")
                #expect(takeCodes() == (row.code.map { [$0] } ?? []), "in process: \(row.title)")
                let served = try await paths.overSocket(request(of: row), listening.port)
                #expect(served == row.answer, "over a socket: \(row.title)")
                #expect(takeCodes() == (row.code.map { [$0] } ?? []), "over a socket: \(row.title)")
            } catch {
                Issue.record(error, "\(row.title)")
            }
        }
        running.cancel()
        try await running.value
    }

    private func request(of row: ProofRow) -> RowRequest {
        var request = ProofRequest()
        row.edit(&request)
        return request.row
    }

    /// The answer to one request in process.
    func answer(_ request: ProofRequest) async throws -> RowAnswer {
        try await RowPaths(guarded: guarded).inProcess(request.row)
    }
}
