/// What an operator can do about a reason code or an event of this module: at most two sentences for each, with the
/// names of the environment variables. Every sentence is a constant.
///
/// `mcp-auth` and the events of a guard show these sentences.
package enum TokenRemedies {
    /// The sentences about a code of a refused token, a failed fetch or an event; nil when the code says all.
    package static func sentence(for code: String) -> String? {
        sentences[code] ?? statusSentence(for: code)
    }

    /// The codes and names that have sentences, without those of a status.
    package static var codes: [String] { sentences.keys.sorted() }

    private static let sentences = Dictionary(
        (ofTokens.map { ($0.key, $0.value) } + ofIssuers.map { ($0.key, $0.value) }),
        uniquingKeysWith: { first, _ in first })

    private static let ofTokens: KeyValuePairs<String, String> = [
        "token_syntax": "The text after Bearer is not a token. The client must send the access token unchanged.",
        "token_too_large":
            "The token is longer than tokens.maximumBytes. Raise it, or let the issuer put less into it.",
        "unknown_issuer": "The token is from an issuer that is not configured: another server, tenant or environment. "
            + "Log in at the expected issuer, or add the other one to OAUTH_ISSUERS.",
        "issuer_differs_by_trailing_slash": "The token and the configuration spell the issuer with and without a slash "
            + "at the end. Copy it into OAUTH_ISSUERS exactly as the issuer's metadata spells it.",
        "issuer_differs_by_letter_case": "The token spells the issuer in other upper and lower case. "
            + "Copy it into OAUTH_ISSUERS exactly as the issuer's metadata spells it.",
        "issuer_differs_by_default_port": "The token spells the issuer with another port. "
            + "Copy it into OAUTH_ISSUERS exactly as the issuer's metadata spells it.",
        "issuer_differs_by_scheme": "The token spells the issuer with http in place of https, or the other way round. "
            + "Correct the public URL at the issuer, or copy its spelling into OAUTH_ISSUERS.",
        "token_parts": "The token is opaque, not a JWT. Set OAUTH_INTROSPECTION_CLIENT_ID to ask the issuer about such "
            + "tokens, or let the issuer give JWTs for this resource.",
        "token_of_unknown_kind": "No verifier is configured for this kind of token. "
            + "Set OAUTH_INTROSPECTION_CLIENT_ID to ask the issuer about opaque tokens.",
        "token_encrypted": "The token is encrypted (JWE). Let the issuer give signed tokens for this resource.",
        "token_base64url": damaged, "header_json": damaged, "payload_json": damaged,
        "alg_not_allowed":
            "The token is signed with an algorithm that is not allowed here. Let the issuer sign with an "
            + "allowed one, or add its algorithm to OAUTH_ALGORITHMS.",
        "typ_not_acceptable": "The token's typ says that it is no access token. The client must send the access token; "
            + "with OAUTH_TOKEN_PROFILE=rfc9068, the issuer must write the typ at+jwt.",
        "not_an_access_token": idToken,
        "key_unknown":
            "The issuer's key set has no key with the token's kid. The token is from another environment, or "
            + "of a key that the issuer has removed: get a new token.",
        "key_ambiguous": "The token has no kid, and several keys of the issuer fit. Let the issuer write the kid.",
        "key_algorithm_mismatch": "The key with the token's kid is not for the token's algorithm. "
            + "Correct the alg of the key in the issuer's key set.",
        "bad_signature": "No key of the issuer verifies the signature. The token was changed on its way, or another "
            + "server has signed it under this issuer's name.",
        "aud_mismatch":
            "The token is for another resource. If <expected> is not the URL that clients use, correct "
            + "OAUTH_RESOURCE; otherwise request tokens with resource=<expected>, or add the issuer's name for this "
            + "server to OAUTH_AUDIENCES.",
        "aud_missing": "The token names no audience. Let the issuer write the expected audience into its tokens.",
        "exp_missing": "The token has no expiration time. Let the issuer write exp into its tokens.",
        "exp_expired": "The token has expired, and its client should refresh it. If new tokens are refused too, "
            + "the clock of this machine is ahead, or the issuer's is behind.",
        "nbf_not_yet_valid": futureToken, "iat_issued_in_future": futureToken,
        "cnf_unsatisfied": "The token is bound to a key of its client, and the request has no proof that this server "
            + "accepts. Switch the binding on here (OAUTH_DPOP), or off for this client at the issuer.",
        "cnf_missing": "The introspection answer calls the token DPoP, and does not say to which key it is bound. "
            + "Let the issuer send cnf with jkt in its answers.",
        "token_inactive": "The issuer says that the token is not active: it was revoked, has expired, or is of another "
            + "issuer. Get a new token.",
        "static_token_unknown": "The token is not in the list of pre-shared tokens. Add its hash to the file of "
            + "OAUTH_STATIC_TOKENS_FILE, or correct the client's token.",
        "keys_unavailable": "The issuer's keys are missing, so no token can be checked. "
            + "The event discovery_failed or key_refresh_failed says why.",
        "introspection_unavailable": "The introspection endpoint did not answer. "
            + "The event introspection_failed says why.",
    ]

    private static let ofIssuers: KeyValuePairs<String, String> = [
        "clock_differs": "This machine's clock and the issuer's differ, so good tokens will be refused. "
            + "Synchronize both (NTP); a positive number means that this machine is ahead.",
        "keys_hard_expired": "The issuer's keys could not be renewed for too long and are not used any more. "
            + "The event key_refresh_failed says why.",
        "keys_served_stale": "The issuer's keys could not be renewed and are still used. "
            + "The event key_refresh_failed says why.",
        "fetch_not_allowed": "This URL is plain http, or of another kind that may not be fetched. Set "
            + "OAUTH_ALLOW_INSECURE_HTTP for http; a fetcher that the program makes has permissions of its own.",
        "fetch_not_resolved": "The host name has no address. Correct the name or DNS; where only a proxy reaches the "
            + "issuer, set OAUTH_HTTP_PROXY.",
        "fetch_blocked_address": "The host has a private address. If it is your own, list the host in "
            + "OAUTH_ALLOW_PRIVATE_HOSTS.",
        "fetch_connection_failed":
            "No connection to the host. Check that the issuer runs and that a firewall lets this "
            + "machine through; where a proxy is needed, set OAUTH_HTTP_PROXY.",
        "fetch_timed_out": "The host does not answer in time. Check that the issuer runs and that a firewall lets this "
            + "machine through; where a proxy is needed, set OAUTH_HTTP_PROXY.",
        "fetch_tls_unknown_authority": "No trusted authority has issued the host's certificate. For an authority of "
            + "your own, set OAUTH_CA_FILE to its PEM file; otherwise add the missing intermediate at the host.",
        "fetch_tls_expired": "The host's certificate has expired or is not valid yet. Renew it at the host, and check "
            + "the clock of this machine.",
        "fetch_tls_wrong_name":
            "The host's certificate is for other names. Use the name of the certificate in the URL, "
            + "or correct the certificate.",
        "fetch_tls": "TLS failed. Check with openssl s_client which version and ciphers the host offers.",
        "fetch_malformed_response": "The host does not speak HTTP here. Correct the port or the scheme of the URL.",
        "fetch_credentials_unreadable": "The file with the token for fetching cannot be read. Correct its path or its "
            + "permissions.",
        "fetch_unavailable": "The fetcher does not work. Install libcurl 7.84 or later, and check the limits of memory "
            + "and open files.",
        "metadata_not_json":
            "The URL answers with a page that is not JSON, such as a login page. Correct the issuer in "
            + "OAUTH_ISSUERS, or let this machine through without a login.",
        "metadata_not_an_object": "The document is not metadata. Correct the issuer in OAUTH_ISSUERS.",
        "metadata_without_issuer": "The document names no issuer. Correct the issuer in OAUTH_ISSUERS.",
        "metadata_issuer_mismatch": "The document names another issuer. Copy its member issuer into OAUTH_ISSUERS, "
            + "letter by letter.",
        "jwks_uri_not_acceptable": "The metadata names no key set that may be fetched. Correct jwks_uri at the issuer, "
            + "or set OAUTH_JWKS_URL.",
        "introspection_endpoint_not_acceptable": "The metadata names no introspection endpoint that may be used. "
            + "Set OAUTH_INTROSPECTION_URL.",
        "jwks_malformed": "The URL of the keys answers with something else than a key set. Correct OAUTH_JWKS_URL, or "
            + "jwks_uri at the issuer.",
        "jwks_without_usable_key": "The key set has no key that can verify tokens. The events key_skipped say why.",
        "credentials_refused": "The issuer refuses the credentials of this server. Correct "
            + "OAUTH_INTROSPECTION_CLIENT_ID and its secret or key.",
    ]

    /// Two kinds of ID tokens are found in different ways.
    package static let idToken =
        "The client sends an ID token, which is for the client alone. "
        + "It must send the access token of the same token response."
    private static let futureToken =
        "The token is from the future. Synchronize the clocks (NTP): this machine's is "
        + "behind, or the issuer's is ahead."
    private static let damaged = "The token is damaged. Check that the client sends it whole and unchanged."

    private static func statusSentence(for code: String) -> String? {
        let prefix = "status_"
        guard code.hasPrefix(prefix), let status = Int(code.dropFirst(prefix.count)) else { return nil }
        return switch status {
        case 300..<400:
            "The URL answers with a redirect, which is never followed. Set OAUTH_ISSUERS or OAUTH_JWKS_URL to what it "
                + "leads to; if that is a login page, let this machine through."
        case 401, 403, 407:
            "The host refuses this machine. Publish the document without a login, or let this machine through."
        case 404, 410: "The document is not at this URL. Correct the issuer in OAUTH_ISSUERS, or set OAUTH_JWKS_URL."
        case 429: "The host is asked too often. Requests get 503 until it answers again."
        case 500..<600: "The issuer itself fails; its log says why. Requests get 503 until it works again."
        default: "The host does not answer as an issuer does. Correct the URL."
        }
    }
}
