#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Synchronization

/// One thread that waits for sockets and runs the tasks of their connections.
///
/// It is a task executor and a serial executor at once: a connection is an actor on the loop and a task that prefers it,
/// so that reading, the handler and writing run on one thread without a hop.
///
/// `@unchecked Sendable`: ``mailbox`` and ``thread`` are synchronised. Everything else is touched by the loop's own
/// thread only: the methods that touch it are called by ``main()`` and by jobs, which run on that thread; `isCurrent` is
/// asserted where they enter.
package final class EventLoop: TaskExecutor, SerialExecutor, @unchecked Sendable {
    private enum Phase {
        case running
        case stopping
        /// The thread has ended. A job that comes now gets a thread of its own: see ``enqueue(_:)``.
        case ended
        case late
    }

    private struct Mailbox {
        var jobs: [UnownedJob] = []
        var isWoken = false
        var phase = Phase.running
    }

    private let mailbox = Mutex(Mailbox())
    /// The thread that may touch the confined state; 0 for none.
    private let thread = Atomic<UInt>(0)

    private let poller: Poller
    let counters = LoopCounters()

    // Confined to the thread.
    private var events = Poller.Events()
    private var jobs: [UnownedJob] = []
    private var sockets: [Socket?] = []
    private var freePlaces: [Int] = []
    private var socketCount = 0
    private var generation: UInt32 = 0
    private var deadlines = DeadlineHeap()
    private var nextLook = Int64.max
    private var dateBytes: [UInt8] = []
    private var dateSecond = Int64.min
    private var dateIsDue: Int64 = 0
    /// Milliseconds of a clock that never goes back, read once a turn.
    private(set) var now: Int64
    /// Where sockets receive before the bytes go to their owner.
    var scratch = [UInt8](repeating: 0, count: 64 * 1024)
    /// The server is stopping: no connection is kept after its present response.
    private(set) var isDraining = false

    package init() throws(HTTPServer.StartError) {
        poller = try Poller()
        now = Self.clock()
    }

    // MARK: - Life

    /// Starts the thread, which keeps the loop alive. A loop that cannot start gives its descriptors back.
    package func start() throws(HTTPServer.StartError) -> PosixThread {
        do throws(HTTPServer.StartError) {
            return try PosixThread { self.main() }
        } catch {
            poller.close()
            throw error
        }
    }

    /// Ends the thread once its sockets are closed and its jobs done.
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
                socket(token)?.signal(readiness)
            }
            now = Self.clock()
            if now >= nextLook { lookAtDeadlines() }
            collectMail()
            runJobs()
            if socketCount == 0, jobs.isEmpty, endIfIdle() { break turn }
        }
    }

    /// Nothing is left to do and the loop was told to stop.
    private func endIfIdle() -> Bool {
        mailbox.withLock { mailbox in
            guard mailbox.phase == .stopping, mailbox.jobs.isEmpty else { return false }
            mailbox.phase = .ended
            thread.store(0, ordering: .relaxed)
            // Under the lock: `wake` is only called under it, and never after the phase has changed.
            poller.close()
            return true
        }
    }

    private func timeToWait() -> Int32 {
        guard jobs.isEmpty else { return 0 }
        guard nextLook != .max else { return -1 }
        return Int32(clamping: max(0, nextLook - now))
    }

    private func runJobs() {
        // Jobs that these jobs enqueue wait until the sockets had their turn.
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

    /// On the loop's thread without a lock; from elsewhere through the mailbox, with one wake for any number of jobs.
    ///
    /// A task that the user left behind may come back after the end (to a body writer, say). Its job runs on a thread of its own,
    /// one at a time, and finds the connection closed.
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

    func add(_ socket: Socket) -> Bool {
        assert(isCurrent)
        let place: Int
        if let free = freePlaces.popLast() {
            place = free
        } else {
            place = sockets.count
            sockets.append(nil)
        }
        generation &+= 1
        socket.token = UInt64(generation & 0x7FFF_FFFF) << 32 | UInt64(place)
        guard poller.add(socket.descriptor, token: socket.token) else {
            freePlaces.append(place)
            return false
        }
        sockets[place] = socket
        socketCount += 1
        return true
    }

    /// Forgets a socket that has been added, and closes it.
    func remove(_ socket: Socket) {
        assert(isCurrent)
        socket.close()
        let place = Int(truncatingIfNeeded: socket.token & 0xFFFF_FFFF)
        guard sockets.indices.contains(place), sockets[place] === socket else { return }
        sockets[place] = nil
        freePlaces.append(place)
        socketCount -= 1
    }

    /// The socket that a token names, unless it is closed.
    private func socket(_ token: UInt64) -> Socket? {
        let place = Int(truncatingIfNeeded: token & 0xFFFF_FFFF)
        guard place < sockets.count, let socket = sockets[place], socket.token == token else { return nil }
        return socket
    }

    /// Makes sure that the socket is looked at when the clock passes `deadline`.
    func expect(_ deadline: Int64, of socket: Socket) {
        guard deadline < socket.nextLook else { return }
        socket.nextLook = deadline
        deadlines.insert(deadline, socket.token)
        if deadline < nextLook { nextLook = deadline }
        guard deadlines.count > 4 * socketCount + 1024 else { return }
        // Sockets that are closed, and looks that came to be superseded, leave their entries behind.
        deadlines.removeAll()
        for case .some(let socket) in sockets where socket.nextLook != .max {
            deadlines.insert(socket.nextLook, socket.token)
        }
    }

    /// Wakes whoever waited too long; at most every 20 ms.
    private func lookAtDeadlines() {
        while let due = deadlines.takeDue(now) {
            guard let socket = socket(due.token), socket.nextLook == due.deadline else { continue }
            socket.nextLook = .max
            socket.expire(at: now)
            expect(socket.nextDeadline, of: socket)
        }
        nextLook = deadlines.earliest == .max ? .max : max(deadlines.earliest, now + 20)
    }

    /// Stops keeping connections; those that wait for a request see it at once.
    func drain() {
        assert(isCurrent)
        isDraining = true
        for socket in sockets { socket?.wakeIfIdle() }
    }

    /// Cancels every task that serves a connection and treats the connections as broken.
    func abort() {
        assert(isCurrent)
        isDraining = true
        for socket in sockets {
            socket?.cancelTask()
            socket?.abort()
        }
    }

    /// Closes every descriptor, whoever still uses it.
    func closeSockets() {
        assert(isCurrent)
        for socket in sockets { socket?.close() }
    }

    // MARK: - Time

    /// `Date: …` with its CRLF. No loop shows an earlier second than another has shown, though each looks at the clock rarely.
    var dateLine: [UInt8] {
        if now >= dateIsDue || latestSecond.load(ordering: .relaxed) != dateSecond { renewDate() }
        return dateBytes
    }

    private func renewDate() {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        dateIsDue = now + 1000 - Int64(time.tv_nsec) / 1_000_000
        var second = Int64(time.tv_sec)
        let latest = latestSecond.max(second, ordering: .relaxed).newValue
        if latest - second > 1 {
            latestSecond.store(second, ordering: .relaxed)  // The clock was set back.
        } else {
            second = latest
        }
        guard second != dateSecond else { return }
        dateSecond = second
        dateBytes.removeAll(keepingCapacity: true)
        dateBytes.append(contentsOf: "Date: ".utf8)
        HTTPDate.append(secondsSince1970: second, to: &dateBytes)
        dateBytes.append(contentsOf: [0x0D, 0x0A])
    }

    private static func clock() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// The latest second that any loop has put into a `Date`.
private let latestSecond = Atomic<Int64>(0)
