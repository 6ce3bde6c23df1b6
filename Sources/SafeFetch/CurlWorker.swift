internal import CSystemCalls
internal import HTTPMessages
internal import Synchronization

/// The thread that runs all transfers of one fetcher.
///
/// Each fetcher has its own thread, because every connection in a multi was made under the policy of that fetcher, and
/// because one fetcher's queue must not starve another's. The thread starts with the first job. When it has had no work
/// for ``FetchPolicy/idleMilliseconds`` it frees everything and ends, so a fetcher needs no shut-down. The running
/// thread keeps the worker alive; the worker never waits for the thread.
final class CurlWorker: Sendable {
    private enum Phase {
        /// There is no thread.
        case resting
        /// The thread has been started and has not looked at the jobs yet.
        case starting
        /// The thread runs, and may be waiting in libcurl.
        case running(CurlMulti.Waker)
    }

    private struct State {
        var phase = Phase.resting
        var waiting: [FetchJob] = []
        var activeCount = 0
    }

    private enum Step {
        case start([FetchJob])
        case end
    }

    private let policy: FetchPolicy
    private let lookUps: NameLookUps
    private let state = Mutex(State())

    /// The longest wait while transfers are in progress. libcurl's own timers and the waker end it earlier.
    private static let longestWaitMilliseconds: Int32 = 30_000

    init(policy: FetchPolicy) {
        self.policy = policy
        lookUps = NameLookUps(limit: policy.maximumLookUps, lookUp: policy.lookUp)
    }

    // MARK: From any thread

    /// Puts a job into the queue. When the queue is full or no thread can be started, the ticket is resolved at once.
    func submit(_ job: FetchJob) {
        let capacity = policy.maximumConcurrentFetches + policy.maximumWaitingFetches
        let isAccepted = state.withLock { state in
            if state.activeCount + state.waiting.count >= capacity { state.waiting.removeAll { $0.ticket.isResolved } }
            guard state.activeCount + state.waiting.count < capacity else { return false }
            state.waiting.append(job)
            switch state.phase {
            case .running(let waker):
                waker.wake()
            case .starting:
                break
            case .resting:
                guard startThread() else {
                    state.waiting.removeLast()
                    return false
                }
                state.phase = .starting
            }
            return true
        }
        if !isAccepted { job.ticket.resolve(.failure(.unavailable)) }
    }

    /// Makes the thread look for tickets that a caller's cancellation has resolved.
    func wake() {
        state.withLock { state in
            if case .running(let waker) = state.phase { waker.wake() }
        }
    }

    private func startThread() -> Bool {
        // The thread owns one reference to the worker. It is taken here, and released when the thread ends or was not
        // started.
        let reference = unsafe Unmanaged.passRetained(self)
        let isStarted = unsafe csystem_spawn(
            CurlFetcher.threadName,
            { context in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<CurlWorker>.fromOpaque(context).takeRetainedValue().run()
                // Most programs fetch a few documents in an hour.
                CurlLibrary.releasePages()
            }, reference.toOpaque())
        if isStarted != 1 { unsafe reference.release() }
        return isStarted == 1
    }

    // MARK: On the thread

    private func run() {
        guard let multi = CurlMulti(maximumKeptConnections: policy.maximumConcurrentFetches) else {
            rest(failing: [:], resolving: [])
            return
        }
        state.withLock { $0.phase = .running(multi.waker) }
        // Answers from before the thread's last end are too old for the present jobs.
        _ = lookUps.takeAnswers()

        var resolving = ResolvingJobs(policy: policy)
        var active: [UInt64: CurlTransfer] = [:]
        var lastIdentifier: UInt64 = 0
        var hasLingered = false
        while true {
            for (identifier, transfer) in active where transfer.ticket.isResolved {
                multi.remove(transfer)
                active[identifier] = nil
            }
            switch nextStep(activeCount: active.count + resolving.count, mayEnd: hasLingered) {
            case .end:
                return
            case .start(let jobs):
                for job in jobs { resolving.append(job) }
            }
            let ready = resolving.takeReady(asking: lookUps) { [self] in wake() }
            for ready in ready {
                lastIdentifier &+= 1
                if let transfer = begin(ready, identifier: lastIdentifier, in: multi) {
                    active[lastIdentifier] = transfer
                }
            }
            var isWorking = multi.perform()
            while let (identifier, outcome) = multi.nextEnded() {
                guard let transfer = active.removeValue(forKey: identifier) else { continue }
                let result = transfer.result(outcome: outcome)
                multi.remove(transfer)
                if case .failure = result { resolving.forgetName(transfer.peerName) }
                transfer.ticket.resolve(result)
            }
            let activeCount = active.count + resolving.count
            hasLingered = activeCount == 0
            if isWorking, !hasJobToStart(activeCount: activeCount) {
                isWorking = multi.wait(
                    milliseconds: hasLingered
                        ? policy.idleMilliseconds : min(Self.longestWaitMilliseconds, resolving.millisecondsToWait))
            }
            if !isWorking {
                for transfer in active.values { multi.remove(transfer) }
                rest(failing: active, resolving: resolving.takeAll())
                return
            }
        }
    }

    /// Takes as many jobs as there are free slots, or decides that the thread ends.
    private func nextStep(activeCount: Int, mayEnd: Bool) -> Step {
        let taken: [FetchJob]? = state.withLock { state in
            state.waiting.removeAll { $0.ticket.isResolved }
            let jobs = Array(state.waiting.prefix(max(0, policy.maximumConcurrentFetches - activeCount)))
            state.waiting.removeFirst(jobs.count)
            state.activeCount = activeCount + jobs.count
            if mayEnd, state.activeCount == 0 {
                // From here on no other thread has the waker. The next job starts a new thread.
                state.phase = .resting
                return nil
            }
            return jobs
        }
        guard let taken else { return .end }
        return .start(taken)
    }

    /// Whether a slot is free while jobs wait. Records the number of transfers for ``submit(_:)``.
    private func hasJobToStart(activeCount: Int) -> Bool {
        state.withLock { state in
            state.activeCount = activeCount
            return activeCount < policy.maximumConcurrentFetches && !state.waiting.isEmpty
        }
    }

    private func begin(
        _ ready: ResolvingJobs.Ready, identifier: UInt64, in multi: borrowing CurlMulti
    ) -> CurlTransfer? {
        let now = ContinuousClock.now
        do throws(FetchError) {
            let transfer = try CurlTransfer(
                ready.job, policy: policy, identifier: identifier, resolution: ready.resolution,
                connecting: now.duration(to: ready.connectDeadline), remaining: now.duration(to: ready.job.deadline))
            guard multi.add(transfer) else { throw .unavailable }
            return transfer
        } catch {
            ready.job.ticket.resolve(.failure(error))
            return nil
        }
    }

    /// Fails every job, because libcurl cannot be used. The next job starts a new thread.
    private func rest(failing active: [UInt64: CurlTransfer], resolving: [FetchJob]) {
        let waiting = state.withLock { state in
            defer { state = State() }
            return state.waiting
        }
        for transfer in active.values { transfer.ticket.resolve(.failure(.unavailable)) }
        for job in resolving + waiting { job.ticket.resolve(.failure(.unavailable)) }
    }
}
