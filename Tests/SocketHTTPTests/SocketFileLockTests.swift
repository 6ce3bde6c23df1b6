#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Testing

@testable import SocketHTTP

@Suite("The lock of a Unix-domain socket", .timeLimit(.minutes(5)))
struct SocketFileLockTests {
    /// A temporary folder.
    private final class Folder: Sendable {
        let path: String
        var socket: String { path + "/s" }
        var lockFile: String { socket + ".lock" }

        init() throws {
            var name = Array("/tmp/socket-lock-XXXXXX".utf8CString)
            let made = unsafe mkdtemp(&name).map { unsafe String(cString: $0) }
            path = try #require(made)
        }

        /// Makes the file that a server locks.
        func makeLockFile(_ mode: mode_t = 0o600) throws {
            let file = unsafe open(lockFile, O_RDONLY | O_CREAT | O_CLOEXEC, 0o600)
            try #require(file >= 0)
            fchmod(file, mode)
            close(file)
        }

        deinit {
            for file in [socket, lockFile] { _ = unsafe unlink(file) }
            _ = unsafe rmdir(path)
        }
    }

    /// A lock that this test holds, as another program would.
    private final class HeldLock: Sendable {
        private let descriptor: Int32

        init(_ path: String) throws {
            descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        }

        func unlock() { _ = flock(descriptor, LOCK_UN) }

        deinit { close(descriptor) }
    }

    private static func bind(
        _ path: String, patience: Duration, pause: () -> Void = {}
    ) throws(HTTPServer.StartError) {
        let descriptor = try ListeningSocket.stream(AF_UNIX)
        defer { close(descriptor) }
        try SocketFile(binding: descriptor, to: path, mode: 0o600, patience: patience, pause: pause).remove()
    }

    @Test("A lock that another program holds is an error that says what to do, and no hanging start")
    func held() throws {
        let folder = try Folder()
        try folder.makeLockFile()
        let held = try HeldLock(folder.lockFile)
        let path = folder.socket
        #expect(throws: HTTPServer.StartError.lockHeld(path)) { try Self.bind(path, patience: .zero) }
        #expect(throws: HTTPServer.StartError.lockHeld(path)) { try Self.bind(path, patience: .milliseconds(30)) }
        #expect(
            HTTPServer.StartError.lockHeld(path).description
                == "cannot listen on \(path): another program holds the lock of \(path).lock (flock); stop that "
                + "program, or choose another path")
        held.unlock()
        #expect(throws: Never.self) { try Self.bind(path, patience: .zero) }
    }

    @Test("A start waits while another server holds the lock, and succeeds when it is released")
    func released() throws {
        let folder = try Folder()
        try folder.makeLockFile()
        let held = try HeldLock(folder.lockFile)
        var pauses = 0
        try Self.bind(folder.socket, patience: .seconds(240)) {
            pauses += 1
            // The lock was found held three times before it is released.
            if pauses == 3 { held.unlock() }
        }
        #expect(pauses == 3)
    }

    @Test("A lock file that its holder removes at the end is not the lock any more: the next start takes another one")
    func removed() throws {
        let folder = try Folder()
        try folder.makeLockFile()
        let held = try HeldLock(folder.lockFile)
        var newer: HeldLock?
        #expect(throws: HTTPServer.StartError.lockHeld(folder.socket)) {
            try Self.bind(folder.socket, patience: .milliseconds(30)) {
                guard newer == nil else { return }
                _ = unsafe unlink(folder.lockFile)
                try? folder.makeLockFile()
                newer = try? HeldLock(folder.lockFile)
                held.unlock()
            }
        }
        #expect(newer != nil)
    }

    @Test("A lock on the folder, which each user who can read it may hold, keeps no server from starting")
    func lockedFolder() throws {
        let folder = try Folder()
        let held = try HeldLock(folder.path)
        #expect(throws: Never.self) { try Self.bind(folder.socket, patience: .zero) }
        held.unlock()
        #expect(unsafe access(folder.lockFile, F_OK) != 0, "the lock file is removed")
    }

    @Test("A lock file that others may open, or that is a link or a folder, is an error that says what to do")
    func foreign() throws {
        let folder = try Folder()
        let error = HTTPServer.StartError.foreignLock(folder.socket)
        for mode: mode_t in [0o640, 0o604] {
            try folder.makeLockFile(mode)
            #expect(throws: error) { try Self.bind(folder.socket, patience: .zero) }
        }
        _ = unsafe unlink(folder.lockFile)
        #expect(unsafe symlink("target", folder.lockFile) == 0)
        #expect(throws: error) { try Self.bind(folder.socket, patience: .zero) }
        _ = unsafe unlink(folder.lockFile)
        #expect(unsafe mkdir(folder.lockFile, 0o700) == 0)
        #expect(throws: error) { try Self.bind(folder.socket, patience: .zero) }
        _ = unsafe rmdir(folder.lockFile)
        #expect(
            error.description
                == "cannot listen on \(folder.socket): \(folder.lockFile) is not a private file of this user; remove "
                + "it, or choose another folder")
    }
}
