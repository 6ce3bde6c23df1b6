internal import HTTPMessages
internal import JOSE
internal import OAuthClientMetadata
internal import OAuthMetadata
internal import WireFormat

/// The token endpoint (RFC 6749 §3.2): authorization code with PKCE, refresh token, client credentials.
struct TokenEndpoint: Sendable {
    let issuer: FakeIssuer
    let policy: IssuingPolicy
    let store: GrantStore
    let clients: ClientDirectory
    let assertions: ClientAssertionVerifier
    let proofs: TokenRequestProofs

    /// Answers one token request.
    func respond(to request: HTTPRequest, now: Double) async throws -> HTTPResponse {
        var response = try await answer(to: request, now: now)
        proofs.addNonce(to: &response, now: now)
        return response
    }

    private func answer(to request: HTTPRequest, now: Double) async throws -> HTTPResponse {
        do {
            try FormBody.checkContentType(of: request, is: .form)
            let form = try FormParameters(parsing: await FormBody.collect(request))
            try form.checkUniqueness()
            // Before the client authenticates: a refusal for the nonce must not use up the client's assertion.
            let thumbprint = try await proofs.thumbprint(of: request)
            let authentication = try ClientAuthentication(fields: request.fields, form: form)
            let client = try await authentication.client(in: clients, verifier: assertions)
            // RFC 9449 §5.2.
            if proofs.areUsed, client.needsProof, thumbprint == nil { throw Refusal.proofMissing }
            var issue = try issue(form, to: client, provenKey: thumbprint, now: now)
            issue.thumbprint = thumbprint
            return try Self.response(to: issue, signedBy: issuer, policy: policy, now: now)
        } catch let refusal as Refusal {
            return refusal.response(usedBasic: ClientAuthentication.isBasic(request.fields))
        } catch let failure as TokenRequestProofs.Failure {
            return failure.response
        }
    }

    /// The contents of the tokens that a successful request gets.
    private struct Issue: Sendable {
        let subject: String
        let clientID: String
        let scopes: ScopeSet
        let resources: [String]
        var refreshToken: String?
        /// The key to which the access token is bound; nil for a bearer token.
        var thumbprint: String?
    }

    private func issue(
        _ form: FormParameters, to client: RegisteredClient, provenKey: String?, now: Double
    ) throws(Refusal) -> Issue {
        let name = try form.required("grant_type", orThrow: .grantTypeMissing)
        guard
            let grantType = DevelopmentAuthorizationServer.GrantType.allCases.first(where: {
                $0.rawValue.hasSameBytes(as: name)
            })
        else {
            throw .grantTypeUnsupported
        }
        // RFC 6749 §4.4: only confidential clients may use client credentials.
        if grantType == .clientCredentials, client.authentication == .none { throw .grantNeedsSecret }
        guard client.grantTypes.contains(grantType) else { throw .grantNotRegistered }
        return switch grantType {
        case .authorizationCode: try redeemCode(form, client, provenKey, now)
        case .refreshToken: try refresh(form, client, provenKey, now)
        case .clientCredentials:
            Issue(
                // RFC 9068 §2.2: without a resource owner, the subject is the client.
                subject: client.id, clientID: client.id, scopes: try policy.scopes(requested: form.optional("scope")),
                resources: try policy.audience(requested: form.all("resource"), granted: []))
        }
    }

    private func redeemCode(
        _ form: FormParameters, _ client: RegisteredClient, _ provenKey: String?, _ now: Double
    ) throws(Refusal) -> Issue {
        let code = try form.required("code", orThrow: .codeMissing)
        let verifier = try form.required("code_verifier", orThrow: .verifierMissing)
        // RFC 7636 §4.1: 43*128unreserved.
        guard (43...128).contains(verifier.utf8.count), verifier.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) })
        else { throw .verifierMalformed }
        let redirectURI = try form.optional("redirect_uri")
        let digest = Digest.sha256(Array(verifier.utf8))

        var (issue, refreshToken) = try store.redeem(code: code, by: client, provenKey: provenKey, now: now) {
            (pending) throws(Refusal) -> Issue in
            // RFC 6749 §4.1.3: if the authorization request had a `redirect_uri`, the token request must repeat it.
            if pending.redirectURI != nil || redirectURI != nil {
                guard let redirectURI, let approved = pending.redirectURI, redirectURI.hasSameBytes(as: approved) else {
                    throw .redirectURIMismatch
                }
            }
            // RFC 7636 §4.6: the digest of the verifier must equal the challenge.
            guard ConstantTime.equals(digest, pending.challenge) else { throw .verifierMismatch }
            return Issue(
                subject: pending.grant.subject, clientID: client.id, scopes: pending.grant.scopes,
                resources: try policy.audience(requested: form.all("resource"), granted: pending.grant.resources))
        }
        issue.refreshToken = refreshToken
        return issue
    }

    private func refresh(
        _ form: FormParameters, _ client: RegisteredClient, _ provenKey: String?, _ now: Double
    ) throws(Refusal) -> Issue {
        let token = try form.required("refresh_token", orThrow: .refreshTokenMissing)
        let scope = try form.optional("scope")
        var (issue, refreshToken) = try store.rotate(
            refreshToken: token, by: client, provenKey: provenKey, now: now
        ) {
            (grant) throws(Refusal) -> Issue in
            Issue(
                subject: grant.subject, clientID: client.id,
                scopes: try policy.scopes(requested: scope, granted: grant.scopes),
                resources: try policy.audience(requested: form.all("resource"), granted: grant.resources))
        }
        issue.refreshToken = refreshToken
        return issue
    }

    /// The response of RFC 6749 §5.1 with an access token of RFC 9068.
    private static func response(
        to issue: Issue, signedBy issuer: FakeIssuer, policy: IssuingPolicy, now: Double
    ) throws -> HTTPResponse {
        var draft = issuer.draft(algorithm: policy.algorithm)
        draft.claims["sub"] = .string(issue.subject)
        draft.claims["client_id"] = .string(issue.clientID)
        draft.claims["aud"] = FakeIssuer.Draft.audience(issue.resources)
        draft.claims["scope"] = issue.scopes.isEmpty ? nil : .string(issue.scopes.description)
        draft.issuedAt = now.rounded(.down)
        draft.expiresAt = now.rounded(.down) + Double(policy.accessTokenLifetime)
        if let thumbprint = issue.thumbprint { draft.bind(toThumbprint: thumbprint) }

        var members: JSONDocument.Object = [
            "access_token": .string(try issuer.sign(draft)),
            // RFC 9449 §5: a client that gets another type than it expects discards the token.
            "token_type": issue.thumbprint == nil ? "Bearer" : "DPoP",
            "expires_in": .number(JSONDocument.Number(Int64(max(0, policy.accessTokenLifetime)))),
        ]
        // RFC 6749 §5.1: `scope` is required if it differs from the request, and optional otherwise.
        if !issue.scopes.isEmpty { members["scope"] = .string(issue.scopes.description) }
        if let refreshToken = issue.refreshToken { members["refresh_token"] = .string(refreshToken) }

        var response = HTTPResponse.json(.object(members))
        response.fields[.cacheControl] = "no-store"
        response.fields[.pragma] = "no-cache"
        return response
    }
}
