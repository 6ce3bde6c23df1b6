import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Sends one request over a new socket and reads until the server closes it.
enum RawExchange {
    struct Failure: Error {
        let call: String
        let code: Int32
    }

    /// Makes blocking calls with time-outs. They run on a thread of their own: the server under test needs the threads
    /// of the concurrency runtime, of which there are as many as processors.
    ///
    /// - Parameter halfCloses: Whether the client closes its sending side behind the request.
    static func answer(to bytes: [UInt8], on port: UInt16, halfCloses: Bool = false) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try exchange(bytes, port, halfCloses) })
            }
        }
    }

    /// The same over a Unix-domain socket.
    static func answer(to bytes: [UInt8], at path: String) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try exchange(bytes, at: path) })
            }
        }
    }

    private static func exchange(_ bytes: [UInt8], at path: String) throws(Failure) -> [UInt8] {
        let descriptor = try open(AF_UNIX)
        defer { _ = close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else { throw Failure(call: "path", code: 0) }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw Failure(call: "connect", code: errno) }
        return try talk(descriptor, bytes, halfCloses: false)
    }

    private static func open(_ family: Int32) throws(Failure) -> Int32 {
        #if canImport(Darwin)
            let descriptor = socket(family, SOCK_STREAM, 0)
        #else
            let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #endif
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        return descriptor
    }

    private static func exchange(
        _ bytes: [UInt8], _ port: UInt16, _ halfCloses: Bool
    ) throws(Failure) -> [UInt8] {
        let descriptor = try open(AF_INET)
        defer { _ = close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(call: "connect", code: errno) }
        return try talk(descriptor, bytes, halfCloses: halfCloses)
    }

    private static func talk(_ descriptor: Int32, _ bytes: [UInt8], halfCloses: Bool) throws(Failure) -> [UInt8] {
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            var limit = timeval(tv_sec: 240, tv_usec: 0)
            _ = unsafe setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            #if canImport(Darwin)
                let flags: Int32 = 0
            #else
                let flags = Int32(MSG_NOSIGNAL)
            #endif
            let sent = unsafe rest.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, flags) }
            // A server that refuses early stops reading. Its answer has been sent already.
            guard sent > 0 else { break }
            rest = rest.dropFirst(sent)
        }
        if halfCloses { _ = shutdown(descriptor, Int32(SHUT_WR)) }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count > 0 {
                received += buffer[..<count]
            } else if count == 0 || errno == ECONNRESET {
                return received
            } else if errno != EINTR {
                throw Failure(call: "recv", code: errno)
            }
        }
    }
}
