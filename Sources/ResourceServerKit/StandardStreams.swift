#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Writes to the standard streams without the buffer of the C library, which would delay lines that go to a pipe.
package enum StandardStreams {
    /// Writes to the standard output, and waits until the text is written.
    package static func writeOutput(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    /// Writes to the standard error, and waits until the text is written.
    package static func writeError(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            // The array outlives the call, and `write` reads at most this many bytes of it.
            let written = unsafe rest.withUnsafeBytes { unsafe systemWrite(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
