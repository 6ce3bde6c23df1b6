public import WireFormat

/// A client ID metadata document: what a client publishes at the URL that is its `client_id`.
///
/// The members are those of dynamic client registration (RFC 7591 §2). A document proves only that the owner of its
/// host has published it. Its name, logo and pages are statements of the client.
///
/// - SeeAlso: [Client ID Metadata
///   Document](https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/)
public struct ClientIDMetadataDocument: Sendable, Hashable {
    /// How the client authenticates at the token endpoint. A document cannot contain a shared secret.
    public enum Authentication: Sendable, Hashable {
        /// `none`: a public client.
        case none
        /// `private_key_jwt` (RFC 7523) with these keys.
        case privateKeyJWT(Keys)
    }

    /// Where the public keys of the client are.
    public enum Keys: Sendable, Hashable {
        /// `jwks`: in the document.
        case inline(JSONDocument.Object)
        /// `jwks_uri`: at this URL. Fetch it as an untrusted URL.
        case url(AbsoluteURL)
    }

    /// `client_id`: the URL of the document, byte for byte.
    public var clientID: ClientIdentifierURL
    /// `client_name`, as the client wrote it. Show ``displayName`` to people instead.
    public var clientName = LocalizedText<String>()
    /// `redirect_uris`, at least one.
    public var redirectURIs: [RedirectURI] = []
    /// `token_endpoint_auth_method`, with the keys that it needs.
    public var authentication = Authentication.none
    /// `token_endpoint_auth_signing_alg`; nil for every algorithm that the authorization server accepts.
    public var signingAlgorithm: String?
    /// `grant_types`. When a document is parsed, only those that the authorization server supports.
    public var grantTypes = ["authorization_code"]
    /// `scope`: what the client may ask for; nil for no statement.
    public var scope: ScopeSet?
    /// `client_uri`: the home page. Never fetched.
    public var clientURI = LocalizedText<AbsoluteURL>()
    /// `logo_uri`. Never fetched.
    public var logoURI = LocalizedText<AbsoluteURL>()
    /// `policy_uri`. Never fetched.
    public var policyURI = LocalizedText<AbsoluteURL>()
    /// `tos_uri`. Never fetched.
    public var termsOfServiceURI = LocalizedText<AbsoluteURL>()
    /// Members that have no property here.
    public var extra = JSONDocument.Object()

    /// Makes a document without name and redirect URIs. Set both: ``init(parsing:from:rules:)`` refuses a document
    /// without them.
    public init(clientID: ClientIdentifierURL) {
        self.clientID = clientID
    }

    /// The document as JSON, without absent and empty members.
    public var json: JSONDocument.Object {
        var writer = MetadataWriter()
        writer.write("client_id", clientID.text)
        clientName.write("client_name", to: &writer) { $0 }
        writer.write("redirect_uris", redirectURIs.map(\.text))
        writer.write("grant_types", grantTypes)
        writer.write("response_types", ["code"])
        switch authentication {
        case .none: writer.write("token_endpoint_auth_method", "none")
        case .privateKeyJWT(let keys):
            writer.write("token_endpoint_auth_method", "private_key_jwt")
            switch keys {
            case .inline(let set): writer.write(extra: ["jwks": .object(set)])
            case .url(let url): writer.write("jwks_uri", url)
            }
        }
        writer.write("token_endpoint_auth_signing_alg", signingAlgorithm)
        writer.write("scope", scope?.description)
        clientURI.write("client_uri", to: &writer) { $0.text }
        logoURI.write("logo_uri", to: &writer) { $0.text }
        policyURI.write("policy_uri", to: &writer) { $0.text }
        termsOfServiceURI.write("tos_uri", to: &writer) { $0.text }
        writer.write(extra: extra)
        return writer.object
    }

    /// The URI to redirect to; nil when the document does not have the requested one.
    ///
    /// - Parameter requested: The `redirect_uri` of the request; nil when it has none, which is allowed if the document
    ///   has exactly one.
    /// - Returns: The requested URI, or the only one of the document.
    /// - SeeAlso: [RFC 6749 §3.1.2.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2.3)
    public func redirectURI(for requested: String?) -> RedirectURI? {
        guard let requested else { return redirectURIs.count == 1 ? redirectURIs.first : nil }
        guard redirectURIs.contains(where: { $0.matches(requested) }) else { return nil }
        return try? RedirectURI(requested)
    }
}
