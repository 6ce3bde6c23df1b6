#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
#if os(Linux)
    import CSystemCalls
#endif
import HTTPMessages

/// A socket that accepts connections: bound here, or inherited. Closed by its owner.
struct ListeningSocket: Sendable {
    /// The result of one attempt to accept.
    enum Admission {
        /// The descriptor, and the IP address of the peer; nil for a Unix-domain socket.
        case connection(Int32, HTTPRequest.PeerAddress?)
        case wouldBlock
        /// The client has gone away already, or a signal has interrupted the call.
        case retry
        /// The system has no descriptor or no memory left, or refuses for another passing reason.
        case exhausted
        /// The socket does not listen any more: another owner has shut it down. With `errno`.
        case broken(Int32)
    }

    let descriptor: Int32
    /// 0 for a Unix-domain socket.
    let port: UInt16
    /// The address as text.
    let place: String
    let kind: HTTPRequest.ListenerKind
    /// The file of a Unix-domain socket that was bound here.
    var file: SocketFile?

    /// Binds and listens, or takes over the inherited socket.
    static func open(_ address: HTTPServer.Address) throws(HTTPServer.StartError) -> ListeningSocket {
        switch address {
        case .tcp(let host, let port):
            let name = host == "localhost" ? "127.0.0.1" : host
            guard let address = SocketAddress(host: name, port: port) else { throw .invalidHost(host) }
            return try listening(family: address.family) { descriptor throws(HTTPServer.StartError) in
                // A port in TIME_WAIT may be taken. SO_REUSEPORT is not set: it would let two servers share a port
                // silently.
                setOption(descriptor, SOL_SOCKET, SO_REUSEADDR)
                if address.family == AF_INET6 { setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
                try bind(descriptor, to: address)
                try startListening(descriptor, address.text)
            }
        case .unixSocket(let path, let mode):
            var file: SocketFile?
            var socket = try listening(family: AF_UNIX) { descriptor throws(HTTPServer.StartError) in
                file = try SocketFile(binding: descriptor, to: path, mode: mode)
            }
            socket.file = file
            return socket
        case .inherited: return try inherited(at: InheritedSocket.firstDescriptor)
        }
    }

    /// Takes over the socket at a descriptor.
    static func inherited(at first: Int32) throws(HTTPServer.StartError) -> ListeningSocket {
        let descriptor = try InheritedSocket.take(first)
        guard let address = SocketAddress(localOf: descriptor) else {
            let code = errno
            _ = systemClose(descriptor)
            throw .system("getsockname", code)
        }
        return ListeningSocket(descriptor, address)
    }

    private init(_ descriptor: Int32, _ address: SocketAddress) {
        self.descriptor = descriptor
        port = address.port
        place = address.text
        kind = address.kind ?? .unknown
    }

    func close() {
        file?.remove()
        _ = systemClose(descriptor)
    }

    /// Throws when the exposure of a handler does not allow this address.
    func check(_ exposure: HTTPExposure) throws(HTTPServer.StartError) {
        guard case .loopbackOnly(let reason) = exposure else { return }
        guard kind == .loopback || kind == .unixSocket else { throw .loopbackOnly(place, reason: reason) }
    }

    private static func listening(
        family: Int32, _ start: (Int32) throws(HTTPServer.StartError) -> Void
    ) throws(HTTPServer.StartError) -> ListeningSocket {
        let descriptor = try stream(family)
        do throws(HTTPServer.StartError) {
            try start(descriptor)
            guard let address = SocketAddress(localOf: descriptor) else { throw .system("getsockname", errno) }
            return ListeningSocket(descriptor, address)
        } catch {
            _ = systemClose(descriptor)
            throw error
        }
    }

    static func bind(_ descriptor: Int32, to address: SocketAddress) throws(HTTPServer.StartError) {
        guard unsafe address.with({ unsafe systemBind(descriptor, $0, $1) }) == 0 else {
            throw error("bind", address.text)
        }
    }

    static func startListening(_ descriptor: Int32, _ place: String) throws(HTTPServer.StartError) {
        // On Linux two sockets with SO_REUSEADDR may both bind a port. For the second one this call fails.
        guard systemListen(descriptor) == 0 else { throw error("listen", place) }
    }

    private static func error(_ call: String, _ place: String) -> HTTPServer.StartError {
        switch errno {
        case EADDRINUSE: .portInUse(place)
        case EACCES, EPERM: .notPermitted(place)
        case EADDRNOTAVAIL: .addressNotAvailable(place)
        case let code: .system(call, code)
        }
    }

    /// A stream socket that is non-blocking and closed on exec.
    static func stream(_ family: Int32) throws(HTTPServer.StartError) -> Int32 {
        #if canImport(Darwin)
            let descriptor = socket(family, SOCK_STREAM, 0)
            guard descriptor >= 0 else { throw .system("socket", errno) }
            prepare(descriptor)
        #else
            let descriptor = csystem_socket(family)
            guard descriptor >= 0 else { throw .system("socket", errno) }
        #endif
        return descriptor
    }

    /// Accepts one connection: non-blocking, closed on exec, without Nagle's delay and without SIGPIPE.
    static func accept(on listener: Int32) -> Admission {
        var peer = sockaddr_storage()
        let descriptor = unsafe withUnsafeMutableBytes(of: &peer) { peer in
            var length = socklen_t(peer.count)
            let address = unsafe peer.assumingMemoryBound(to: sockaddr.self).baseAddress
            #if canImport(Darwin)
                return unsafe systemAccept(listener, address, &length)
            #else
                return unsafe csystem_accept(listener, address, &length)
            #endif
        }
        guard descriptor >= 0 else {
            switch errno {
            case EAGAIN, EWOULDBLOCK: return .wouldBlock
            // accept(2): also network errors of a connection that no longer exists.
            case EINTR, ECONNABORTED, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH:
                return .retry
            case EBADF, EINVAL, ENOTSOCK: return .broken(errno)
            default: return .exhausted  // EMFILE, ENFILE, ENOBUFS, ENOMEM; EPERM comes from a firewall.
            }
        }
        #if canImport(Darwin)
            prepare(descriptor)
            setOption(descriptor, SOL_SOCKET, SO_NOSIGPIPE)
        #endif
        setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
        return .connection(descriptor, HTTPRequest.PeerAddress(peer))
    }

    /// Makes a descriptor non-blocking and closed on exec.
    static func prepare(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    /// Makes the system ask whether a client that has closed its sending side is still there. When the client has
    /// closed the whole connection, its system answers with a reset.
    static func enableKeepAlive(_ descriptor: Int32) {
        let (first, next, count) = ServerLimits.keepAliveProbe
        #if canImport(Darwin)
            let idle = TCP_KEEPALIVE
        #else
            let idle = TCP_KEEPIDLE
        #endif
        let tcp = Int32(IPPROTO_TCP)
        setOption(descriptor, tcp, idle, first)
        setOption(descriptor, tcp, TCP_KEEPINTVL, next)
        setOption(descriptor, tcp, TCP_KEEPCNT, count)
        setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE)
    }

    private static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32 = 1) {
        var value = value
        _ = unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}

private func systemListen(_ descriptor: Int32) -> Int32 {
    listen(descriptor, SOMAXCONN)
}

private func systemBind(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t) -> Int32 {
    unsafe bind(descriptor, address, length)
}

#if canImport(Darwin)
    private func systemAccept(
        _ listener: Int32, _ address: UnsafeMutablePointer<sockaddr>?, _ length: UnsafeMutablePointer<socklen_t>?
    ) -> Int32 {
        unsafe accept(listener, address, length)
    }
#endif
