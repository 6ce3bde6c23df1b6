internal import JOSE
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// A document in the cache.
struct ClientDocumentEntry: Sendable {
    let document: ClientIDMetadataDocument
    let inlineKeys: JSONWebKeySet?
    let fingerprint: String
    var validators: Validators
    /// When the host last said that this is the document.
    var confirmedAt: Duration
    var freshUntil: Duration
    /// After a failed fetch: when the next one may begin. Until then the expired document is used.
    var retryAt: Duration?

    /// Makes an entry of a parsed document.
    ///
    /// - Throws: ``ClientResolutionError/noUsableKey``.
    init(
        _ document: ClientIDMetadataDocument, validators: Validators, confirmedAt: Duration, lifetime: Duration
    ) throws(ClientResolutionError) {
        self.document = document
        self.validators = validators
        self.confirmedAt = confirmedAt
        freshUntil = confirmedAt + lifetime
        inlineKeys = try Self.keys(of: document)
        fingerprint = Self.fingerprint(of: document)
    }

    private static func keys(of document: ClientIDMetadataDocument) throws(ClientResolutionError) -> JSONWebKeySet? {
        guard case .privateKeyJWT(.inline(let set)) = document.authentication else { return nil }
        let bytes = JSONValue.object(set).encoded()
        guard let keys = try? JSONWebKeySet(parsing: bytes, issuer: document.clientID.text), !keys.keys.isEmpty else {
            throw .noUsableKey
        }
        return keys
    }

    /// A digest of the members that a person consents to. Their order in the document has no effect.
    private static func fingerprint(of document: ClientIDMetadataDocument) -> String {
        var members = JSONDocument.Object()
        for name in [
            "client_name", "redirect_uris", "token_endpoint_auth_method", "jwks", "jwks_uri", "client_uri", "logo_uri",
        ] {
            members[name] = document.json[name]
        }
        return Base64URL.encode(Digest.sha256(JSONValue.object(members).encoded()))
    }
}
