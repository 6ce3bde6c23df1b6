internal import HTTPMessages
internal import Synchronization
public import TokenVerification
public import WireFormat

// The introspection endpoint of the issuer (RFC 7662), and the opaque tokens that it knows.
extension FakeIssuer {
    /// The configuration of a server that asks this issuer about opaque tokens.
    ///
    /// ```swift
    /// let server = try ResourceServer(testing: issuer) { $0.tokens.introspection = issuer.introspection }
    /// let response = try await server.protecting(handler).post("/mcp", token: issuer.opaqueToken())
    /// ```
    public var introspection: IntrospectionConfiguration {
        guard let secret = try? ClientSecret("secret-of-a-test"), let endpoint = introspectionEndpoint else {
            preconditionFailure("The fake issuer has no introspection endpoint.")
        }
        return IntrospectionConfiguration(
            endpoint: endpoint.text, issuer: url, resource: audience,
            credentials: .basic(clientID: "test-resource-server", secret))
    }

    /// A token that is not a JWT: only the introspection endpoint knows what it means.
    ///
    /// The closure changes the answer of the endpoint about the token: any member can be set, changed or removed. See
    /// ``token(scope:subject:audience:boundTo:algorithm:_:)`` for the parameters.
    public func opaqueToken(
        scope: String = FakeIssuer.defaultScope, subject: String = FakeIssuer.defaultSubject, audience: String? = nil,
        boundTo key: DPoPKey? = nil, _ edit: (inout JSONDocument.Object) -> Void = { _ in }
    ) -> String {
        var answer = claims(scope: scope, subject: subject, audience: audience, boundTo: key)
        answer["active"] = true
        edit(&answer)
        let token = Base64URL.encode(RandomBytes.make(24))
        desk.state.withLock { $0.opaqueTokens[token] = answer }
        return token
    }

    /// Revokes an opaque token: from now on, the endpoint says that it is not active. A server may remember an earlier
    /// answer for a minute: see ``TokenVerification/IntrospectionTokenVerifier``.
    public func revoke(_ opaqueToken: String) {
        desk.state.withLock { $0.opaqueTokens[opaqueToken] = nil }
    }

    var introspectionEndpoint: AbsoluteURL? { endpoint("introspect") }

    /// The answer to an introspection request (RFC 7662 §2.2 and §2.3).
    func introspectionAnswer(to form: [UInt8], _ fields: HTTPFields) -> FetchedDocument {
        guard let parameters = try? FormParameters(parsing: form), case .once(let token) = parameters.value(of: "token")
        else { return FetchedDocument(status: .badRequest, body: []) }
        let hasCredentials =
            fields.contains(.authorization) || parameters.value(of: "client_secret") != .absent
            || parameters.value(of: "client_assertion") != .absent
        // RFC 7662 §2.1: the endpoint demands that its callers authenticate.
        guard hasCredentials else { return FetchedDocument(status: .unauthorized, body: []) }
        let known = desk.state.withLock { $0.opaqueTokens[token] }
        guard let known, (known["exp"]?.number?.double ?? .infinity) > clock.now() else {
            return .json(["active": false])
        }
        return .json(known)
    }
}
