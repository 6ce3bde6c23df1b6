public import JOSE
public import OAuthMetadata

/// A client that was found by its document.
public struct ResolvedClient: Sendable {
    /// The document.
    public let document: ClientIDMetadataDocument
    /// What the operator says about the host of the document.
    public let trust: ClientTrustPolicy.Trust
    /// How long ago the document was last confirmed, when it is older than its lifetime and could not be fetched again;
    /// nil for a fresh one.
    public let staleFor: Duration?
    /// The keys of `jwks`; nil when the document has none.
    public let inlineKeys: JSONWebKeySet?
    /// A digest of what a person consents to: name, redirect URIs, authentication and keys. Store it with a consent,
    /// and ask again when it differs (draft §6.3).
    public let fingerprint: String
    let patterns: [RedirectURIPattern]?

    /// The URI to redirect to; nil when the client has not registered the requested one, or when the operator's second
    /// list does not admit it.
    ///
    /// - Parameter requested: The `redirect_uri` of the request. It may be left out if exactly one is registered.
    public func redirectURI(for requested: String?) -> RedirectURI? {
        guard let uri = document.redirectURI(for: requested) else { return nil }
        guard let patterns else { return uri }
        return patterns.contains { $0.admits(uri) } ? uri : nil
    }
}
