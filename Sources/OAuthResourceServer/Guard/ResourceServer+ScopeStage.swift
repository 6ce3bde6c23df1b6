internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification

// The stage of the scopes: those of the route, and those of the operation in the body.
extension ResourceServer {
    /// Checks the scopes of the route and of the operation together, so that one challenge names all of them.
    func checkScopes(of attempt: inout Attempt) throws(StageEnd) {
        guard attempt.needsScopes else { return }
        let operation = attempt.operation
        let route = scopes.routeDemand(of: attempt.request.method, attempt.request.target.path)
        var required = operation.exemption == nil ? scopes.demand(with: route) : route
        required.add(operation.scopes)
        attempt.required = required
        if attempt.principal.isAnonymous {
            // An anonymous caller has no scopes and no login, so a path that requires one requires a token.
            guard route.isEmpty, operation.scopes.isEmpty, !operation.needsToken else {
                throw .refused(.missingCredentials)
            }
        } else if !scopes.isMet(required, by: attempt.principal.scopes) {
            throw .refused(lack(of: required, attempt.principal.scopes))
        } else if let missing = authentication.missing(required.authentications, of: attempt.principal) {
            // RFC 9470 §3. A token without the scopes is told of them first.
            throw .refused(.insufficientAuthentication(missing))
        }
    }

    /// The rules for the operation in the body; nil when there are none.
    func operationToRead(of attempt: Attempt) throws(StageEnd) -> OperationRules? {
        let (method, path) = (attempt.request.method, attempt.request.target.path)
        guard attempt.needsScopes, let rules = scopes.operations(at: path) else { return nil }
        // Nothing is read for a caller that needs a token because of the path.
        guard !attempt.principal.isAnonymous || scopes.routeDemand(of: method, path).isEmpty else {
            throw .refused(.missingCredentials)
        }
        return rules
    }

    /// The demand of the operation in the body. With a token, the body is read only after the token was checked. The
    /// handler still receives all of it.
    func operationDemand(
        of attempt: inout Attempt, by rules: OperationRules
    ) async throws(StageEnd) -> OperationDemand {
        do throws(StageEnd) {
            return try await demand(ofOperationIn: &attempt.request, by: rules)
        } catch {
            // A caller without the scopes of the route is told only that, and not what is wrong with the body.
            guard !attempt.principal.isAnonymous else { throw error }
            let required = scopes.demand(of: attempt.request.method, attempt.request.target.path)
            let granted = attempt.principal.scopes
            guard scopes.isMet(required, by: granted) else { throw .refused(lack(of: required, granted)) }
            throw error
        }
    }

    /// Whether a request needs no token.
    enum Openness {
        case open, closed, dependsOnBody
    }

    /// Whether the request needs no token, as far as its head tells.
    func openness(of attempt: Attempt) -> Openness {
        guard !attempt.request.fields.contains(.authorization) else { return .closed }
        if attempt.access == .optional { return .open }
        return scopes.mayBeOpen(attempt.request) ? .dependsOnBody : .closed
    }

    /// Whether every operation in the body of a request without a token is open. The body is read up to a limit: a
    /// caller without a token gets less than others.
    func isOpenToEverybody(_ request: inout GuardedRequest) async throws(StageEnd) -> Bool {
        guard let rules = scopes.operations(at: request.target.path) else { return false }
        // A copy: `message` must stay nil, so that a refusal is not an answer to the message in the body.
        var copy = request
        defer { request.body = copy.body }
        do throws(StageEnd) {
            return try await demand(ofOperationIn: &copy, by: rules, limit: OperationLimits.maximumOpenBodyBytes)
                .exemption == .nothing
        } catch {
            // A body that cannot be judged is not open. The client learns only that it needs a token.
            switch error {
            case .refused, .body(.tooLarge): return false
            case .body: throw error
            }
        }
    }

    private func lack(of demand: ScopeDemand, _ granted: ScopeSet) -> Refusal {
        .insufficientScope(scopes.scopesToRequest(for: demand, holding: granted))
    }

    /// - Parameter limit: The most bytes to read, if the rules do not have a smaller limit.
    private func demand(
        ofOperationIn request: inout GuardedRequest, by rules: OperationRules, limit: Int = .max
    ) async throws(StageEnd) -> OperationDemand {
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
}
