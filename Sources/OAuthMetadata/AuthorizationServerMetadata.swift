public import WireFormat

/// An authorization server metadata document (RFC 8414 §2, OpenID Connect Discovery §3).
public struct AuthorizationServerMetadata: Sendable, Hashable {
    /// `issuer`: the issuer identifier, byte for byte.
    public var issuer: IssuerIdentifier
    /// `authorization_endpoint`.
    public var authorizationEndpoint: AbsoluteURL?
    /// `token_endpoint`.
    public var tokenEndpoint: AbsoluteURL?
    /// `jwks_uri`.
    public var jwksURI: AbsoluteURL?
    /// `registration_endpoint` (RFC 7591).
    public var registrationEndpoint: AbsoluteURL?
    /// `scopes_supported`.
    public var scopesSupported = ScopeSet()
    /// `response_types_supported`.
    public var responseTypesSupported: [String] = []
    /// `response_modes_supported`.
    public var responseModesSupported: [String] = []
    /// `grant_types_supported`.
    public var grantTypesSupported: [String] = []
    /// `token_endpoint_auth_methods_supported`.
    public var tokenEndpointAuthMethodsSupported: [String] = []
    /// `token_endpoint_auth_signing_alg_values_supported`.
    public var tokenEndpointAuthSigningAlgorithms: [String] = []
    /// `service_documentation`.
    public var serviceDocumentation: AbsoluteURL?
    /// `ui_locales_supported`.
    public var uiLocalesSupported: [String] = []
    /// `op_policy_uri`.
    public var policyURI: AbsoluteURL?
    /// `op_tos_uri`.
    public var termsOfServiceURI: AbsoluteURL?
    /// `revocation_endpoint` (RFC 7009).
    public var revocationEndpoint: AbsoluteURL?
    /// `revocation_endpoint_auth_methods_supported`.
    public var revocationEndpointAuthMethodsSupported: [String] = []
    /// `revocation_endpoint_auth_signing_alg_values_supported`.
    public var revocationEndpointAuthSigningAlgorithms: [String] = []
    /// `introspection_endpoint` (RFC 7662).
    public var introspectionEndpoint: AbsoluteURL?
    /// `introspection_endpoint_auth_methods_supported`.
    public var introspectionEndpointAuthMethodsSupported: [String] = []
    /// `introspection_endpoint_auth_signing_alg_values_supported`.
    public var introspectionEndpointAuthSigningAlgorithms: [String] = []
    /// `code_challenge_methods_supported` (RFC 7636). MCP clients refuse an authorization server without `S256`.
    public var codeChallengeMethodsSupported: [String] = []
    /// `signed_metadata`: a JWT, passed on as it is. `SignedMetadataVerifier` of `TokenVerification` verifies it.
    public var signedMetadata: String?
    /// `client_id_metadata_document_supported`.
    public var clientIDMetadataDocumentSupported: Bool?
    /// `authorization_response_iss_parameter_supported` (RFC 9207).
    public var authorizationResponseIssuerParameterSupported: Bool?
    /// `dpop_signing_alg_values_supported` (RFC 9449 §5.1).
    public var dpopSigningAlgorithms: [String] = []
    /// The members that only OpenID Connect defines.
    public var openID = OpenID()
    /// Members that have no property here.
    public var extra = JSONDocument.Object()
    /// The names of the members that a parsed document has with an unusable value: null, another type, or no URL. They
    /// count as absent.
    public internal(set) var unusableMembers: [String] = []

    /// Makes the document of an issuer, with no other member.
    public init(issuer: IssuerIdentifier) {
        self.issuer = issuer
    }

    /// Parses a document that was fetched for `expected`.
    ///
    /// **Checks** strict JSON, and that `issuer` equals `expected`, byte for byte (RFC 8414 §3.3). Every other member
    /// may be unusable: many servers write null, an empty text, or one text for a list into members that they do not
    /// use. See ``unusableMembers``.
    /// **Does not check** whether an endpoint may be used: the user of an endpoint must check that.
    ///
    /// - Parameters:
    ///   - bytes: The document, at most 256 KiB.
    ///   - expected: The issuer for which the document was fetched.
    public init(parsing bytes: [UInt8], expecting expected: IssuerIdentifier) throws(MetadataError) {
        var reader = try MetadataReader(parsing: bytes, limits: JSONDocument.Limits(maximumBytes: 262_144), .lenient)
        guard try reader.identifier("issuer").hasSameBytes(as: expected.text) else { throw .identifierMismatch }
        issuer = expected
        for (name, path) in Self.urls { self[keyPath: path] = try reader.url(name) }
        for (name, path) in Self.lists { self[keyPath: path] = try reader.strings(name) ?? [] }
        for (name, path) in Self.flags { self[keyPath: path] = try reader.bool(name) }
        // Scopes are only informative here. A malformed scope is ignored, because no client can request it.
        scopesSupported = ScopeSet(keepingValid: try reader.strings("scopes_supported") ?? [])
        openID = try OpenID(&reader)
        signedMetadata = try reader.string("signed_metadata")
        extra = reader.rest
        unusableMembers = reader.unusable
    }

    /// The document as JSON, without absent and empty members.
    public var json: JSONDocument.Object {
        var writer = MetadataWriter()
        writer.write("issuer", issuer.text)
        for (name, path) in Self.urls { writer.write(name, self[keyPath: path]) }
        writer.write("scopes_supported", scopesSupported.tokens)
        for (name, path) in Self.lists { writer.write(name, self[keyPath: path]) }
        for (name, path) in Self.flags { writer.write(name, self[keyPath: path]) }
        openID.write(to: &writer)
        writer.write("signed_metadata", signedMetadata)
        writer.write(extra: extra)
        return writer.object
    }

    // One table of members serves both reading and writing.
    private typealias Path<Value> = any WritableKeyPath<AuthorizationServerMetadata, Value> & Sendable

    private static let urls: [(String, Path<AbsoluteURL?>)] = [
        ("authorization_endpoint", \.authorizationEndpoint),
        ("token_endpoint", \.tokenEndpoint),
        ("jwks_uri", \.jwksURI),
        ("registration_endpoint", \.registrationEndpoint),
        ("service_documentation", \.serviceDocumentation),
        ("op_policy_uri", \.policyURI),
        ("op_tos_uri", \.termsOfServiceURI),
        ("revocation_endpoint", \.revocationEndpoint),
        ("introspection_endpoint", \.introspectionEndpoint),
    ]

    private static let lists: [(String, Path<[String]>)] = [
        ("response_types_supported", \.responseTypesSupported),
        ("response_modes_supported", \.responseModesSupported),
        ("grant_types_supported", \.grantTypesSupported),
        ("token_endpoint_auth_methods_supported", \.tokenEndpointAuthMethodsSupported),
        ("token_endpoint_auth_signing_alg_values_supported", \.tokenEndpointAuthSigningAlgorithms),
        ("ui_locales_supported", \.uiLocalesSupported),
        ("revocation_endpoint_auth_methods_supported", \.revocationEndpointAuthMethodsSupported),
        ("revocation_endpoint_auth_signing_alg_values_supported", \.revocationEndpointAuthSigningAlgorithms),
        ("introspection_endpoint_auth_methods_supported", \.introspectionEndpointAuthMethodsSupported),
        ("introspection_endpoint_auth_signing_alg_values_supported", \.introspectionEndpointAuthSigningAlgorithms),
        ("code_challenge_methods_supported", \.codeChallengeMethodsSupported),
        ("dpop_signing_alg_values_supported", \.dpopSigningAlgorithms),
    ]

    private static let flags: [(String, Path<Bool?>)] = [
        ("client_id_metadata_document_supported", \.clientIDMetadataDocumentSupported),
        ("authorization_response_iss_parameter_supported", \.authorizationResponseIssuerParameterSupported),
    ]
}
