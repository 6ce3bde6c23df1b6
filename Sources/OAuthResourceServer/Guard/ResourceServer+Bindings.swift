internal import HTTPMessages
internal import JOSE
internal import TokenVerification

// The stage between the token and the scopes: whether the sender of a bound token has its key.
extension ResourceServer {
    /// The keys that the sender of a verified token must prove to have; nil when there are none. Runs for every
    /// request, also when the verdict on the token was remembered.
    func keysToProve(
        for token: AccessToken, presentedAs scheme: AccessTokenScheme
    ) throws(StageEnd) -> KeyConfirmation? {
        do throws(Refusal) {
            return try configuration.bindings.rules.confirmation(of: token, presentedAs: scheme)
        } catch {
            throw .refused(error)
        }
    }

    /// Checks that the sender of a token has its keys.
    ///
    /// - Returns: A nonce for the response, when the client should get a new one.
    func checkPossession(
        of confirmation: KeyConfirmation, _ token: PresentedToken, _ request: GuardedRequest
    ) async throws(StageEnd) -> String? {
        // The certificate costs less than the proof, so that it is checked first.
        try checkCertificate(of: confirmation, request)
        return try await checkProof(of: confirmation, token, request)
    }

    /// RFC 8705 §3: the certificate of a token that is bound to one.
    private func checkCertificate(
        of confirmation: KeyConfirmation, _ request: GuardedRequest
    ) throws(StageEnd) {
        guard let thumbprint = confirmation.certificateThumbprint else { return }
        do throws(Refusal) {
            try configuration.mutualTLS.check(thumbprint, for: request)
        } catch {
            throw .refused(error)
        }
    }

    /// RFC 9449 §7.1: the proof of a token that is bound to a key.
    private func checkProof(
        of confirmation: KeyConfirmation, _ token: PresentedToken, _ request: GuardedRequest
    ) async throws(StageEnd) -> String? {
        guard let thumbprint = confirmation.keyThumbprint else { return nil }
        do throws(DPoPRejection) {
            // The rules let a token with a thumbprint pass only when there is a verifier.
            guard let proofs = configuration.bindings.proofs else { throw DPoPRejection.missing }
            guard let target = configuration.proofTargets.target(of: request.target) else {
                throw DPoPRejection.target
            }
            return try await proofs.verify(
                request.fields.values(of: .dpop).map(\.bytes), method: request.method.description, target: target,
                token: token, boundTo: thumbprint)
        } catch {
            throw .refused(.proof(error))
        }
    }
}
