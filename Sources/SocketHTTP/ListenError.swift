#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why the server could not start. The description is one line for the operator.
public enum ListenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The host is no IPv4 address, no IPv6 address and not `localhost`.
    case invalidHost(String)
    /// Another program listens on this port.
    case portInUse(String)
    /// The system does not let this program listen there.
    case notPermitted(String)
    /// This machine has no such address.
    case addressNotAvailable(String)
    /// ``ListeningServer/run()`` was called a second time.
    case alreadyRun
    /// A system call failed: its name and `errno`.
    case system(String, Int32)

    /// One line: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .invalidHost(let host):
            "cannot listen on host \"\(host)\": give an IPv4 or IPv6 address, or localhost"
        case .portInUse(let place):
            "cannot listen on \(place): the port is in use; stop the program that holds it, or choose another port"
        case .notPermitted(let place):
            "cannot listen on \(place): not permitted; choose a port of 1024 or above"
        case .addressNotAvailable(let place):
            "cannot listen on \(place): this machine does not have that address"
        case .alreadyRun:
            "this server has been run already; call listen() again"
        case .system(let call, let code):
            "\(call) failed: \(unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)")"
        }
    }
}
