internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification

// How a request ends: it proceeds to its handler, or gets a response instead.
extension ResourceServer {
    /// Lets the request through. The attempt is over: the request is moved out of it, and not copied.
    func proceed(_ attempt: inout Attempt) -> Decision {
        proceed(
            attempt.request.taken(), as: attempt.principal, token: attempt.credential?.token, attempt.crossOrigin,
            nonce: attempt.nonce)
    }

    /// Refuses a request that has passed the stages before the token; in shadow mode it is let through. The refusals of
    /// the earlier stages hold in every mode.
    func refuseUnlessInShadow(_ attempt: Attempt, _ refusal: Refusal) -> Decision {
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

    func bodiless(_ response: HTTPResponse, if method: HTTPMethod) -> HTTPResponse {
        guard method == .head else { return response }
        var response = response
        response.body = .bytes([])
        return response
    }
}
