#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import HTTPMessages
import Synchronization

/// A thread that waits for sockets and runs the tasks of their connections.
///
/// It is a task executor and a serial executor. A connection is an actor on the loop and a task that prefers the loop,
/// so that reading, the handler and writing run on one thread without a hop.
///
/// `@unchecked Sendable`: ``mailbox`` and ``thread`` are synchronised. Only the loop's own thread touches all other
/// state: the methods that do so are called by ``main()`` and by jobs, which run on that thread. Their entries assert
/// `isCurrent`.
package final class EventLoop: TaskExecutor, SerialExecutor, @unchecked Sendable {
    private enum Phase {
        case running
        case stopping
        /// The thread has ended. A job that comes now gets another thread: see ``enqueue(_:)``.
        case ended
        /// Another thread runs such late jobs.
        case late
    }

    private struct Mailbox {
        var jobs: [UnownedJob] = []
        var isWoken = false
        var phase = Phase.running
    }

    private let mailbox = Mutex(Mailbox())
    /// The thread that may touch the confined state; 0 when there is none.
    private let thread = Atomic<UInt>(0)

    private let poller: Poller
    private let clock: LoopClock
    let counters = LoopCounters()
    /// The wait of the socket that gives way first: less than that of another loop when it goes before that one's;
    /// `Int64.max` when none waits. Any thread may read it.
    let firstWait = Atomic(Int64.max)
    /// The connections that were accepted for this loop, and that it has not begun to serve.
    let newcomers = Atomic(0)

    // Confined to the thread.
    /// Whether ``firstWait`` must be computed again.
    var isFirstWaitStale = false
    private var events = Poller.Events()
    private var jobs: [UnownedJob] = []
    var sockets = SocketTable()
    private var deadlines = DeadlineHeap()
    private var nextLook = Int64.max
    private var date = DateLine()
    /// The number of sockets that wait without a task.
    var restingSockets = 0
    private var release = MemoryRelease()
    /// Milliseconds of a monotonic clock, which is read once each turn of the loop.
    private(set) var now: Int64
    /// The buffer into which sockets receive, before the bytes are copied to their owner.
    var scratch = [UInt8](repeating: 0, count: 64 * 1024)
    /// The number of the last request. The upper half is random, so that loops and processes have different numbers.
    private var requestNumber = UInt64(UInt32.random(in: 0 ... .max)) << 32
    /// Whether the server is stopping: no connection is kept after its current response.
    private(set) var isDraining = false

    package init(clock: LoopClock = LoopClock()) throws(HTTPServer.StartError) {
        poller = try Poller()
        self.clock = clock
        now = clock.now
    }

    /// The identifier for the next request.
    func nextRequestID() -> HTTPRequest.ID {
        requestNumber &+= 1
        return HTTPRequest.ID(requestNumber)
    }

    // MARK: - Life

    /// Starts the thread, which keeps the loop alive. When that fails, the loop closes its descriptors.
    package func start() throws(HTTPServer.StartError) -> PosixThread {
        do throws(HTTPServer.StartError) {
            return try PosixThread { self.main() }
        } catch {
            poller.close()
            throw error
        }
    }

    /// Makes the thread end when its sockets are closed and its jobs are done.
    func stop() {
        mailbox.withLock { mailbox in
            guard mailbox.phase == .running else { return }
            mailbox.phase = .stopping
            poller.wake()
        }
    }

    private func main() {
        thread.store(PosixThread.currentID, ordering: .relaxed)
        turn: while true {
            poller.wait(milliseconds: timeToWait(), using: &events) { token, readiness in
                sockets[token]?.signal(readiness)
            }
            now = clock.now
            if now >= nextLook { lookAtDeadlines() }
            collectMail()
            runJobs()
            announceWait()
            releaseMemory()
            if sockets.count == 0, jobs.isEmpty, endIfIdle() { break turn }
        }
    }

    /// Ends the loop when it was told to stop and no job is left. True when it has ended.
    private func endIfIdle() -> Bool {
        mailbox.withLock { mailbox in
            guard mailbox.phase == .stopping, mailbox.jobs.isEmpty else { return false }
            mailbox.phase = .ended
            thread.store(0, ordering: .relaxed)
            // Under the lock: `wake` is called only under the lock, and never after the phase has changed.
            poller.close()
            return true
        }
    }

    private func releaseMemory() {
        let active = sockets.count - restingSockets
        guard let time = release.time(active) else { return }
        if now >= time { release.begin(active, now: now) } else { nextLook = min(nextLook, time) }
    }

    private func timeToWait() -> Int32 {
        guard jobs.isEmpty else { return 0 }
        guard nextLook != .max else { return -1 }
        return Int32(clamping: max(0, nextLook - now))
    }

    private func runJobs() {
        // Jobs that these jobs enqueue wait for the next turn, so that sockets are served in between.
        var batch: [UnownedJob] = []
        swap(&batch, &jobs)
        for job in batch { run(job) }
        if jobs.isEmpty {
            batch.removeAll(keepingCapacity: true)
            jobs = batch
        }
    }

    private func run(_ job: UnownedJob) {
        unsafe job.runSynchronously(
            isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }

    // MARK: - Jobs

    var isCurrent: Bool {
        thread.load(ordering: .relaxed) == PosixThread.currentID
    }

    /// Enqueues a job: on the loop's thread without a lock, from another thread through the mailbox, with one wake for
    /// any number of jobs.
    ///
    /// A task that the handler has left behind may enqueue a job after the loop has ended, for example when it uses a
    /// body writer. Such jobs run on another thread, one at a time, and find the connection closed.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            jobs.append(job)
            return
        }
        mailbox.withLock { mailbox in
            mailbox.jobs.append(job)
            switch mailbox.phase {
            case .running, .stopping:
                guard !mailbox.isWoken else { return }
                mailbox.isWoken = true
                poller.wake()
            case .ended:
                guard let thread = try? PosixThread({ self.runLateJobs() }) else { return }
                mailbox.phase = .late
                thread.abandon()
            case .late:
                return
            }
        }
    }

    private func collectMail() {
        mailbox.withLock { mailbox in
            mailbox.isWoken = false
            guard !mailbox.jobs.isEmpty else { return }
            if jobs.isEmpty {
                swap(&jobs, &mailbox.jobs)
            } else {
                jobs.append(contentsOf: mailbox.jobs)
                mailbox.jobs.removeAll(keepingCapacity: true)
            }
        }
    }

    private func runLateJobs() {
        thread.store(PosixThread.currentID, ordering: .relaxed)
        while true {
            collectMail()
            runJobs()
            guard jobs.isEmpty else { continue }
            let isDone = mailbox.withLock { mailbox in
                guard mailbox.jobs.isEmpty else { return false }
                thread.store(0, ordering: .relaxed)
                mailbox.phase = .ended
                return true
            }
            if isDone { return }
        }
    }

    package func checkIsolated() {
        precondition(isCurrent, "The code of a connection ran outside its event loop.")
    }

    package func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }

    // MARK: - Sockets

    /// Registers a socket with the system's notification; false when that fails.
    func add(_ socket: Socket) -> Bool {
        assert(isCurrent)
        sockets.insert(socket)
        guard poller.add(socket.descriptor, token: socket.token) else {
            sockets.remove(socket)
            return false
        }
        return true
    }

    /// Closes a socket and forgets it.
    func remove(_ socket: Socket) {
        assert(isCurrent)
        socket.close()
        sockets.remove(socket)
        isFirstWaitStale = true
    }

    /// Makes the loop call ``Socket/expire(at:)`` when the clock has passed `deadline`.
    func expect(_ deadline: Int64, of socket: Socket) {
        guard deadline < socket.nextLook else { return }
        socket.nextLook = deadline
        deadlines.insert(deadline, socket.token)
        if deadline < nextLook { nextLook = deadline }
        guard deadlines.count > 4 * sockets.count + 1024 else { return }
        // Closed sockets, and looks that were replaced by earlier ones, leave their entries behind: rebuild the heap.
        deadlines.removeAll()
        for socket in sockets.all where socket.nextLook != .max { deadlines.insert(socket.nextLook, socket.token) }
    }

    /// Wakes every task that has waited until its deadline. Runs at most every 20 ms.
    private func lookAtDeadlines() {
        while let due = deadlines.takeDue(now) {
            guard let socket = sockets[due.token], socket.nextLook == due.deadline else { continue }
            socket.nextLook = .max
            socket.expire(at: now)
            expect(socket.nextDeadline, of: socket)
        }
        nextLook = deadlines.earliest == .max ? .max : max(deadlines.earliest, now + 20)
    }

    /// Stops keeping connections. Connections that wait for a request, or for the rest of one, end at once.
    func drain() {
        assert(isCurrent)
        isDraining = true
        for socket in sockets.all { socket.wakeIfWaiting() }
    }

    /// Cancels every task that serves a connection and treats the connections as broken.
    func abort() {
        assert(isCurrent)
        isDraining = true
        for socket in sockets.all {
            socket.cancelTask()
            socket.abort()
        }
    }

    /// Closes every descriptor, although tasks may still use their connections.
    func closeSockets() {
        assert(isCurrent)
        for socket in sockets.all { socket.close() }
    }

    // MARK: - Time

    /// `Date: …` with its CRLF.
    var dateLine: [UInt8] { date.bytes(at: now) }
}
