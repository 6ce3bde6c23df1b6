import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A TCP server on a free port of 127.0.0.1 that answers as a script says: for the faults that a real server does not
/// have. Each connection has a blocking thread; every read has a time limit.
final class FaultyServer: Sendable {
    struct SetUpFailed: Error {}

    let port: UInt16
    private let listener: Int32
    private let isStopped = Atomic(false)

    var url: String { "redis://127.0.0.1:\(port)" }

    init(_ script: @escaping @Sendable (Connection) -> Void) throws {
        let (listener, port) = try Self.listen()
        self.listener = listener
        self.port = port
        Thread.detachNewThread { [self] in
            while !isStopped.load(ordering: .acquiring) {
                guard Self.isReadable(listener, milliseconds: 20) else { continue }
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { continue }
                Thread.detachNewThread {
                    script(Connection(descriptor: descriptor))
                    shutdown(descriptor, Int32(SHUT_RDWR))
                    Self.close(descriptor)
                }
            }
            Self.close(listener)
        }
    }

    /// A listener on a free port of 127.0.0.1.
    static func listen() throws -> (listener: Int32, port: UInt16) {
        #if canImport(Glibc)
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let listener = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, length) == 0 && systemListen(listener)
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard listener >= 0, isBound else { throw SetUpFailed() }
        _ = fcntl(listener, F_SETFD, FD_CLOEXEC)
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    static func close(_ descriptor: Int32) { systemClose(descriptor) }

    /// Ends the listener. Scripts end with their connections.
    func stop() { isStopped.store(true, ordering: .releasing) }

    /// A server that greets as a real one does, and then answers the first commands with these bytes.
    static func answering(_ bytes: String, keepsOpen: Bool = true) throws -> FaultyServer {
        try FaultyServer { connection in
            connection.greet()
            connection.readCommand()
            connection.send(bytes)
            if keepsOpen { connection.readToEnd() }
        }
    }

    static func isReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }

    /// An accepted connection, for its script.
    struct Connection: Sendable {
        let descriptor: Int32

        /// Reads until the number of parts that a command announces has arrived: its bytes, or fewer at the end.
        @discardableResult
        func readCommand() -> String {
            var bytes: [UInt8] = []
            var wanted = Int.max
            while bytes.count(where: { $0 == 0x0A }) < wanted, FaultyServer.isReadable(descriptor, milliseconds: 60_000)
            {
                var byte: UInt8 = 0
                guard unsafe recv(descriptor, &byte, 1, 0) == 1 else { break }
                bytes.append(byte)
                if byte == 0x0A, wanted == Int.max {
                    wanted = 1 + 2 * (Int(String(decoding: bytes.dropFirst().dropLast(2), as: UTF8.self)) ?? 0)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// Reads the greeting without a password, and answers it: memory and probe.
        func greet() {
            readCommand()
            readCommand()
            let report = "maxmemory:0\r\nmaxmemory_policy:noeviction\r\n"
            send("$\(report.utf8.count)\r\n\(report)\r\n+OK\r\n")
        }

        /// Sends everything; false if the peer has closed the connection.
        @discardableResult
        func send(_ text: String) -> Bool {
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { buffer in
                    #if canImport(Darwin)
                        unsafe Darwin.send(descriptor, buffer.baseAddress, buffer.count, 0)
                    #elseif canImport(Glibc)
                        unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                    #else
                        unsafe Musl.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                    #endif
                }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }

        /// Reads until the peer closes the connection.
        func readToEnd() {
            var bytes = [UInt8](repeating: 0, count: 4_096)
            while FaultyServer.isReadable(descriptor, milliseconds: 60_000),
                unsafe recv(descriptor, &bytes, bytes.count, 0) > 0
            {}
        }

        /// Ends the sending direction only.
        func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }
    }
}

// Inside the type, its members of the same names would hide the system calls.
private func systemListen(_ descriptor: Int32) -> Bool { listen(descriptor, 64) == 0 }
private func systemClose(_ descriptor: Int32) { _ = close(descriptor) }
