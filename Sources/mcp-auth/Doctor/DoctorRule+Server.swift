// The rules for a server that is called without a token, with a made-up token, and by a page.

extension DoctorRule {
    static let ofServer = [
        urlAcceptable, reachable, certificate, scheme, noRedirect, endpointExists, serverWorks, unauthenticated,
        protected, errorStatus, authorizationFirst, forbidden, clock,
    ]
    static let ofChallenge = [
        challengePresent, challengeGrammar, challengeScheme, metadataNamed, metadataURL, challengeScope,
        offlineAccess, noErrorWithoutToken, noSession, notCached,
    ]
    static let ofCalls = [streamNeedsToken, head, madeUpToken, invalidTokenError]
    static let ofBrowsers = [preflight, preflightFields, challengeExposed, foreignOrigin, credentialedOrigins]

    // MARK: The first answer

    static let urlAcceptable = DoctorRule(
        "url_acceptable", .server, "A client may send a token to this URL", "OAuth 2.1 §1.5; RFC 9728 §1.2",
        fix: "Use an https URL without fragment and user name. Plain http is for hosts of this machine, and for those "
            + "that --allow-private-host names.")
    static let reachable = DoctorRule(
        "reachable", .server, "The server answers", "RFC 9110 §3.3",
        fix: "Start the server, or correct host and port. A private address needs --allow-private-host HOST; a network "
            + "with a proxy needs --proxy URL.")
    static let certificate = DoctorRule(
        "certificate", .server, "Its certificate is good", "RFC 9110 §4.3.4",
        fix: "Renew the certificate, send the whole chain, or trust your own authority with --ca-file FILE.")
    static let scheme = DoctorRule(
        "port_scheme", .server, "The port speaks the scheme of the URL", "RFC 9110 §4.2",
        fix: "Write https for a port with TLS and http for one without, and correct the port.")
    static let noRedirect = DoctorRule(
        "no_redirect", .server, "It answers at this URL, without a redirect", "RFC 9110 §15.4; RFC 9728 §3.3",
        fix: "Give clients the final URL, and configure exactly that as the resource. Answer 401 instead of a "
            + "redirect to a login page: clients of an API do not follow it.")
    static let endpointExists = DoctorRule(
        "endpoint_exists", .server, "An endpoint takes POST here", "MCP Transports, Streamable HTTP",
        fix: "Check the path: the endpoint is often /mcp. A proxy may remove a prefix, or pass on GET alone.")
    static let serverWorks = DoctorRule(
        "server_works", .server, "The server answers itself, without an error of its own", "RFC 9110 §15.6",
        fix: "Read the log of the server. 502 and 504 come from a proxy that does not reach it; 503 says that it "
            + "cannot decide about tokens now, often because the keys of the issuer are not available.")
    static let unauthenticated = DoctorRule(
        "unauthenticated_401", .server, "A request without a token gets 401",
        "MCP Authorization, Error Handling; RFC 6750 §3.1",
        fix: "Answer 401 with WWW-Authenticate to every request without a token, before anything else of the request "
            + "is looked at, the session and the protocol version too.")
    static let protected = DoctorRule(
        "protected", .server, "The endpoint is protected", "MCP Authorization, Access Token Usage",
        fix: "Put the guard in front of this path: now every caller is let in. Look for a route that passes it by, and "
            + "for a mode that is disabled or shadow.")
    static let errorStatus = DoctorRule(
        "error_status", .server, "A refusal has the status of an error", "RFC 6750 §3.1",
        fix: "Answer 401 instead of 200 with an error in the body. Clients look at the status, and begin no login.")
    static let authorizationFirst = DoctorRule(
        "authorization_first", .server, "The token is looked at before Accept and Content-Type",
        "RFC 9110 §15.5.2; MCP Authorization, Error Handling",
        fix: "Put the guard in front of content negotiation: no token is 401, and never 406 or 415.")
    static let forbidden = DoctorRule(
        "forbidden_without_token", .server, "A missing token is 401 and not 403", "RFC 6750 §3.1",
        fix: "Answer 401 to a request without a token; 403 says that a good token lacks a scope. If a firewall or an "
            + "Origin rule sends the 403, let the request through to the guard.")
    static let clock = DoctorRule(
        "clock", .server, "The clock of the server agrees with this machine", "RFC 7519 §4.1.4; RFC 9110 §6.6.1",
        fix: "Set both clocks by NTP. A server accepts 60 seconds of difference by default, and refuses good tokens "
            + "beyond that.")

    // MARK: The challenge

    static let challengePresent = DoctorRule(
        "challenge_present", .challenge, "The 401 has WWW-Authenticate", "RFC 9110 §15.5.2; RFC 9728 §5.1",
        fix: "Send WWW-Authenticate: Bearer resource_metadata=\"…\" with every 401, and let no proxy remove it.")
    static let challengeGrammar = DoctorRule(
        "challenge_grammar", .challenge, "WWW-Authenticate is well formed", "RFC 9110 §11.6.1; RFC 6750 §3",
        fix: "Write: scheme, space, then name=\"value\" pairs with commas between them. A URL must stand in quotes, "
            + "and no name may occur twice.")
    static let challengeScheme = DoctorRule(
        "challenge_scheme", .challenge, "It has a Bearer or DPoP challenge", "RFC 6750 §3; RFC 9449 §7.1",
        fix: "Answer with the scheme Bearer. A Basic challenge usually comes from a proxy in front of the server.")
    static let metadataNamed = DoctorRule(
        "resource_metadata_named", .challenge, "The challenge names the metadata", "RFC 9728 §5.1",
        fix: "Add resource_metadata=\"<URL of the metadata>\" to the challenge. Older clients look nowhere else.")
    static let metadataURL = DoctorRule(
        "resource_metadata_url", .challenge, "resource_metadata is a URL that a client may fetch",
        "RFC 9728 §5.1; §7.7",
        fix: "Send an absolute https URL with the public name of the server. An inner name, localhost or http gets "
            + "there when the URL is made from the request behind a proxy: configure it instead.")
    static let challengeScope = DoctorRule(
        "challenge_scope", .challenge, "The challenge says which scopes to ask for",
        "MCP Authorization, Scope Selection Strategy; RFC 6750 §3",
        fix: "Add scope=\"…\" with the scopes of this operation. Otherwise clients ask for all scopes of the metadata.")
    static let offlineAccess = DoctorRule(
        "offline_access", .challenge, "offline_access is not demanded", "MCP Authorization, Refresh Tokens",
        fix: "Leave offline_access out of scope and scopes_supported: whether a client gets a refresh token is a "
            + "matter between it and the authorization server.")
    static let noErrorWithoutToken = DoctorRule(
        "no_error_without_token", .challenge, "A missing token is not called an error", "RFC 6750 §3.1",
        fix: "Leave out error and error_description when the request had no token. Some clients take invalid_token "
            + "for the end of a session and delete what they have.")
    static let noSession = DoctorRule(
        "no_session_on_error", .challenge, "The refusal opens no session", "MCP Transports, Session Management",
        fix: "Do not send Mcp-Session-Id with a 401: the guard must stand in front of the session layer.")
    static let notCached = DoctorRule(
        "refusal_not_cached", .challenge, "The refusal is not kept by caches", "RFC 9111 §3; RFC 6750 §5.3",
        fix: "Send Cache-Control: no-store with a 401, so that no cache answers a client that has a token.")

    // MARK: Further calls

    static let streamNeedsToken = DoctorRule(
        "stream_needs_token", .calls, "GET without a token opens no stream", "MCP Authorization, Access Token Usage",
        fix: "Guard every method of the endpoint: GET opens the event stream, DELETE ends sessions.")
    static let head = DoctorRule(
        "head", .calls, "HEAD is answered", "RFC 9110 §9.3.2",
        fix: "Answer HEAD like GET without the body, or with 405. Monitors and link checkers send it.")
    static let madeUpToken = DoctorRule(
        "made_up_token", .calls, "A made-up token gets 401", "RFC 6750 §3.1; MCP Authorization, Token Handling",
        fix: "Verify signature, issuer and audience of every token. A server that fails or accepts here does not.")
    static let invalidTokenError = DoctorRule(
        "invalid_token_error", .calls, "The refusal of a bad token says invalid_token", "RFC 6750 §3.1",
        fix: "Add error=\"invalid_token\" to the challenge, so that clients refresh instead of beginning anew.")

    // MARK: Browsers

    static let preflight = DoctorRule(
        "preflight", .browsers, "A preflight needs no token", "Fetch §4.8 (CORS preflight)",
        fix: "Answer OPTIONS before the guard asks for a token: a browser sends no token with a preflight.")
    static let preflightFields = DoctorRule(
        "preflight_fields", .browsers, "A page may send the fields that MCP needs", "Fetch §3.3 (CORS protocol)",
        fix: "Allow Authorization, Content-Type, MCP-Protocol-Version and Mcp-Session-Id in "
            + "Access-Control-Allow-Headers. An asterisk does not include Authorization.")
    static let challengeExposed = DoctorRule(
        "challenge_exposed", .browsers, "A page can read the challenge", "Fetch §3.3 (CORS protocol)",
        fix: "Send Access-Control-Allow-Origin and Access-Control-Expose-Headers: WWW-Authenticate, Mcp-Session-Id "
            + "with the 401 too, not only with good answers.")
    static let foreignOrigin = DoctorRule(
        "foreign_origin", .browsers, "A local server refuses the pages of strangers",
        "MCP Transports, Security Warning",
        fix: "Check Origin on a server of this machine and answer 403 to any that is not listed: a page can reach it "
            + "by DNS rebinding.")
    static let credentialedOrigins = DoctorRule(
        "credentialed_origins", .browsers, "Not every page may call with credentials", "Fetch §3.3.5",
        fix: "Do not echo every Origin together with Access-Control-Allow-Credentials: true. Tokens need no cookies: "
            + "leave the field out.")
}
