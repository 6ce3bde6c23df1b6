internal import JOSE
internal import TokenVerification

/// Decides which proofs a verified token needs in the scheme in which it was presented. Pure: it checks no proof.
///
/// | the token | `Bearer` | `DPoP` |
/// |---|---|---|
/// | is not bound | accepted, unless the mode is `required` | refused: an attacker could have removed the binding |
/// | has `cnf.jkt` | refused: the client, or a thief, omits the proof | needs a proof |
/// | has only `cnf.x5t#S256` | needs the certificate, refused if the mode is `required` | refused |
/// | has both | refused | needs a proof and the certificate |
/// | has a `cnf` that cannot be read, or that is not checked here | refused | refused |
///
/// - SeeAlso: [RFC 9449 §7.1](https://www.rfc-editor.org/rfc/rfc9449#section-7.1) and
///   [§7.2](https://www.rfc-editor.org/rfc/rfc9449#section-7.2),
///   [RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)
struct BindingRules: Sendable {
    let mode: ResourceServerConfiguration.DPoP.Mode
    let confirmations: Set<KeyConfirmation.Method>

    /// The keys whose possession must be proved; nil when nothing must be.
    func confirmation(
        of token: AccessToken, presentedAs scheme: AccessTokenScheme
    ) throws(ResourceServer.Refusal) -> KeyConfirmation? {
        let confirmation: KeyConfirmation?
        do throws(JOSEError.ClaimDefect) {
            confirmation = try token.confirmation
        } catch {
            throw .token(.invalid(.jwt(.claim(.cnf, confirmations.isEmpty ? .unsatisfied : error))))
        }
        if let confirmation, !confirmation.methods.isSubset(of: confirmations) {
            // Only a verifier of the program accepts such a token: it cannot know what this guard checks.
            throw .token(.invalid(.jwt(.claim(.cnf, .unsatisfied))))
        }
        switch (scheme, confirmation?.keyThumbprint) {
        case (.dpop, nil): throw .binding(.unboundToken)
        case (.bearer, .some): throw .binding(.boundTokenAsBearer)
        case (.bearer, nil) where mode == .required: throw .binding(.bindingRequired)
        case (.bearer, nil), (.dpop, .some): return confirmation
        }
    }
}
