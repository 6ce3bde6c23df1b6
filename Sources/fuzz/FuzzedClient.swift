#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The client's end of a socketpair. Another thread serves the other end.
final class FuzzedClient {
    /// The server's end.
    let served: Int32
    private let descriptor: Int32
    private let servedNode: UInt64?
    private var unread: ArraySlice<UInt8> = []
    private var isOpen = true

    init?() {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            let type = Int32(SOCK_STREAM.rawValue)
        #else
            let type = SOCK_STREAM
        #endif
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { return nil }
        (descriptor, served) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(served, F_SETFL, O_NONBLOCK)
        // More than four seconds counts as a hang. The server's shortest timeout is two seconds.
        var time = timeval(tv_sec: 4, tv_usec: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        servedNode = Self.node(served)
    }

    deinit { close() }

    /// Sends all bytes in pieces of `size` bytes; 0 means one piece. The server can run after each piece. If the server
    /// has closed the connection, the rest is not sent.
    func send(_ bytes: [UInt8], inPiecesOf size: Int) {
        var start = 0
        while start < bytes.count {
            let count = min(size == 0 ? bytes.count : size, bytes.count - start)
            let sent = unsafe bytes.withUnsafeBytes {
                unsafe systemSend(descriptor, $0.baseAddress?.advanced(by: start), count)
            }
            guard sent > 0 else { return }
            start += sent
            if start < bytes.count { sched_yield() }
        }
    }

    /// Closes the sending direction: the server sees the end of the request.
    func finish() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        _ = systemClose(descriptor)
    }

    /// Receives `count` bytes, or fewer at the end of the connection.
    func receive(_ count: Int = .max) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while unread.count < count {
            let received = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if received < 0, errno == EINTR { continue }
            if received < 0, errno == EAGAIN { fatalError("the server neither answers nor closes") }
            guard received > 0 else { break }
            unread += buffer[..<received]
        }
        defer { unread = unread.dropFirst(count) }
        return Array(unread.prefix(count))
    }

    /// Waits until the condition is true. False if that takes too long.
    func waits(for isTrue: () -> Bool) -> Bool {
        for turn in 0..<8000 {
            if isTrue() { return true }
            if turn < 4000 { sched_yield() } else { usleep(1000) }
        }
        return false
    }

    /// Whether the descriptor of the server's end still refers to the same socket.
    var isServedOpen: Bool { servedNode != nil && Self.node(served) == servedNode }

    /// The number of open descriptors of this process; 0 where other threads may open descriptors.
    static var descriptorCount: Int {
        #if FUZZING
            (0..<64).count { fcntl($0, F_GETFD) >= 0 }
        #else
            0
        #endif
    }

    private static func node(_ descriptor: Int32) -> UInt64? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        return UInt64(truncatingIfNeeded: status.st_ino)
    }
}

private func systemSend(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Darwin)
        unsafe send(descriptor, base, count, 0)
    #else
        unsafe send(descriptor, base, count, Int32(MSG_NOSIGNAL))
    #endif
}

private func systemClose(_ descriptor: Int32) -> Int32 {
    close(descriptor)
}
