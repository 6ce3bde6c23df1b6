internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification

// The stages of a request: ``ResourceServer/Stage`` is their order, and `runStages(of:)` says what each one does. The
// larger ones are in `ResourceServer+Bindings.swift`, `ResourceServer+ScopeStage.swift` and
// `ResourceServer+FormCheck.swift`.
//
// A request with a token that is not cached takes this way: `advance(_:)` runs the stages up to `token`, which needs a
// verdict; `decideAfterWaiting(_:for:)` obtains it from the verifier, notes the verified sender, and calls
// `advance(_:)` again, which runs the stages from `possession` on to the end.

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

    /// Takes a request through the stages until it is decided, or a stage must wait.
    ///
    /// These requests need not wait: one without a token, and one with a token whose verdict is cached, unless their
    /// body matters or the token is bound to a key.
    ///
    /// Not `async`, and not inlined into a function that is: Swift keeps the memory of an asynchronous call until the
    /// task of the connection ends.
    @inline(never)
    func advance(_ attempt: inout Attempt) -> Step {
        do throws(Refusal) {
            return try runStages(of: &attempt)
        } catch {
            return .decided(refuseUnlessInShadow(attempt, error))
        }
    }

    /// Runs the stages from the next one on.
    ///
    /// A decision that a stage returns holds in every mode. In shadow mode, a refusal that it throws is only reported.
    /// A stage that needs something has ended when ``obtain(_:for:)`` returns.
    private func runStages(of attempt: inout Attempt) throws(Refusal) -> Step {
        while true {
            let stage = attempt.next
            attempt.next = stage.following
            switch stage {
            case .address: if let decision = checkAddress(of: &attempt) { return .decided(decision) }
            case .document: if mayAskForDocument(attempt.request) { return .needs(.document) }
            case .caller: if let decision = checkCaller(of: &attempt) { return .decided(decision) }
            case .openness: if let need = checkOpenness(of: &attempt) { return .needs(need) }
            case .token: if let need = try readToken(of: &attempt) { return .needs(need) }
            case .possession: if let need = try keysToProve(in: attempt) { return .needs(need) }
            case .principal: acceptToken(of: &attempt)
            case .operation: if let need = try operationToRead(of: attempt) { return .needs(need) }
            case .scopes: try checkScopes(of: &attempt)
            case .form: if mayHoldToken(attempt) { return .needs(.form) }
            case .end: return .decided(try proceedIfKnown(&attempt))
            }
        }
    }

    /// Lets a request through whose sender is verified, or needs no token. No other request comes here: this is the one
    /// place that would let it in if a stage failed to stop it.
    private func proceedIfKnown(_ attempt: inout Attempt) throws(Refusal) -> Decision {
        switch attempt.sender {
        case .verified, .anyone: proceed(&attempt)
        case .unknown, .claimed: throw .missingCredentials
        }
    }

    /// Goes on with a request whose stage needs something.
    func decideAfterWaiting(
        _ attempt: inout Attempt, for first: Need
    ) async throws(HTTPRequest.Body.ReadError) -> Decision {
        var need = first
        while true {
            do throws(StageEnd) {
                if let document = try await obtain(need, for: &attempt) { return .respond(document) }
            } catch {
                switch error {
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

    /// Obtains what a stage needs. Returns a metadata document if the request asks for one, and has ended then.
    private func obtain(_ need: Need, for attempt: inout Attempt) async throws(StageEnd) -> HTTPResponse? {
        switch need {
        // Every origin may read a metadata document.
        case .document: return await publicDocument(for: attempt.request)
        case .openness: if try await isOpenToEverybody(&attempt.request) { attempt.sender = .anyone }
        case .verdict(let credential): attempt.sender = .verified(credential, try await verify(credential.token))
        case .possession(let keys, let token):
            attempt.nonce = try await checkPossession(of: keys, token, attempt.request)
        case .operation(let rules): attempt.operation = try await operationDemand(of: &attempt, by: rules)
        case .form: try await checkForm(of: &attempt.request)
        }
        return nil
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

    /// Reads the credential, and looks for a cached verdict on its token.
    private func readToken(of attempt: inout Attempt) throws(Refusal) -> Need? {
        if case .anyone = attempt.sender { return nil }
        let credential = try PresentedCredential(
            from: attempt.request.fields, query: attempt.request.target.query, tokenLimit: configuration.tokenLimit,
            acceptsDPoP: configuration.bindings.mode != .off)
        // Three readers need the digest: the cache of verdicts, events, and the check of a DPoP proof.
        let needsDigest = rememberingVerifier != nil || observer != nil || configuration.bindings.mode != .off
        let read = needsDigest ? credential.withDigest() : credential
        if let remembered = rememberingVerifier?.rememberedToken(read.token) {
            attempt.sender = .verified(read, remembered)
            return nil
        }
        attempt.sender = .claimed(read)
        return .verdict(read)
    }

    private func verify(_ token: PresentedToken) async throws(StageEnd) -> AccessToken {
        do throws(TokenRejection) {
            return try await verifier.verify(token)
        } catch {
            throw .refused(.token(error))
        }
    }

    /// Makes the principal of the verified token, whose sender has proved its keys.
    private func acceptToken(of attempt: inout Attempt) {
        guard case .verified(let credential, let token) = attempt.sender else { return }
        if token.hasMalformedScopes { report(.scopesIgnored(attempt.request.facts(credential.token))) }
        attempt.principal = Principal(token)
    }
}
