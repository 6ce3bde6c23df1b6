internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification

// The stages of a request: `stages(of:)` is their order. The stages themselves are below, and in
// `ResourceServer+Bindings.swift`, `ResourceServer+ScopeStage.swift` and `ResourceServer+FormCheck.swift`.

extension ResourceServer {
    var scopes: ScopeRules { configuration.scopes }

    /// Takes a request through all stages.
    ///
    /// - Throws: The error from reading the body, if a stage had to read it.
    func admit(_ request: consuming GuardedRequest) async throws(HTTPRequest.Body.ReadError) -> Decision {
        var attempt = Attempt(request)
        switch advance(&attempt) {
        case .decided(let decision): return decision
        case .needs(let need): return try await decideAfterWaiting(&attempt, for: need)
        }
    }

    /// Takes a request through the stages, in order, to its end or to a stage that must wait. It does not wait for a
    /// request without a token, and for one with a token whose verdict is cached, when its body does not matter.
    ///
    /// Call it again when the attempt has what it needed. A stage that has ended is not repeated.
    ///
    /// Not `async`, and not inlined into a function that is: Swift keeps the memory of an asynchronous call until the
    /// task of the connection ends.
    @inline(never)
    func advance(_ attempt: inout Attempt) -> Step {
        do throws(Refusal) {
            return try stages(of: &attempt)
        } catch {
            return .decided(refuseUnlessInShadow(attempt, error))
        }
    }

    /// The stages. Every refusal that is thrown here is only reported in shadow mode. Those of the first and the third
    /// stage are decisions, which hold in every mode.
    private func stages(of attempt: inout Attempt) throws(Refusal) -> Step {
        // 1. Host, listener, forged certificate
        if !attempt.isAddressChecked, let refusal = checkAddress(of: &attempt) { return .decided(refusal) }
        // 2. The metadata, which needs no token
        if !attempt.isNoDocument {
            guard !metadataRoutes.mayAnswer(attempt.request.target.path) else { return .needs(.document) }
            attempt.isNoDocument = true
        }
        // 3. Origin, preflight, disabled guard, public route
        if attempt.access == nil, let decision = checkCaller(of: &attempt) { return .decided(decision) }

        // 4. Without a token: where it is optional, and operations that are open to everybody
        var isOpen = false
        if attempt.access == .optional {
            isOpen = !attempt.request.fields.contains(.authorization)
        } else if scopes.mayBeOpen(attempt.request), !attempt.request.fields.contains(.authorization) {
            guard let isOpenToEverybody = attempt.isOpen else { return .needs(.openness) }
            isOpen = isOpenToEverybody
        }
        // 5. The token, and the keys to which it is bound
        if !isOpen, attempt.principal.isAnonymous {
            let credential = try credential(of: &attempt)
            guard let token = attempt.accessToken ?? rememberingVerifier?.rememberedToken(credential.token) else {
                return .needs(.verdict(credential.token))
            }
            if !attempt.hasProvedKeys, let keys = try keysToProve(for: token, credential) {
                attempt.accessToken = token
                return .needs(.possession(keys, credential.token))
            }
            accept(token, &attempt)
        }
        // 6. The scopes; not for a request without a token whose operations are all open
        if attempt.access == .optional || attempt.credential != nil {
            if attempt.operation == nil, let rules = scopes.operations(at: attempt.request.target.path) {
                // Nothing is read for a caller that needs a token because of the path.
                if attempt.principal.isAnonymous { try checkScopes(of: &attempt, for: OperationDemand()) }
                return .needs(.operation(rules))
            }
            try checkScopes(of: &attempt, for: attempt.operation ?? OperationDemand())
        }
        // 7. A second token in a form
        if attempt.credential != nil, !attempt.isFormChecked, attempt.request.isForm { return .needs(.form) }
        return .decided(proceed(&attempt))
    }

    /// Goes on with a request that needs something.
    func decideAfterWaiting(
        _ attempt: inout Attempt, for first: Need
    ) async throws(HTTPRequest.Body.ReadError) -> Decision {
        var need = first
        while true {
            do throws(StageEnd) {
                try await obtain(need, for: &attempt)
            } catch {
                switch error {
                case .answered(let document): return .respond(document)
                case .refused(let refusal): return refuseUnlessInShadow(attempt, refusal)
                // The server's own limit ended the body. The handler finds that too, and decides.
                case .body(.tooLarge) where configuration.mode == .shadow: return proceed(&attempt)
                case .body(let fault): throw fault
                }
            }
            switch advance(&attempt) {
            case .decided(let decision): return decision
            case .needs(let next): need = next
            }
        }
    }

    private func obtain(_ need: Need, for attempt: inout Attempt) async throws(StageEnd) {
        switch need {
        case .document:
            // Every origin may read a metadata document.
            if let document = await publicDocument(for: attempt.request) { throw .answered(document) }
            attempt.isNoDocument = true
        case .openness:
            attempt.isOpen = try await isOpenToEverybody(&attempt.request)
        case .verdict(let token):
            attempt.accessToken = try await verify(token)
        case .possession(let keys, let token):
            attempt.nonce = try await checkPossession(of: keys, token, attempt.request)
            attempt.hasProvedKeys = true
        case .operation(let rules):
            attempt.operation = try await operationDemand(of: &attempt, by: rules)
        case .form:
            try await checkForm(of: &attempt.request)
            attempt.isFormChecked = true
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
        attempt.isAddressChecked = true
        return nil
    }

    /// Whether the mode accepts requests from this kind of listener.
    private func mayBeReached(by request: GuardedRequest) -> Bool {
        guard case .disabled(_, .loopbackOnly) = configuration.mode else { return true }
        // A listener that the program does not name may be reachable from the network.
        return request.listener == .loopback || request.listener == .unixSocket
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
        let access = configuration.routes.access(to: attempt.request.target.path)
        attempt.access = access
        return access == .public ? proceed(&attempt) : nil
    }

    // MARK: The token

    /// The credential of the request, which is read once.
    private func credential(of attempt: inout Attempt) throws(Refusal) -> PresentedCredential {
        if let read = attempt.credential { return read }
        let credential = try PresentedCredential(
            from: attempt.request.fields, query: attempt.request.target.query, tokenLimit: configuration.tokenLimit,
            acceptsDPoP: configuration.bindings.mode != .off)
        // Three readers need the digest: the cache of verdicts, events, and the check of a DPoP proof.
        let needsDigest = rememberingVerifier != nil || observer != nil || configuration.bindings.mode != .off
        let read = needsDigest ? credential.withDigest() : credential
        attempt.credential = read
        return read
    }

    private func verify(_ token: PresentedToken) async throws(StageEnd) -> AccessToken {
        do throws(TokenRejection) {
            return try await verifier.verify(token)
        } catch {
            throw .refused(.token(error))
        }
    }

    /// Makes the principal from a verified token. Its sender has proved the keys.
    private func accept(_ token: AccessToken, _ attempt: inout Attempt) {
        if token.hasMalformedScopes { report(.scopesIgnored(attempt.request.facts(attempt.credential?.token))) }
        attempt.principal = Principal(token)
    }
}
