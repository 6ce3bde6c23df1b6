#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Writes to the standard error without waiting: a reader that stops reading would otherwise block an event loop.
enum StandardError {
    /// Writes a line if this is possible without waiting. Returns false otherwise, and when a pipe has no reader.
    static func write(_ line: [UInt8]) -> Bool {
        write(line, to: STDERR_FILENO)
    }

    /// Writes a line to a file descriptor. A line has at most ``LineLogger/bytesPerLine`` bytes and a line feed. That
    /// is less than `PIPE_BUF`, so that a pipe that is ready takes the line whole. The call can still wait when another
    /// program fills the same pipe between `poll` and `write`.
    static func write(_ line: [UInt8], to descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // `poll` reads and writes only this one entry, which is on the stack. It reports a pipe without a reader here;
        // writing to that pipe would raise a signal.
        guard unsafe poll(&entry, 1, 0) == 1, entry.revents == Int16(POLLOUT) else { return false }
        // The array outlives the call, and the system reads at most this many bytes of it.
        let written = unsafe line.withUnsafeBytes { unsafe systemWrite(descriptor, $0.baseAddress, $0.count) }
        return written == line.count
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
