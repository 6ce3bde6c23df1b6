#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a socket ends.
extension Socket {
    /// Closes the sending side.
    func finishSending() {
        hasFinishedSending = true
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Some clients take a zero at the end of the connection for the last chunk. One digit more announces content that
    /// does not come. When the system takes no byte, the connection is reset.
    func denyLastChunk() {
        let digit: [UInt8] = [0x31]
        guard unsafe digit.withUnsafeBytes({ unsafe systemSend(descriptor, $0.baseAddress, 0, 1) }) != 1 else { return }
        var reset = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
    }
}

/// `send` without SIGPIPE: by flag on Linux, by socket option (set at accept) on Darwin.
func systemSend(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ start: Int, _ end: Int) -> Int {
    #if canImport(Darwin)
        unsafe send(descriptor, base?.advanced(by: start), end - start, 0)
    #else
        unsafe send(descriptor, base?.advanced(by: start), end - start, Int32(MSG_NOSIGNAL))
    #endif
}

/// `close(2)`, under a name that a method called `close` does not hide. It is not repeated after EINTR, because the
/// descriptor is closed then.
func systemClose(_ descriptor: Int32) -> Int32 {
    close(descriptor)
}
