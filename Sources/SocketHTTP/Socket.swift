#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A connected or listening socket of one event loop: what the system last said about it, and who waits for it.
///
/// Not `Sendable`: its owner is an actor whose executor is the loop, and the loop is the only other one that touches it,
/// on the same thread.
@safe final class Socket {
    /// What came of one attempt to read.
    enum Receipt {
        case bytes(Int)
        case wouldBlock
        /// The peer has sent everything.
        case end
        case gone
    }

    let loop: EventLoop
    private(set) var descriptor: Int32
    /// The loop's place for it, and a number that tells it from an earlier socket in the same place.
    var token: UInt64 = 0
    /// Whether the socket waits for the first byte of a request: closing it then takes nothing from anybody.
    var isIdle = false
    /// The peer has closed its sending side.
    private(set) var peerHasFinished = false
    /// The connection is broken, or was aborted by the server.
    private(set) var isGone = false

    // Edge-triggered: true until a call says otherwise.
    private(set) var mayRead = true
    private var mayWrite = true
    private var reader: UnsafeContinuation<Bool, Never>?
    private var writer: UnsafeContinuation<Bool, Never>?
    private var readDeadline = Int64.max
    private var writeDeadline = Int64.max
    private var quietDeadline = Int64.max
    /// When the loop looks at the deadlines next; never later than the first of them.
    var nextLook = Int64.max
    var nextDeadline: Int64 { min(readDeadline, writeDeadline, quietDeadline) }
    /// Called when nothing has been sent for a time.
    private var filler: (time: Int64, body: () -> Void)?
    /// Bytes sent so far.
    private(set) var sentBytes = 0
    /// The task that serves the connection. It outlives its registration here: see ``EventLoop/remove(_:)``.
    private var task: UnsafeCurrentTask?
    private var isHandling = false

    init(descriptor: Int32, loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    deinit { close() }

    // MARK: - What the owner does

    /// Joins the loop. The calling task is the one that a lost peer cancels while a request is handled.
    func open() -> Bool {
        // The current task calls `close()` before it ends, so the reference never outlives the task.
        unsafe task = withUnsafeCurrentTask { unsafe $0 }
        return loop.add(self)
    }

    func close() {
        guard descriptor >= 0 else { return }
        _ = systemClose(descriptor)
        descriptor = -1
        unsafe task = nil
        abort()
    }

    /// From now until ``endHandling()`` the peer's disappearance cancels the task.
    func beginHandling() {
        isHandling = true
        if peerHasFinished || isGone { cancelTask() }
    }

    func endHandling() {
        isHandling = false
    }

    /// Appends at most `limit` bytes that have arrived.
    func receive(into buffer: inout [UInt8], atMost limit: Int) -> Receipt {
        guard !isGone else { return .gone }
        guard mayRead else { return .wouldBlock }
        let wanted = min(limit, loop.scratch.count)
        while true {
            let count = unsafe loop.scratch.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, wanted, 0)
            }
            if count > 0 {
                // A short read has emptied the socket, and more bytes make a new edge. The end of the stream made its own
                // edge already when it has been reported.
                if count < wanted, !peerHasFinished { mayRead = false }
                loop.counters.countReceived(count)
                buffer.append(contentsOf: loop.scratch[..<count])
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

    /// Sends what the system takes of `bytes` from `first` on; returns where it stopped. Check ``isGone`` when that is short.
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

    /// Says that nothing more will be sent.
    func finishSending() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Waits for bytes, the end, or a broken connection. False when the loop's clock passed `deadline` first.
    func readable(until deadline: Int64) async -> Bool {
        if mayRead || isGone { return true }
        resumeReader(true)  // A reader that its exchange has left behind.
        readDeadline = deadline
        loop.expect(deadline, of: self)
        return await unsafe withUnsafeContinuation { unsafe reader = $0 }
    }

    /// Accepts a connection from a listening socket.
    func accept() -> ListeningSocket.Admission {
        guard mayRead || isGone, descriptor >= 0 else { return .wouldBlock }
        let admission = ListeningSocket.accept(on: descriptor)
        if case .wouldBlock = admission { mayRead = false }
        return admission
    }

    /// Waits until `deadline`, whatever the socket does, unless it is aborted.
    func pause(until deadline: Int64) async {
        mayRead = false
        while !isGone, await readable(until: deadline) { mayRead = false }
        mayRead = true
    }

    /// Waits for room to send, or a broken connection. False when the loop's clock passed `deadline` first.
    func writable(until deadline: Int64) async -> Bool {
        if mayWrite || isGone { return true }
        writeDeadline = deadline
        loop.expect(deadline, of: self)
        return await unsafe withUnsafeContinuation { unsafe writer = $0 }
    }

    /// Calls `body` on the loop whenever nothing has been sent for `time` milliseconds, until ``stopFilling()``.
    func fillSilence(after time: Int64, _ body: @escaping () -> Void) {
        filler = (max(20, time), body)
        postponeFiller()
    }

    func stopFilling() {
        filler = nil
        quietDeadline = .max
    }

    /// Something is being sent.
    func postponeFiller() {
        guard let filler else { return }
        quietDeadline = loop.now + filler.time
        loop.expect(quietDeadline, of: self)
    }

    // MARK: - What the loop does

    func signal(_ readiness: Readiness) {
        if readiness.contains(.writable) { mayWrite = true }
        if readiness.contains(.readable) { mayRead = true }
        if readiness.contains(.finished) {
            peerHasFinished = true
            mayRead = true
        }
        if readiness.contains(.gone) { isGone = true }
        if isHandling, peerHasFinished || isGone { cancelTask() }
        if mayRead || isGone { resumeReader(true) }
        if mayWrite || isGone { resumeWriter(true) }
    }

    /// Wakes whoever waits longer than allowed.
    func expire(at now: Int64) {
        if readDeadline <= now { resumeReader(false) }
        if writeDeadline <= now { resumeWriter(false) }
        if quietDeadline <= now, let filler {
            postponeFiller()
            filler.body()
        }
    }

    /// Wakes an owner that waits for a request, so that it sees that the server is stopping.
    func wakeIfIdle() {
        if isIdle { resumeReader(true) }
    }

    /// Treats the connection as broken: whoever waits is woken, nothing is sent any more, and a handler is cancelled.
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

/// `send` without SIGPIPE: by flag on Linux, by socket option (set at accept) on Darwin.
private func systemSend(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ start: Int, _ end: Int) -> Int {
    #if canImport(Darwin)
        unsafe send(descriptor, base?.advanced(by: start), end - start, 0)
    #else
        unsafe send(descriptor, base?.advanced(by: start), end - start, Int32(MSG_NOSIGNAL))
    #endif
}

/// `close(2)` under a name that a method called `close` does not hide. Not repeated after EINTR: the descriptor is gone.
func systemClose(_ descriptor: Int32) -> Int32 {
    close(descriptor)
}
