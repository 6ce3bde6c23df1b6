import Foundation
import Synchronization

/// A real server, Valkey or Redis, in a folder of its own. It listens on a socket file, and on TCP and TLS if asked.
///
/// The program is the one that `VALKEY_SERVER` names, or `valkey-server`, or `redis-server`.
final class RedisServer: Sendable {
    /// The path of the server's program; nil when there is none.
    static let program: String? = {
        if let named = ProcessInfo.processInfo.environment["VALKEY_SERVER"] { return named }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        for name in ["valkey-server", "redis-server"] {
            for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
                return "\(folder)/\(name)"
            }
        }
        return nil
    }()

    static var isAvailable: Bool { program != nil }

    /// `redis-cli` or `valkey-cli`, beside the server.
    private static var client: String {
        let path = URL(fileURLWithPath: program ?? "")
        let name = path.lastPathComponent.contains("valkey") ? "valkey-cli" : "redis-cli"
        return path.deletingLastPathComponent().path + "/" + name
    }

    let folder: String
    let port: Int
    private let words: [String]
    private let process = Mutex<ChildProcess?>(nil)

    var path: String { folder + "/socket" }
    /// The URL of the socket file.
    var url: String { "unix://\(path)" }

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - arguments: Further settings, such as `--maxmemory 1mb`.
    ///   - listens: Whether it listens on TCP too, at ``port``.
    ///   - certificates: The files for TLS at ``port``; nil for plain TCP.
    init(_ arguments: [String] = [], listens: Bool = false, certificates: ServerCertificates? = nil) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/replay-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.folder = folder
        // A free port may be taken by another program before the server has it.
        for attempt in 1... {
            let port = listens || certificates != nil ? try Self.freePort() : 0
            let words = Self.words(folder: folder, port: port, certificates) + arguments
            do {
                let started = try await Self.started(words)
                process.withLock { $0 = started }
            } catch  where attempt < 5 {
                continue
            }
            (self.port, self.words) = (port, words)
            return
        }
        throw ChildProcess.SetUpFailed()
    }

    private static func words(folder: String, port: Int, _ certificates: ServerCertificates?) -> [String] {
        var words = [program ?? "", "--unixsocket", folder + "/socket", "--dir", folder]
        words += ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
        guard let certificates else { return words + ["--port", "\(port)"] }
        words += ["--port", "0", "--tls-port", "\(port)"]
        words += ["--tls-cert-file", certificates.certificate, "--tls-key-file", certificates.key]
        words += ["--tls-ca-cert-file", certificates.authority]
        return words + ["--tls-auth-clients", certificates.demandsClientCertificate ? "yes" : "no"]
    }

    deinit {
        end()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Starts the server again, and returns when it is ready.
    func start() async throws {
        let started = try await Self.started(words)
        process.withLock { $0 = started }
    }

    private static func started(_ words: [String]) async throws -> ChildProcess {
        try await ChildProcess.offPool {
            let process = try ChildProcess(words)
            // Redis, and Valkey.
            let lines = ["now ready to accept connections at", "Ready to accept connections unix"]
            guard process.waitForOutput(lines) else {
                process.end()
                throw ChildProcess.SetUpFailed()
            }
            return process
        }
    }

    /// Kills the server, without giving it time, and waits for its end.
    func kill() async throws {
        try await ChildProcess.offPool { [self] in end() }
    }

    private func end() {
        let process = process.withLock { process in
            defer { process = nil }
            return process
        }
        process?.end()
    }

    func pause() { process.withLock { $0?.signal(SIGSTOP) } }
    func resume() { process.withLock { $0?.signal(SIGCONT) } }

    /// Sends a command with the server's own client, and returns what it prints.
    @discardableResult
    func command(_ words: String...) async throws -> String {
        let output = try await ChildProcess.output(of: [Self.client, "-s", path] + words)
        return output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A port of 127.0.0.1 that was free a moment ago.
    static func freePort() throws -> Int {
        let (listener, port) = try FaultyServer.listen()
        FaultyServer.close(listener)
        return Int(port)
    }
}
