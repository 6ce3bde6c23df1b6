// The codes of keys, fetches, outages and events.

extension CodeExplanation {
    private static let askIssuer = "Tell the operator of the issuer. Other keys of the set are used."

    static let ofKeys = [
        CodeExplanation("key_malformed", "A key of the set is malformed.", askIssuer),
        CodeExplanation("kty_unsupported", "A key is not RSA, EC or OKP.", askIssuer),
        CodeExplanation("crv_unsupported", "A key has a curve that is not supported.", askIssuer),
        CodeExplanation("alg_unsupported", "alg of a key is unknown or does not fit it.", askIssuer),
        CodeExplanation("use_not_sig", "A key is not for signatures.", "Nothing: it is for encryption."),
        CodeExplanation("key_ops_without_verify", "A key may not verify.", "Nothing: it has another purpose."),
        CodeExplanation(
            "private_material", "A key of the set has its private part.",
            "Replace the key at the issuer at once: everyone can sign with it."),
        CodeExplanation("rsa_too_small", "An RSA key has less than 2048 bits.", askIssuer),
        CodeExplanation("rsa_too_large", "An RSA key has more than 8192 bits.", askIssuer),
        CodeExplanation("rsa_modulus_even", "An RSA modulus is even.", askIssuer),
        CodeExplanation("rsa_exponent", "An RSA exponent is even, too small or too large.", askIssuer),
        CodeExplanation("ec_point", "The coordinates of a key are not a point of its curve.", askIssuer),
        CodeExplanation("refused_by_libcrypto", "libcrypto refuses a key.", askIssuer),
        CodeExplanation("too_many_keys", "The key is beyond the 1000 keys that are looked at.", askIssuer),
    ]

    private static let tryURL = "Fetch the URL of the event from the machine of the server, and look at its answer."

    static let ofFetches = [
        CodeExplanation(
            "not_allowed", "The URL may not be fetched: it is plain http, or its spelling is not safe.",
            "Use https. For this machine set OAUTH_ALLOW_INSECURE_HTTP=loopback."),
        CodeExplanation(
            "not_resolved", "The host name has no address.", "Correct the name, or the resolver of the machine."),
        CodeExplanation(
            "blocked_address", "The host has a private address.",
            "List the host in OAUTH_ALLOW_PRIVATE_HOSTS if you mean it."),
        CodeExplanation(
            "connection_failed", "The connection could not be made, or broke.",
            "Start the remote server, or open the firewall. A network with a proxy needs OAUTH_HTTP_PROXY."),
        CodeExplanation(
            "timed_out", "The remote server took too long.",
            "Look at its load and at the network. A network with a proxy needs OAUTH_HTTP_PROXY."),
        CodeExplanation(
            "tls_unknown_authority", "No trusted authority has issued the certificate of the remote server.",
            "Give the authority of your company in OAUTH_CA_FILE, or let the server send its whole chain."),
        CodeExplanation(
            "tls_expired", "A certificate has expired or is not valid yet.", "Renew it, or set the clock by NTP."),
        CodeExplanation("tls_wrong_name", "The certificate is for other names.", "Correct the URL or the certificate."),
        CodeExplanation("tls", "TLS failed.", "The port may speak plain http, or only old versions of TLS."),
        CodeExplanation("too_large", "The document is longer than the limit.", tryURL),
        CodeExplanation(
            "content_encoding_unsupported", "The answer has a content coding that was not asked for.", tryURL),
        CodeExplanation("malformed_response", "The answer is not HTTP.", tryURL),
        CodeExplanation(
            "credentials_unreadable", "The file with the token for the fetch cannot be read.",
            "Correct its path and its permissions."),
        CodeExplanation("cancelled", "The fetch was cancelled.", "Nothing."),
        CodeExplanation(
            "unavailable", "The fetcher itself cannot work.",
            "Install libcurl 7.84 or newer, and look at the limits of memory and open files."),
        CodeExplanation("metadata_not_json", "The metadata of the issuer is not JSON.", tryURL),
        CodeExplanation("metadata_not_an_object", "The metadata of the issuer is not a JSON object.", tryURL),
        CodeExplanation("metadata_without_issuer", "The metadata has no usable issuer.", tryURL),
        CodeExplanation(
            "metadata_issuer_mismatch", "The metadata is for another issuer than the configured one.",
            "Write OAUTH_ISSUERS exactly as issuer in the document has it, with or without the slash at the end."),
        CodeExplanation("jwks_uri_not_acceptable", "The metadata has no jwks_uri that may be used.", tryURL),
        CodeExplanation(
            "introspection_endpoint_not_acceptable", "The metadata has no introspection_endpoint that may be used.",
            "Set OAUTH_INTROSPECTION_URL."),
        CodeExplanation("jwks_malformed", "The key set is not a JWK Set.", tryURL),
        CodeExplanation(
            "jwks_without_usable_key", "No key of the set is usable.", "Look at its keys: mcp-auth jwks inspect URL."),
    ]

    private static let temporary = "Clients get 503 and try again. If it goes on, look at the events before it."

    static let ofOutages = [
        CodeExplanation("keys_unavailable", "The keys of the issuer are not available.", temporary),
        CodeExplanation("issuer_unavailable", "The issuer of the token could not be looked up.", temporary),
        CodeExplanation(
            "cryptography_unavailable", "libcrypto failed.", "Look at the memory and at OpenSSL's installation."),
        CodeExplanation("introspection_unavailable", "The introspection endpoint did not decide.", temporary),
        CodeExplanation("introspection_busy", "Too many tokens wait for the introspection endpoint.", temporary),
        CodeExplanation("request_cancelled", "The client went away.", "Nothing."),
        CodeExplanation("verifier_unavailable", "The program's own verifier could not decide.", temporary),
        CodeExplanation(
            "credentials_refused", "The introspection endpoint refuses the credentials of this server.",
            "Correct OAUTH_INTROSPECTION_CLIENT_ID and its secret or key."),
        CodeExplanation("metadata_unavailable", "The metadata of the issuer is not available.", temporary),
        CodeExplanation(
            "no_usable_auth_method", "The introspection endpoint takes none of this server's methods.",
            "Give a secret or a key, as its metadata asks for."),
        CodeExplanation("not_json", "The answer of the introspection endpoint is not JSON.", tryURL),
        CodeExplanation("malformed_json", "The answer of the introspection endpoint is malformed.", tryURL),
        CodeExplanation("active_not_boolean", "The answer has no active that is true or false.", tryURL),
        CodeExplanation("full", "It is full.", "Raise its capacity, or shorten the time for which proofs are good."),
        CodeExplanation("replay_store", "The store of used identifiers was not available.", temporary),
        CodeExplanation("keys", "The keys of the client were not available.", temporary),
        CodeExplanation("cryptography", "libcrypto failed.", "Look at the memory and at OpenSSL's installation."),
    ]

    static let ofEvents = [
        CodeExplanation(
            "clock_differs", "The clock of the server and that of the issuer differ by more than 30 seconds.",
            "Set both clocks by NTP. A positive number says that the server is ahead."),
        CodeExplanation(
            "resource_differs", "A proxy was called under another URL than the resource.",
            "Set OAUTH_RESOURCE to the URL that clients use."),
        CodeExplanation(
            "metadata_not_requested", "Clients were sent to the metadata, and no request for it arrived.",
            "Let the proxy forward the path of the metadata, or set OAUTH_METADATA_URL."),
        CodeExplanation("allowed", "A request was let through.", "Nothing."),
        CodeExplanation(
            "denied", "A request was refused; reason= says why.", "Explain the reason: mcp-auth explain REASON."),
        CodeExplanation(
            "allowed_anonymously", "A request was let through without a token.", "Nothing, if you mean it."),
        CodeExplanation(
            "would_deny", "In shadow mode, a request was let through that would have been refused.",
            "Mend these before you change to the mode enforced."),
        CodeExplanation("refusal_explained", "What most often causes this refusal with this issuer.", "Read its hint."),
        CodeExplanation(
            "GUARD_DISABLED", "The server lets every request through.", "Use the mode enforced for other users."),
        CodeExplanation(
            "GUARD_SHADOW", "Tokens are checked, and nothing is refused.", "Use the mode enforced in the end."),
        CodeExplanation(
            "scopes_ignored", "The scope claim of a good token has the wrong type.",
            "Correct the issuer, or name another claim in OAUTH_SCOPE_CLAIMS."),
        CodeExplanation("session_withheld", "A session identifier of the handler was removed.", "Correct the handler."),
        CodeExplanation("malformed_field", "A field is not allowed in HTTP.", "Look for a broken client or handler."),
        CodeExplanation(
            "client_certificate_ignored", "A request had the field of the proxy, and did not come from the proxy.",
            "If it came from your proxy, name its address in OAUTH_TRUSTED_PROXIES."),
        CodeExplanation("stream_expired", "An event stream ended because its token has expired.", "Nothing."),
        CodeExplanation("handler_failed", "The wrapped handler threw an error.", "Mend the handler."),
        CodeExplanation("key_refresh_started", "The key set is fetched.", "Nothing."),
        CodeExplanation("key_refresh_succeeded", "The key set was fetched.", "Nothing."),
        CodeExplanation("key_refresh_failed", "The key set could not be fetched; reason= says why.", tryURL),
        CodeExplanation("key_set_rejected", "A fetched key set is not usable; the old one stays.", tryURL),
        CodeExplanation("key_skipped", "A key of the set is not used; reason= says why.", askIssuer),
        CodeExplanation("key_set_too_large", "The set has more keys than are looked at.", askIssuer),
        CodeExplanation("keys_served_stale", "Old keys are used because new ones cannot be fetched.", temporary),
        CodeExplanation("keys_hard_expired", "The keys are too old to be used.", temporary),
        CodeExplanation(
            "discovery_failed", "The metadata of the issuer was not found; each URL has its reason.", tryURL),
        CodeExplanation("discovery_stale", "Old metadata is used because new cannot be read.", temporary),
        CodeExplanation("metadata_members_ignored", "Members of the metadata have no usable value.", "Nothing."),
        CodeExplanation("introspection_failed", "The introspection endpoint did not decide; reason= says why.", tryURL),
        CodeExplanation("issuer_look_up_failed", "The program's look-up of issuers failed.", "Mend that function."),
        CodeExplanation("issuer_misconfigured", "The program's look-up gave a faulty issuer.", "Mend its faults."),
        CodeExplanation("no_keys", "There were no keys yet.", "Nothing."),
        CodeExplanation("aging", "The keys were old enough to be fetched again.", "Nothing."),
        CodeExplanation("unknown_kid", "A token named a key that the set did not have.", "Nothing."),
    ]

    private static let clientProof = "Correct the client: RFC 9449 §4.2 says what a proof holds."

    static let ofProofs = [
        CodeExplanation("dpop_missing", "The request has no DPoP proof.", "Let the client send the field DPoP."),
        CodeExplanation("dpop_several", "The request has several DPoP proofs.", clientProof),
        CodeExplanation("dpop_jwk_missing", "The proof names no key.", clientProof),
        CodeExplanation("dpop_htm_malformed", "htm of the proof is missing or not a text.", clientProof),
        CodeExplanation("dpop_htu_malformed", "htu of the proof is missing or not a URL.", clientProof),
        CodeExplanation("dpop_iat_malformed", "iat of the proof is missing or not a number.", clientProof),
        CodeExplanation("dpop_jti_malformed", "jti of the proof is missing or too long.", clientProof),
        CodeExplanation("dpop_ath_malformed", "ath of the proof is missing or not a text.", clientProof),
        CodeExplanation("dpop_nonce_malformed", "nonce of the proof is not a text.", clientProof),
        CodeExplanation("dpop_htm_mismatch", "The proof is for another method.", clientProof),
        CodeExplanation(
            "dpop_htu_mismatch", "The proof is for another URL.",
            "Configure the public URL as OAUTH_RESOURCE: the client signs the URL that it calls."),
        CodeExplanation("dpop_iat_not_recent", "The proof is too old, or from the future.", "Set the clocks by NTP."),
        CodeExplanation(
            "dpop_nonce", "The proof has no nonce of the server, or an old one.", "Nothing: the client repeats."),
        CodeExplanation("dpop_ath_mismatch", "The proof is for another token.", clientProof),
        CodeExplanation(
            "dpop_other_key", "The proof is signed with another key than the token is bound to.",
            "Let the client use the key with which it got the token. It may also be a stolen token."),
        CodeExplanation(
            "dpop_replayed", "The proof was used before.", "Let the client make a proof for every request."),
        CodeExplanation("dpop_unavailable", "The proof could not be checked.", temporary),
    ]
}
