import JOSE
import OAuthClientMetadata
import OAuthMetadata
import Testing
import TokenVerification
import WireFormat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A ``ReplayStore`` in a folder: a file for each identifier, which only one process can create (`O_EXCL`). For tests:
/// nothing is ever removed.
private struct FolderReplayStore: ReplayStore {
    let folder: String

    func record(
        _ identifier: ReplayIdentifier, for lifetime: Duration
    ) async throws(ReplayStoreError) -> ReplayVerdict {
        let descriptor = unsafe open("\(folder)/used-\(identifier.text)", O_WRONLY | O_CREAT | O_EXCL, 0o600)
        if descriptor >= 0 {
            close(descriptor)
            return .first
        }
        guard errno == EEXIST else { throw .unavailable }
        return .replayed
    }
}

/// A folder of one test.
private struct SharedFolder {
    struct Unusable: Error {}

    let path: String

    init(_ path: String) throws {
        self.path = path
        guard unsafe mkdir(path, 0o700) == 0 else { throw Unusable() }
    }

    static func create(_ name: String, in folder: String) throws {
        let descriptor = unsafe open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw Unusable() }
        close(descriptor)
    }

    /// The names of the files that begin with a word.
    static func names(_ prefix: String, in folder: String) -> [String] {
        guard let directory = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.utf8.starts(with: prefix.utf8) { names.append(name) }
        }
        return names
    }

    func remove() {
        for name in Self.names("", in: path) { _ = unsafe unlink("\(path)/\(name)") }
        _ = unsafe rmdir(path)
    }
}

/// Issue 13: several instances of an authorization server accept an assertion once when they share a store.
@Suite("Replay across processes", .serialized, .timeLimit(.minutes(5)))
struct SharedReplayStoreTests {
    private static let clientID = "https://app.example/client.json"
    private static let issuer = "https://as.example"
    private static let assertions = 50

    /// An instance of the server: it waits for the other one, and then verifies every assertion.
    ///
    /// - Parameter isSharing: Whether it uses the store that both have.
    static func serve(_ texts: [String], in folder: String, isSharing: Bool) async throws {
        let key = try ClientAssertionKey(pem: PrivateKeyExamples.p256)
        let keys = StaticKeySource(
            try JSONWebKeySet(parsing: JSONValue.object(key.publicKeySet).encoded(), issuer: clientID))
        let verifier = try ClientAssertionVerifier(
            issuer: IssuerIdentifier(issuer), tokenEndpoint: AbsoluteURL(parsing: issuer + "/token"),
            replayStore: isSharing ? FolderReplayStore(folder: folder) : InMemoryReplayStore())
        try SharedFolder.create("ready-\(getpid())", in: folder)
        while SharedFolder.names("ready-", in: folder).count < 2 { sched_yield() }
        for (index, text) in texts.enumerated() {
            let assertion = try ClientAssertion(text, type: ClientAssertion.type, clientID: clientID)
            do throws(ClientAssertionError) {
                try await verifier.verify(assertion, by: keys)
                try? SharedFolder.create("accepted-\(index)-\(getpid())", in: folder)
            } catch .invalid(.replayed) {
                try? SharedFolder.create("replayed-\(index)-\(getpid())", in: folder)
            }
        }
    }

    @Test("two processes that share one store accept each assertion once; with stores of their own, twice")
    func twoProcesses() async throws {
        let key = try ClientAssertionKey(pem: PrivateKeyExamples.p256)
        let now = WallClock.system.now()
        for isSharing in [true, false] {
            let folder = try SharedFolder("/tmp/replay-test-\(getpid())-\(UInt64.random(in: 0 ... .max))")
            defer { folder.remove() }
            let texts = try (0..<Self.assertions).map { _ in
                // Its lifetime does not end before a slow test does.
                try key.assertion(by: Self.clientID, to: Self.issuer, at: now + 59)
            }
            let path = folder.path
            await withTaskGroup { group in
                for _ in 0..<2 {
                    group.addTask {
                        await #expect(processExitsWith: .success) {
                            [texts = texts as [String], path = path as String, isSharing = isSharing as Bool] in
                            try await SharedReplayStoreTests.serve(texts, in: path, isSharing: isSharing)
                        }
                    }
                }
            }
            let accepted = SharedFolder.names("accepted-", in: path)
            let replayed = SharedFolder.names("replayed-", in: path)
            for index in 0..<Self.assertions {
                let count = accepted.count { $0.utf8.starts(with: "accepted-\(index)-".utf8) }
                #expect(count == (isSharing ? 1 : 2), "assertion \(index)")
            }
            #expect(accepted.count + replayed.count == 2 * Self.assertions)
        }
    }
}
