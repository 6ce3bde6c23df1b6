import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A real server, Valkey or Redis, in a folder of its own. It listens on a socket file, and on TCP and TLS if asked.
///
/// The program is the one that `VALKEY_SERVER` names, or `valkey-server`, or `redis-server`.
final class RedisServer: @unchecked Sendable {
    struct SetUpFailed: Error {}

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
    /// `redis-cli` or `valkey-cli`, from the server's folder.
    private static var client: String {
        let program = program ?? ""
        return (program as NSString).deletingLastPathComponent
            + ((program as NSString).lastPathComponent.contains("valkey") ? "/valkey-cli" : "/redis-cli")
    }

    let folder: String
    let port: Int
    private let arguments: [String]
    private var process: Process?

    var path: String { folder + "/socket" }
    /// The URL of the socket file.
    var url: String { "unix://\(path)" }

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - arguments: Further settings, such as `--maxmemory 1mb`.
    ///   - listens: Whether it listens on TCP too, at ``port``.
    init(_ arguments: [String] = [], listens: Bool = false, certificates: Certificates? = nil) throws {
        folder = FileManager.default.temporaryDirectory.path + "/replay-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        port = listens || certificates != nil ? try Self.freePort() : 0
        var all = ["--unixsocket", folder + "/socket", "--dir", folder, "--save", "", "--appendonly", "no"]
        if let certificates {
            all += ["--port", "0", "--tls-port", "\(port)", "--bind", "127.0.0.1"]
            all += ["--tls-cert-file", certificates.certificate, "--tls-key-file", certificates.key]
            all += ["--tls-ca-cert-file", certificates.authority]
            all += ["--tls-auth-clients", certificates.demandsClientCertificate ? "yes" : "no"]
        } else {
            all += ["--port", "\(port)", "--bind", "127.0.0.1"]
        }
        self.arguments = all + arguments
        try start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Starts the server, and returns when it is ready.
    func start() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program ?? "")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        var text = ""
        while !text.contains("eady to accept connections unix") && !text.contains("now ready to accept connections at")
        {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw SetUpFailed() }
            text += String(decoding: more, as: UTF8.self)
        }
    }

    private var identifier: pid_t { process?.processIdentifier ?? 0 }

    /// Kills the server, without giving it time, and waits for its end.
    func kill() {
        guard let process, process.isRunning else { return }
        signal(SIGKILL)
        process.waitUntilExit()
    }

    func pause() { signal(SIGSTOP) }
    func resume() { signal(SIGCONT) }

    private func signal(_ number: Int32) {
        // Zero would be the whole group of processes.
        if identifier > 0 { _ = systemKill(identifier, number) }
    }

    /// Sends a command with the server's own client, and returns what it prints.
    @discardableResult
    func command(_ words: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.client)
        process.arguments = ["-s", path] + words
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A port of 127.0.0.1 that was free a moment ago.
    static func freePort() throws -> Int {
        let server = try FaultyServer { _ in }
        defer { server.stop() }
        return Int(server.port)
    }

    /// Files for TLS, made by the `openssl` program in a folder of their own.
    final class Certificates: Sendable {
        let folder: String
        let demandsClientCertificate: Bool
        var authority: String { folder + "/authority.pem" }
        var otherAuthority: String { folder + "/other.pem" }
        var certificate: String { folder + "/certificate.pem" }
        var key: String { folder + "/key.pem" }

        /// - Parameters:
        ///   - name: The subject alternative name, such as `DNS:localhost` or `IP:127.0.0.1`.
        ///   - days: How long the certificate is valid; negative for one that has expired.
        init(name: String, days: Int = 2, demandsClientCertificate: Bool = false) throws {
            self.demandsClientCertificate = demandsClientCertificate
            folder = FileManager.default.temporaryDirectory.path + "/replay-tls-\(UInt32.random(in: .min ... .max))"
            let script = """
                set -e; mkdir "$1"; cd "$1"; key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
                openssl req -x509 $key -keyout authority.key -out authority.pem -subj /CN=authority -days 2
                openssl req -x509 $key -keyout other.key -out other.pem -subj /CN=authority -days 2
                openssl req $key -keyout key.pem -out request.pem -subj /CN=server -addext "subjectAltName=$2"
                openssl x509 -req -in request.pem -CA authority.pem -CAkey authority.key -days "$3" \
                    -copy_extensions copy -out certificate.pem
                """
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", script, "sh", folder, name, "\(days)"]
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw SetUpFailed() }
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }
    }
}

/// The system call `kill`. Inside the type, its member of the same name would hide the call.
private func systemKill(_ process: pid_t, _ number: Int32) -> Int32 { kill(process, number) }
