#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Synchronization

/// A signal that asks the process to end.
public enum TerminationSignal: Sendable, Hashable {
    /// SIGINT, as from Control-C.
    case interrupt
    /// SIGTERM.
    case terminate

    /// Makes SIGINT and SIGTERM reach ``wait()``, as its first call does. Call it before others can learn that the
    /// process is ready, so that no signal ends the process without a graceful stop.
    package static func install() {
        _ = SignalPipe.shared
    }

    /// Waits for SIGINT or SIGTERM, without holding a thread of Swift's pool.
    ///
    /// After the first call, the first of these signals does not end the process: every `wait()` returns, and so does
    /// every later call. From then on both signals have their default effect again, so a second signal ends the process
    /// at once.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before a signal comes.
    public static func wait() async throws(CancellationError) -> TerminationSignal {
        guard let signal = await SignalPipe.shared.wait() else { throw CancellationError() }
        return signal
    }
}

/// The end of the pipe that the signal handler writes to. A handler must not take a lock, so the end is set before the
/// handler is installed.
private let signalPipeEnd = Atomic<Int32>(-1)

/// Passes a signal from its handler to tasks, by a pipe and a thread that reads it.
private final class SignalPipe: Sendable {
    private struct State {
        var received: TerminationSignal?
        var waiters: [Int: CheckedContinuation<TerminationSignal?, Never>] = [:]
        var cancelled: Set<Int> = []
        var nextID = 0
    }

    static let shared = SignalPipe()
    private let state = Mutex(State())

    private init() {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        signalPipeEnd.store(ends[1], ordering: .releasing)
        startReader(ends[0])
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            let handler: @convention(c) (Int32) -> Void = { number in
                // Only async-signal-safe calls. `errno` belongs to the code that was interrupted.
                let saved = errno
                _ = signal(SIGINT, SIG_DFL)
                _ = signal(SIGTERM, SIG_DFL)
                var byte = UInt8(truncatingIfNeeded: number)
                _ = unsafe write(signalPipeEnd.load(ordering: .acquiring), &byte, 1)
                errno = saved
            }
            #if canImport(Darwin)
                unsafe action.__sigaction_u.__sa_handler = handler
            #else
                unsafe action.__sigaction_handler.sa_handler = handler
            #endif
            action.sa_flags = Int32(SA_RESTART)
            _ = unsafe sigaction(number, &action, nil)
        }
    }

    /// Starts a thread that waits for the signal, because a blocking read must not hold a thread of the pool.
    private func startReader(_ end: Int32) {
        let thread = try? PosixThread {
            var byte: UInt8 = 0
            while unsafe read(end, &byte, 1) != 1 {}
            self.deliver(Int32(byte) == SIGINT ? .interrupt : .terminate)
        }
        thread?.abandon()
    }

    private func deliver(_ signal: TerminationSignal) {
        let waiters = state.withLock { state in
            state.received = signal
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(returning: signal) }
    }

    func wait() async -> TerminationSignal? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: TerminationSignal?? = state.withLock { state in
                    if let received = state.received { return .some(received) }
                    if state.cancelled.remove(id) != nil { return .some(nil) }
                    state.waiters[id] = continuation
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: id)
                if waiter == nil { state.cancelled.insert(id) }
                return waiter
            }
            waiter?.resume(returning: nil)
        }
    }
}
