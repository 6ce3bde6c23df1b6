import HTTPMessages
import JOSE
import OAuthMetadata
import SafeFetch
import WireFormat

extension Login {
    /// The scopes to ask for: those of the user, of the challenge, or of the metadata, in this order.
    func scopes(_ found: Found) -> ScopeSet? {
        if let scope = options.scope { return scope }
        if let challenged = found.challenged { return challenged }
        return found.resource.scopesSupported.isEmpty ? nil : found.resource.scopesSupported
    }

    /// The scopes that a new client may ask for later: also those of a step-up.
    func scopesToRegister(_ found: Found) -> ScopeSet {
        (scopes(found) ?? ScopeSet()).union(found.resource.scopesSupported)
    }

    /// Sends the person to the authorization server, and trades the code for a token.
    func authorize(
        _ found: Found, as identity: Identity, asking scope: ScopeSet?
    ) async throws(LoginFault) -> TokenResponse {
        guard let endpoint = found.server.authorizationEndpoint else {
            throw LoginFault(.endpoints, "There is no authorization_endpoint.")
        }
        let key = ProofKey()
        let state = Base64URL.encode(RandomBytes.make(16))
        let query = FormText.encoded([
            ("response_type", "code"), ("client_id", identity.clientID), ("redirect_uri", redirectURI),
            ("scope", scope?.description), ("state", state), ("code_challenge", key.challenge),
            ("code_challenge_method", "S256"), ("resource", found.resource.resource.text),
        ])
        // RFC 6749 §3.1: a query of the endpoint is kept.
        let url = endpoint.text + (endpoint.query == nil ? "?" : "&") + query
        receiver.expect(state: state)
        let wanted = scope.map { "the scopes \($0.description)" } ?? "no scopes"
        say("asks for \(wanted) for \(place(found.resource.resource.url))")
        say("log in at\n\(url)")
        if options.opensBrowser, await !openBrowser(url) { say("no browser could be opened: open this URL in one") }
        let answer = try await wait()
        let code = try code(in: answer, of: found.server)
        say("the browser came back with a code")
        return try await exchange(code, key, found, identity)
    }

    private func wait() async throws(LoginFault) -> String {
        let (receiver, patience) = (receiver, options.patience)
        let query = await withTaskGroup(of: String?.self) { group in
            group.addTask { await receiver.query() }
            group.addTask {
                try? await Task.sleep(for: .seconds(patience))
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let query else {
            throw LoginFault(
                "no_answer", "No browser came back within \(patience) seconds.", "RFC 8252 §7.3",
                fix: "Read the page of the authorization server: it shows there what it does not accept, often "
                    + "redirect_uri=\(redirectURI). With --redirect-uri you can choose another one.")
        }
        return query
    }

    /// The code of an authorization response, after its checks.
    private func code(in query: String, of server: AuthorizationServerMetadata) throws(LoginFault) -> String {
        let issuers = FormText.values(of: "iss", in: query)
        // RFC 9207 §2.4: compared byte for byte, and required when the metadata says so.
        if issuers.count > 1 || issuers.contains(where: { !$0.hasSameBytes(as: server.issuer.text) }) {
            throw LoginFault(
                "iss_mismatch",
                "The parameter iss is \(DisplayText.line(issuers.first ?? "")) instead of "
                    + "\(DisplayText.line(server.issuer.text)): the answer may come from another server.",
                "RFC 9207 §2.4", fix: "Send iss exactly as issuer in the metadata has it.")
        }
        if issuers.isEmpty, server.authorizationResponseIssuerParameterSupported == true {
            throw LoginFault(
                "iss_missing", "The metadata promises the parameter iss, and the answer has none.", "RFC 9207 §2.4",
                fix: "Send iss, or do not set authorization_response_iss_parameter_supported.")
        }
        if let error = FormText.values(of: "error", in: query).first {
            let description = FormText.values(of: "error_description", in: query).first.map {
                ": \(DisplayText.line($0))"
            }
            throw LoginFault(
                "authorization_refused",
                "The authorization server refused with \(DisplayText.line(error))\(description ?? "").",
                "RFC 6749 §4.1.2.1", fix: Self.remedy(error))
        }
        let codes = FormText.values(of: "code", in: query)
        guard codes.count == 1, !codes[0].isEmpty else {
            throw LoginFault(
                "code_missing", "The answer has neither a code nor an error.", "RFC 6749 §4.1.2",
                fix: "Send the parameter code once.")
        }
        return codes[0]
    }

    private static func remedy(_ error: String) -> String {
        switch error {
        case "access_denied": "Allow the access on the page of the authorization server."
        case "invalid_scope": "Ask for other scopes with --scope."
        case "invalid_target": "Let the server know the resource of the metadata (RFC 8707)."
        case "unauthorized_client": "Let this client use the authorization code grant."
        default: "Read the log of the authorization server at this time."
        }
    }

    // MARK: The token endpoint

    private func exchange(
        _ code: String, _ key: ProofKey, _ found: Found, _ identity: Identity
    ) async throws(LoginFault) -> TokenResponse {
        let response = try await requestToken(
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI),
                ("code_verifier", key.verifier), ("resource", found.resource.resource.text),
            ], found.server, identity)
        say("got a token\(Self.lifetime(response))")
        return response
    }

    /// Trades a refresh token for another access token.
    func refresh(_ token: String, _ found: Found, as identity: Identity) async throws(LoginFault) -> TokenResponse {
        let response = try await requestToken(
            [
                ("grant_type", "refresh_token"), ("refresh_token", token),
                ("resource", found.resource.resource.text),
            ], found.server, identity)
        let rotated = response.refreshToken.map { !$0.hasSameBytes(as: token) } ?? false
        say("refreshed it\(Self.lifetime(response))\(rotated ? "; the refresh token was replaced too" : "")")
        return response
    }

    private static func lifetime(_ response: TokenResponse) -> String {
        let time = response.expiresIn.map { " for \($0) seconds" } ?? ""
        let scopes = response.scope.map { ", with the scopes \($0.description)" } ?? ""
        return time + scopes + (response.refreshToken == nil ? "" : ", and a refresh token")
    }

    private func requestToken(
        _ parameters: [(String, String?)], _ server: AuthorizationServerMetadata, _ identity: Identity
    ) async throws(LoginFault) -> TokenResponse {
        guard let endpoint = server.tokenEndpoint else { throw LoginFault(.endpoints, "There is no token_endpoint.") }
        var parameters = parameters
        var fields = HTTPFields()
        fields.append(.accept, "application/json")
        // Some servers, such as that of the Python SDK, find the client only by this parameter.
        parameters.append(("client_id", identity.clientID))
        if let secret = identity.secret, !identity.sendsSecretInForm {
            // RFC 6749 §2.3.1: both are encoded as in a form before they are joined.
            let pair = "\(PercentEncoding.encode(identity.clientID)):\(PercentEncoding.encode(secret))"
            if let value = HTTPFields.Value("Basic \(Base64.encode(Array(pair.utf8)))") {
                fields.append(.authorization, value)
            }
        } else {
            parameters.append(("client_secret", identity.secret))
        }
        let form = Array(FormText.encoded(parameters).utf8)
        let exchange = ClientExchange(
            endpoint, .post(form, as: .form), fields: fields, maximumBodyBytes: ClientNetwork.maximumBodyBytes)
        let answer = try await read(client.network.answer(to: exchange), endpoint)
        return try TokenResponse(answer, from: endpoint)
    }
}
