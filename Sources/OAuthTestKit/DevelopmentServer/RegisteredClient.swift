internal import JOSE
internal import OAuthClientMetadata
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// A client that the development authorization server knows. Only the digest of its secret is stored.
struct RegisteredClient: Sendable {
    let id: String
    let authentication: DevelopmentAuthorizationServer.ClientAuthentication
    let grantTypes: Set<DevelopmentAuthorizationServer.GrantType>
    let redirectURIs: [RedirectURI]
    /// `client_name` as it was registered.
    let name: String?
    let secretDigest: [UInt8]?
    /// The keys for `private_key_jwt`.
    let keys: (any KeySource)?
    /// Whether every token request of the client needs a proof (RFC 9449 §5.2).
    let needsProof: Bool
    /// The client as its document describes it; nil for a client that was registered.
    let resolved: ResolvedClient?

    init(
        id: String, authentication: DevelopmentAuthorizationServer.ClientAuthentication,
        grantTypes: Set<DevelopmentAuthorizationServer.GrantType>, redirectURIs: [RedirectURI],
        secret: String?, name: String? = nil, keys: (any KeySource)? = nil, needsProof: Bool = false
    ) {
        self.id = id
        self.authentication = authentication
        self.grantTypes = grantTypes
        self.redirectURIs = redirectURIs
        self.name = name
        self.keys = keys
        self.needsProof = needsProof
        secretDigest = secret.map { Digest.sha256(Array($0.utf8)) }
        resolved = nil
    }

    /// A client that has a client ID metadata document.
    init(_ client: ResolvedClient, keys: (any KeySource)?) {
        id = client.document.clientID.text
        authentication =
            switch client.document.authentication {
            case .none: .none
            case .privateKeyJWT: .privateKeyJWT
            }
        let names = client.document.grantTypes
        grantTypes = Set(
            DevelopmentAuthorizationServer.GrantType.allCases.filter { type in
                names.contains { $0.hasSameBytes(as: type.rawValue) }
            })
        redirectURIs = client.document.redirectURIs
        name = nil
        secretDigest = nil
        self.keys = keys
        // RFC 9449 §5.2 has no other type than a boolean.
        needsProof = client.document.extra["dpop_bound_access_tokens"] == true
        resolved = client
    }

    /// The registered URI that a request means; nil when it means none. RFC 6749 §3.1.2.3: a client with a single
    /// registered URI may leave it out.
    func redirectURI(for requested: String?) -> RedirectURI? {
        if let resolved { return resolved.redirectURI(for: requested) }
        guard let requested else { return redirectURIs.count == 1 ? redirectURIs.first : nil }
        guard redirectURIs.contains(where: { $0.matches(requested) }) else { return nil }
        return try? RedirectURI(requested)
    }

    /// Compares digests in constant time, so that response times reveal nothing about the secret.
    func hasSecret(_ presented: String) -> Bool {
        guard let secretDigest else { return false }
        return ConstantTime.equals(Digest.sha256(Array(presented.utf8)), secretDigest)
    }
}
