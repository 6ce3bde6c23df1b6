#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension HTTPServer {
    /// Why a server cannot listen, cannot start its threads, or cannot go on accepting connections. The description is
    /// one line for the operator.
    public enum StartError: Error, Sendable, Hashable, CustomStringConvertible {
        /// The host is not an IPv4 address, an IPv6 address or `localhost`.
        case invalidHost(String)
        /// The path of a Unix-domain socket is empty, too long, or holds NUL.
        case invalidPath(String)
        /// Another program listens there.
        case portInUse(String)
        /// Another program holds the lock of the Unix-domain socket: the path of the socket.
        case lockHeld(String)
        /// The lock file of the Unix-domain socket is not a private file of this user: the path of the socket.
        case foreignLock(String)
        /// The path of the Unix-domain socket names a file of another kind.
        case notASocket(String)
        /// The system does not let this program listen there.
        case notPermitted(String)
        /// This machine does not have that address.
        case addressNotAvailable(String)
        /// The handler does not allow this address: the address, and the handler's reason.
        case loopbackOnly(String, reason: String)
        /// No usable socket was inherited: the reason.
        case notInherited(String)
        /// The limit of open files leaves no place for connections: the limit, and the least that is needed.
        case tooFewFiles(Int, needed: Int)
        /// The server was run a second time.
        case alreadyRun
        /// A system call failed: its name and `errno`.
        case system(String, Int32)

        /// One line: what is wrong, and what to do.
        public var description: String {
            switch self {
            case .invalidHost(let host):
                "cannot listen on host \"\(host)\": give an IPv4 or IPv6 address, or localhost"
            case .invalidPath(let path):
                "cannot listen on path \"\(path)\": give a path of 1 to 103 bytes"
            case .portInUse(let place):
                "cannot listen on \(place): the port is in use; stop the program that holds it, or choose another port"
            case .lockHeld(let path):
                "cannot listen on \(path): another program holds the lock of \(SocketLock.path(of: path)) (flock); "
                    + "stop that program, or choose another path"
            case .foreignLock(let path):
                "cannot listen on \(path): \(SocketLock.path(of: path)) is not a private file of this user; remove it, "
                    + "or choose another folder"
            case .notASocket(let path):
                "cannot listen on \(path): a file that is not a socket is there; remove it, or choose another path"
            case .notPermitted(let place):
                "cannot listen on \(place): not permitted; choose a port of 1024 or above, or a writable folder"
            case .addressNotAvailable(let place):
                "cannot listen on \(place): this machine does not have that address; choose one of its own"
            case .loopbackOnly(let place, let reason):
                "cannot listen on \(place): \(reason); listen on 127.0.0.1, ::1 or a Unix-domain socket"
            case .notInherited(let why):
                "no socket was inherited: \(why); start this program from a socket unit, or give it an address"
            case .tooFewFiles(let limit, let needed):
                "cannot serve with at most \(limit) open files: raise the limit to \(needed) or more (ulimit -n)"
            case .alreadyRun:
                "this server has been run already; call listen() again"
            case .system(let call, let code):
                "\(call) failed: \(unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)")"
            }
        }
    }
}
