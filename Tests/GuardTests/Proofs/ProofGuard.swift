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
                configuration.clocks.wall = clock
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

    /// What a story sends its requests with, and the codes of their refusals.
    struct Sender: Sendable {
        let guarded: ProofGuard
        /// In process, or over a socket.
        let way: String
        fileprivate let send: @Sendable (RowRequest) async throws -> RowAnswer

        func answer(_ request: ProofRequest) async throws -> RowAnswer { try await send(request.row) }

        /// Sends a request, and compares the whole answer and the reason code.
        func expect(_ answer: RowAnswer, _ code: String?, _ title: String, _ request: ProofRequest) async throws {
            _ = guarded.takeCodes()
            #expect(try await self.answer(request) == answer, "\(way): \(title)")
            #expect(guarded.takeCodes() == (code.map { [$0] } ?? []), "\(way): \(title)")
        }
    }

    /// Tells a story of several requests in process and over a socket, each time to a new guard.
    static func eachWay(
        _ make: () throws -> ProofGuard, _ story: (Sender) async throws -> Void
    ) async throws {
        let direct = try make()
        let inProcess = RowPaths(guarded: direct.guarded)
        try await story(Sender(guarded: direct, way: "in process") { try await inProcess.inProcess($0) })

        let served = try make()
        let listening = try HTTPServer(host: "127.0.0.1", port: 0, limits: RowPaths.patientLimits).listen()
        let running = Task { [handler = served.guarded.handler] in try await listening.run(handler) }
        let overSocket = RowPaths(guarded: served.guarded)
        let port = listening.port
        do {
            try await story(Sender(guarded: served, way: "over a socket") { try await overSocket.overSocket($0, port) })
        } catch {
            Issue.record(error, "over a socket")
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
