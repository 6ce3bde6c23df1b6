internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

/// The authorization endpoint (RFC 6749 §3.1, RFC 7636, RFC 8707, RFC 9207). It approves every well-formed request of a
/// known client at once, unless a consent page asks.
struct AuthorizationEndpoint: Sendable {
    let issuer: String
    let policy: IssuingPolicy
    let store: GrantStore
    let clients: ClientDirectory
    /// Whether `dpop_jkt` binds the code to a key. Otherwise it is ignored.
    let bindsCodes: Bool
    /// Nil when every request is approved.
    let consent: ConsentEndpoint?

    /// Answers with a redirection to a registered redirect URI. If there is none, the refusal is sent directly, because
    /// a redirection would send the user agent to a place that no client has registered (RFC 6749 §4.1.2.1).
    func respond(query: String?, fields: HTTPFields, now: Double) async -> HTTPResponse {
        let request: FormParameters
        let target: Target
        do throws(Refusal) {
            request = try FormParameters(parsing: (query ?? "").utf8)
            target = try await self.target(of: request)
        } catch {
            return consent?.page.refusal(error) ?? error.response()
        }
        do throws(Refusal) {
            let pending = try approve(request, for: target)
            if let consent { return consent.ask(pending, target, fields, now: now) }
            return redirect(to: target, [("code", store.issueCode(pending, now: now))])
        } catch {
            return redirect(to: target, [("error", error.code), ("error_description", error.sentence)])
        }
    }

    /// Takes the person's answer to a page of this server.
    func decide(_ request: HTTPRequest, now: Double) async -> HTTPResponse {
        guard let consent else { return Refusal.consentNotFromPage.response() }
        do throws(Refusal) {
            let (pending, isAllowed) = try await consent.decision(on: request, now: now)
            guard isAllowed else {
                let refusal = Refusal.accessDenied
                return redirect(
                    to: pending.target, [("error", refusal.code), ("error_description", refusal.sentence)])
            }
            return redirect(to: pending.target, [("code", store.issueCode(pending.code, now: now))])
        } catch {
            return consent.page.refusal(error)
        }
    }

    /// The destination of the answer. It comes from registered values only, and is determined before any other check.
    struct Target: Sendable {
        let client: RegisteredClient
        let redirectURI: RedirectURI
        /// Whether the request named the redirect URI. The token request must then repeat it.
        let isExplicit: Bool
        /// The `state` to return; nil if the request has no valid one.
        let state: String?
    }

    private func target(of request: FormParameters) async throws(Refusal) -> Target {
        let id = try request.required("client_id", orThrow: .clientMissing)
        let client = try await clients.client(id)
        var state: String?
        if case .once(let value) = request.value(of: "state"), Self.isPrintable(value) { state = value }

        let requested = try request.optional("redirect_uri")
        guard let uri = client.redirectURI(for: requested) else {
            throw requested == nil ? .redirectURIMissing : .redirectURINotRegistered
        }
        return Target(client: client, redirectURI: uri, isExplicit: requested != nil, state: state)
    }

    private func approve(_ request: FormParameters, for target: Target) throws(Refusal) -> PendingCode {
        try request.checkUniqueness()
        if let state = try request.optional("state") {
            // RFC 6749 appendix A.5: `state` is 1*VSCHAR.
            guard Self.isPrintable(state) else { throw .malformedState }
        }
        let responseType = try request.required("response_type", orThrow: .responseTypeMissing)
        guard responseType.hasSameBytes(as: "code") else { throw .responseTypeUnsupported }
        guard target.client.grantTypes.contains(.authorizationCode) else { throw .grantNotRegistered }
        if let mode = try request.optional("response_mode") {
            guard mode.hasSameBytes(as: "query") else { throw .responseModeUnsupported }
        }
        // RFC 9101 §6.3: a request object replaces the query parameters. Ignoring it would approve another request.
        guard try request.optional("request") == nil, try request.optional("request_uri") == nil else {
            throw .requestObjectUnsupported
        }
        return PendingCode(
            grant: AuthorizationGrant(
                clientID: target.client.id, subject: policy.subject,
                scopes: try policy.scopes(requested: request.optional("scope")),
                resources: try policy.checked(resources: request.all("resource"))),
            redirectURI: target.isExplicit ? target.redirectURI.text : nil, challenge: try Self.challenge(of: request),
            thumbprint: bindsCodes ? try Self.thumbprint(in: request) : nil)
    }

    /// RFC 9449 §10: the key that will redeem the code.
    private static func thumbprint(in request: FormParameters) throws(Refusal) -> String? {
        guard let thumbprint = try request.optional("dpop_jkt") else { return nil }
        guard Base64URL.decode(thumbprint)?.count == 32 else { throw .malformedThumbprint }
        return thumbprint
    }

    private static func challenge(of request: FormParameters) throws(Refusal) -> [UInt8] {
        let challenge = try request.required("code_challenge", orThrow: .challengeMissing)
        // RFC 7636 §4.3: an absent method means `plain`, which protects nothing (RFC 9700 §2.1.1).
        let method = try request.required("code_challenge_method", orThrow: .challengeMethodUnsupported)
        guard method.hasSameBytes(as: "S256") else { throw .challengeMethodUnsupported }
        guard let digest = Base64URL.decode(challenge), digest.count == 32 else { throw .challengeMalformed }
        return digest
    }

    private func redirect(to target: Target, _ parameters: [(name: String, value: String)]) -> HTTPResponse {
        var parameters = parameters
        if let state = target.state { parameters.append(("state", state)) }
        // RFC 9207 §2: `iss` is part of successes and of errors.
        parameters.append(("iss", issuer))
        let query = parameters.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
        // RFC 6749 §3.1.2: the query of a registered redirect URI is kept.
        let uri = target.redirectURI.text
        let separator = uri.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"

        // RFC 9700 §4.12: 303 makes a form a GET, so that nothing of it is sent on.
        var response = HTTPResponse(status: consent == nil ? .found : .seeOther)
        response.fields[.location] = HTTPFields.Value(uri + separator + query)
        response.fields[.cacheControl] = "no-store"
        return response
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
