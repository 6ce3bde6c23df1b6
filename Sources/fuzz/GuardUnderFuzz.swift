import HTTPMessages
import OAuthResourceServer
import Synchronization
import TokenVerification
import WireFormat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A guard whose verifier accepts one token, and a thread that runs its tasks to their end.
struct GuardUnderFuzz: Sendable {
    /// The only good token.
    static let token = "good-token"

    let server: ResourceServer
    private let executor = InlineExecutor()

    /// - Parameters:
    ///   - scope: The scopes of the good token.
    ///   - subject: Its subject.
    init(scope: String, subject: String = "user", configure: (inout ResourceServerConfiguration) -> Void = { _ in }) {
        var configuration = ResourceServerConfiguration(resource: "https://mcp.example/mcp", requiredScopes: [])
        configuration.metadata.authorizationServers = ["https://issuer.example"]
        configure(&configuration)
        do {
            server = try ResourceServer(configuration, verifier: OneTokenVerifier(scope: scope, subject: subject))
        } catch {
            fatalError("the guard could not be made")
        }
    }

    /// The decision about a request.
    func decide(
        method: HTTPMethod = .post, fields: [(HTTPFields.Name, HTTPFields.Value)], body: [UInt8] = []
    ) -> ResourceServer.Decision {
        var all = HTTPFields()
        for (name, value) in fields { all.append(name, value) }
        let target: HTTPRequest.Target = "/mcp"
        return executor.run { [all] in
            await server.decide(method: method, target: target, fields: all, body: body)
        }
    }
}

/// Accepts the token of ``GuardUnderFuzz``, and refuses all others.
private struct OneTokenVerifier: TokenVerifier {
    private let accessToken: AccessToken

    init(scope: String, subject: String) {
        let claims = JSONValue.object(["sub": .string(subject), "client_id": "client", "scope": .string(scope)])
        guard let document = try? JSONDocument(parsing: claims.encoded()) else { fatalError("the claims are JSON") }
        accessToken = AccessToken(issuer: "https://issuer.example", expiresAt: nil, claims: document)
    }

    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        guard token.bytes == Array(GuardUnderFuzz.token.utf8) else { throw .invalid(.other(code: "unknown")) }
        return accessToken
    }
}

/// Runs tasks on the thread that waits for them.
private final class InlineExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    func run<Result: Sendable>(_ work: @escaping @Sendable () async -> Result) -> Result {
        let result = Mutex<Result?>(nil)
        Task(executorPreference: self) {
            let value = await work()
            result.withLock { $0 = value }
        }
        while true {
            if let value = result.withLock({ $0 }) { return value }
            if let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            } else {
                // The guard judges an expensive body on another thread.
                sched_yield()
            }
        }
    }
}
