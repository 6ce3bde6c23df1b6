#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A PEM file of certificate authorities that could be read when the program was configured.
///
/// The file is read again for each connection, so that it can be replaced while the program runs.
public struct CertificateAuthorityFile: Sendable, Hashable {
    /// Why a file cannot be used.
    public enum Unusable: String, Error, Sendable, Hashable {
        /// The file cannot be opened, or holds no PEM certificate.
        case noCertificate = "no_certificate"
    }

    /// The path as given.
    public let path: String

    /// Checks that the file can be read and holds a PEM certificate.
    ///
    /// Blocks on the file system: call it at start-up.
    public init(path: String) throws(Unusable) {
        guard !path.utf8.contains(0), Self.holdsCertificate(path) else { throw .noCertificate }
        self.path = path
    }

    private static let marks = ["-----BEGIN CERTIFICATE-----", "-----BEGIN TRUSTED CERTIFICATE-----"].map {
        Array($0.utf8)
    }

    /// Whether a line of the file begins with a mark of PEM (RFC 7468 §5.1, and OpenSSL's own).
    private static func holdsCertificate(_ path: String) -> Bool {
        guard let file = unsafe fopen(path, "re") else { return false }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        // `fgets` writes at most this many bytes, the NUL at the end included.
        while unsafe fgets(&line, Int32(line.count), file) != nil {
            let text = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            if marks.contains(where: { text.starts(with: $0) }) { return true }
        }
        return false
    }
}
