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
    public enum Unusable: Error, Sendable, Hashable, CustomStringConvertible {
        /// The file cannot be opened: its path.
        case unreadable(path: String)
        /// The path names a directory, a pipe, a socket or a device: the path.
        case notAFile(path: String)
        /// The file holds no PEM certificate: its path.
        case noCertificate(path: String)

        /// One line: what is wrong, and what to do.
        public var description: String {
            switch self {
            case .unreadable(let path):
                "the certificate authority file \"\(path)\" cannot be read; "
                    + "give the path of a PEM file that this program may read"
            case .notAFile(let path):
                "the certificate authority file \"\(path)\" is not a regular file; give the path of a PEM file"
            case .noCertificate(let path):
                "the certificate authority file \"\(path)\" holds no PEM certificate; "
                    + "give the path of a file with BEGIN CERTIFICATE lines"
            }
        }
    }

    /// The path as given.
    public let path: String

    /// Checks that the file can be read and holds a PEM certificate.
    ///
    /// Blocks on the file system: call it at start-up.
    public init(path: String) throws(Unusable) {
        // C reads a path up to the first NUL, which would be the path of another file.
        guard !path.utf8.contains(0) else { throw .unreadable(path: path) }
        guard try Self.holdsCertificate(path) else { throw .noCertificate(path: path) }
        self.path = path
    }

    private static let marks = ["-----BEGIN CERTIFICATE-----", "-----BEGIN TRUSTED CERTIFICATE-----"].map {
        Array($0.utf8)
    }

    /// Whether a line of the file begins with a mark of PEM (RFC 7468 §5.1, and OpenSSL's own).
    private static func holdsCertificate(_ path: String) throws(Unusable) -> Bool {
        // Without O_NONBLOCK, the call waits until another program opens the other end of a pipe.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .unreadable(path: path) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notAFile(path: path)
        }
        guard let file = unsafe fdopen(descriptor, "r") else {
            close(descriptor)
            throw .unreadable(path: path)
        }
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
