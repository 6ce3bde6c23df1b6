public import WireFormat

/// A protected resource metadata document (RFC 9728 §2). A client reads it to find the authorization server.
public struct ProtectedResourceMetadata: Sendable, Hashable {
    /// `resource`: the resource identifier, byte for byte.
    public var resource: ResourceIdentifier
    /// `authorization_servers`.
    public var authorizationServers: [IssuerIdentifier] = []
    /// `jwks_uri`: the location of the resource's own keys.
    public var jwksURI: AbsoluteURL?
    /// `scopes_supported`.
    public var scopesSupported = ScopeSet()
    /// `bearer_methods_supported`. This library reads tokens from the header only.
    public var bearerMethodsSupported = ["header"]
    /// `resource_signing_alg_values_supported`.
    public var resourceSigningAlgorithms: [String] = []
    /// `resource_name`.
    public var resourceName = LocalizedText<String>()
    /// `resource_documentation`.
    public var resourceDocumentation = LocalizedText<AbsoluteURL>()
    /// `resource_policy_uri`.
    public var resourcePolicyURI = LocalizedText<AbsoluteURL>()
    /// `resource_tos_uri`.
    public var resourceTermsOfServiceURI = LocalizedText<AbsoluteURL>()
    /// `tls_client_certificate_bound_access_tokens`.
    public var tlsClientCertificateBoundAccessTokens: Bool?
    /// `authorization_details_types_supported`.
    public var authorizationDetailsTypesSupported: [String] = []
    /// `dpop_signing_alg_values_supported`.
    public var dpopSigningAlgorithms: [String] = []
    /// `dpop_bound_access_tokens_required`.
    public var dpopBoundAccessTokensRequired: Bool?
    /// `signed_metadata`: a JWT, passed on as it is. `SignedMetadataVerifier` of `TokenVerification` verifies it.
    public var signedMetadata: String?
    /// Members that have no property here.
    public var extra = JSONDocument.Object()

    /// Makes the document of a resource, with the defaults.
    public init(resource: ResourceIdentifier) {
        self.resource = resource
    }

    /// Parses a document that was fetched for `expected`.
    ///
    /// **Checks** strict JSON, the types of the members, that the authorization servers are issuer identifiers, that
    /// the scopes are scope-tokens, and that `resource` equals `expected`, byte for byte (RFC 9728 §3.3).
    /// **Does not check** `signed_metadata`.
    ///
    /// - Parameters:
    ///   - bytes: The document, at most 256 KiB.
    ///   - expected: The resource for which the document was fetched.
    ///   - insecureHTTP: The hosts for which the document may name authorization servers with plain http.
    public init(
        parsing bytes: [UInt8], expecting expected: ResourceIdentifier, insecureHTTP: InsecureHTTP = .never
    ) throws(MetadataError) {
        try self.init(parsing: bytes, insecureHTTP: insecureHTTP) { text in
            text.hasSameBytes(as: expected.text) ? expected : nil
        }
    }

    /// Parses a document of a resource that `accept` accepts.
    ///
    /// - Parameter accept: Takes the member `resource`, and returns nil when the document must not be used.
    init(
        parsing bytes: [UInt8], insecureHTTP: InsecureHTTP, accept: (String) -> ResourceIdentifier?
    ) throws(MetadataError) {
        var reader = try MetadataReader(parsing: bytes, limits: JSONDocument.Limits(maximumBytes: 262_144), .strict)
        guard let accepted = accept(try reader.identifier("resource")) else { throw .identifierMismatch }
        resource = accepted
        for server in try reader.strings("authorization_servers") ?? [] {
            guard let issuer = try? IssuerIdentifier(server, insecureHTTP: insecureHTTP) else {
                throw .invalid("authorization_servers")
            }
            authorizationServers.append(issuer)
        }
        jwksURI = try reader.url("jwks_uri")
        guard let scopes = ScopeSet(try reader.strings("scopes_supported") ?? []) else {
            throw .invalid("scopes_supported")
        }
        scopesSupported = scopes
        bearerMethodsSupported = try reader.strings("bearer_methods_supported") ?? []
        resourceSigningAlgorithms = try reader.strings("resource_signing_alg_values_supported") ?? []
        tlsClientCertificateBoundAccessTokens = try reader.bool("tls_client_certificate_bound_access_tokens")
        authorizationDetailsTypesSupported = try reader.strings("authorization_details_types_supported") ?? []
        dpopSigningAlgorithms = try reader.strings("dpop_signing_alg_values_supported") ?? []
        dpopBoundAccessTokensRequired = try reader.bool("dpop_bound_access_tokens_required")
        signedMetadata = try reader.string("signed_metadata")
        resourceName = LocalizedText(try reader.string("resource_name"))
        resourceDocumentation = LocalizedText(try reader.url("resource_documentation"))
        resourcePolicyURI = LocalizedText(try reader.url("resource_policy_uri"))
        resourceTermsOfServiceURI = LocalizedText(try reader.url("resource_tos_uri"))
        for name in reader.rest.members.map(\.name) {
            guard let mark = name.utf8.firstIndex(of: UInt8(ascii: "#")) else { continue }
            let language = String(decoding: name.utf8[mark...].dropFirst(), as: UTF8.self)
            switch String(decoding: name.utf8[..<mark], as: UTF8.self) {
            case "resource_name":
                try resourceName.add(language, reader.string(name))
            case "resource_documentation":
                try resourceDocumentation.add(language, reader.url(name))
            case "resource_policy_uri":
                try resourcePolicyURI.add(language, reader.url(name))
            case "resource_tos_uri":
                try resourceTermsOfServiceURI.add(language, reader.url(name))
            default: break
            }
        }
        extra = reader.rest
    }

    /// The document as JSON, without absent and empty members.
    public var json: JSONDocument.Object {
        var writer = MetadataWriter()
        writer.write("resource", resource.text)
        writer.write("authorization_servers", authorizationServers.map(\.text))
        writer.write("jwks_uri", jwksURI)
        writer.write("scopes_supported", scopesSupported.tokens)
        writer.write("bearer_methods_supported", bearerMethodsSupported)
        writer.write("resource_signing_alg_values_supported", resourceSigningAlgorithms)
        resourceName.write("resource_name", to: &writer) { $0 }
        resourceDocumentation.write("resource_documentation", to: &writer) { $0.text }
        resourcePolicyURI.write("resource_policy_uri", to: &writer) { $0.text }
        resourceTermsOfServiceURI.write("resource_tos_uri", to: &writer) { $0.text }
        writer.write("tls_client_certificate_bound_access_tokens", tlsClientCertificateBoundAccessTokens)
        writer.write("authorization_details_types_supported", authorizationDetailsTypesSupported)
        writer.write("dpop_signing_alg_values_supported", dpopSigningAlgorithms)
        writer.write("dpop_bound_access_tokens_required", dpopBoundAccessTokensRequired)
        writer.write("signed_metadata", signedMetadata)
        writer.write(extra: extra)
        return writer.object
    }
}
