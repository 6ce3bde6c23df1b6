import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A program that a test starts, and what it prints, errors included.
final class ChildProcess: Sendable {
    struct SetUpFailed: Error {}

    private let identifier: pid_t
    private let output: Int32

    /// Starts a program by its path.
    init(_ words: [String]) throws {
        (identifier, output) = try Self.starting.withLock { _ in try Self.start(words) }
    }

    /// One program at a time is started, so that none keeps the pipe of another one open.
    private static let starting = Mutex(())

    private static func start(_ words: [String]) throws -> (pid_t, Int32) {
        var ends: [Int32] = [-1, -1]
        guard let program = words.first, unsafe pipe(&ends) == 0 else { throw SetUpFailed() }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = unsafe posix_spawn_file_actions_t()
        #endif
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        let arguments = unsafe words.map { unsafe strdup($0) }
        let environment = ProcessInfo.processInfo.environment
        let variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") }
        defer {
            unsafe (arguments + variables).forEach { unsafe free($0) }
            unsafe posix_spawn_file_actions_destroy(&actions)
            _ = close(ends[1])
        }
        var identifier: pid_t = 0
        let result = unsafe posix_spawn(
            &identifier, program, &actions, nil, arguments + [nil], variables + [nil])
        guard result == 0 else {
            _ = close(ends[0])
            throw SetUpFailed()
        }
        return (identifier, ends[0])
    }

    func signal(_ number: Int32) { _ = kill(identifier, number) }

    /// Reads until the output contains one of the texts. False when it ends before. Blocks the thread.
    func waitForOutput(_ texts: [String]) -> Bool {
        var text = ""
        while !texts.contains(where: text.contains) {
            guard let more = read() else { return false }
            text += more
        }
        return true
    }

    /// Reads to the end, and waits for the end of the program. It must be called once. Blocks the thread.
    @discardableResult
    func waitForEnd() -> String {
        var text = ""
        while let more = read() { text += more }
        reap()
        return text
    }

    /// Kills the program and waits for its end. It must be called once, instead of ``waitForEnd()``.
    func end() {
        signal(SIGKILL)
        reap()
    }

    private func reap() {
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        _ = close(output)
    }

    private func read() -> String? {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe systemRead(output, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }

    /// Runs blocking work on a thread of its own, so that the threads of the other tests stay free.
    static func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Runs a program to its end, and returns what it prints.
    static func output(of words: [String]) async throws -> String {
        try await offPool { try ChildProcess(words).waitForEnd() }
    }
}

/// The system call `read`. Inside the type, its member of the same name would hide the call.
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}
