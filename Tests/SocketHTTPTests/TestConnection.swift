#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
@testable import SocketHTTP
import Synchronization

/// Why the test client failed.
enum TestClientError: Error, Equatable {
    case system(String, Int32)
    case timedOut
    /// The server closed the connection before the response was complete.
    case ended
    case reset
    case malformed
}

/// A raw connection for tests. It makes blocking calls with time-outs, each on a separate thread, so that the pool of
/// the tests is never blocked. Used by one task at a time.
final class TestConnection: @unchecked Sendable {
    // `@unchecked Sendable`: every method awaits its thread before it returns, so only one thread uses the state at a
    // time.
    private var descriptor: Int32
    private var received: [UInt8] = []

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close() }

    /// Connects to 127.0.0.1. A small receive buffer makes back-pressure visible early.
    static func open(
        _ port: UInt16, receiveBuffer: Int32? = nil, from source: String? = nil
    ) async throws -> TestConnection {
        guard let address = SocketAddress(host: "127.0.0.1", port: port) else { throw TestClientError.malformed }
        return try await open(to: address, receiveBuffer: receiveBuffer, from: source)
    }

    /// Connects from any address, or from the one that `source` names.
    static func open(
        to address: SocketAddress, receiveBuffer: Int32? = nil, from source: String? = nil
    ) async throws -> TestConnection {
        try await onThread {
            #if canImport(Darwin)
                let descriptor = socket(address.family, SOCK_STREAM, 0)
            #else
                let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            #endif
            guard descriptor >= 0 else { throw TestClientError.system("socket", errno) }
            let connection = TestConnection(descriptor)
            if let receiveBuffer { connection.setOption(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
            connection.setOption(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
            #if canImport(Darwin)
                connection.setOption(SOL_SOCKET, SO_NOSIGPIPE, Int32(1))
            #endif
            connection.setOption(SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: 240, tv_usec: 0))
            connection.setOption(SOL_SOCKET, SO_SNDTIMEO, timeval(tv_sec: 240, tv_usec: 0))
            if let source, let local = SocketAddress(host: source, port: 0) {
                guard unsafe local.with({ unsafe bind(descriptor, $0, $1) }) == 0 else {
                    throw TestClientError.system("bind", errno)
                }
            }
            guard unsafe address.with({ unsafe connect(descriptor, $0, $1) }) == 0 else {
                throw TestClientError.system("connect", errno)
            }
            return connection
        }
    }

    private func setOption<Value>(_ level: Int32, _ name: Int32, _ value: Value) {
        var value = value
        _ = unsafe withUnsafePointer(to: &value) { pointer in
            unsafe setsockopt(descriptor, level, name, pointer, socklen_t(MemoryLayout<Value>.size))
        }
    }

    /// Sends the text without changing its line ends.
    func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await onThread { try self.sendNow(bytes[...]) }
    }

    /// Sends each byte separately. Stops without an error if the server closes.
    func trickle(_ bytes: [UInt8]) async throws {
        try await onThread {
            for index in bytes.indices where (try? self.sendNow(bytes[index...index])) == nil { return }
        }
    }

    private func sendNow(_ bytes: ArraySlice<UInt8>) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                #if canImport(Darwin)
                    unsafe systemSend(descriptor, buffer.baseAddress, buffer.count, 0)
                #else
                    unsafe systemSend(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                #endif
            }
            guard count > 0 else {
                throw errno == EPIPE || errno == ECONNRESET ? TestClientError.reset : .system("send", errno)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Closes the sending direction. The connection can still be read.
    func finishSending() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    func close() {
        guard descriptor >= 0 else { return }
        _ = systemClose(descriptor)
        descriptor = -1
    }

    /// Closes the connection with a reset, as a crashed client does.
    func reset() {
        setOption(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
        close()
    }

    /// The next bytes from the server, at least one; nil at the end.
    func readSome() async throws -> [UInt8]? {
        try await onThread {
            guard self.received.isEmpty else {
                defer { self.received = [] }
                return self.received
            }
            return try self.receiveNow()
        }
    }

    /// Receives until the bytes that have not been read satisfy the condition. They can still be read.
    func wait(until isReached: @escaping @Sendable ([UInt8]) -> Bool) async throws {
        try await onThread {
            while !isReached(self.received) { try self.receiveMore() }
        }
    }

    /// Reads everything up to the end.
    func readToEnd() async throws -> [UInt8] {
        try await onThread {
            while let more = try self.receiveNow() { self.received += more }
            defer { self.received = [] }
            return self.received
        }
    }

    /// Whether the server closes the connection without sending more. A reset counts as closed.
    func isClosed() async throws -> Bool {
        try await onThread {
            do {
                return try self.received.isEmpty && self.receiveNow() == nil
            } catch TestClientError.reset {
                return true
            }
        }
    }

    /// Reads one response by its own framing. With `toHEAD`, the response has no content even if its fields announce
    /// some.
    func readResponse(toHEAD: Bool = false) async throws -> TestResponse {
        try await onThread {
            let head = try self.take(through: Array("\r\n\r\n".utf8))
            var response = try TestResponse(head: head)
            if toHEAD || response.status < 200 || response.status == 204 || response.status == 304 { return response }
            if response["transfer-encoding"] == "chunked" {
                while true {
                    let line = try self.take(through: [13, 10])
                    guard let size = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16) else {
                        throw TestClientError.malformed
                    }
                    let chunk = try self.take(size + 2)
                    if size == 0 { return response }
                    response.chunks.append(Array(chunk.dropLast(2)))
                    response.body += chunk.dropLast(2)
                }
            }
            if let length = response["content-length"] {
                guard let length = Int(length) else { throw TestClientError.malformed }
                response.body = try self.take(length)
            } else {
                while let more = try self.receiveNow() { self.received += more }
                response.body = self.received
                self.received = []
            }
            return response
        }
    }

    private func take(through mark: [UInt8]) throws -> [UInt8] {
        var searched = 0
        while true {
            while searched + mark.count <= received.count {
                if received[searched..<(searched + mark.count)].elementsEqual(mark) {
                    return try take(searched + mark.count)
                }
                searched += 1
            }
            try receiveMore()
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while received.count < count { try receiveMore() }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    private func receiveMore() throws {
        guard let more = try receiveNow() else { throw TestClientError.ended }
        received += more
    }

    private func receiveNow() throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count > 0 { return Array(buffer[..<count]) }
        if count == 0 { return nil }
        switch errno {
        case EAGAIN, EWOULDBLOCK: throw TestClientError.timedOut
        case ECONNRESET, EPIPE: throw TestClientError.reset
        case let code: throw TestClientError.system("recv", code)
        }
    }
}

/// A response as received.
struct TestResponse: Equatable {
    var status: Int
    var fields: [String]
    var body: [UInt8] = []
    var chunks: [[UInt8]] = []

    init(head: [UInt8]) throws {
        let lines = head.split(separator: 10).map { String(decoding: $0.filter { $0 != 13 }, as: UTF8.self) }
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
        else {
            throw TestClientError.malformed
        }
        self.status = status
        fields = lines.dropFirst().filter { !$0.isEmpty }
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of the first field with this lower-case name.
    subscript(_ name: String) -> String? {
        for field in fields {
            guard let colon = field.firstIndex(of: ":"), field[..<colon].lowercased() == name else { continue }
            return String(field[colon...].dropFirst(2))
        }
        return nil
    }
}

/// Runs a blocking body on a new thread.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    // The lock orders what the thread did before what the caller does next. The continuation does so too, but in a
    // library that ThreadSanitizer does not see.
    let end = ThreadEnd()
    defer { end.wait() }
    return try await withCheckedThrowingContinuation { continuation in
        let work = ThreadWork {
            let result = Swift.Result { try body() }
            end.reach()
            continuation.resume(with: result)
        }
        let context = unsafe Unmanaged.passRetained(work).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                #if !canImport(Darwin)
                    guard let context = unsafe context else { return nil }
                #endif
                unsafe Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, context)
        guard code == 0 else {
            unsafe Unmanaged<ThreadWork>.fromOpaque(context).release()
            continuation.resume(throwing: TestClientError.system("pthread_create", code))
            return
        }
        #if canImport(Darwin)
            if let thread = unsafe thread { _ = unsafe pthread_detach(thread) }
        #else
            _ = pthread_detach(thread)
        #endif
    }
}

/// The end of a thread's work.
private final class ThreadEnd: Sendable {
    private let isReached = Mutex(false)

    func reach() { isReached.withLock { $0 = true } }

    /// Returns at once: the thread has reached its end, or was never started.
    func wait() { _ = isReached.withLock { $0 } }
}

private final class ThreadWork: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}

private func systemSend(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
    unsafe send(descriptor, base, count, flags)
}

private func systemClose(_ descriptor: Int32) -> Int32 {
    close(descriptor)
}
