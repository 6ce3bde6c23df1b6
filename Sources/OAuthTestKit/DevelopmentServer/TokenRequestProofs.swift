internal import HTTPMessages
internal import JOSE
internal import TokenVerification
internal import WireFormat

/// DPoP at the token endpoint (RFC 9449 §5 and §8).
struct TokenRequestProofs: Sendable {
    private let mode: DevelopmentAuthorizationServer.DPoP
    private let verifier: DPoPVerifier
    private let nonces: DPoPNonces?
    private let target: DPoPTarget

    /// Makes the verifier. Throws ``TestKitError/issuerNotAcceptable`` for an issuer without a token endpoint.
    init(_ settings: DevelopmentAuthorizationServer.Settings, issuer: FakeIssuer) throws(TestKitError) {
        var own = DPoPVerifier.Settings()
        own.nonces = settings.dpopNonces
        guard let endpoint = issuer.endpoint("token"),
            let verifier = try? DPoPVerifier(
                replayStore: settings.dpopReplayStore, settings: own, clock: issuer.clock)
        else { throw .issuerNotAcceptable }
        mode = settings.dpop
        nonces = settings.dpopNonces
        target = DPoPTarget(endpoint)
        self.verifier = verifier
    }

    /// Whether clients can bind tokens and codes to a key.
    var areUsed: Bool { mode != .off }

    /// The thumbprint of the key that the request proves; nil for a request without a proof.
    func thumbprint(of request: HTTPRequest) async throws(TokenRequestProofs.Failure) -> String? {
        let fields = request.fields.values(of: .dpop).map(\.bytes)
        switch mode {
        // RFC 6749 §3.2: an authorization server ignores what it does not know.
        case .off: return nil
        case .optional where fields.isEmpty: return nil
        case .optional, .required: break
        }
        do throws(DPoPRejection) {
            return try await verifier.verifyTokenRequest(fields, method: request.method.name, target: target)
        } catch {
            throw Failure(rejection: error)
        }
    }

    /// Tells the client the nonce for its next proof (RFC 9449 §8.2).
    func addNonce(to response: inout HTTPResponse, now: Double) {
        guard mode != .off, let nonces else { return }
        response.fields[.dpopNonce] = HTTPFields.Value(nonces.make(now: now))
    }

    /// A proof is not acceptable.
    struct Failure: Error {
        let rejection: DPoPRejection

        /// The answer of RFC 9449 §5 and §8. Its description names the rule that is broken, for the developer of the
        /// client; it has no text of the proof.
        var response: HTTPResponse {
            let (refusal, detail): (Refusal, String) =
                switch rejection {
                case .nonce: (.proofNonce, "")
                case .missing: (.proofMissing, "")
                case .store, .cryptographyUnavailable: (.proofUndecided, "")
                default: (.proofNotAcceptable, " The reason is \(rejection.code).")
                }
            return refusal.response(detail: detail)
        }
    }
}
