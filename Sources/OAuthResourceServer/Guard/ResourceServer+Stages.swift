internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification

// The stages of a request. The larger ones are in `ResourceServer+Bindings.swift`, `ResourceServer+ScopeStage.swift`
// and `ResourceServer+FormCheck.swift`.

extension ResourceServer {
    var scopes: ScopeRules { configuration.scopes }

    /// Takes a request through all stages.
    ///
    /// A decision that a stage returns holds in every mode. In shadow mode, a refusal that it throws is only reported.
    ///
    /// A stage is called with `await` only when it must wait. Swift keeps the memory of an asynchronous call until the
    /// task of the connection ends, and the usual request, whose verdict is remembered, makes no such call.
    /// - Throws: The error from reading the body, if a stage had to read it.
    func admit(_ request: consuming GuardedRequest) async throws(HTTPRequest.Body.ReadError) -> Decision {
        var attempt = Attempt(request)
        do throws(StageEnd) {
            if let decision = checkAddress(of: &attempt) { return decision }
            if mayAskForDocument(attempt.request), let document = await publicDocument(for: attempt.request) {
                return .respond(document)
            }
            if let decision = checkCaller(of: &attempt) { return decision }

            let needsToken =
                switch openness(of: attempt) {
                case .open: false
                case .closed: true
                case .dependsOnBody: try await !isOpenToEverybody(&attempt.request)
                }
            if needsToken {
                let credential = try readCredential(of: attempt.request)
                attempt.credential = credential
                // Only a good verdict is remembered, and for as long as it holds.
                let remembered = rememberingVerifier?.rememberedToken(credential.token)
                let token = if let remembered { remembered } else { try await verify(credential.token) }
                if let keys = try keysToProve(for: token, presentedAs: credential.scheme) {
                    attempt.nonce = try await checkPossession(of: keys, credential.token, attempt.request)
                }
                attempt.principal = principal(of: token, attempt)
            }

            if let rules = try operationToRead(of: attempt) {
                attempt.operation = try await operationDemand(of: &attempt, by: rules)
            }
            try checkScopes(of: &attempt)
            if mayHoldToken(attempt) { try await checkForm(of: &attempt.request) }
            return proceed(&attempt)
        } catch {
            switch error {
            case .refused(let refusal): return refuseUnlessInShadow(attempt, refusal)
            // The server's own limit ended the body. The handler finds that too, and decides.
            case .body(.tooLarge) where configuration.mode == .shadow: return proceed(&attempt)
            case .body(let fault): throw fault
            }
        }
    }

    // MARK: Before the token

    /// Refuses a wrong Host, and requests from the network while the guard is disabled for loopback only. Removes a
    /// certificate field that the client has forged.
    private func checkAddress(of attempt: inout Attempt) -> Decision? {
        guard configuration.browsers.serves(attempt.request) else {
            return refuse(attempt.request, .hostNotServed, nil)
        }
        guard mayBeReached(by: attempt.request) else { return refuse(attempt.request, .disabledOnNetwork, nil) }
        if configuration.mutualTLS.removesForgedField(from: &attempt.request) {
            report(.clientCertificateIgnored(from: attempt.request.peer))
        }
        return nil
    }

    /// Whether the mode accepts requests from this kind of listener.
    private func mayBeReached(by request: GuardedRequest) -> Bool {
        guard case .disabled(_, .loopbackOnly) = configuration.mode else { return true }
        // A listener that the program does not name may be reachable from the network.
        return request.listener == .loopback || request.listener == .unixSocket
    }

    private func mayAskForDocument(_ request: GuardedRequest) -> Bool {
        metadataRoutes.mayAnswer(request.target.path)
    }

    /// The response of the metadata routes, which need no token; nil when the request continues.
    private func publicDocument(for request: GuardedRequest) async -> HTTPResponse? {
        let response = await metadataRoutes.response(
            method: request.method, path: request.target.path, fields: request.fields)
        guard let response else { return nil }
        if response.status != .notFound { configuration.proxies.noteMetadataRequest() }
        return bodiless(response, if: request.method)
    }

    /// Checks Origin, notes what the route needs, and decides about requests that need no token.
    private func checkCaller(of attempt: inout Attempt) -> Decision? {
        let caller = configuration.browsers.caller(of: attempt.request)
        // Every response below has the CORS fields.
        let crossOrigin = configuration.browsers.crossOriginFields(for: caller)
        attempt.crossOrigin = crossOrigin
        if case .refused = caller { return refuse(attempt.request, .originNotAllowed, crossOrigin) }
        if case .page = caller, attempt.request.isPreflight, let crossOrigin {
            return .respond(crossOrigin.preflightResponse(to: attempt.request.fields))
        }
        if case .disabled(let name, _) = configuration.mode {
            attempt.principal = Principal(anonymousAs: name)
            return proceed(&attempt)
        }
        attempt.access = configuration.routes.access(to: attempt.request.target.path)
        return attempt.access == .public ? proceed(&attempt) : nil
    }

    // MARK: The token

    private func readCredential(of request: GuardedRequest) throws(StageEnd) -> PresentedCredential {
        let credential: PresentedCredential
        do throws(Refusal) {
            credential = try PresentedCredential(
                from: request.fields, query: request.target.query, tokenLimit: configuration.tokenLimit,
                acceptsDPoP: configuration.bindings.mode != .off)
        } catch {
            throw .refused(error)
        }
        // Three readers need the digest: the cache of verdicts, events, and the check of a DPoP proof.
        let needsDigest = rememberingVerifier != nil || observer != nil || configuration.bindings.mode != .off
        return needsDigest ? credential.withDigest() : credential
    }

    private func verify(_ token: PresentedToken) async throws(StageEnd) -> AccessToken {
        do throws(TokenRejection) {
            return try await verifier.verify(token)
        } catch {
            throw .refused(.token(error))
        }
    }

    /// The principal of a verified token, whose sender has proved its keys.
    private func principal(of token: AccessToken, _ attempt: Attempt) -> Principal {
        if token.hasMalformedScopes { report(.scopesIgnored(attempt.request.facts(attempt.credential?.token))) }
        return Principal(token)
    }
}
