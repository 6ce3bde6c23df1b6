#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file of a Unix-domain socket: made without touching what is not ours, and removed only while it is ours.
struct SocketFile: Sendable {
    private let path: String
    private let device: UInt64
    private let node: UInt64

    /// Binds the descriptor to the path and listens.
    ///
    /// A socket that nobody listens on is replaced. Between the look and the replacement another server could start there: all
    /// of them hold a lock on the folder from before they bind until they listen.
    init(binding descriptor: Int32, to path: String, mode: UInt16) throws(HTTPServer.StartError) {
        guard let address = SocketAddress(path: path) else { throw .invalidPath(path) }
        let folder = systemOpen(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            throw errno == EACCES ? .notPermitted(path) : .system("open", errno)
        }
        defer { _ = systemClose(folder) }
        while flock(folder, LOCK_EX) != 0 {
            guard errno == EINTR else { throw .system("flock", errno) }
        }
        do throws(HTTPServer.StartError) {
            try ListeningSocket.bind(descriptor, to: address)
        } catch .portInUse {
            try Self.removeStale(path, address)
            try ListeningSocket.bind(descriptor, to: address)
        }
        guard let (device, node, _) = Self.look(path) else { throw .system("lstat", errno) }
        self.path = path
        self.device = device
        self.node = node
        do throws(HTTPServer.StartError) {
            // Nobody can connect before it listens, so that nobody sees the mode that the process's mask gave.
            guard unsafe chmod(path, mode_t(mode & 0o777)) == 0 else { throw .system("chmod", errno) }
            try ListeningSocket.startListening(descriptor, path)
        } catch {
            remove()
            throw error
        }
    }

    /// Removes the file, unless somebody has put another one in its place.
    func remove() {
        guard let (device, node, _) = Self.look(path), device == self.device, node == self.node else { return }
        _ = unsafe unlink(path)
    }

    private static func removeStale(_ path: String, _ address: SocketAddress) throws(HTTPServer.StartError) {
        guard let (_, _, isSocket) = look(path) else { return }
        guard isSocket else { throw .notASocket(path) }
        let probe = try ListeningSocket.stream(AF_UNIX)
        defer { _ = systemClose(probe) }
        // Anything but a refusal is a sign of life, or of a file that is not ours to judge.
        guard unsafe address.with({ unsafe connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED else {
            throw .portInUse(path)
        }
        guard unsafe unlink(path) == 0 else { throw .notPermitted(path) }
    }

    private static func look(_ path: String) -> (device: UInt64, node: UInt64, isSocket: Bool)? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return (
            UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino),
            status.st_mode & S_IFMT == S_IFSOCK
        )
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: 0x2F) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

private func systemOpen(_ path: String, _ flags: Int32) -> Int32 {
    unsafe open(path, flags)
}
