extension HTTPServer {
    /// Where a server listens.
    public enum Address: Sendable, Hashable {
        /// An IPv4 or IPv6 address, or `localhost` for 127.0.0.1, and a port.
        ///
        /// Port 0 lets the system choose a free port. Names are not resolved. An IPv6 address never accepts IPv4
        /// connections.
        case tcp(host: String, port: UInt16)
        /// A Unix-domain socket: its path, and the mode of its file, which says which users may connect. The default
        /// mode allows only the user of this process.
        ///
        /// The server creates the file when it listens and removes it when it stops. It replaces the file of a server
        /// that has ended without removing it. It never replaces a socket that another process listens on, nor a file
        /// of another kind. This process must be allowed to read the folder, because the server locks the folder while
        /// it binds.
        case unixSocket(path: String, mode: UInt16 = 0o600)
        /// The one socket that a service manager has bound and handed over (`LISTEN_FDS` and `LISTEN_PID`,
        /// sd_listen_fds(3)).
        ///
        /// The server removes these variables from the environment, so that a child process does not take the socket.
        case inherited
    }
}
