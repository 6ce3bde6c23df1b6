#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files and the three standard streams, through system calls.
enum SystemStreams {
    static func readStandardInput(limit: Int) throws(CommandEnvironment.InputError) -> [UInt8] {
        if isatty(STDIN_FILENO) == 1 {
            _ = write("mcp-auth: reading from the terminal; end with Ctrl-D on a line of its own\n", to: STDERR_FILENO)
        }
        return try read(STDIN_FILENO, limit: limit)
    }

    static func readFile(_ path: String, limit: Int) throws(CommandEnvironment.InputError) -> [UInt8] {
        // Without O_NONBLOCK, the call waits until another program opens the other end of a pipe.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .unreadable }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        return try read(descriptor, limit: limit)
    }

    /// Writes a whole file, and replaces one that is there. False if that fails.
    static func writeFile(_ path: String, _ bytes: [UInt8]) -> Bool {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return false }
        let isWritten = write(String(decoding: bytes, as: UTF8.self), to: descriptor)
        return close(descriptor) == 0 && isWritten
    }

    /// Writes a whole file that only its owner can read. An old file is replaced and not written to, because others may
    /// read it or have it open. False if that fails.
    static func writeSecretFile(_ path: String, _ bytes: [UInt8]) -> Bool {
        let temporary = path + ".new"
        unsafe unlink(temporary)
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let isWritten = write(String(decoding: bytes, as: UTF8.self), to: descriptor)
        guard close(descriptor) == 0, isWritten, unsafe rename(temporary, path) == 0 else {
            unsafe unlink(temporary)
            return false
        }
        return true
    }

    /// Shows on a terminal what the program waits for, on one line that the next one replaces; nil removes the line.
    static func showProgress(_ text: String?) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        // ECMA-48: carriage return, then erase the line.
        _ = write("\r\u{1B}[K\(text.map { DisplayText.cut($0, toBytes: 78) } ?? "")", to: STDERR_FILENO)
    }

    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether to print colours on a terminal: not if `NO_COLOR` is set (no-color.org), and not on a dumb terminal.
    static var usesColour: Bool {
        outputIsTerminal && (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
    }

    /// Writes the whole text without a buffer. False if that fails.
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
        // This program never changes its environment, so that the pointer stays valid while its text is copied.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Reads to the end. Throws `tooLong` after one byte more than the limit.
    private static func read(_ descriptor: Int32, limit: Int) throws(CommandEnvironment.InputError) -> [UInt8] {
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

// Members named `write` and `read` would hide the system's functions. These have other names.

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}
