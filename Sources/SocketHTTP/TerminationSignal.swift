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

    /// Waits for SIGINT or SIGTERM without holding a thread of the pool.
    ///
    /// From the first call on, the first of these signals does not end the process but returns from every `wait()`, also from later
    /// ones. After it both have their default effect again: a second signal ends the process at once.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first.
    public static func wait() async throws(CancellationError) -> TerminationSignal {
        guard let signal = await SignalPipe.shared.wait() else { throw CancellationError() }
        return signal
    }
}

/// Where the signal handler writes. Set once, before the handler is installed; a handler may read nothing that takes a lock.
private nonisolated(unsafe) var signalPipeEnd: Int32 = -1

/// Carries a signal from its handler to tasks: a pipe, and a thread that reads it.
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
        unsafe signalPipeEnd = ends[1]
        startReader(ends[0])
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            let handler: @convention(c) (Int32) -> Void = { number in
                // Async-signal-safe calls only; `errno` is the interrupted code's.
                let saved = errno
                _ = signal(SIGINT, SIG_DFL)
                _ = signal(SIGTERM, SIG_DFL)
                var byte = UInt8(truncatingIfNeeded: number)
                _ = unsafe write(signalPipeEnd, &byte, 1)
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

    /// A small thread that lives as long as the process: reading must not block the pool.
    private func startReader(_ end: Int32) {
        let context = unsafe Unmanaged.passRetained(ReaderStart(pipe: self, end: end)).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        _ = unsafe pthread_create(
            &thread, nil,
            { context in
                #if !canImport(Darwin)
                    guard let context = unsafe context else { return nil }
                #endif
                let start = unsafe Unmanaged<ReaderStart>.fromOpaque(context).takeRetainedValue()
                var byte: UInt8 = 0
                while unsafe read(start.end, &byte, 1) != 1 {}
                start.pipe.deliver(Int32(byte) == SIGINT ? .interrupt : .terminate)
                return nil
            }, context)
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

private final class ReaderStart: Sendable {
    let pipe: SignalPipe
    let end: Int32

    init(pipe: SignalPipe, end: Int32) {
        self.pipe = pipe
        self.end = end
    }
}
