#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import WireFormat

/// The socket that a service manager hands over (sd_listen_fds(3)).
enum InheritedSocket {
    /// The first descriptor that is handed over.
    static let firstDescriptor: Int32 = 3

    /// Takes over the socket at this descriptor, and removes the variables that announce it.
    static func take(_ first: Int32) throws(HTTPServer.StartError) -> Int32 {
        guard let process = number("LISTEN_PID"), let count = number("LISTEN_FDS") else {
            throw .notInherited("LISTEN_PID and LISTEN_FDS are not set to numbers")
        }
        guard process == Int(getpid()) else { throw .notInherited("LISTEN_PID names another process") }
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { _ = unsafe unsetenv(name) }
        guard count == 1 else { throw .notInherited("\(count) sockets were handed over; exactly one is needed") }
        guard option(first, SO_TYPE) == streamType, option(first, SO_ACCEPTCONN) == 1,
            SocketAddress(localOf: first)?.kind != nil
        else { throw .notInherited("descriptor \(first) is not a listening stream socket") }
        ListeningSocket.prepare(first)
        return first
    }

    private static func number(_ name: String) -> Int? {
        guard let value = unsafe getenv(name) else { return nil }
        return ASCII.parseDecimal(unsafe String(cString: value).utf8)
    }

    private static func option(_ descriptor: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 else { return nil }
        return value
    }

    private static var streamType: Int32 {
        #if canImport(Glibc)
            Int32(SOCK_STREAM.rawValue)
        #else
            SOCK_STREAM
        #endif
    }
}
