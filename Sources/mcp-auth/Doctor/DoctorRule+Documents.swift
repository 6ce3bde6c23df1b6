// The rules for the documents that a client reads before it logs in.

extension DoctorRule {
    static let ofResource = [
        metadataFound, metadataPublic, metadataJSON, metadataKind, metadataValid, resourceEqual, authorizationServers,
        bearerMethods, scopesListed, metadataWellKnown, metadataRoot, metadataType, metadataReadable, metadataMethods,
        metadataCache, metadataHost,
    ]
    static let ofAuthorizationServer = [
        serverURL, serverFound, issuerEqual, serverKind, locationsAgree, serverMembers, endpoints, codeFlow, s256,
        clientRegistration, issuerParameter, keysFound, keysUsable, keysPublic, keyAlgorithms, serverReadable,
    ]

    // MARK: RFC 9728

    static let metadataFound = DoctorRule(
        "metadata_found", .resource, "The metadata is there", "RFC 9728 §3.1",
        fix: "Serve the document at the URL that the challenge names: /.well-known/oauth-protected-resource, then the "
            + "path of the resource. An ingress that routes only a prefix must route this path too.")
    static let metadataPublic = DoctorRule(
        "metadata_public", .resource, "The metadata needs no token", "RFC 9728 §3.1",
        fix: "Exempt /.well-known/ from the guard and from the login of a proxy: a client reads it before it has a "
            + "token.")
    static let metadataJSON = DoctorRule(
        "metadata_json", .resource, "The metadata is a JSON object", "RFC 9728 §3.2",
        fix: "Serve the JSON document itself. A page comes from a web application that answers every path.")
    static let metadataKind = DoctorRule(
        "metadata_kind", .resource, "It describes a resource and not an authorization server", "RFC 9728 §2",
        fix: "Serve the resource's own document here. This one belongs at /.well-known/oauth-authorization-server "
            + "(RFC 8414) of the authorization server.")
    static let metadataValid = DoctorRule(
        "metadata_valid", .resource, "Its members have the right types", "RFC 9728 §2",
        fix: "Correct the named member. Leave out what you do not use: no null, and a list where a list is asked for.")
    static let resourceEqual = DoctorRule(
        "resource_equal", .resource, "resource is the URL that was called", "RFC 9728 §3.3",
        fix: "Configure the public URL as the resource, byte for byte as clients use it: scheme, host, port, path and "
            + "slash at the end. Clients refuse a document for another resource.")
    static let authorizationServers = DoctorRule(
        "authorization_servers", .resource, "It names an authorization server", "RFC 9728 §2; MCP Authorization",
        fix: "List the issuer identifiers (https URLs, as in iss of the tokens) in authorization_servers.")
    static let bearerMethods = DoctorRule(
        "bearer_methods", .resource, "Tokens go into the header", "RFC 9728 §2; MCP Authorization, Token Requirements",
        fix: "List header in bearer_methods_supported, or leave the member out: MCP clients use nothing else.")
    static let scopesListed = DoctorRule(
        "scopes_listed", .resource, "scopes_supported holds the scopes of the challenge", "RFC 9728 §2",
        fix: "List every scope that a challenge asks for in scopes_supported.")
    static let metadataWellKnown = DoctorRule(
        "metadata_well_known", .resource, "It is at the well-known location of this URL", "RFC 9728 §3.1",
        fix: "Serve it at /.well-known/oauth-protected-resource followed by the path of the resource: clients look "
            + "there when the challenge is lost.")
    static let metadataRoot = DoctorRule(
        "metadata_root", .resource, "The root location names no other resource", "RFC 9728 §3.3; MCP Authorization",
        fix: "Serve the same document at /.well-known/oauth-protected-resource, or nothing. Some clients ask there "
            + "first.")
    static let metadataType = DoctorRule(
        "metadata_type", .resource, "Its Content-Type is application/json", "RFC 9728 §3.2",
        fix: "Send Content-Type: application/json.")
    static let metadataReadable = DoctorRule(
        "metadata_readable", .resource, "Pages may read it", "Fetch §3.3 (CORS protocol)",
        fix: "Send Access-Control-Allow-Origin: * with the document: it is public, and clients in a browser need it.")
    static let metadataMethods = DoctorRule(
        "metadata_methods", .resource, "HEAD works there, and POST is refused with Allow", "RFC 9110 §9.3.2; §15.5.6",
        fix: "Answer HEAD like GET without the body, and other methods with 405 and an Allow field.")
    static let metadataCache = DoctorRule(
        "metadata_cache", .resource, "Caches keep it for at most a day", "RFC 9728 §3.2; RFC 9111 §5.2",
        fix: "Send Cache-Control: public, max-age=3600 or less. A document that is kept longer hides a change of the "
            + "authorization server.")
    static let metadataHost = DoctorRule(
        "metadata_host", .resource, "It comes from the host of the resource", "RFC 9728 §7.7",
        fix: "Serve the metadata from the same origin. Careful clients ask their user before they fetch it elsewhere.")

    // MARK: RFC 8414

    static let serverURL = DoctorRule(
        "issuer_url", .authorizationServer, "Its identifier is a URL that clients reach, https or on loopback",
        "RFC 8414 §2; §3",
        fix: "Name the public https URL of the authorization server. An inner name or localhost works only on the "
            + "machine itself.")
    static let serverFound = DoctorRule(
        "as_metadata_found", .authorizationServer, "Its metadata is at a well-known location",
        "RFC 8414 §3.1; OpenID Connect Discovery §4",
        fix: "Correct authorization_servers, or serve the metadata at one of the locations above. It must be public, "
            + "JSON, and without a redirect.")
    static let issuerEqual = DoctorRule(
        "issuer_equal", .authorizationServer, "issuer in it equals the identifier", "RFC 8414 §3.3",
        fix: "Write the identifier in authorization_servers exactly as issuer in the document has it, with or without "
            + "the slash at the end.")
    static let serverKind = DoctorRule(
        "as_metadata_kind", .authorizationServer, "It describes an authorization server and not a resource",
        "RFC 8414 §2",
        fix: "Serve the authorization server's document here. This one belongs at "
            + "/.well-known/oauth-protected-resource (RFC 9728).")
    static let locationsAgree = DoctorRule(
        "as_locations_agree", .authorizationServer, "All locations give the same endpoints", "RFC 8414 §5",
        fix: "Serve the same endpoints at every location: clients begin at different ones.")
    static let serverMembers = DoctorRule(
        "as_members", .authorizationServer, "The members of its metadata have the right types", "RFC 8414 §2; §3.2",
        fix: "Leave the named members out, or give them a value of the right type: strict clients refuse null.")
    static let endpoints = DoctorRule(
        "as_endpoints", .authorizationServer, "Its endpoints for login and tokens are on https, or on loopback",
        "RFC 8414 §2",
        fix: "Publish authorization_endpoint and token_endpoint with https URLs.")
    static let codeFlow = DoctorRule(
        "as_code_flow", .authorizationServer, "It offers the authorization code flow", "OAuth 2.1 §4.1; RFC 8414 §2",
        fix: "List code in response_types_supported and authorization_code in grant_types_supported.")
    static let s256 = DoctorRule(
        "as_s256", .authorizationServer, "It announces PKCE with S256", "MCP Authorization, Code Protection; RFC 8414",
        fix: "List S256 in code_challenge_methods_supported. MCP clients must refuse a server that does not.")
    static let clientRegistration = DoctorRule(
        "as_client_registration", .authorizationServer, "A client can get an identifier",
        "MCP Authorization, Client Registration Approaches",
        fix: "Support client ID metadata documents (client_id_metadata_document_supported) or registration "
            + "(registration_endpoint), or give every client its identifier by hand: login --client-id.")
    static let issuerParameter = DoctorRule(
        "as_iss_parameter", .authorizationServer, "Its answers name the issuer", "RFC 9207 §2; RFC 9700 §4.4",
        fix: "Send iss with every authorization response, and set authorization_response_iss_parameter_supported.")
    static let keysFound = DoctorRule(
        "keys_found", .authorizationServer, "Its key set can be fetched", "RFC 8414 §2; RFC 7517 §5",
        fix: "Correct jwks_uri: an https URL that answers with 200 and a JWK Set, without a login and a redirect.")
    static let keysUsable = DoctorRule(
        "keys_usable", .authorizationServer, "A key verifies signatures", "RFC 7517 §4; RFC 8725 §3.5",
        fix: "Publish a signature key: RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519.")
    static let keysPublic = DoctorRule(
        "keys_public", .authorizationServer, "It publishes no private key", "RFC 7517 §9.2",
        fix: "Make a new key now, and publish its public part alone. Everyone could sign tokens with the old one.")
    static let keyAlgorithms = DoctorRule(
        "key_algorithms", .authorizationServer, "A key fits RS256 or ES256", "RFC 9068 §4; RFC 8725 §3.1",
        fix: "Allow the algorithm of the keys at the resource server (OAUTH_ALGORITHMS), or sign with RS256 or ES256.")
    static let serverReadable = DoctorRule(
        "as_readable", .authorizationServer, "Pages may read its metadata", "Fetch §3.3 (CORS protocol)",
        fix: "Send Access-Control-Allow-Origin: * with the metadata, if clients in a browser shall log in.")
}
