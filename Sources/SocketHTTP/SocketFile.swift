#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file of a Unix-domain socket. It replaces no file of another program, and is removed only while it is still this
/// server's.
struct SocketFile: Sendable {
    private let path: String
    private let device: UInt64
    private let node: UInt64

    /// Binds the descriptor to the path and listens.
    ///
    /// A socket on which no process listens is replaced. Another server could start at this path between the check and
    /// the replacement; therefore each server holds the lock of a ``SocketLock`` from before it binds until it listens.
    ///
    /// - Parameter pause: Called between two attempts to lock. Another server holds the lock for some system calls
    ///   only. A test replaces it.
    init(
        binding descriptor: Int32, to path: String, mode: UInt16, patience: Duration = SocketLock.patience,
        pause: () -> Void = { usleep(10_000) }
    ) throws(HTTPServer.StartError) {
        guard let address = SocketAddress(path: path) else { throw .invalidPath(path) }
        let lock = try SocketLock(path, patience: patience, pause: pause)
        defer { lock.release() }
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
            // No client can connect before the socket listens, so the mode that the process's mask gave has no effect.
            guard unsafe chmod(path, mode_t(mode & 0o777)) == 0 else { throw .system("chmod", errno) }
            try ListeningSocket.startListening(descriptor, path)
        } catch {
            remove()
            throw error
        }
    }

    /// Removes the file, unless another one has replaced it.
    func remove() {
        guard let (device, node, _) = Self.look(path), device == self.device, node == self.node else { return }
        _ = unsafe unlink(path)
    }

    private static func removeStale(_ path: String, _ address: SocketAddress) throws(HTTPServer.StartError) {
        guard let (_, _, isSocket) = look(path) else { return }
        guard isSocket else { throw .notASocket(path) }
        let probe = try ListeningSocket.stream(AF_UNIX)
        defer { _ = systemClose(probe) }
        // Only a refused connection proves that no process listens.
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
}
