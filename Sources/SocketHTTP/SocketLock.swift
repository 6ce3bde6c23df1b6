#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The lock that lets one server at a time take the path of a Unix-domain socket.
///
/// It is a file beside the socket that only its owner can open. A lock on the folder itself could be held for ever by
/// each user who can read the folder, such as `/tmp`.
struct SocketLock {
    /// How long a server waits for the lock.
    static let patience: Duration = .seconds(5)

    private let path: String
    private let descriptor: Int32

    /// The lock file of a socket.
    static func path(of socket: String) -> String { socket + ".lock" }

    /// Waits for the lock no longer than `patience`, because another program may hold it for any time.
    init(_ socket: String, patience: Duration, pause: () -> Void) throws(HTTPServer.StartError) {
        path = Self.path(of: socket)
        let end = ContinuousClock.now + patience
        while true {
            let file = systemOpen(path)
            guard file >= 0 else { throw Self.failure(socket, errno) }
            do throws(HTTPServer.StartError) {
                try Self.lock(file, socket, end, pause)
                // The holder before may have removed the file in the meantime. Then a third server locks another one.
                if try Self.isCurrent(file, path, socket) {
                    descriptor = file
                    return
                }
            } catch {
                _ = systemClose(file)
                throw error
            }
            _ = systemClose(file)
        }
    }

    /// Removes the file, and with it the lock.
    func release() {
        _ = unsafe unlink(path)
        _ = systemClose(descriptor)
    }

    private static func lock(
        _ file: Int32, _ socket: String, _ end: ContinuousClock.Instant, _ pause: () -> Void
    ) throws(HTTPServer.StartError) {
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK:
                guard ContinuousClock.now < end else { throw .lockHeld(socket) }
                pause()
            default: throw .system("flock", errno)
            }
        }
    }

    /// Whether the path still names the file. Throws when the file is another user's, who could lock it as well.
    private static func isCurrent(
        _ file: Int32, _ path: String, _ socket: String
    ) throws(HTTPServer.StartError) -> Bool {
        var opened = stat()
        guard unsafe fstat(file, &opened) == 0 else { throw .system("fstat", errno) }
        guard opened.st_uid == geteuid(), opened.st_mode & S_IFMT == S_IFREG, opened.st_mode & 0o077 == 0 else {
            throw .foreignLock(socket)
        }
        var named = stat()
        return unsafe lstat(path, &named) == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino
    }

    private static func failure(_ socket: String, _ code: Int32) -> HTTPServer.StartError {
        switch code {
        // A file of another user, or a folder that cannot be written.
        case EACCES, EPERM: exists(path(of: socket)) ? .foreignLock(socket) : .notPermitted(socket)
        // A link, or a folder.
        case ELOOP, EISDIR: .foreignLock(socket)
        default: .system("open", code)
        }
    }

    /// Whether a file is there.
    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }
}

/// Neither follows a link nor waits for the other end of a pipe.
private func systemOpen(_ path: String) -> Int32 {
    unsafe open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
}
