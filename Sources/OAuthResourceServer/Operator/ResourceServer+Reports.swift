internal import TokenVerification

extension ResourceServer {
    /// The facts about a refused request, with what the operator must know to find the cause.
    func facts(
        about refusal: Refusal, of request: GuardedRequest, _ token: PresentedToken?, _ principal: Principal
    ) -> ResourceServerEvent.Request {
        var facts = request.facts(token)
        facts.findings = findings.look(at: refusal, of: request, token, principal)
        return facts
    }

    /// Reports what is told once: the hint of a preset for a token's refusal, and mistakes of a proxy.
    func explain(_ refusal: Refusal, of request: GuardedRequest) {
        guard observer != nil else { return }
        if case .token = refusal, let event = configuration.hints.event(for: refusal.code) { report(event) }
        // In shadow mode, no client is sent to the metadata.
        guard configuration.mode != .shadow else { return }
        for event in configuration.proxies.look(at: refusal, of: request) { report(event) }
    }
}
