#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The standard error, for whom it must not stop: a reader that stands still would stop an event loop.
enum StandardError {
    /// Writes a line if that needs no waiting; false otherwise, and when nobody reads.
    static func write(_ line: [UInt8]) -> Bool {
        write(line, to: STDERR_FILENO)
    }

    /// As above. A line has at most ``LineLogger/bytesPerLine`` bytes and its end: less than the `PIPE_BUF` bytes that a pipe
    /// takes whole when it says that it is ready. Another program that fills the same pipe between the two calls can still
    /// make this one wait.
    static func write(_ line: [UInt8], to descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // `poll` reads and writes the one entry, which lives on this stack. A pipe without a reader says so here, instead of
        // by a signal at the write.
        guard unsafe poll(&entry, 1, 0) == 1, entry.revents == Int16(POLLOUT) else { return false }
        // The system reads no more than this many bytes of an array that outlives the call.
        let written = unsafe line.withUnsafeBytes { unsafe systemWrite(descriptor, $0.baseAddress, $0.count) }
        return written == line.count
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
