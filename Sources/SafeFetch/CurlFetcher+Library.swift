extension CurlFetcher {
    /// Why libcurl cannot be used.
    public enum LibraryFault: Error, Sendable, Hashable, CustomStringConvertible {
        /// It cannot be loaded: it is not installed, or descriptors or memory are short.
        case notLoaded
        /// It is older than 7.84, or was built without TLS or thread-safe initialisation.
        case unsuitable

        /// What is wrong. The text continues a sentence that begins with "libcurl".
        package var reason: String {
            switch self {
            case .notLoaded: "cannot be loaded, so that neither keys nor introspection responses can be fetched"
            case .unsuitable:
                "is older than 7.84, or was built without TLS or thread-safe initialisation, so that nothing can be "
                    + "fetched safely"
            }
        }

        /// What to do.
        package var remedy: String {
            switch self {
            case .notLoaded:
                "install it (Debian, Ubuntu: libcurl4t64 or libcurl4; Fedora: libcurl), or raise the limit of open "
                    + "files if it is installed"
            case .unsuitable: "install a newer one (Debian, Ubuntu: libcurl4t64 or libcurl4; Fedora: libcurl)"
            }
        }

        /// One line: what is wrong, and what to do.
        public var description: String { "libcurl \(reason); \(remedy)" }
    }

    /// Loads libcurl, unless it is loaded. Call it at start-up, before the program listens: the first fetch loads
    /// libcurl too, but may find no free descriptor then. That fetch fails, and a later one tries again.
    ///
    /// Blocks on the file system.
    /// - Throws: ``LibraryFault`` when libcurl cannot be used. A later call tries again.
    public static func loadLibrary() throws(LibraryFault) {
        if let fault = CurlLibrary.load() { throw fault }
    }
}
