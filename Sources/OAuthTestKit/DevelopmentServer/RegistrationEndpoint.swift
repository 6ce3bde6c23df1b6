internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// The client registration endpoint (RFC 7591 §3). It requires no initial access token.
struct RegistrationEndpoint: Sendable {
    let store: GrantStore
    /// Whether clients can bind tokens to a key. Otherwise their `dpop_bound_access_tokens` is ignored.
    let bindsTokens: Bool

    /// The most redirect URIs that a client may register.
    static let maximumRedirectURIs = 16
    /// The largest total length of a client's redirect URIs in bytes. It limits what a registration stores.
    static let maximumRedirectURIBytes = 4_096
    /// The largest value of descriptive metadata that is returned, in bytes.
    static let maximumEchoBytes = 2_048

    /// Answers one registration request.
    func respond(to request: HTTPRequest, now: Double) async throws -> HTTPResponse {
        do {
            try FormBody.checkContentType(of: request, is: .json)
            return try register(await FormBody.collect(request), now: now)
        } catch let refusal as Refusal {
            return refusal.response()
        }
    }

    private func register(_ body: [UInt8], now: Double) throws(Refusal) -> HTTPResponse {
        guard case .object(let metadata)? = try? JSONValue(parsing: body) else { throw .malformedRegistration }
        let grantTypes = try Self.grantTypes(of: metadata)
        let authentication = try Self.authentication(of: metadata)
        if authentication == .none, grantTypes.contains(.clientCredentials) { throw .publicClientWithSecretGrant }
        let redirectURIs = try Self.redirectURIs(of: metadata)
        if grantTypes.contains(.authorizationCode) {
            guard !redirectURIs.isEmpty else { throw .redirectURIsMissing }
            // RFC 7591 §2.1: the authorization code grant corresponds to the response type `code`.
            if let types = try Self.strings(metadata["response_types"]) {
                guard types.contains(where: { $0.hasSameBytes(as: "code") }) else { throw .responseTypesUnsupported }
            }
        }
        let id = Base64URL.encode(RandomBytes.make(16))
        let keys = authentication == .privateKeyJWT ? try Self.keys(of: metadata, client: id) : nil
        let hasSecret = authentication == .clientSecretBasic || authentication == .clientSecretPost
        let secret = hasSecret ? Base64URL.encode(RandomBytes.make(32)) : nil
        let client = RegisteredClient(
            id: id, authentication: authentication, grantTypes: grantTypes, redirectURIs: redirectURIs, secret: secret,
            name: metadata["client_name"]?.string.map { ClientIDMetadataDocument.displayName(of: $0) },
            keys: keys.map { StaticKeySource($0) }, needsProof: try needsProof(metadata))
        var answer = Self.information(about: client, now: now)
        if let secret {
            answer["client_secret"] = .string(secret)
            // RFC 7591 §3.2.1: required if there is a secret; 0 means that the secret does not expire.
            answer["client_secret_expires_at"] = 0
        }
        try Self.echo(metadata, into: &answer)
        store.register(client)

        var response = HTTPResponse.json(.object(answer), status: .created)
        response.fields[.cacheControl] = "no-store"
        response.fields[.pragma] = "no-cache"
        return response
    }

    /// Whether the client binds all its tokens to a key. RFC 9449 §5.2: absent means false.
    private func needsProof(_ metadata: JSONDocument.Object) throws(Refusal) -> Bool {
        guard bindsTokens, let value = metadata["dpop_bound_access_tokens"] else { return false }
        guard case .bool(let needsProof) = value else { throw .malformedRegistration }
        return needsProof
    }

    /// The registered grant types. RFC 7591 §2: absent means `authorization_code`. Unsupported types are left out; the
    /// response lists what was registered (§3.2.1).
    private static func grantTypes(of metadata: JSONDocument.Object) throws(Refusal) -> Set<
        DevelopmentAuthorizationServer.GrantType
    > {
        guard let names = try strings(metadata["grant_types"]) else { return [.authorizationCode] }
        let known = DevelopmentAuthorizationServer.GrantType.allCases.filter { type in
            names.contains { $0.hasSameBytes(as: type.rawValue) }
        }
        // A refresh token is issued only with another grant.
        guard known.contains(where: { $0 != .refreshToken }) else { throw .grantTypesUnsupported }
        return Set(known)
    }

    /// The registered authentication method. RFC 7591 §2: absent means `client_secret_basic`.
    private static func authentication(of metadata: JSONDocument.Object) throws(Refusal)
        -> DevelopmentAuthorizationServer.ClientAuthentication
    {
        guard let value = metadata["token_endpoint_auth_method"] else { return .clientSecretBasic }
        guard let name = value.string else { throw .malformedRegistration }
        guard
            let method = DevelopmentAuthorizationServer.ClientAuthentication.allCases.first(where: {
                $0.rawValue.hasSameBytes(as: name)
            })
        else { throw .authenticationMethodUnsupported }
        return method
    }

    /// The keys of a client with `private_key_jwt`. They must be in the request: this server fetches no `jwks_uri` of a
    /// registered client.
    private static func keys(
        of metadata: JSONDocument.Object, client id: String
    ) throws(Refusal) -> JSONWebKeySet {
        guard let set = metadata["jwks"], metadata["jwks_uri"] == nil,
            let keys = try? JSONWebKeySet(parsing: set.encoded(), issuer: id), !keys.keys.isEmpty
        else { throw .keysMissing }
        return keys
    }

    private static func redirectURIs(of metadata: JSONDocument.Object) throws(Refusal) -> [RedirectURI] {
        guard let value = metadata["redirect_uris"] else { return [] }
        guard let elements = value.array, elements.count <= maximumRedirectURIs else { throw .redirectURINotAcceptable }
        var uris: [RedirectURI] = []
        for element in elements {
            guard let uri = element.string.flatMap({ try? RedirectURI($0) }) else { throw .redirectURINotAcceptable }
            uris.append(uri)
        }
        guard uris.reduce(0, { $0 + $1.text.utf8.count }) <= maximumRedirectURIBytes else {
            throw .redirectURINotAcceptable
        }
        return uris
    }

    private static func strings(_ value: JSONValue?) throws(Refusal) -> [String]? {
        guard let value else { return nil }
        guard let elements = value.array else { throw .malformedRegistration }
        var strings: [String] = []
        for element in elements {
            guard let string = element.string else { throw .malformedRegistration }
            strings.append(string)
        }
        return strings
    }

    /// The client information response with everything that was registered (RFC 7591 §3.2.1).
    private static func information(about client: RegisteredClient, now: Double) -> JSONDocument.Object {
        let grantTypes = DevelopmentAuthorizationServer.GrantType.allCases.filter(client.grantTypes.contains)
        var answer: JSONDocument.Object = [
            "client_id": .string(client.id),
            "client_id_issued_at": .number(JSONDocument.Number(Int64(exactly: now.rounded(.down)) ?? 0)),
            "token_endpoint_auth_method": .string(client.authentication.rawValue),
            "grant_types": .array(grantTypes.map { .string($0.rawValue) }),
            "response_types": .array(client.grantTypes.contains(.authorizationCode) ? ["code"] : []),
        ]
        if !client.redirectURIs.isEmpty {
            answer["redirect_uris"] = .array(client.redirectURIs.map { .string($0.text) })
        }
        if client.needsProof { answer["dpop_bound_access_tokens"] = true }
        return answer
    }

    /// Returns descriptive metadata to the client. It has no effect here, and only its type is checked. Unknown members
    /// are ignored (RFC 7591 §2).
    private static func echo(_ metadata: JSONDocument.Object, into answer: inout JSONDocument.Object) throws(Refusal) {
        let texts = [
            "client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri", "software_id", "software_version",
            "scope",
            "application_type",
        ]
        for name in texts {
            guard let value = metadata[name] else { continue }
            guard let text = value.string, text.utf8.count <= maximumEchoBytes else { throw .malformedRegistration }
            answer[name] = value
        }
        if let contacts = try strings(metadata["contacts"]) {
            guard contacts.allSatisfy({ $0.utf8.count <= maximumEchoBytes }) else { throw .malformedRegistration }
            answer["contacts"] = .array(contacts.map { .string($0) })
        }
    }
}
