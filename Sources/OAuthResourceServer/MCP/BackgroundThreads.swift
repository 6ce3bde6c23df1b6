internal import CSystemCalls
internal import Synchronization

/// Runs work that takes long on threads that give way to all others of the process.
///
/// Linux does not know the priority of a task. It lets a thread that computes go on for milliseconds, while the event
/// loop, which has been woken for another client, waits. The threads exist only while there is work.
final class BackgroundThreads: TaskExecutor {
    static let shared = BackgroundThreads()

    private struct State {
        var jobs: [UnownedJob] = []
        var threads = 0
    }

    /// One for two processors: with as many threads as processors, an event loop waits for its turn.
    private static let maximumThreads: Int = {
        #if os(Linux)
            max(1, Int(csystem_processors()) / 2)
        #else
            2
        #endif
    }()

    private let state = Mutex(State())

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let startsThread = state.withLock { state in
            state.jobs.append(job)
            guard state.threads < Self.maximumThreads else { return false }
            state.threads += 1
            return true
        }
        guard startsThread else { return }
        let isStarted = unsafe csystem_spawn("background", { _ in BackgroundThreads.shared.work(givesWay: true) }, nil)
        // Without a new thread, the work must not be lost.
        if isStarted != 1 { work(givesWay: false) }
    }

    /// Runs jobs until there is none.
    private func work(givesWay: Bool) {
        if givesWay { csystem_give_way() }
        while let job = takeJob() { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// The next job, in the order in which they came. Nil when there is none; then the calling thread must end.
    private func takeJob() -> UnownedJob? {
        state.withLock { state in
            if !state.jobs.isEmpty { return state.jobs.removeFirst() }
            state.threads -= 1
            return nil
        }
    }
}
