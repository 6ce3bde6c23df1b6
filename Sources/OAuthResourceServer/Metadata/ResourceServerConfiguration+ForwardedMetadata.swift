public import OAuthMetadata
internal import TokenVerification
internal import WireFormat

extension ResourceServerConfiguration {
    /// The metadata of an authorization server that this server also serves. It is for MCP clients of revision
    /// 2025-03-26, which look for `/.well-known/oauth-authorization-server` on the host of the MCP server and do not
    /// know protected resource metadata.
    ///
    /// The served document is encoded from metadata that was parsed and found to be the issuer's own (RFC 8414 §3.3):
    /// no bytes of another server are forwarded unparsed. While no metadata is available, the response is 503 with
    /// `Retry-After`. Clients that require an `issuer` that matches the URL do not accept this document, and do not
    /// need it.
    ///
    /// - SeeAlso:
    ///   [MCP 2025-03-26, authorization](https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization)
    public enum ForwardedMetadata: Sendable {
        /// The metadata of one of the authorization servers, from the cache that its keys use too.
        case discovered(issuer: String)
        /// The metadata of one of the authorization servers, from the program. It is meant for an authorization server
        /// in the same program.
        ///
        /// `read` is called for each request, from any client, so it should answer from memory.
        case provided(issuer: String, read: @Sendable () async -> Reading)

        /// The metadata, or when to retry.
        public enum Reading: Sendable, Hashable {
            /// The metadata.
            case metadata(AuthorizationServerMetadata)
            /// No metadata is available. `retryAfter` is the time until a retry in seconds, limited to 1…60.
            case unavailable(retryAfter: Int)
        }

        /// The issuer of the metadata.
        public var issuer: String {
            switch self {
            case .discovered(let issuer), .provided(let issuer, _): issuer
            }
        }
    }
}

extension ResourceServerConfiguration.ForwardedMetadata {
    /// Finds an issuer whose metadata cannot be forwarded.
    ///
    /// - Parameter isKnown: Whether the issuer is one of the authorization servers.
    func check(
        isKnown: Bool, _ verification: CheckedConfiguration.Verification, _ faults: inout ConfigurationFaults
    ) {
        let setting = .metadata + ("forwarded" as ConfigurationError.Path)
        guard isKnown else {
            faults.add(
                setting, "names an issuer that is not an authorization server of this resource",
                "name one of \(.metadata + "authorizationServers")")
            return
        }
        guard case .discovered(let issuer) = self, case .own(let trusted) = verification else { return }
        let isRead = trusted.contains { $0.keys.discovery?.issuer.text.hasSameBytes(as: issuer) == true }
        if !isRead {
            faults.add(
                setting, "is .discovered, and the verifier does not read the metadata of this issuer",
                "use .provided, or give a fetcher instead of the verifier")
        }
    }
}
