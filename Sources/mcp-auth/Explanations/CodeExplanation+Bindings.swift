// The codes of tokens that are bound to a key or a certificate of the client.

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
        CodeExplanation(
            "client_certificate_missing", "The token is bound to a certificate, and the request came without one.",
            "Let the client use its certificate, and let the proxy pass it on. The address of the proxy must be in "
                + "OAUTH_TRUSTED_PROXIES."),
        CodeExplanation(
            "client_certificate_mismatch", "The token is bound to another certificate than that of the request.",
            "Use the certificate with which the client got the token."),
        CodeExplanation(
            "client_certificate_repeated", "The field with the certificate is there more than once.",
            "Let the proxy replace the field that a client sends."),
        CodeExplanation(
            "client_certificate_malformed", "The field with the certificate is not what the proxy should write.",
            "Compare OAUTH_CLIENT_CERTIFICATE_FIELD with the proxy, and let it replace the field of a client."),
        CodeExplanation(
            "client_certificate_ignored", "A field with a certificate came from an address that is not trusted.",
            "If it is your proxy, add its address to OAUTH_TRUSTED_PROXIES. Otherwise a client tries to forge it."),
    ]
}
