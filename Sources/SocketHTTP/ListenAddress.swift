/// Where a server listens.
public enum ListenAddress: Sendable, Hashable {
    /// An IPv4 or IPv6 address, or `localhost` for 127.0.0.1, and a port; 0 is any free one. Names are not resolved, and an IPv6
    /// address never takes IPv4 connections.
    case tcp(host: String, port: UInt16)
    /// A Unix-domain socket: its path, and who may connect, as the mode of the file. Only the own user unless told otherwise.
    ///
    /// The file is made when the server listens, and removed when it stops. A socket that a server left behind is replaced; one
    /// that somebody listens on, and any other file, never is. The folder must let this program read it: it is locked meanwhile.
    case unixSocket(path: String, mode: UInt16 = 0o600)
    /// The one socket that the service manager has bound and handed over (`LISTEN_FDS`, `LISTEN_PID` of systemd's protocol).
    ///
    /// The variables are removed from the environment, so that no child takes the socket for its own.
    case inherited
}
