#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The client's end of a socketpair, whose other end somebody serves on another thread.
final class FuzzedClient {
    /// The other end.
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
        // What takes longer is a hang. The server's own shortest time is two seconds.
        var time = timeval(tv_sec: 4, tv_usec: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        servedNode = Self.node(served)
    }

    deinit { close() }

    /// Sends all of it, letting the server have its turn after each piece; 0 is one piece. A server that has closed takes nothing.
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

    /// Says that nothing more comes.
    func finish() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        _ = systemClose(descriptor)
    }

    /// So many bytes, or fewer at the end of the connection.
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

    /// Whether it becomes true before the client loses patience.
    func waits(for isTrue: () -> Bool) -> Bool {
        for turn in 0..<8000 {
            if isTrue() { return true }
            if turn < 4000 { sched_yield() } else { usleep(1000) }
        }
        return false
    }

    /// Whether the other end's descriptor is still that socket.
    var isServedOpen: Bool { servedNode != nil && Self.node(served) == servedNode }

    /// The descriptors of this process; 0 where other threads open their own.
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
