internal import TokenVerification

/// What an operator can do about a refusal or an event of the guard: at most two sentences for each, with the names of
/// the environment variables. Every sentence is a constant.
enum GuardRemedies {
    /// The sentences about a code of ``ResourceServer/Refusal`` or a name of ``ResourceServerEvent``; nil when the code
    /// says all.
    static func sentence(for code: String) -> String? {
        sentences[code] ?? TokenRemedies.sentence(for: code)
    }

    /// A token of another tenant or realm.
    static let otherTenant =
        "The token is from the expected host but another tenant or realm. "
        + "Let the client log in at the expected issuer, or add the other one to OAUTH_ISSUERS."

    /// The needed scopes are in a claim that is not read.
    static let scopesInOtherClaim =
        "The token has the needed scopes in another claim than scope and scp. "
        + "Name that claim in OAUTH_SCOPE_CLAIMS; scope and scp stay in use."

    /// The codes and names that have sentences of the guard.
    static var codes: [String] { sentences.keys.sorted() }

    private static let sentences: [String: String] = [
        "scheme_missing": "The Authorization field holds a token without a scheme. "
            + "The client must send Authorization: Bearer, a space, and the token.",
        "other_scheme": "The Authorization field has another scheme than Bearer. "
            + "The client, or a proxy in front of this server, must send Authorization: Bearer and the access token.",
        "token_in_query": "The token is in the query of the URL, where it is never read. "
            + "The client must send it in the field Authorization: Bearer.",
        "token_in_two_places": "The request has a token in the header and another one in the query or the form. "
            + "The client must send it in the header alone.",
        "repeated_credentials": "The request has several Authorization fields. "
            + "The client, or a proxy that adds its own credentials, must send one.",
        "insufficient_scope": "The token lacks scopes. Clients log in again for them; if this repeats, let the issuer "
            + "grant these scopes to the client and its user.",
        "insufficient_user_authentication": "The user must log in more strongly, or again. "
            + "If this repeats, let the issuer support the needed acr and write acr and auth_time into its tokens.",
        "origin_not_allowed": "A web page of this origin has called. If it is your own, add the origin to "
            + "OAUTH_ALLOWED_ORIGINS; otherwise the refusal is right.",
        "host_not_served": "The request names a host that is not expected. If clients use that name, set "
            + "OAUTH_RESOURCE to their URL, or add a second name to OAUTH_ALLOWED_HOSTS; otherwise the refusal is "
            + "right.",
        "disabled_on_network": "The guard is disabled for this machine only, and the request is from the network. "
            + "Set OAUTH_MODE=enforced, or listen on a loopback address.",
        "body_withheld": "The rules for MCP operations need the body, and the program did not pass it. "
            + "Pass the body to decide.",
        "body_too_large": "The body is longer than operations.maximumBodyBytes. Raise it, or send less at once.",
        "session_unknown": "The client uses a session of another caller or of an earlier process. "
            + "Clients begin a new one; to keep sessions over a restart, set OAUTH_SESSION_KEY_FILE.",
        "dpop_unbound_token": "The token is not bound to a key. Let the client send a proof to the token endpoint too, "
            + "or send this token as Bearer.",
        "header_mismatch": "Mcp-Method or Mcp-Name differs from the body. The client, or a proxy that rewrites the "
            + "request, must send the same in both.",
        "unknown_resource": "No protected resource has this path. Correct the client's URL, or the path that the proxy "
            + "forwards.",
        "GUARD_SHADOW": "Tokens and scopes are checked but not enforced. Set OAUTH_MODE=enforced to refuse requests.",
        "GUARD_DISABLED":
            "Every request is let through without a token. Set OAUTH_MODE=enforced to protect the server.",
        "resource_differs": "Clients call this server by another URL than its resource, so they refuse its metadata or "
            + "get tokens for another audience. Set OAUTH_RESOURCE to the public URL, as clients spell it.",
        "metadata_not_requested": "Clients are sent to this URL, and no request for it arrives here. "
            + "Let the proxy forward its path, or set OAUTH_METADATA_URL to a path that it forwards.",
        "scopes_ignored": "The token's scope claim is neither a string nor a list of strings, so it grants nothing. "
            + "Correct it at the issuer.",
        "session_withheld": "The handler's Mcp-Session-Id could not be given to this caller. "
            + "Create sessions only in the response to a POST that succeeds.",
        "malformed_field":
            "A field that HTTP does not allow was found. Correct the client or the handler that sent it.",
        "client_certificate_ignored":
            "A client certificate in a field came from another machine than the trusted proxy. "
            + "If it is your proxy, name its address in OAUTH_TRUSTED_PROXIES.",
        "handler_failed": "The handler threw an error, and the caller got 500. Correct the handler.",
    ]
}
