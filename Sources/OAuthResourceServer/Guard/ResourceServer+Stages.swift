internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification

// The stages of a request, in order:
// 1. `checkAddress`: Host, listener, forged certificate
// 2. `publicDocument`: the metadata, which needs no token
// 3. `checkCaller`: Origin, preflight, disabled guard, public route
// 4. `isOpenToEverybody`: open operations without a token
// 5. `credential`, `verify`, `checkPossession`, `accept`: the token
// 6. `operationDemand`, `checkScopes`: the scopes
// 7. `checkForm`: a second token in a form
// `decideAtOnce` applies 1, 3, 5 and 6, and returns nil where 2, 4, 7, the network or the body is needed.
// `decideAfterWaiting` applies what is left. Stages 1 to 3 return a decision, or nil when the request continues. The
// later ones throw a `StageEnd`.

/// Why a stage ends a request.
enum StageEnd: Error {
    /// The guard refuses the request.
    case refused(ResourceServer.Refusal)
    /// The body could not be read. The client caused this, and the HTTP server answers it.
    case body(HTTPRequest.Body.ReadError)
}

extension ResourceServer {
    var scopes: ScopeRules { configuration.scopes }

    /// A request on its way through the stages, and what they have found out about it.
    struct Attempt {
        var request: GuardedRequest
        var crossOrigin: CrossOriginFields?
        /// What the route needs; nil until the stages before the token have ended.
        var access: RouteRule.Access?
        /// Whether Origin was checked, and the route is known.
        var isCallerChecked: Bool { access != nil }
        /// The credential; nil until it has been read, and for a request without one.
        var credential: PresentedCredential?
        var principal = Principal.anonymous
        /// The demand, which is computed after the token check, because matching a long path is expensive.
        var required: ScopeDemand?
        /// A nonce for the response, when the client should get a new one.
        var nonce: String?

        init(_ request: consuming GuardedRequest) {
            self.request = request
        }
    }

    /// Takes a request through all stages.
    ///
    /// - Throws: The error from reading the body, if a stage had to read it.
    func admit(_ request: consuming GuardedRequest) async throws(HTTPRequest.Body.ReadError) -> Decision {
        var attempt = Attempt(request)
        if let decision = decideAtOnce(&attempt) { return decision }
        return try await decideAfterWaiting(&attempt)
    }

    /// Decides without waiting about the usual request: one without a token, or with a token whose verdict is cached,
    /// when its body does not matter. Returns nil when a stage must wait: pass the same attempt to
    /// ``decideAfterWaiting(_:)`` then. That repeats the look-up of the verdict and the questions about the path, but
    /// not the checks of Host, Origin and credential. After nil, no event about the token was
    /// reported. After a decision, do not use the attempt again: its request may have been moved out.
    ///
    /// Not `async`, and not inlined into a function that is: Swift keeps the memory of an asynchronous call until the
    /// task of the connection ends.
    @inline(never)
    func decideAtOnce(_ attempt: inout Attempt) -> Decision? {
        if let refusal = checkAddress(of: &attempt) { return refusal }
        guard !metadataRoutes.mayAnswer(attempt.request.target.path) else { return nil }
        if let decision = checkCaller(of: &attempt) { return decision }
        // Other routes may admit a request without a token, or need the operation in its body.
        guard attempt.access == .required, scopes.operations(at: attempt.request.target.path) == nil else {
            return nil
        }
        do throws(StageEnd) {
            let credential = try credential(of: &attempt)
            // An unknown token, the proof of a key and a form need a stage that waits.
            guard let accessToken = rememberingVerifier?.rememberedToken(credential.token),
                try keysToProve(for: accessToken, credential) == nil, !attempt.request.isForm
            else { return nil }
            accept(accessToken, &attempt)
            try checkScopes(of: &attempt, for: OperationDemand())
            return proceed(&attempt)
        } catch {
            // Never `.body`: no stage above reads the body.
            guard case .refused(let refusal) = error else { return nil }
            return refuseUnlessInShadow(attempt, refusal)
        }
    }

    /// Goes on with a request about which ``decideAtOnce(_:)`` has returned nil. Never call it first: only
    /// `decideAtOnce` checks `Host` and the listener, and removes a forged certificate.
    func decideAfterWaiting(_ attempt: inout Attempt) async throws(HTTPRequest.Body.ReadError) -> Decision {
        if !attempt.isCallerChecked {
            // A request for a metadata document needs no token, and every origin may read it.
            if let document = await publicDocument(for: attempt.request) { return .respond(document) }
            if let decision = checkCaller(of: &attempt) { return decision }
        }
        do throws(StageEnd) {
            let hasCredential = attempt.request.fields.contains(.authorization)
            var isOpen = attempt.access == .optional
            if !isOpen, !hasCredential, scopes.mayBeOpen(attempt.request) {
                isOpen = try await isOpenToEverybody(&attempt.request)
            }
            if !isOpen || hasCredential {
                let credential = try credential(of: &attempt)
                let accessToken = try await verify(credential.token)
                if let keys = try keysToProve(for: accessToken, credential) {
                    attempt.nonce = try await checkPossession(of: keys, credential.token, attempt.request)
                }
                accept(accessToken, &attempt)
            }
            // Skipped for a request without a token whose operations are all open.
            if attempt.access == .optional || attempt.credential != nil {
                let operation = try await operationDemand(of: &attempt)
                try checkScopes(of: &attempt, for: operation)
            }
            if attempt.credential != nil { try await checkForm(of: &attempt.request) }
            return proceed(&attempt)
        } catch {
            switch error {
            // The server's own limit ended the body. The handler finds that too, and decides.
            case .body(.tooLarge) where configuration.mode == .shadow: return proceed(&attempt)
            case .body(let fault): throw fault
            case .refused(let refusal): return refuseUnlessInShadow(attempt, refusal)
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
    private func credential(of attempt: inout Attempt) throws(StageEnd) -> PresentedCredential {
        if let read = attempt.credential { return read }
        do throws(Refusal) {
            let credential = try PresentedCredential(
                from: attempt.request.fields, query: attempt.request.target.query,
                tokenLimit: configuration.tokenLimit, acceptsDPoP: configuration.bindings.mode != .off)
            // Three readers need the digest: the cache of verdicts, events, and the check of a DPoP proof.
            let needsDigest = rememberingVerifier != nil || observer != nil || configuration.bindings.mode != .off
            let read = needsDigest ? credential.withDigest() : credential
            attempt.credential = read
            return read
        } catch {
            throw .refused(error)
        }
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

    // MARK: The end

    /// Lets the request through. The attempt is over: the request is moved out of it, and not copied.
    private func proceed(_ attempt: inout Attempt) -> Decision {
        proceed(
            attempt.request.taken(), as: attempt.principal, token: attempt.credential?.token, attempt.crossOrigin,
            nonce: attempt.nonce)
    }

    /// Refuses a request that has passed the stages before the token; in shadow mode it is let through. The refusals of
    /// the earlier stages hold in every mode.
    private func refuseUnlessInShadow(_ attempt: Attempt, _ refusal: Refusal) -> Decision {
        let token = attempt.credential?.token
        if configuration.mode == .shadow {
            if !refusal.isCausedByCancellation {
                report(.wouldDeny(refusal, facts(about: refusal, of: attempt.request, token, attempt.principal)))
                explain(refusal, of: attempt.request)
            }
            // The token was refused, so the admission has none.
            return proceed(
                attempt.request, as: attempt.principal, token: nil, attempt.crossOrigin, nonce: attempt.nonce)
        }
        let operation =
            attempt.required ?? scopes.demand(of: attempt.request.method, attempt.request.target.path)
        return refuse(
            attempt.request, refusal, attempt.crossOrigin, token: token, principal: attempt.principal,
            operation: scopes.scopesToRequest(for: operation))
    }

    private func proceed(
        _ request: consuming GuardedRequest, as principal: Principal, token: PresentedToken? = nil,
        _ crossOrigin: CrossOriginFields?, nonce: String? = nil
    ) -> Decision {
        let session: BoundSessions.Use?
        do throws(SessionFault) {
            session = try sessions?.admit(request.fields, of: principal)
        } catch {
            return refuse(request, .session(error), crossOrigin, token: token)
        }
        if let token {
            report(.allowed(request.facts(token)))
        } else if let name = principal.anonymousName {
            report(.allowedAnonymously(name: name, request.facts()))
        }
        return .proceed(
            Admission(
                .init(
                    principal: principal, request: request, crossOrigin: crossOrigin, session: session,
                    expiry: streams, observer: observer, token: token, nonce: nonce.flatMap { HTTPFields.Value($0) })))
    }

    /// Reports a refusal and makes its response. Every refusal that is sent passes through here.
    func refuse(
        _ request: GuardedRequest, _ refusal: Refusal, _ crossOrigin: CrossOriginFields?,
        token: PresentedToken? = nil, principal: Principal = .anonymous, operation: ScopeSet = ScopeSet()
    ) -> Decision {
        // A client that went away was not denied anything.
        if !refusal.isCausedByCancellation {
            report(.denied(refusal, facts(about: refusal, of: request, token, principal)))
            explain(refusal, of: request)
        }
        let response = configuration.answers.response(
            to: refusal, operation: operation, scheme: AccessTokenScheme(usedBy: request.fields),
            message: request.message)
        return respond(to: request, response, crossOrigin)
    }

    func respond(
        to request: GuardedRequest, _ response: HTTPResponse, _ crossOrigin: CrossOriginFields?
    ) -> Decision {
        var response = bodiless(response, if: request.method)
        crossOrigin?.set(on: &response.fields)
        return .respond(response)
    }

    /// Calls the observer. The event is created only if there is an observer, since a fingerprint costs a hash.
    func report(_ event: @autoclosure () -> ResourceServerEvent) {
        observer?(event())
    }

    private func bodiless(_ response: HTTPResponse, if method: HTTPMethod) -> HTTPResponse {
        guard method == .head else { return response }
        var response = response
        response.body = .bytes([])
        return response
    }
}
