internal import HTTPMessages
internal import WireFormat

/// The authorization endpoint (RFC 6749 §3.1, RFC 7636, RFC 8707, RFC 9207). It approves every well-formed request of a
/// registered client at once.
struct AuthorizationEndpoint: Sendable {
    let issuer: String
    let policy: IssuingPolicy
    let store: GrantStore

    /// Answers with a redirection to a registered redirect URI. If there is none, the refusal is sent directly, because
    /// a redirection would send the user agent to a place that no client has registered (RFC 6749 §4.1.2.1).
    func respond(query: String?, now: Double) -> HTTPResponse {
        let request: FormParameters
        let target: Target
        do throws(Refusal) {
            request = try FormParameters(parsing: (query ?? "").utf8)
            target = try self.target(of: request)
        } catch {
            return error.response()
        }
        do throws(Refusal) {
            let pending = try approve(request, for: target)
            return redirect(to: target, [("code", store.issueCode(pending, now: now))])
        } catch {
            return redirect(to: target, [("error", error.code), ("error_description", error.sentence)])
        }
    }

    /// The destination of the answer. It comes from registered values only, and is determined before any other check.
    private struct Target {
        let client: RegisteredClient
        let uri: String
        /// Whether the request named the redirect URI. The token request must then repeat it.
        let isExplicit: Bool
        /// The `state` to return; nil if the request has no valid one.
        let state: String?
    }

    private func target(of request: FormParameters) throws(Refusal) -> Target {
        let id = try request.required("client_id", orThrow: .clientMissing)
        guard let client = store.client(id) else { throw .unknownClient }
        var state: String?
        if case .once(let value) = request.value(of: "state"), Self.isPrintable(value) { state = value }

        if let uri = try request.optional("redirect_uri") {
            guard client.redirectURIs.contains(where: { $0.matches(uri) }) else { throw .redirectURINotRegistered }
            return Target(client: client, uri: uri, isExplicit: true, state: state)
        }
        // RFC 6749 §3.1.2.3: a client with a single registered redirect URI may leave it out.
        guard client.redirectURIs.count == 1, let only = client.redirectURIs.first else { throw .redirectURIMissing }
        return Target(client: client, uri: only.text, isExplicit: false, state: state)
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
            redirectURI: target.isExplicit ? target.uri : nil, challenge: try Self.challenge(of: request))
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
        let separator = target.uri.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"

        var response = HTTPResponse(status: .found)
        response.fields[.location] = HTTPFields.Value(target.uri + separator + query)
        response.fields[.cacheControl] = "no-store"
        return response
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
