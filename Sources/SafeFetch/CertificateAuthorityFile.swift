internal import CLibcurl

/// A PEM file of certificate authorities that could be read when the program was configured.
///
/// The file is read again for each connection, so that it can be replaced while the program runs.
public struct CertificateAuthorityFile: Sendable, Hashable {
    /// Why a file cannot be used.
    public enum Unusable: String, Error, Sendable, Hashable {
        /// It cannot be opened, or holds no PEM certificate.
        case noCertificate = "no_certificate"
    }

    /// The path as given.
    public let path: String

    /// Checks that the file can be read and holds a PEM certificate.
    ///
    /// Blocks on the file system: for start-up.
    public init(path: String) throws(Unusable) {
        guard !path.utf8.contains(0), unsafe clibcurl_is_certificate_file(path) == 1 else { throw .noCertificate }
        self.path = path
    }
}
