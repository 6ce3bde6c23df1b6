#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files and the three standard streams, by the system's calls.
enum SystemStreams {
    static func readStandardInput(limit: Int) throws(Surroundings.InputError) -> [UInt8] {
        if isatty(STDIN_FILENO) == 1 {
            _ = write("mcp-auth: reading from the terminal; end with Ctrl-D on a line of its own\n", to: STDERR_FILENO)
        }
        return try read(STDIN_FILENO, limit: limit)
    }

    static func readFile(_ path: String, limit: Int) throws(Surroundings.InputError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable }
        defer { close(descriptor) }
        return try read(descriptor, limit: limit)
    }

    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether a terminal is to be coloured: not with `NO_COLOR` (no-color.org), and not when it can do nothing.
    static var usesColour: Bool {
        outputIsTerminal && (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
    }

    /// Writes all of a text, without a buffer. False when it could not.
    static func write(_ text: String, to descriptor: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            // The call reads no more than this many bytes of an array that outlives it.
            let written = unsafe rest.withUnsafeBytes { unsafe systemWrite(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }

    private static func variable(_ name: String) -> String? {
        // The environment is not changed by this program, so that the pointer stays good while it is copied.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Reads to the end, and one byte beyond the limit to know that there is more.
    private static func read(_ descriptor: Int32, limit: Int) throws(Surroundings.InputError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let wanted = min(chunk.count, limit + 1 - bytes.count)
            // The call writes at most `wanted` bytes, which is no more than the array has.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe systemRead(descriptor, $0.baseAddress, wanted) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
        throw .tooLong
    }
}

// The system's names, which a member of the same name would hide.

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}
