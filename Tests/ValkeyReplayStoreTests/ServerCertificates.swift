import Foundation

/// The files for a server with TLS, made by the `openssl` program in a folder of their own.
final class ServerCertificates: Sendable {
    let folder: String
    let demandsClientCertificate: Bool
    var authority: String { folder + "/authority.pem" }
    var otherAuthority: String { folder + "/other.pem" }
    var certificate: String { folder + "/certificate.pem" }
    var key: String { folder + "/key.pem" }

    /// - Parameters:
    ///   - name: The subject alternative name, such as `DNS:localhost` or `IP:127.0.0.1`.
    ///   - days: How long the certificate is valid; negative for one that has expired.
    ///   - demandsClientCertificate: Whether the server refuses a client without a certificate.
    init(name: String, days: Int = 2, demandsClientCertificate: Bool = false) async throws {
        self.demandsClientCertificate = demandsClientCertificate
        folder = FileManager.default.temporaryDirectory.path + "/replay-tls-\(UInt32.random(in: .min ... .max))"
        let script = """
            set -e; mkdir "$1"; cd "$1"; key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
            openssl req -x509 $key -keyout authority.key -out authority.pem -subj /CN=authority -days 2
            openssl req -x509 $key -keyout other.key -out other.pem -subj /CN=authority -days 2
            openssl req $key -keyout key.pem -out request.pem -subj /CN=server -addext "subjectAltName=$2"
            openssl x509 -req -in request.pem -CA authority.pem -CAkey authority.key -days "$3" \
                -copy_extensions copy -out certificate.pem
            echo made
            """
        let output = try await ChildProcess.output(of: ["/bin/sh", "-c", script, "sh", folder, name, "\(days)"])
        guard output.hasSuffix("made\n") else { throw ChildProcess.SetUpFailed() }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}
