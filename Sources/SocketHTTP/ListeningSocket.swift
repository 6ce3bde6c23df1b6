#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
#if os(Linux)
    import CEpoll
#endif

/// Binding and accepting.
enum ListeningSocket {
    /// What one attempt to accept gave.
    enum Admission {
        case connection(Int32)
        case wouldBlock
        /// The peer is gone already, or a signal came.
        case retry
        /// The system has no descriptor or no memory left.
        case exhausted
    }

    /// Binds and listens; the port is the real one.
    static func open(host: String, port: UInt16) throws(ListenError) -> (descriptor: Int32, port: UInt16) {
        let name = host == "localhost" ? "127.0.0.1" : host
        var v4 = in_addr()
        if unsafe inet_pton(AF_INET, name, &v4) == 1 {
            var address = sockaddr_in()
            #if canImport(Darwin)
                address.sin_len = UInt8(MemoryLayout<sockaddr_in>.size)
            #endif
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr = v4
            return try open(AF_INET, address, place: "\(name):\(port)") { UInt16(bigEndian: $0.sin_port) }
        }
        var v6 = in6_addr()
        guard unsafe inet_pton(AF_INET6, name, &v6) == 1 else { throw .invalidHost(host) }
        var address = sockaddr_in6()
        #if canImport(Darwin)
            address.sin6_len = UInt8(MemoryLayout<sockaddr_in6>.size)
        #endif
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = v6
        return try open(AF_INET6, address, place: "[\(name)]:\(port)") { UInt16(bigEndian: $0.sin6_port) }
    }

    private static func open<Address>(
        _ family: Int32, _ address: Address, place: String, port: (Address) -> UInt16
    ) throws(ListenError) -> (descriptor: Int32, port: UInt16) {
        let descriptor = try stream(family)
        do throws(ListenError) {
            // A port in TIME_WAIT may be taken; never SO_REUSEPORT, which would let two servers share one silently.
            setOption(descriptor, SOL_SOCKET, SO_REUSEADDR)
            if family == AF_INET6 { setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
            var address = address
            var length = socklen_t(MemoryLayout<Address>.size)
            let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    unsafe bind(descriptor, generic, length) == 0 && systemListen(descriptor) == 0
                        && getsockname(descriptor, generic, &length) == 0
                }
            }
            guard isBound else {
                switch errno {
                case EADDRINUSE: throw .portInUse(place)
                case EACCES, EPERM: throw .notPermitted(place)
                case EADDRNOTAVAIL: throw .addressNotAvailable(place)
                case let code: throw .system("bind", code)
                }
            }
            return (descriptor, port(address))
        } catch {
            _ = systemClose(descriptor)
            throw error
        }
    }

    private static func stream(_ family: Int32) throws(ListenError) -> Int32 {
        #if canImport(Darwin)
            let descriptor = socket(family, SOCK_STREAM, 0)
            guard descriptor >= 0 else { throw .system("socket", errno) }
            prepare(descriptor)
        #else
            let descriptor = cepoll_socket(family)
            guard descriptor >= 0 else { throw .system("socket", errno) }
        #endif
        return descriptor
    }

    /// Accepts one connection: non-blocking, closed on exec, without Nagle's delay and without SIGPIPE.
    static func accept(on listener: Int32) -> Admission {
        #if canImport(Darwin)
            let descriptor = unsafe systemAccept(listener, nil, nil)
        #else
            let descriptor = cepoll_accept(listener)
        #endif
        guard descriptor >= 0 else {
            switch errno {
            case EAGAIN, EWOULDBLOCK: return .wouldBlock
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            case EBADF, EINVAL, ENOTSOCK: return .wouldBlock
            default: return .retry  // EINTR, ECONNABORTED, and errors of the network that accept(2) lists.
            }
        }
        #if canImport(Darwin)
            prepare(descriptor)
            setOption(descriptor, SOL_SOCKET, SO_NOSIGPIPE)
        #endif
        setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
        return .connection(descriptor)
    }

    #if canImport(Darwin)
        private static func prepare(_ descriptor: Int32) {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    #endif

    private static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32) {
        var one: Int32 = 1
        _ = unsafe setsockopt(descriptor, level, name, &one, socklen_t(MemoryLayout<Int32>.size))
    }
}

private func systemListen(_ descriptor: Int32) -> Int32 {
    listen(descriptor, SOMAXCONN)
}

#if canImport(Darwin)
    private func systemAccept(
        _ listener: Int32, _ address: UnsafeMutablePointer<sockaddr>?, _ length: UnsafeMutablePointer<socklen_t>?
    ) -> Int32 {
        unsafe accept(listener, address, length)
    }
#endif
