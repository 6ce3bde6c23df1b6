public import JOSE
public import OAuthMetadata

/// A client that was found by its document.
public struct ResolvedClient: Sendable {
    /// The document.
    public let document: ClientIDMetadataDocument
    /// What the operator says about the host of the document; never ``ClientTrustPolicy/Trust/denied``.
    public let trust: ClientTrustPolicy.Trust
    /// Nil when the document is fresh. Otherwise it has expired and could not be fetched again, and this is the time
    /// since the host last confirmed it.
    public let staleAge: Duration?
    /// The keys of `jwks`; nil when the document has none. To verify an assertion, use ``ClientIDResolver/keys(of:)``,
    /// which also knows a `jwks_uri`.
    public let inlineKeys: JSONWebKeySet?
    /// A digest of what a person consents to: name, redirect URIs, home page, logo, authentication, and `jwks` or
    /// `jwks_uri`. Store it with a consent, and ask again when it differs (draft §6.3).
    public let fingerprint: String
    let patterns: [RedirectURIPattern]?

    /// The URI to redirect to; nil when the document does not have the requested one, or when
    /// ``ClientIDResolver/Settings/redirectURIPatterns`` do not admit it. After nil, show an error page and never
    /// redirect.
    ///
    /// - Parameter requested: The `redirect_uri` of the request; nil when it has none, which is allowed if the document
    ///   has exactly one.
    public func redirectURI(for requested: String?) -> RedirectURI? {
        guard let uri = document.redirectURI(for: requested) else { return nil }
        guard let patterns else { return uri }
        return patterns.contains { $0.admits(uri) } ? uri : nil
    }
}
