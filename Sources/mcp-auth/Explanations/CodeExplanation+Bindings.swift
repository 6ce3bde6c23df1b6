// The codes of tokens that are bound to a key of the client.

extension CodeExplanation {
    static let ofBindings = [
        CodeExplanation(
            "cnf_malformed", "The token is bound to a key (cnf), and says it in a way that cannot be read.",
            "Correct the issuer."),
        CodeExplanation(
            "cnf_unsupported", "The token is bound (cnf) in another way than by DPoP or a certificate.",
            "Let the issuer bind it by jkt or x5t#S256, or send tokens that are not bound."),
        CodeExplanation(
            "dpop_bound_token_as_bearer", "A token that is bound to a key came as Bearer, without a proof.",
            "Send Authorization: DPoP <token> with a proof. If the client did not send it, the token was stolen."),
        CodeExplanation(
            "dpop_unbound_token", "A token that is not bound to a key came as DPoP.",
            "Let the client send a proof to the token endpoint too, so that the issuer binds the token."),
        CodeExplanation(
            "dpop_binding_required", "The token is not bound to a key, and the server accepts no others.",
            "Let the issuer bind it, or set OAUTH_DPOP=optional."),
    ]
}
