#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Testing

@testable import SocketHTTP

/// The waits of tasks that do not prefer the loop, such as the detached tasks in which a framework writes a stream. The
/// runtime enqueues them once more between the call and the wait, and the loop works in between.
struct SocketWaitTests {
    @Test("A wait ends although its deadline has passed when it begins", arguments: [-1, 0, 1] as [Int64])
    func pastDeadline(_ distance: Int64) async throws {
        try await withSocketOwner { owner, _ in
            let isReadable = await Task.detached { await owner.readable(within: distance) }.value
            #expect(!isReadable)
            let isWritable = await Task.detached { await owner.writable(within: distance) }.value
            #expect(!isWritable)
        }
    }

    @Test("A wait sees what has happened between the call and the wait")
    func earlyEvents() async throws {
        try await withSocketOwner { owner, peer in
            let isReadable = await Task.detached { await owner.readable(within: 1 << 40) { sendByte(to: peer) } }.value
            #expect(isReadable)
            let isWritable = await Task.detached { await owner.writable(within: 1 << 40) { drain(peer) } }.value
            #expect(isWritable)
        }
    }
}

/// An actor that owns one end of a pair of sockets.
private actor SocketOwner {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
    let socket: Socket

    init(descriptor: Int32, loop: EventLoop) {
        self.loop = loop
        socket = Socket(descriptor: descriptor, loop: loop)
    }

    func open() -> Bool { socket.open() }

    func close() { loop.remove(socket) }

    /// Waits for bytes. The socket is empty when `event` is called, just before the wait.
    func readable(within time: Int64, _ event: @Sendable () -> Void = {}) async -> Bool {
        while case .bytes = socket.discard() {}
        event()
        return await socket.readable(until: loop.now + time)
    }

    /// Waits for room. The socket is full when `event` is called, just before the wait.
    func writable(within time: Int64, _ event: @Sendable () -> Void = {}) async -> Bool {
        let bytes = [UInt8](repeating: 0, count: 1 << 16)
        while socket.send(bytes, from: 0) == bytes.count {}
        event()
        return await socket.writable(until: loop.now + time)
    }
}

/// Runs `body` with the owner of a socket, and the other end.
private func withSocketOwner(_ body: (SocketOwner, Int32) async throws -> Void) async throws {
    var ends: [Int32] = [0, 0]
    #if canImport(Glibc)
        let type = Int32(SOCK_STREAM.rawValue)
    #else
        let type = SOCK_STREAM
    #endif
    try #require(unsafe socketpair(AF_UNIX, type, 0, &ends) == 0)
    for end in ends { #expect(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
    defer { _ = systemClose(ends[1]) }
    let loop = try EventLoop()
    let thread = try loop.start()
    let owner = SocketOwner(descriptor: ends[0], loop: loop)
    #expect(await Task(executorPreference: loop) { await owner.open() }.value)
    try await body(owner, ends[1])
    await owner.close()
    loop.stop()
    thread.join()
}

private func sendByte(to descriptor: Int32) {
    var byte: UInt8 = 0
    #expect(unsafe send(descriptor, &byte, 1, 0) == 1)
}

private func drain(_ descriptor: Int32) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while unsafe recv(descriptor, &buffer, buffer.count, 0) > 0 {}
}
