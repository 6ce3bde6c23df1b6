// The codes of refused requests and tokens.

extension CodeExplanation {
    private static let issuerSettings =
        "Compare the issuer, the audience and the algorithms of the server "
        + "(OAUTH_ISSUERS, OAUTH_AUDIENCES, OAUTH_ALGORITHMS) with the token: mcp-auth token inspect."

    static let ofRequests = [
        CodeExplanation(
            "missing_credentials", "The request had no access token.",
            "Nothing, if it is the first request of a login. Otherwise look for a proxy that removes Authorization."),
        CodeExplanation(
            "other_scheme", "Authorization has another scheme than Bearer.",
            "Send the access token with Bearer. Look for a proxy that adds credentials of its own."),
        CodeExplanation(
            "scheme_missing", "Authorization has a token, and no scheme in front of it.",
            "Write Bearer and a space before the token."),
        CodeExplanation(
            "token_in_query", "The token is in the query of the URL alone, where it is never read.",
            "Send the token in the header Authorization."),
        CodeExplanation(
            "malformed_head", "The method, the target or a field of the request is not allowed in HTTP.",
            "Look for a broken client or proxy."),
        CodeExplanation(
            "repeated_credentials", "The request had several Authorization fields or credentials.",
            "Let one layer alone set Authorization: often a proxy adds a second one."),
        CodeExplanation(
            "token_in_two_places", "The request had a token in the header and one in the query or the form.",
            "Send the token in the header alone."),
        CodeExplanation(
            "authorization_too_long", "Authorization has another scheme and is too long.",
            "Send an access token with the scheme Bearer."),
        CodeExplanation(
            "body_not_json", "The scopes depend on the body, and it is not strict JSON.", "Correct the client."),
        CodeExplanation(
            "body_not_json_rpc", "The scopes depend on the body, and it is not a clear JSON-RPC message.",
            "Correct the client: a member may stand in an object only once."),
        CodeExplanation(
            "body_encoded", "The scopes depend on the body, and it has a content coding.",
            "Send the body without Content-Encoding."),
        CodeExplanation(
            "client_certificate_missing", "The token is bound to a client certificate, and the request has none.",
            "Let the client use its certificate. Behind a proxy, name its address in OAUTH_TRUSTED_PROXIES."),
        CodeExplanation(
            "client_certificate_mismatch", "The token is bound to another client certificate.",
            "Let the client use the certificate with which it obtained the token."),
        CodeExplanation(
            "client_certificate_repeated", "The field of the proxy with the client's certificate is there twice.",
            "Let the proxy replace the field of the client."),
        CodeExplanation(
            "client_certificate_malformed", "The field of the proxy does not hold one certificate in its format.",
            "Correct the proxy, or OAUTH_CLIENT_CERTIFICATE_FIELD."),
        CodeExplanation(
            "header_mismatch", "Mcp-Method or Mcp-Name differs from the body.",
            "Let the client send the same in both, or let the proxy keep both."),
        CodeExplanation(
            "insufficient_scope", "The token is good and lacks scopes of this operation.",
            "Let the client ask for the scopes of the challenge; allow them at the authorization server. If the token "
                + "has them in another claim, name it in OAUTH_SCOPE_CLAIMS."),
        CodeExplanation(
            "insufficient_user_authentication", "The user was not authenticated as the operation needs (RFC 9470).",
            "Let the client ask for the acr_values or max_age of the challenge."),
        CodeExplanation(
            "body_too_large", "The body is longer than the rules of scopes read.",
            "Raise maximumBodyBytes of the rules, or send less."),
        CodeExplanation(
            "body_withheld", "The scopes depend on the body, and the program did not pass it to the guard.",
            "Pass the body to decide(…)."),
        CodeExplanation(
            "session_unknown", "The request names a session that does not belong to its caller.",
            "Nothing, after a restart: the client begins a new session. With several instances, give them the same "
                + "OAUTH_SESSION_KEY_FILE."),
        CodeExplanation(
            "session_repeated", "A message has several Mcp-Session-Id fields.", "Correct the client or proxy."),
        CodeExplanation(
            "session_malformed", "The handler made a session identifier that is not 1 to 256 visible characters.",
            "Correct the handler."),
        CodeExplanation(
            "session_of_nameless_principal",
            "The token names neither a subject nor a client, so no session can be its.",
            "Let the issuer send sub or client_id."),
        CodeExplanation(
            "session_on_error_response", "An error response of the handler carried a session.", "Correct the handler."),
        CodeExplanation(
            "session_on_other_method", "The handler opened a session on another request than initialize.",
            "Correct the handler."),
        CodeExplanation(
            "origin_not_allowed", "A page of an origin that is not listed called.",
            "List the origin in OAUTH_ALLOWED_ORIGINS if the page is yours."),
        CodeExplanation(
            "host_not_served", "Host names neither this machine nor the resource, as in a DNS rebinding attack.",
            "List the name in OAUTH_ALLOWED_HOSTS if clients use it."),
        CodeExplanation(
            "disabled_on_network", "A guard that is disabled for loopback got a request from the network.",
            "Use the mode enforced, or bind to 127.0.0.1."),
        CodeExplanation(
            "unknown_resource", "No resource of this server has the path.", "Correct the URL or the configuration."),
    ]

    static let ofTokens = [
        CodeExplanation(
            "token_syntax", "Authorization is not Bearer, a space and a token.",
            "Send: Authorization: Bearer <token>, without quotes and line breaks."),
        CodeExplanation("token_too_large", "The token is longer than the limit.", "Ask the issuer for smaller tokens."),
        CodeExplanation(
            "token_parts", "The token does not have the three parts of a signed JWT.",
            "If the issuer sends opaque tokens, configure introspection. Otherwise the token was cut."),
        CodeExplanation(
            "token_encrypted", "The token is encrypted (JWE).", "Let the issuer sign tokens instead of encrypting them."
        ),
        CodeExplanation(
            "token_base64url", "A part of the token is not base64url.", "The token was changed on its way."),
        CodeExplanation("header_too_large", "The header of the token is longer than 8 KiB.", "Correct the issuer."),
        CodeExplanation("header_json", "The header of the token is not strict JSON.", "Correct the issuer."),
        CodeExplanation("payload_json", "The claims of the token are not strict JSON.", "Correct the issuer."),
        CodeExplanation("alg_missing", "The token names no algorithm.", "Correct the issuer."),
        CodeExplanation(
            "alg_not_allowed", "The token is signed with an algorithm that is not allowed.",
            "Add the algorithm to OAUTH_ALGORITHMS if the issuer uses it. HMAC and none are never accepted."),
        CodeExplanation("crit_present", "The token asks for an extension (crit).", "Correct the issuer."),
        CodeExplanation("b64_not_true", "The token has an unencoded payload (b64).", "Correct the issuer."),
        CodeExplanation(
            "typ_not_acceptable", "typ says that it is not an access token.",
            "Send the access token. With the profile rfc9068, only at+jwt is accepted (OAUTH_TOKEN_PROFILE)."),
        CodeExplanation("cty_malformed", "cty of the token is not a text.", "Correct the issuer."),
        CodeExplanation("kid_malformed", "kid of the token is not a text of at most 512 bytes.", "Correct the issuer."),
        CodeExplanation(
            "key_unknown", "The key set of the issuer has no usable key for the token.",
            "Get a new token. If it goes on: the token may come from another environment, or the server reads an old "
                + "key set (OAUTH_JWKS_URL). mcp-auth jwks inspect shows the keys."),
        CodeExplanation(
            "key_ambiguous", "The token has no kid, and several keys fit.", "Let the issuer send kid."),
        CodeExplanation(
            "key_algorithm_mismatch", "The key of the token is for another algorithm.", "Correct the key set."),
        CodeExplanation("key_of_foreign_issuer", "The keys belong to another issuer.", issuerSettings),
        CodeExplanation(
            "bad_signature", "The signature does not verify with the key.",
            "The token was changed or forged, or the issuer has a new key under an old kid."),
        CodeExplanation(
            "not_an_access_token", "It is an ID token or an event token.",
            "Send the access_token of the token response, not the id_token."),
        CodeExplanation(
            "unknown_issuer", "The server does not trust the issuer of the token.",
            "Compare iss of the token with OAUTH_ISSUERS: mcp-auth token inspect."),
        CodeExplanation("trailing_slash", "It differs by the slash at the end.", "Write it as in iss of the tokens."),
        CodeExplanation("letter_case", "It differs by upper and lower case.", "Write it as in iss of the tokens."),
        CodeExplanation("default_port", "It differs by the default port.", "Write it as in iss of the tokens."),
        CodeExplanation("scheme", "It differs by the scheme.", "Write it as in iss of the tokens."),
        CodeExplanation(
            "token_inactive", "The issuer says that the token is not active.",
            "Get a new token: it has expired, was revoked, or comes from another issuer."),
        CodeExplanation(
            "static_token_unknown", "No line of the file of static tokens has this token.",
            "Make a token with mcp-auth static-token new, add its line, and restart the server."),
        CodeExplanation(
            "token_of_unknown_kind", "No configured verifier is for a token of this kind.",
            "Configure introspection for opaque tokens, or issuers for JWTs."),
    ]

    /// A claim and a defect each: `aud_mismatch`, `exp_expired`, …
    static let ofClaims: [CodeExplanation] = {
        let claims = [
            "iss": "the issuer", "sub": "the subject", "aud": "the audience", "exp": "the expiry",
            "nbf": "the beginning",
            "iat": "the time of issue", "jti": "the identifier of the token", "cnf": "the key that it is bound to",
            "client_id": "the client", "username": "the user name", "claim": "a further claim that is required",
        ]
        let defects: [(String, String, String)] = [
            ("missing", "is missing", "Let the issuer send it, or relax the profile of the server."),
            ("wrong_type", "has the wrong JSON type, or is out of range", "Correct the issuer."),
            ("mismatch", "has another value than the server expects", issuerSettings),
            ("expired", "has passed", "Get a new token. If it is new, set the clocks by NTP."),
            ("not_yet_valid", "is in the future", "Set the clocks by NTP (OAUTH_CLOCK_SKEW allows 60 seconds)."),
            ("issued_in_future", "is in the future", "Set the clocks by NTP (OAUTH_CLOCK_SKEW allows 60 seconds)."),
            ("too_old", "is too long ago", "Get a new token, or raise maximumAge."),
            (
                "lifetime_too_long", "is too far from iat",
                "Let the issuer issue shorter tokens, or raise maximumLifetime."
            ),
            (
                "unsatisfied", "asks for a proof that was not given or cannot be checked",
                "Switch DPoP or mutual TLS on at the server, or let the issuer send tokens that are not bound."
            ),
        ]
        let fixes = [
            "aud_mismatch":
                "Ask for the token with resource=<URL of the server>, or add the audience that the issuer "
                + "writes to OAUTH_AUDIENCES.",
            "cnf_missing":
                "The issuer calls the token DPoP. Let it send cnf with jkt in its introspection answers (RFC 9449 "
                + "§6.2).",
        ]
        return claims.sorted { $0.key < $1.key }.flatMap { name, text in
            defects.map { defect, says, fix in
                CodeExplanation(
                    "\(name)_\(defect)", "The claim \(name == "claim" ? text : "\(name), \(text),") \(says).",
                    fixes["\(name)_\(defect)"] ?? fix)
            }
        }
    }()
}
