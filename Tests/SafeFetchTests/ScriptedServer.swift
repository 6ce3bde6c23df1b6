import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A TCP server on a free port of 127.0.0.1. A script answers each connection, so that the server can also misbehave.
///
/// Each connection has a blocking thread. Every read, write and wait has a time-out.
final class ScriptedServer: Sendable {
    struct SetUpFailed: Error {}

    let port: UInt16
    private let state: State

    final class State: Sendable {
        let isStopped = Atomic(false)
        let connections = Atomic(0)
        let requests = Mutex<[String]>([])
    }

    /// How long a script waits for its peer, in milliseconds: longer than any test takes.
    static let patience: Int32 = 240_000

    /// The number of accepted connections.
    var connectionCount: Int { state.connections.load(ordering: .acquiring) }
    /// The request heads that scripts have read.
    var requests: [String] { state.requests.withLock { $0 } }

    init(_ script: @escaping @Sendable (Connection) -> Void) throws {
        let listener = try Self.listen()
        port = try Self.port(of: listener)
        let state = State()
        self.state = state
        try spawnThread {
            while !state.isStopped.load(ordering: .acquiring) {
                guard isReadable(listener, milliseconds: 20) else { continue }
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { continue }
                state.connections.add(1, ordering: .acquiringAndReleasing)
                let connection = Connection(descriptor: descriptor, state: state)
                do {
                    try spawnThread {
                        script(connection)
                        // A process that another test starts may have inherited the socket. Closing it alone would then
                        // not end the connection.
                        shutdown(descriptor, Int32(SHUT_RDWR))
                        _ = close(descriptor)
                    }
                } catch {
                    _ = close(descriptor)
                }
            }
            _ = close(listener)
        }
    }

    /// Starts a server that reads each request and always sends the same bytes.
    convenience init(answering answer: String) throws {
        try self.init { connection in
            connection.readHead()
            connection.send(answer)
        }
    }

    deinit {
        state.isStopped.store(true, ordering: .releasing)
    }

    func url(_ path: String = "/") -> String {
        "http://127.0.0.1:\(port)\(path)"
    }

    /// A port of 127.0.0.1 on which no process listens: it was free a moment ago.
    static func closedPort() throws -> UInt16 {
        let listener = try listen()
        defer { _ = close(listener) }
        return try port(of: listener)
    }

    /// A socket that accepts connections and never uses them. It has no thread. The caller must close it.
    static func silentListener() throws -> (descriptor: Int32, port: UInt16) {
        let listener = try listen()
        return (listener, try port(of: listener))
    }

    private static func listen() throws -> Int32 {
        #if canImport(Darwin)
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #elseif canImport(Musl)
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        guard descriptor >= 0 else { throw SetUpFailed() }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isBound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound, Self.startListening(descriptor) else {
            _ = close(descriptor)
            throw SetUpFailed()
        }
        return descriptor
    }

    private static func startListening(_ descriptor: Int32) -> Bool {
        #if canImport(Glibc)
            Glibc.listen(descriptor, 64) == 0
        #elseif canImport(Musl)
            Musl.listen(descriptor, 64) == 0
        #else
            Darwin.listen(descriptor, 64) == 0
        #endif
    }

    private static func port(of descriptor: Int32) throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isKnown = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isKnown else { throw SetUpFailed() }
        return UInt16(bigEndian: address.sin_port)
    }
}

extension ScriptedServer {
    /// An accepted connection, for its script.
    struct Connection: Sendable {
        let descriptor: Int32
        let state: State

        /// Reads up to the empty line, and records the head.
        @discardableResult
        func readHead() -> String {
            var head: [UInt8] = []
            while !head.suffix(4).elementsEqual("\r\n\r\n".utf8), head.count < 65536,
                isReadable(descriptor, milliseconds: ScriptedServer.patience)
            {
                var byte: UInt8 = 0
                guard unsafe recv(descriptor, &byte, 1, 0) == 1 else { break }
                head.append(byte)
            }
            let text = String(decoding: head, as: UTF8.self)
            state.requests.withLock { $0.append(text) }
            return text
        }

        /// Reads `count` bytes of content, or fewer if the peer closes the connection.
        func readContent(count: Int) -> [UInt8] {
            var content: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 65536)
            while content.count < count, isReadable(descriptor, milliseconds: ScriptedServer.patience) {
                let length = unsafe recv(descriptor, &piece, min(piece.count, count - content.count), 0)
                guard length > 0 else { break }
                content += piece.prefix(length)
            }
            return content
        }

        /// Sends everything. False if the peer has closed the connection.
        @discardableResult
        func send(_ text: String) -> Bool {
            send(Array(text.utf8))
        }

        /// Sends everything. False if the peer has closed the connection.
        @discardableResult
        func send(_ bytes: [UInt8]) -> Bool {
            var rest = bytes[...]
            while !rest.isEmpty {
                #if canImport(Darwin)
                    let flags: Int32 = 0
                #else
                    let flags = Int32(MSG_NOSIGNAL)
                #endif
                let count = unsafe rest.withUnsafeBytes { buffer in
                    #if canImport(Glibc)
                        unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, flags)
                    #elseif canImport(Musl)
                        unsafe Musl.send(descriptor, buffer.baseAddress, buffer.count, flags)
                    #else
                        unsafe Darwin.send(descriptor, buffer.baseAddress, buffer.count, flags)
                    #endif
                }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }

        /// Whether the peer closes the connection within this time. Bytes that it sends are discarded.
        func isClosedByPeer(within milliseconds: Int32) -> Bool {
            let end = ContinuousClock.now.advanced(by: .milliseconds(milliseconds))
            while ContinuousClock.now < end {
                guard isReadable(descriptor, milliseconds: milliseconds) else { return false }
                var byte: UInt8 = 0
                if unsafe recv(descriptor, &byte, 1, 0) <= 0 { return true }
            }
            return false
        }
    }
}

private func isReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, milliseconds) > 0
}

/// Runs a blocking body off the cooperative pool.
func spawnThread(_ body: @escaping @Sendable () -> Void) throws {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let box = unsafe Unmanaged.passRetained(Box(body))
    #if canImport(Darwin)
        var thread: pthread_t?
        let failure = unsafe pthread_create(
            &thread, nil,
            { context in
                unsafe Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        guard failure == 0, let thread = unsafe thread else {
            unsafe box.release()
            throw ScriptedServer.SetUpFailed()
        }
        unsafe pthread_detach(thread)
    #else
        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context { unsafe Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
        guard failure == 0 else {
            unsafe box.release()
            throw ScriptedServer.SetUpFailed()
        }
        pthread_detach(thread)
    #endif
}

/// The number of fetch threads of this process; nil if the system does not provide it.
func fetchThreadCount() -> Int? {
    guard let directory = unsafe opendir("/proc/self/task") else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while let entry = unsafe readdir(directory) {
        let task = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard let file = unsafe fopen("/proc/self/task/\(task)/comm", "r") else { continue }
        var name = [UInt8](repeating: 0, count: 16)
        let length = unsafe fread(&name, 1, name.count, file)
        unsafe fclose(file)
        if name.prefix(length).elementsEqual("safe-fetch\n".utf8) { count += 1 }
    }
    return count
}

/// Changes the environment. Use it only in a separate process, where no other thread reads the environment.
func setEnvironment(_ name: String, _ value: String) {
    _ = unsafe setenv(name, value, 1)
}

func writeFile(_ text: String, named name: String, inNewDirectory directory: String) throws {
    guard unsafe mkdir(directory, 0o700) == 0, let file = unsafe fopen("\(directory)/\(name)", "w") else {
        throw ScriptedServer.SetUpFailed()
    }
    unsafe fputs(text, file)
    unsafe fclose(file)
}

func removeFile(named name: String, withDirectory directory: String) {
    _ = unsafe unlink("\(directory)/\(name)")
    _ = unsafe rmdir(directory)
}
