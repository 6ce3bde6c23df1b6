import Synchronization

/// Threads for code that blocks: file I/O, a C library, a long computation. Never the event loops, nor Swift's own pool, which
/// has a thread a processor and must make progress.
///
/// ```swift
/// let threads = BlockingThreads(limit: 16)
/// let handler = ClosureHandler { _ in .text(try await threads.run { try readTheOldDatabase() }) }
/// ```
public final class BlockingThreads: Sendable {
    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    /// No thread is started before it is needed, and none stays without work.
    ///
    /// - Parameter limit: Most threads at once, at least 1; further work waits in order. Each takes its stack's memory.
    public init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Runs `body` on a thread of its own and returns its result.
    ///
    /// The cancellation of the task does not reach `body`: what blocks cannot be told.
    /// - Throws: What `body` throws; ``ListenError/system(_:_:)`` when no thread is to be had.
    public func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let work: @Sendable () -> Void = { continuation.resume(with: Swift.Result { try body() }) }
            let failure = state.withLock { state -> ListenError? in
                if state.running < limit {
                    do throws(ListenError) {
                        try PosixThread { self.work(beginningWith: work) }.abandon()
                        state.running += 1
                        return nil
                    } catch {
                        // One of the threads that there are will do it.
                        guard state.running > 0 else { return error }
                    }
                }
                state.waiting.append(work)
                return nil
            }
            if let failure { continuation.resume(throwing: failure) }
        }
    }

    private func work(beginningWith first: @Sendable () -> Void) {
        first()
        while let next = takeWork() { next() }
    }

    private func takeWork() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.running -= 1
            return nil
        }
    }
}
