import Foundation

/// A TLS server of the `openssl` program on `localhost` with a certificate of its own authority. It answers every path
/// with 404.
final class TLSHost {
    struct SetUpFailed: Error {}

    let port: UInt16
    /// The authority that signed the certificate.
    let authorityFile: String
    private let process = Process()
    private let directory: URL

    /// Starts a server with a certificate for one name, valid for this number of days (negative: expired).
    init(name: String = "localhost", days: Int = 2) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        authorityFile = directory.appending(path: "authority.pem").path()
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        let script = """
            cd '\(directory.path())' && exec 2>/dev/null && \
            openssl req -x509 \(key) -keyout authority.key -out authority.pem -subj /CN=authority -days 2 && \
            openssl req \(key) -keyout key.pem -out request.pem -subj /CN=server -addext subjectAltName=DNS:\(name) && \
            openssl x509 -req -in request.pem -CA authority.pem -CAkey authority.key -days \(days) \
            -copy_extensions copy -out certificate.pem && \
            exec openssl s_server -HTTP -accept 127.0.0.1:0 -key key.pem -cert certificate.pem
            """
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        // The server announces its port: `ACCEPT 127.0.0.1:40123`.
        var text = ""
        var found: UInt16?
        while found == nil, case let bytes = output.fileHandleForReading.availableData, !bytes.isEmpty {
            text += String(decoding: bytes, as: UTF8.self)
            found = text.firstMatch(of: #/ACCEPT 127\.0\.0\.1:([0-9]+)\n/#).flatMap { UInt16($0.output.1) }
        }
        guard let found else { throw SetUpFailed() }
        port = found
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }
}
