import Synchronization

/// Runs a task and all that it awaits on the thread of the caller, which must be the main thread.
///
/// Valgrind 3.19 fails when a Swift program leaves its main thread, and an `async` function leaves the main actor.
final class MainThreadExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs a task to its end.
    @MainActor
    static func run(_ body: @escaping @Sendable () async throws -> Void) throws {
        let executor = MainThreadExecutor()
        let task = Outcome()
        Task(executorPreference: executor) {
            do {
                try await body()
                task.end(.success(()))
            } catch {
                task.end(.failure(error))
            }
        }
        while task.outcome == nil {
            guard let job = executor.jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
            unsafe job.runSynchronously(on: executor.asUnownedTaskExecutor())
        }
        try task.outcome?.get()
    }

    private final class Outcome: Sendable {
        private let value = Mutex<Result<Void, any Error>?>(nil)
        var outcome: Result<Void, any Error>? { value.withLock { $0 } }
        func end(_ result: Result<Void, any Error>) { value.withLock { $0 = result } }
    }
}
