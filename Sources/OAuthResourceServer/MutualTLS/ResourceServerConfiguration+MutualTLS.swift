extension ResourceServerConfiguration {
    /// From where the guard learns the certificate with which a client has authenticated in the TLS handshake.
    ///
    /// An access token with `cnf.x5t#S256` is bound to such a certificate (RFC 8705 §3). A thief who has the token, but
    /// not the private key of the certificate, cannot use it.
    ///
    /// **Checks** that the SHA-256 thumbprint of the certificate is the one in the token.
    /// **Does not check** the certificate itself: the TLS layer decides which certificates it accepts, and that the
    /// client holds the private key. A self-signed certificate is enough for RFC 8705 §3.
    public enum MutualTLS: Sendable, Hashable {
        /// No certificate is read, and a token that is bound to a certificate is refused.
        case off
        /// The program's own TLS layer supplies the certificate with each request: `clientCertificate` of
        /// ``HTTPMessages/HTTPRequest``, or the parameter of
        /// ``ResourceServer/decide(method:target:fields:body:listener:peer:clientCertificate:)``.
        case ofConnection
        /// A proxy ends the clients' TLS connections and passes the certificate on in a field.
        ///
        /// The field counts only in requests that come from one of the addresses in `at`, since every client can send
        /// such a field. In other requests it is removed, and an event reports it. A request whose peer is unknown
        /// counts as one from elsewhere. The certificate of the connection from the proxy is not used.
        ///
        /// **The proxy must replace the field** that a client sends, also for connections without a certificate. The
        /// guard notices a second field line and a second value, but it cannot notice a proxy that lets the client's
        /// field through unchanged.
        ///
        /// An entry of `at` is an IP address (`192.0.2.7`, `2001:db8::7`), a range (`10.0.0.0/8`, at least `/8`), or
        /// `unix` for requests that arrive at a Unix-domain socket. A loopback address must be named too: then every
        /// program on this machine can pass on a certificate.
        case fromProxy(ClientCertificateField, at: [String])
    }
}
