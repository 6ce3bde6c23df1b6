public import WireFormat

/// What a client knows after a challenge (RFC 9728 §5.1): the URL that it called, and where the metadata document is.
/// It decides whether the client may use the document.
///
/// ```swift
/// let challenged = try ChallengedResource(calling: url, challenge: bearer)
/// // Fetch challenged.metadataURL, without following redirects to other hosts.
/// let metadata = try challenged.metadata(parsing: body, accepting: .parent)
/// // Ask for a token with resource=metadata.resource.text, and send it to this URL only.
/// ```
///
/// - SeeAlso: [RFC 9728 §3.3](https://www.rfc-editor.org/rfc/rfc9728#section-3.3) and
///   [§7.7](https://www.rfc-editor.org/rfc/rfc9728#section-7.7)
public struct ChallengedResource: Sendable, Hashable {
    /// Why a client must not follow a challenge.
    public enum Fault: Error, Sendable, Hashable {
        /// The URL that was called is not one that a client may send a token to.
        case calledURL(IdentifierError)
        /// The challenge has no `resource_metadata`: try ``ChallengedResource/wellKnown(calling:insecureHTTP:)``.
        case noMetadataURL
        /// The URL of the metadata is not https, or has a fragment or dot segments.
        case metadataURL(IdentifierError)

        /// A stable, bounded code for events and metrics.
        public var code: String {
            switch self {
            case .calledURL: "called_url_not_acceptable"
            case .noMetadataURL: "resource_metadata_missing"
            case .metadataURL: "resource_metadata_not_acceptable"
            }
        }
    }

    /// The URL that the client called, byte for byte as the user or the program gave it.
    public var calledURL: AbsoluteURL { called.url }
    /// Where the metadata is. When the challenge names it, the program did not choose it: fetch it under a policy for
    /// untrusted URLs (RFC 9728 §7.7).
    public let metadataURL: AbsoluteURL
    private let called: ResourceIdentifier
    private let insecureHTTP: InsecureHTTP

    /// Takes the URL that was called and the challenge of its response.
    ///
    /// **Checks** that both URLs are https, or http URLs that `insecureHTTP` allows, without fragment, userinfo and dot
    /// segments.
    /// **Does not check** that both have the same origin, which RFC 9728 does not require: see ``isCrossOrigin``.
    ///
    /// - Parameters:
    ///   - url: The URL that was called, before any redirect.
    ///   - challenge: The challenge of the response.
    ///   - insecureHTTP: The hosts for which http is acceptable: for both URLs and for the authorization servers that
    ///     the document names.
    public init(
        calling url: AbsoluteURL, challenge: AuthenticationChallenge.Bearer, insecureHTTP: InsecureHTTP = .never
    ) throws(Fault) {
        called = try Self.identifier(of: url, insecureHTTP)
        guard let metadataURL = challenge.resourceMetadata else { throw .noMetadataURL }
        do throws(IdentifierError) {
            self.metadataURL = try ResourceIdentifier(metadataURL.text, insecureHTTP: insecureHTTP).url
        } catch {
            throw .metadataURL(error)
        }
        self.insecureHTTP = insecureHTTP
    }

    private init(_ called: ResourceIdentifier, metadataURL: AbsoluteURL, _ insecureHTTP: InsecureHTTP) {
        self.called = called
        self.metadataURL = metadataURL
        self.insecureHTTP = insecureHTTP
    }

    /// The locations to try, in this order, when no challenge names one: the well-known location of the called URL, and
    /// the one at the root of its host, which MCP adds for a URL with a path.
    ///
    /// The document at the root must be about the called URL too, or about a parent of it: see
    /// ``metadata(parsing:accepting:)``.
    ///
    /// - SeeAlso: [MCP, authorization server discovery
    ///   ](https://modelcontextprotocol.io/specification/draft/basic/authorization/authorization-server-discovery)
    public static func wellKnown(
        calling url: AbsoluteURL, insecureHTTP: InsecureHTTP = .never
    ) throws(Fault) -> [ChallengedResource] {
        let called = try identifier(of: url, insecureHTTP)
        let root = url.origin + WellKnown.protectedResource
        let locations = called.metadataURL.hasSameBytes(as: root) ? [root] : [called.metadataURL, root]
        return locations.compactMap { try? AbsoluteURL(parsing: $0) }.map {
            ChallengedResource(called, metadataURL: $0, insecureHTTP)
        }
    }

    private static func identifier(
        of url: AbsoluteURL, _ insecureHTTP: InsecureHTTP
    ) throws(Fault) -> ResourceIdentifier {
        do throws(IdentifierError) {
            return try ResourceIdentifier(url.text, insecureHTTP: insecureHTTP)
        } catch {
            throw .calledURL(error)
        }
    }

    /// Whether the metadata has another scheme, host or port than the URL that was called. A client should ask its user
    /// before it fetches such a document, and must send no credentials with the request.
    public var isCrossOrigin: Bool { !metadataURL.hasSameOrigin(as: calledURL) }

    /// Parses the document that ``metadataURL`` gave.
    ///
    /// **Checks** that `rule` accepts `resource` for the URL that was called, and everything that
    /// ``ProtectedResourceMetadata/init(parsing:expecting:insecureHTTP:)`` checks.
    /// **Does not check** `signed_metadata`, or whether the authorization servers may be trusted (RFC 9728 §7.6).
    ///
    /// - Parameters:
    ///   - bytes: The document, at most 256 KiB.
    ///   - rule: Which resources are acceptable.
    /// - Throws: ``MetadataError/identifierMismatch`` for the document of another resource.
    public func metadata(
        parsing bytes: [UInt8], accepting rule: ResourceIdentifier.Match = .identical
    ) throws(MetadataError) -> ProtectedResourceMetadata {
        try ProtectedResourceMetadata(parsing: bytes, insecureHTTP: insecureHTTP) { text in
            guard let resource = try? ResourceIdentifier(text, insecureHTTP: insecureHTTP),
                resource.matches(called.url, rule)
            else { return nil }
            return resource
        }
    }
}

extension ResourceIdentifier {
    /// How the resource of a document must relate to the URL that a client called.
    public enum Match: String, Sendable, Hashable, CaseIterable {
        /// The same bytes. RFC 9728 §3.3 requires it of a document that a challenge names.
        case identical
        /// The same bytes, or the same scheme, host and port and a path that contains the called one: `/mcp` contains
        /// `/mcp/tools`, and not `/mcp2`.
        ///
        /// Weaker than RFC 9728 §3.3. The specification of MCP only refers to RFC 9728; the clients of its Python and
        /// TypeScript SDKs apply this rule, and draft-mcguinness-oauth-rfc9728bis proposes it. A token for the resource
        /// is then good for other URLs of the same origin too: use it only where all of them belong to one party.
        case parent
    }

    /// Whether a client that called `url` may use the document of this resource.
    ///
    /// A query of the called URL does not count for ``Match/parent``. A resource that has a query itself matches only
    /// the same bytes. Scheme and host are compared without case, and an absent port equals the default port. Paths are
    /// compared byte for byte, so that `%2F` is not `/`.
    public func matches(_ url: AbsoluteURL, _ rule: Match) -> Bool {
        if self.url == url { return true }
        guard rule == .parent, self.url.query == nil, url.fragment == nil, !url.hasDotSegments,
            self.url.hasSameOrigin(as: url)
        else { return false }
        let path = self.url.path.utf8
        // RFC 9110 §4.2.3: an empty path and `/` are the same.
        let called = url.path.isEmpty ? "/" : url.path
        if path.isEmpty || path.elementsEqual("/".utf8) { return true }
        guard called.utf8.starts(with: path) else { return false }
        let next = called.utf8.dropFirst(path.count).first
        return next == nil || next == UInt8(ascii: "/") || path.last == UInt8(ascii: "/")
    }
}

extension AbsoluteURL {
    /// Whether both have the same scheme, host and port (RFC 6454 §5).
    fileprivate func hasSameOrigin(as other: AbsoluteURL) -> Bool {
        scheme == other.scheme && hostKind == other.hostKind && effectivePort == other.effectivePort
            && ASCII.equalsIgnoringCase(host.utf8, other.host.utf8)
    }
}
