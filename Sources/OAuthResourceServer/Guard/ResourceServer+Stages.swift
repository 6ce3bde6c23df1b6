internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification

// The stages of a request, in order. A stage lets the request continue, or throws a `StageEnd`.

/// Why a stage ends a request.
enum StageEnd: Error {
    /// The guard refuses the request.
    case refused(ResourceServer.Refusal)
    /// The body could not be read. The client caused this, and the HTTP server answers it.
    case body(HTTPRequest.Body.ReadError)
}

extension ResourceServer {
    private var scopes: ScopeRules { configuration.scopes }

    /// Takes a request through all stages.
    ///
    /// - Throws: The error from reading the body, if a stage had to read it.
    func admit(_ request: inout GuardedRequest) async throws(HTTPRequest.Body.ReadError) -> Decision {
        // Refuse a wrong Host, and refuse requests from the network while the guard is disabled for loopback only.
        guard configuration.browsers.serves(request) else { return refuse(request, .hostNotServed, nil) }
        guard mayBeReached(by: request) else { return refuse(request, .disabledOnNetwork, nil) }
        if configuration.mutualTLS.removesForgedField(from: &request) {
            report(.clientCertificateIgnored(from: request.peer))
        }
        // A request for a metadata document needs no token, and every origin may read it.
        if let response = await publicDocument(for: request) {
            if response.status != .notFound { configuration.proxies.noteMetadataRequest() }
            return .respond(bodiless(response, if: request.method))
        }

        // Check Origin. Every response below has the CORS fields.
        let caller = configuration.browsers.caller(of: request)
        let crossOrigin = configuration.browsers.crossOriginFields(for: caller)
        if case .refused = caller { return refuse(request, .originNotAllowed, crossOrigin) }
        if case .page = caller, request.isPreflight, let crossOrigin {
            return .respond(crossOrigin.preflightResponse(to: request.fields))
        }

        // Requests that need no token.
        if case .disabled(let name, _) = configuration.mode {
            return proceed(request, as: Principal(anonymousAs: name), crossOrigin)
        }
        let access = configuration.routes.access(to: request.target.path)
        if access == .public { return proceed(request, as: .anonymous, crossOrigin) }

        // The demand is computed after the token check, because matching a long path is expensive.
        var required: ScopeDemand?
        var presented: PresentedToken?
        var principal = Principal.anonymous
        var nonce: String?
        do throws(StageEnd) {
            var isOpen = access == .optional
            if access == .required, !request.fields.contains(.authorization), scopes.mayBeOpen(request) {
                isOpen = try await isOpenToEverybody(&request)
            }
            if !isOpen || request.fields.contains(.authorization) {
                let credential = try credential(of: request)
                presented = credential.token
                let accessToken = try await verify(credential.token, of: request)
                nonce = try await checkBindings(of: accessToken, credential, request)
                principal = Principal(accessToken)
            }
            var demand = scopes.demand(of: request.method, request.target.path)
            defer { required = demand }
            if access == .optional || presented != nil {
                try await checkScopes(of: principal, for: &request, &demand)
            }
            if presented != nil { try await checkForm(of: &request) }
            return proceed(request, as: principal, token: presented, crossOrigin, nonce: nonce)
        } catch {
            switch error {
            case .body(.tooLarge) where configuration.mode == .shadow:
                // The server's own limit ended the body. The handler finds that too, and decides.
                return proceed(request, as: principal, token: presented, crossOrigin, nonce: nonce)
            case .body(let fault): throw fault
            case .refused(let refusal):
                if configuration.mode == .shadow {
                    if !refusal.isCausedByCancellation {
                        report(.wouldDeny(refusal, facts(about: refusal, of: request, presented, principal)))
                        explain(refusal, of: request)
                    }
                    return proceed(request, as: principal, token: nil, crossOrigin, nonce: nonce)
                }
                let operation = required ?? scopes.demand(of: request.method, request.target.path)
                return refuse(
                    request, refusal, crossOrigin, token: presented, principal: principal,
                    operation: scopes.scopesToRequest(for: operation))
            }
        }
    }

    // MARK: Before the token

    /// Whether the mode accepts requests from this kind of listener.
    private func mayBeReached(by request: GuardedRequest) -> Bool {
        guard case .disabled(_, .loopbackOnly) = configuration.mode else { return true }
        // A listener that the program does not name may be reachable from the network.
        return request.listener == .loopback || request.listener == .unixSocket
    }

    /// The response of the metadata routes, which need no token; nil when the request continues.
    private func publicDocument(for request: GuardedRequest) async -> HTTPResponse? {
        await metadataRoutes.response(method: request.method, path: request.target.path, fields: request.fields)
    }

    // MARK: The token

    private func credential(of request: GuardedRequest) throws(StageEnd) -> PresentedCredential {
        do throws(Refusal) {
            let credential = try PresentedCredential(
                from: request.fields, query: request.target.query, tokenLimit: configuration.tokenLimit,
                acceptsDPoP: configuration.bindings.mode != .off)
            // Events name the token by its digest, and a DPoP proof does too.
            return observer == nil && configuration.bindings.mode == .off ? credential : credential.withDigest()
        } catch {
            throw .refused(error)
        }
    }

    private func verify(_ token: PresentedToken, of request: GuardedRequest) async throws(StageEnd) -> AccessToken {
        do throws(TokenRejection) {
            let accessToken = try await verifier.verify(token)
            if accessToken.hasMalformedScopes { report(.scopesIgnored(request.facts(token))) }
            return accessToken
        } catch {
            throw .refused(.token(error))
        }
    }

    // MARK: The scopes

    /// Checks the scopes of the route and of the operation together, so that one challenge names all of them.
    ///
    /// - Parameter required: The demand of the route. The demand of the operation is added.
    private func checkScopes(
        of principal: Principal, for request: inout GuardedRequest, _ required: inout ScopeDemand
    ) async throws(StageEnd) {
        let granted = principal.scopes
        let route =
            principal.isAnonymous ? scopes.routeDemand(of: request.method, request.target.path) : required
        // An anonymous caller has no scopes and no login, so a path that requires one requires a token.
        if principal.isAnonymous, !route.isEmpty { throw .refused(.missingCredentials) }
        let operation: OperationDemand
        do throws(StageEnd) {
            operation = try await demand(ofOperationIn: &request)
        } catch {
            // A caller without the scopes of the route is told only that, and not what is wrong with the body.
            guard scopes.isMet(route, by: granted) else { throw lack(of: route, granted) }
            throw error
        }
        if operation.exemption != nil { required = scopes.routeDemand(of: request.method, request.target.path) }
        required.add(operation.scopes)
        if principal.isAnonymous {
            guard operation.scopes.isEmpty, !operation.needsToken else { throw .refused(.missingCredentials) }
        } else if !scopes.isMet(required, by: granted) {
            throw lack(of: required, granted)
        } else if let missing = authentication.missing(required.authentications, of: principal) {
            // RFC 9470 §3. A token without the scopes is told of them first.
            throw .refused(.insufficientAuthentication(missing))
        }
    }

    /// Whether every operation in the body of a request without a token is open. The body is read up to a limit.
    private func isOpenToEverybody(_ request: inout GuardedRequest) async throws(StageEnd) -> Bool {
        var attempt = request
        defer { request.body = attempt.body }
        do throws(StageEnd) {
            return try await demand(ofOperationIn: &attempt, limit: OperationLimits.maximumOpenBodyBytes)
                .exemption == .nothing
        } catch {
            // A body that cannot be judged is not open. The client learns only that it needs a token.
            switch error {
            case .refused, .body(.tooLarge): return false
            case .body: throw error
            }
        }
    }

    private func lack(of demand: ScopeDemand, _ granted: ScopeSet) -> StageEnd {
        .refused(.insufficientScope(scopes.scopesToRequest(for: demand, holding: granted)))
    }

    /// The demand of the operation in the body. With a token, the body is read only after the token was checked. The
    /// handler still receives all of it.
    ///
    /// - Parameter limit: The most bytes to read, if the rules do not have a smaller limit: a caller without a token
    ///   gets less than others.
    private func demand(
        ofOperationIn request: inout GuardedRequest, limit: Int = .max
    ) async throws(StageEnd) -> OperationDemand {
        guard let rules = scopes.operations(at: request.target.path) else { return OperationDemand() }
        // The program passed no body, but the handler may read one. In HTTP/2 no field announces it (RFC 9113 §8.1).
        guard let body = request.body else { throw .refused(request.isBodyTooLong ? .bodyTooLarge : .bodyWithheld) }
        let limit = min(limit, rules.maximumBodyBytes)
        let bytes: [UInt8]
        do throws(HTTPRequest.Body.ReadError) {
            (bytes, request.body) = try await body.beginning(limit + 1)
        } catch {
            throw .body(error)
        }
        guard bytes.count <= limit else { throw .refused(.bodyTooLarge) }
        do throws(Refusal) {
            var demand = try await rules.demand(of: bytes, request.fields, &request.message)
            if demand.exemption != nil, !scopes.admitExemptions(for: request) { demand.exemption = nil }
            return demand
        } catch {
            throw .refused(error)
        }
    }

    // MARK: The end

    private func proceed(
        _ request: GuardedRequest, as principal: Principal, token: PresentedToken? = nil,
        _ crossOrigin: CrossOriginFields?, nonce: String? = nil
    ) -> Decision {
        let session: BoundSessions.Use?
        do throws(SessionFault) {
            session = try sessions?.admit(request.method, request.fields, of: principal)
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
                principal: principal, request: request, crossOrigin: crossOrigin, session: session, expiry: streams,
                observer: observer, token: token, nonce: nonce.flatMap { HTTPFields.Value($0) }))
    }

    /// Reports a refusal and makes its response. Every refusal passes through here.
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
