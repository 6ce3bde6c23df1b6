#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A connected or listening socket of one event loop: what the system last reported about it, and the tasks that wait
/// for it.
///
/// Not `Sendable`. Its owner is an actor whose executor is the loop. Only the owner and the loop touch it, on the same
/// thread.
@safe final class Socket {
    /// The result of one attempt to receive.
    enum Receipt {
        case bytes(Int)
        case wouldBlock
        /// The peer has sent everything.
        case end
        case gone
    }

    let loop: EventLoop
    private(set) var descriptor: Int32
    /// The socket's name in the loop's ``SocketTable``.
    var token: UInt64 = 0
    /// What the socket waits for while it may be closed for another one, and since when. Only the loop sets them.
    var wait: SocketWait?
    var waitsSince: Int64 = 0
    /// Whether the peer has closed its sending side.
    private(set) var peerHasFinished = false
    /// Whether the connection is broken, or the server has aborted it.
    private(set) var isGone = false
    var hasFinishedSending = false
    /// Whether the last byte that was sent is the one of ``sendProbe()``.
    var endsInProbe = false

    // Notifications are edge-triggered: these stay true until a call would block.
    var mayRead = true
    private var mayWrite = true
    private var reader: UnsafeContinuation<Bool, Never>?
    private var writer: UnsafeContinuation<Bool, Never>?
    private var readDeadline = Int64.max
    private var writeDeadline = Int64.max
    var quietDeadline = Int64.max
    /// When the loop looks at the deadlines next. It is never later than the first deadline.
    var nextLook = Int64.max
    var nextDeadline: Int64 { min(readDeadline, writeDeadline, quietDeadline) }
    /// What to call when nothing has been sent for this number of milliseconds.
    var filler: (time: Int64, body: () -> Void)?
    /// Bytes sent so far.
    private(set) var sentBytes = 0
    /// What to call instead of resuming a task: see ``rest(until:_:)``.
    private var sleeper: ((Bool) -> Void)?
    /// The task that serves the connection. The task calls `close()` or `endTask()` before it ends, which clear this
    /// reference.
    private var task: UnsafeCurrentTask?
    private var isHandling = false
    /// What to call when the peer closes its sending side while a request is handled.
    var probe: (() -> Void)?

    init(descriptor: Int32, loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    deinit { close() }

    // MARK: - Called by the owner

    /// Registers the socket with the loop. The calling task is cancelled when the connection breaks while a request is
    /// handled.
    func open() -> Bool {
        beginTask()
        return loop.add(self)
    }

    /// From now until ``endTask()`` or ``close()``, the current task serves the connection.
    func beginTask() {
        // The task calls one of these two before it ends, so this reference never outlives the task.
        unsafe task = withUnsafeCurrentTask { unsafe $0 }
        if isHandling, isGone { cancelTask() }
    }

    func endTask() {
        unsafe task = nil
    }

    /// Waits like ``readable(until:)``, but without a task: calls `body` on the loop's thread when the wait is over.
    func rest(until deadline: Int64, _ body: @escaping (Bool) -> Void) {
        endTask()
        if mayRead || isGone { return body(true) }
        sleeper = body
        loop.restingSockets += 1
        readDeadline = deadline
        loop.expect(deadline, of: self)
    }

    func close() {
        guard descriptor >= 0 else { return }
        if endsInProbe { denyLastChunk() }
        _ = systemClose(descriptor)
        descriptor = -1
        unsafe task = nil
        abort()
    }

    /// From now until ``endHandling()``, the task is cancelled when the connection breaks.
    func beginHandling() {
        isHandling = true
        if isGone { cancelTask() }
        if peerHasFinished { ListeningSocket.enableKeepAlive(descriptor) }
    }

    func endHandling() {
        isHandling = false
        probe = nil
    }

    /// Appends bytes that have arrived, at most `limit`.
    func receive(into buffer: inout [UInt8], atMost limit: Int) -> Receipt {
        let receipt = receive(atMost: limit)
        if case .bytes(let count) = receipt {
            // The array would double its memory, which is counted. So that many small pieces are not copied each time,
            // it grows by whole kibibytes.
            let needed = buffer.count + count
            if !buffer.isEmpty, needed > buffer.capacity { buffer.reserveCapacity((needed + 1023) & ~1023) }
            buffer.append(contentsOf: loop.scratch[..<count])
        }
        return receipt
    }

    /// Receives bytes and drops them.
    func discard() -> Receipt {
        receive(atMost: .max)
    }

    /// Receives into the loop's scratch buffer.
    private func receive(atMost limit: Int) -> Receipt {
        guard !isGone else { return .gone }
        guard mayRead else { return .wouldBlock }
        let wanted = min(limit, loop.scratch.count)
        while true {
            let count = unsafe loop.scratch.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, wanted, 0)
            }
            if count > 0 {
                // A short read has emptied the socket, and further bytes cause a new notification. When the end of the
                // stream has been reported already, it causes no other one, so reading must go on.
                if count < wanted, !peerHasFinished { mayRead = false }
                loop.counters.countReceived(count)
                return .bytes(count)
            }
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK:
                mayRead = false
                return .wouldBlock
            default:
                isGone = true
                return .gone
            }
        }
    }

    /// Sends `bytes` from the index `first` on, as far as the system takes them.
    ///
    /// - Returns: The index after the last byte that was sent. When it is less than the count, check ``isGone``.
    func send(_ bytes: borrowing [UInt8], from first: Int) -> Int {
        var start = first
        let count = bytes.count
        defer {
            sentBytes &+= start - first
            loop.counters.countSent(start - first)
        }
        while start < count, mayWrite, !isGone {
            let sent = unsafe bytes.withUnsafeBytes { unsafe systemSend(descriptor, $0.baseAddress, start, count) }
            if sent > 0 {
                start += sent
                endsInProbe = false
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: mayWrite = false
            default: isGone = true
            }
        }
        return start
    }

    /// Waits for bytes, for the end of the stream, or for a broken connection. False when the deadline of the loop's
    /// clock comes first.
    func readable(until deadline: Int64) async -> Bool {
        if mayRead || isGone { return true }
        // A task that does not prefer the loop is enqueued once more before the closure runs. So the deadline begins
        // with the wait, and what has happened meanwhile counts.
        return await unsafe withUnsafeContinuation { waiting in
            if mayRead || isGone { return unsafe waiting.resume(returning: true) }
            resumeReader(true)  // A reader of an exchange that has ended.
            unsafe reader = waiting
            readDeadline = deadline
            loop.expect(deadline, of: self)
        }
    }

    /// Waits until the socket takes bytes, or for a broken connection. False when the deadline of the loop's clock
    /// comes first.
    func writable(until deadline: Int64) async -> Bool {
        if mayWrite || isGone { return true }
        // As in `readable(until:)`.
        return await unsafe withUnsafeContinuation { waiting in
            if mayWrite || isGone { return unsafe waiting.resume(returning: true) }
            unsafe writer = waiting
            writeDeadline = deadline
            loop.expect(deadline, of: self)
        }
    }

    // MARK: - Called by the loop

    func signal(_ readiness: Readiness) {
        if readiness.contains(.writable) { mayWrite = true }
        if readiness.contains(.readable) { mayRead = true }
        if readiness.contains(.finished) {
            mayRead = true
            if isHandling, !peerHasFinished {
                ListeningSocket.enableKeepAlive(descriptor)
                probe?()
            }
            peerHasFinished = true
        }
        if readiness.contains(.gone) || (readiness.contains(.unwritable) && !hasFinishedSending) { isGone = true }
        if isHandling, isGone { cancelTask() }
        if mayRead || isGone { resumeReader(true) }
        if mayWrite || isGone { resumeWriter(true) }
    }

    /// Wakes the tasks whose deadline has passed.
    func expire(at now: Int64) {
        if readDeadline <= now { resumeReader(false) }
        if writeDeadline <= now { resumeWriter(false) }
        if quietDeadline <= now {
            quietDeadline = .max
            postponeFiller()
            filler?.body()
        }
    }

    /// Wakes an owner that waits for its client to send, so that it notices that the server is stopping.
    func wakeIfWaiting() {
        if let wait, wait != .reader { resumeReader(true) }
    }

    /// Whether bytes have arrived that the owner has not received. Asks the system, and wakes
    /// the owner.
    func hasBytes() -> Bool {
        if mayRead { return true }
        var byte: UInt8 = 0
        guard unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0 else { return false }
        mayRead = true
        resumeReader(true)
        return true
    }

    /// Treats the connection as broken: wakes waiting tasks, sends no more bytes, and cancels a handler.
    func abort() {
        isGone = true
        if isHandling { cancelTask() }
        resumeReader(true)
        resumeWriter(true)
    }

    func cancelTask() {
        unsafe task?.cancel()
    }

    private func resumeReader(_ isReady: Bool) {
        if let sleeper {
            self.sleeper = nil
            loop.restingSockets -= 1
            readDeadline = .max
            return sleeper(isReady)
        }
        guard let waiting = unsafe reader else { return }
        unsafe reader = nil
        readDeadline = .max
        unsafe waiting.resume(returning: isReady)
    }

    private func resumeWriter(_ isReady: Bool) {
        guard let waiting = unsafe writer else { return }
        unsafe writer = nil
        writeDeadline = .max
        unsafe waiting.resume(returning: isReady)
    }
}
