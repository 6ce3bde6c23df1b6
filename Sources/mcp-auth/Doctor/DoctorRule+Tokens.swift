// The rules for a token that the user has given.

extension DoctorRule {
    static let ofTokens = [
        login, tokenForm, tokenAlgorithm, tokenIssuer, tokenSignature, tokenKind, tokenAudience, tokenTime, tokenClaims,
        tokenAccepted, tokenScope, verdictsAgree,
    ]

    static let login = DoctorRule(
        "login", .token, "A client logs in and gets a token", "MCP Authorization, Authorization Flow Steps",
        fix: "Run mcp-auth login with the same URL: it shows every step.")
    static let tokenForm = DoctorRule(
        "token_form", .token, "It is a JWT, so it can be read here", "RFC 9068 §2; RFC 7662 §1",
        fix: "Only the issuer can read another token; the server must ask it (introspection, "
            + "OAUTH_INTROSPECTION_CLIENT_ID). If it should be a JWT, ask for it with the parameter resource.")
    static let tokenAlgorithm = DoctorRule(
        "token_algorithm", .token, "It is signed with an algorithm that servers allow", "RFC 8725 §3.1; RFC 9068 §4",
        fix: "Allow the algorithm at the resource server (OAUTH_ALGORITHMS), or let the issuer sign with RS256 or "
            + "ES256.")
    static let tokenIssuer = DoctorRule(
        "token_issuer", .token, "Its issuer is one of the resource's authorization servers", "RFC 9068 §4",
        fix: "Get the token from an authorization server that the metadata names, or add the issuer there, byte for "
            + "byte as iss has it.")
    static let tokenSignature = DoctorRule(
        "token_signature", .token, "A key of its issuer verifies it", "RFC 7515 §5.2; RFC 9068 §4",
        fix: "Get a new token: the key may have been replaced, or the token comes from another environment.")
    static let tokenKind = DoctorRule(
        "token_kind", .token, "It is an access token", "RFC 9068 §4; OpenID Connect Core §2",
        fix: "Send the access_token of the token response, and not the id_token.")
    static let tokenAudience = DoctorRule(
        "token_audience", .token, "Its audience is this resource", "RFC 8707 §2; RFC 9068 §4; MCP Token Handling",
        fix: "Ask for the token with resource=<resource of the metadata>. If the issuer ignores that parameter, "
            + "configure the audience that it writes (OAUTH_AUDIENCES).")
    static let tokenTime = DoctorRule(
        "token_time", .token, "It is valid now", "RFC 7519 §4.1.4; §4.1.5",
        fix: "Get a new token, by refresh or login. If it is new, set the clocks by NTP.")
    static let tokenClaims = DoctorRule(
        "token_claims", .token, "Its other claims are in order", "RFC 7519 §4; RFC 9068 §2.2",
        fix: "Correct the named claim at the issuer.")
    static let tokenAccepted = DoctorRule(
        "token_accepted", .token, "The server accepts it", "RFC 6750 §3.1",
        fix: "Mend what is marked above. If nothing is, compare the server's settings of issuer, audience and "
            + "algorithms, and read its log at the time of this request.")
    static let tokenScope = DoctorRule(
        "token_scope", .token, "It has the scopes that the server asks for", "RFC 6750 §3.1; MCP Scope Challenge",
        fix: "Log in again and ask for the named scopes (mcp-auth login --scope …), and let the authorization server "
            + "grant them.")
    static let verdictsAgree = DoctorRule(
        "bad_token_refused", .token, "The server does not accept what it must refuse",
        "MCP Authorization, Token Handling; RFC 9068 §4",
        fix: "Check issuer, audience, signature and time of every token at the server: it accepted one that fails.")
}
