#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Testing

@testable import SocketHTTP

@Suite("The lock on the folder of a Unix-domain socket", .timeLimit(.minutes(5)))
struct SocketFileLockTests {
    /// A temporary folder whose lock this test holds, as another program would.
    private final class LockedFolder: Sendable {
        let path: String
        private let descriptor: Int32

        init() throws {
            var name = Array("/tmp/socket-lock-XXXXXX".utf8CString)
            let made = unsafe mkdtemp(&name).map { unsafe String(cString: $0) }
            path = try #require(made)
            descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        }

        func unlock() { _ = flock(descriptor, LOCK_UN) }

        deinit {
            close(descriptor)
            _ = unsafe unlink(path + "/s")
            _ = unsafe rmdir(path)
        }
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
        let folder = try LockedFolder()
        let path = folder.path + "/s"
        #expect(throws: HTTPServer.StartError.folderLocked(path)) { try Self.bind(path, patience: .zero) }
        #expect(throws: HTTPServer.StartError.folderLocked(path)) { try Self.bind(path, patience: .milliseconds(30)) }
        #expect(
            HTTPServer.StartError.folderLocked(path).description
                == "cannot listen on \(path): another program holds a lock on its folder (flock); stop that program, or "
                + "choose another folder")
        folder.unlock()
        #expect(throws: Never.self) { try Self.bind(path, patience: .zero) }
    }

    @Test("A start waits while another server holds the lock, and succeeds when it is released")
    func released() throws {
        let folder = try LockedFolder()
        var pauses = 0
        try Self.bind(folder.path + "/s", patience: .seconds(240)) {
            pauses += 1
            // The lock was found held three times before it is released.
            if pauses == 3 { folder.unlock() }
        }
        #expect(pauses == 3)
    }
}
