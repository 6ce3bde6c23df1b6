extension ResourceServerConfiguration {
    /// Which web pages may call the server, and under which host names a local server is called.
    ///
    /// A server is local when its resource is on a loopback host, or when the request arrived at a loopback address:
    /// see ``HTTPMessages/HTTPRequest/ListenerKind``.
    public struct Browsers: Sendable {
        /// The origins of web pages that may call the server.
        ///
        /// | text | pages |
        /// |---|---|
        /// | `https://app.example.com` | those of this origin, as browsers serialize it |
        /// | `http://localhost:*` | those of this loopback host with this scheme, on any port |
        /// | `vscode-webview://*` | those of this scheme, which is neither http nor https |
        /// | `*` | every page, also sandboxed ones |
        ///
        /// A response to an allowed page has CORS fields. The resource's own origin needs no entry. When nothing is
        /// listed and ``allowsOrigin`` is nil, a local server allows http and https pages of loopback hosts on any
        /// port, such as inspectors; other servers send no CORS fields and ignore `Origin`. A list replaces this
        /// default.
        ///
        /// With `*`, a page can do what its own token allows, and what needs no token: the guard reads no cookie. So
        /// `*` is a configuration fault where requests need no token and only this machine can send them: for a guard
        /// that is disabled for loopback, and in shadow mode for a resource on a loopback host.
        public var allowedOrigins: [String] = []
        /// Decides about pages that ``allowedOrigins`` does not allow; nil allows no others. It gets the origin of one
        /// page, such as `https://pr-7.preview.example.com`, and never `null`. It is called for each request, so it
        /// must return quickly. Compare whole host names: `evilexample.com` ends with `example.com`.
        public var allowsOrigin: (@Sendable (_ origin: String) -> Bool)?
        /// The names of request headers that pages may send, in addition to those of OAuth and MCP; at most 64.
        public var allowedRequestHeaders: [String] = []
        /// The host names and addresses, without port, that `Host` may name on a local server, in addition to loopback
        /// hosts and the host of the resource: names of containers and cluster services, for example. A request with
        /// another `Host` gets 421, because the page of another host can make its name resolve to this machine (DNS
        /// rebinding). A server that is not local accepts every `Host`.
        public var allowedHosts: [String] = []
    }
}
