import JOSE
import HTTPMessages
import WireFormat

@testable import mcp_auth

// The misconfigurations that `doctor` must explain, one at a time.

private typealias Site = ScriptedSite

extension DoctorTests {
    static let planted: [Planted] = [
        ofTransport, ofRefusals, ofChallenges, ofPages, ofResources, ofServers, ofKeys,
    ].flatMap { $0 }

    private static let ofTransport: [Planted] = [
        Planted("the name does not resolve", .reachable, "mcp.example.com has no address") {
            $0.endpoint { _ in .failure(.notResolved) }
        },
        Planted("nothing listens", .reachable, "Nothing listens at mcp.example.com port 443") {
            $0.endpoint { _ in .failure(.connectionFailed) }
        },
        Planted("a firewall drops packets", .reachable, "No answer came within 10 seconds") {
            $0.endpoint { _ in .failure(.timedOut) }
        },
        Planted("a private address", .reachable, "has a private address") {
            $0.endpoint { _ in .failure(.blockedAddress) }
        },
        Planted("an expired certificate", .certificate, "has expired") {
            $0.endpoint { _ in .failure(.certificateExpired) }
        },
        Planted("a certificate for another name", .certificate, "is for other names than mcp.example.com") {
            $0.endpoint { _ in .failure(.certificateForOtherName) }
        },
        Planted("a corporate authority", .certificate, "No trusted authority") {
            $0.endpoint { _ in .failure(.unknownAuthority) }
        },
        Planted("https to a plain port", .scheme, "it may speak plain http") { $0.endpoint { _ in .failure(.tls) } },
        Planted("http to a TLS port", .scheme, "The port speaks TLS") {
            $0.endpoint { _ in Site.answer(400, body: "<h1>The plain HTTP request was sent to HTTPS port</h1>") }
        },
        Planted("the clock of the server is off", .clock, "120 seconds ahead of") { $0.clockDifference = 120 },
        Planted("the clock of the server drifts", .clock, .warning, "30 seconds behind") { $0.clockDifference = -30 },
    ]

    private static let ofRefusals: [Planted] = [
        Planted("no guard", .protected, "without a token") {
            $0.endpoint { _ in Site.answer(200, body: #"{"result":{}}"#) }
        },
        Planted("200 with an error", .errorStatus, "its body says that there was an error") {
            $0.endpoint { _ in Site.answer(200, body: #"{"jsonrpc":"2.0","error":{"code":-32001},"id":1}"#) }
        },
        Planted("a login page", .noRedirect, "perhaps a login page") {
            $0.endpoint { _ in Site.answer(302, [("Location", "https://login.example.com/sso")]) }
        },
        Planted("a redirect to the slash", .noRedirect, "with a slash at the end") {
            $0.endpoint { _ in Site.answer(307, [("Location", "/mcp/")]) }
        },
        Planted("406 before 401", .authorizationFirst, "The answer is 406") { $0.endpoint { _ in Site.answer(406) } },
        Planted("403 instead of 401", .forbidden, "begins no login") { $0.endpoint { _ in Site.answer(403) } },
        Planted("a wrong path", .endpointExists, "knows no such path") { $0.endpoint { _ in Site.answer(404) } },
        Planted("a path without POST", .endpointExists, "does not take POST. Allow names GET") {
            $0.endpoint { _ in Site.answer(405, [("Allow", "GET")]) }
        },
        Planted("a web application answers", .endpointExists, "with a page") {
            $0.endpoint { _ in Site.answer(200, [("Content-Type", "text/html")], body: "<html>") }
        },
        Planted("a proxy without its server", .serverWorks, "502") { $0.endpoint { _ in Site.answer(502) } },
        Planted("400 for a missing session", .unauthenticated, "400") { $0.endpoint { _ in Site.answer(400) } },
        Planted("a host that is not served", .unauthenticated, "421") { $0.endpoint { _ in Site.answer(421) } },
        Planted("a session for a stranger", .noSession, .warning, "Mcp-Session-Id") {
            $0.endpoint { request in
                request.token == nil
                    ? Site.refusal(Site.challenge, [("Mcp-Session-Id", "1")] + Site.pageFields)
                    : Site.guarded(request)
            }
        },
        Planted("a refusal that caches keep", .notCached, .warning, "600 seconds") {
            $0.endpoint { request in
                request.token == nil
                    ? Site.answer(
                        401, [("WWW-Authenticate", Site.challenge), ("Cache-Control", "max-age=600")] + Site.pageFields)
                    : Site.guarded(request)
            }
        },
        Planted("every token is accepted", .madeUpToken, "every token is accepted") {
            $0.endpoint { $0.token == nil ? Site.guarded($0) : Site.answer(200) }
        },
        Planted("a bad token crashes the server", .madeUpToken, "500") {
            $0.endpoint { $0.token == nil ? Site.guarded($0) : Site.answer(500) }
        },
        Planted("a bad token without an error", .invalidTokenError, .warning, "invalid_token") {
            $0.endpoint { Site.refusal(Site.challenge, $0.origin == nil ? [] : Site.pageFields) }
        },
        Planted("an open event stream", .streamNeedsToken, "event stream") {
            $0.endpoint("GET") { _ in Site.answer(200, [("Content-Type", "text/event-stream")]) }
        },
        Planted("HEAD crashes the server", .head, .warning, "500") { $0.endpoint("HEAD") { _ in Site.answer(500) } },
    ]

    private static func challenge(_ text: String) -> @Sendable (inout ScriptedSite) -> Void {
        { site in
            site.endpoint { request in
                let fields = request.origin == nil ? [] : Site.pageFields
                return Site.refusal(request.token == nil ? text : #"Bearer error="invalid_token""#, fields)
            }
        }
    }

    private static let wellKnown = Site.metadataLocation

    private static let ofChallenges: [Planted] = [
        Planted("no WWW-Authenticate", .challengePresent, "has no WWW-Authenticate") {
            $0.endpoint {
                $0.token == nil ? Site.answer(401, $0.origin == nil ? [] : Site.pageFields) : Site.guarded($0)
            }
        },
        Planted(
            "a URL without quotes", .challengeGrammar, "without quotes",
            challenge("Bearer scope=\"mcp:use\", resource_metadata=\(wellKnown)")),
        Planted("a Basic challenge of a proxy", .challengeScheme, "Basic", challenge(#"Basic realm="proxy""#)),
        Planted(
            "a relative URL", .metadataURL, "is not an absolute URL",
            challenge(#"Bearer scope="mcp:use", resource_metadata="/.well-known/oauth-protected-resource/mcp""#)),
        Planted(
            "a URL of this machine", .metadataURL, "a URL of its own machine",
            challenge(
                #"Bearer resource_metadata="http://localhost:8080/.well-known/oauth-protected-resource""#
            )
        ),
        Planted(
            "a plain http URL", .metadataURL, "plain http",
            challenge(
                #"Bearer resource_metadata="http://mcp.example.com/.well-known/oauth-protected-resource/mcp""#
            )),
        Planted(
            "no URL in the challenge", .metadataNamed, .warning, "older clients",
            challenge(#"Bearer scope="mcp:use""#)),
        Planted(
            "no scope in the challenge", .challengeScope, .warning, "no scope",
            challenge("Bearer resource_metadata=\"\(wellKnown)\"")),
        Planted(
            "offline_access is demanded", .offlineAccess, .warning, "asks for the scope offline_access",
            challenge("Bearer scope=\"mcp:use offline_access\", resource_metadata=\"\(wellKnown)\"")),
        Planted(
            "a missing token is called invalid", .noErrorWithoutToken, .warning, "invalid_token",
            challenge("Bearer error=\"invalid_token\", scope=\"mcp:use\", resource_metadata=\"\(wellKnown)\"")),
        Planted("no metadata at all", .metadataNamed, "no well-known location has a document") { site in
            challenge("Bearer")(&site)
            for path in ["", "/mcp"] {
                site.routes["GET https://mcp.example.com/.well-known/oauth-protected-resource\(path)"] = { _ in
                    Site.answer(404)
                }
            }
        },
    ]

    private static let ofPages: [Planted] = [
        Planted("a preflight needs a token", .preflight, .warning, "401") {
            $0.endpoint("OPTIONS") { _ in Site.refusal() }
        },
        Planted("an asterisk for the fields", .preflightFields, .warning, "lacks authorization") {
            $0.endpoint("OPTIONS") { _ in
                Site.answer(204, [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*")])
            }
        },
        Planted("a page cannot read the challenge", .challengeExposed, .warning, "does not name WWW-Authenticate") {
            $0.endpoint { request in
                request.origin == nil
                    ? Site.guarded(request)
                    : Site.refusal(
                        Site.challenge, [("Access-Control-Allow-Origin", "*")])
            }
        },
        Planted("every origin with credentials", .credentialedOrigins, .warning, "cookies of its visitor") {
            $0.endpoint { request in
                guard request.origin == "https://stranger.example" else { return Site.guarded(request) }
                return Site.refusal(
                    Site.challenge,
                    [
                        ("Access-Control-Allow-Origin", "https://stranger.example"),
                        ("Access-Control-Allow-Credentials", "true"),
                    ])
            }
        },
    ]

    private static func metadata(_ answer: Site.Answer) -> @Sendable (inout ScriptedSite) -> Void {
        { site in site.routes["GET \(wellKnown)"] = { _ in answer } }
    }

    private static func resource(_ text: String) -> @Sendable (inout ScriptedSite) -> Void {
        { $0.resource["resource"] = .string(text) }
    }

    private static let ofResources: [Planted] = [
        Planted("the metadata is missing", .metadataFound, "404", metadata(Site.answer(404))),
        Planted("the metadata needs a token", .metadataPublic, "401", metadata(Site.refusal())),
        Planted(
            "the metadata is a redirect", .metadataFound, "redirect to /login",
            metadata(Site.answer(302, [("Location", "/login")]))),
        Planted(
            "the metadata is a page", .metadataJSON, "is a page",
            metadata(Site.answer(200, [("Content-Type", "text/html")], body: "<html>"))),
        Planted(
            "RFC 8414 at the path of RFC 9728", .metadataKind, "RFC 8414",
            metadata(Site.json(["issuer": "https://login.example.com"]))),
        Planted("a member of the wrong type", .metadataValid, "scopes_supported") {
            $0.resource["scopes_supported"] = "mcp:use"
        },
        Planted(
            "the resource has a slash", .resourceEqual, "the slash at the end differs",
            resource("https://mcp.example.com/mcp/")),
        Planted(
            "the resource is the origin", .resourceEqual, .warning, "a parent", resource("https://mcp.example.com")),
        Planted(
            "TLS ends at a proxy", .resourceEqual, "a proxy in front of it speaks TLS",
            resource("http://mcp.example.com/mcp")),
        Planted("an inner name", .resourceEqual, "an inner name", resource("https://mcp-7f9c/mcp")),
        Planted("an inner port", .resourceEqual, "the port differs", resource("https://mcp.example.com:8443/mcp")),
        Planted(
            "a prefix is removed", .resourceEqual, "A proxy may add or remove a prefix",
            resource("https://mcp.example.com/api/mcp")),
        Planted("no authorization server", .authorizationServers, "missing or empty") {
            $0.resource["authorization_servers"] = nil
        },
        Planted("an authorization server without https", .authorizationServers, "not an https URL") {
            $0.resource["authorization_servers"] = ["http://login.example.com"]
        },
        Planted("tokens in the query alone", .bearerMethods, "does not list header") {
            $0.resource["bearer_methods_supported"] = ["query"]
        },
        Planted("a scope that is not listed", .scopesListed, .warning, "lacks mcp:use") {
            $0.resource["scopes_supported"] = ["other"]
        },
        Planted("another resource at the root", .metadataRoot, .warning, "https://mcp.example.com/other") { site in
            site.routes["GET https://mcp.example.com/.well-known/oauth-protected-resource"] = { _ in
                Site.json(["resource": "https://mcp.example.com/other"])
            }
        },
        Planted("metadata as text", .metadataType, .warning, "text/plain") { site in
            let document = site.resource
            site.routes["GET \(wellKnown)"] = { _ in
                Site.json(document, [("Content-Type", "text/plain"), ("Access-Control-Allow-Origin", "*")])
            }
        },
        Planted("metadata without CORS", .metadataReadable, .warning, "Access-Control-Allow-Origin") { site in
            let document = site.resource
            site.routes["GET \(wellKnown)"] = { _ in Site.json(document, [("Content-Type", "application/json")]) }
        },
        Planted("metadata for a year", .metadataCache, .warning, "31536000") { site in
            let document = site.resource
            site.routes["GET \(wellKnown)"] = { _ in
                Site.json(document, Site.metadataFields.dropLast() + [("Cache-Control", "max-age=31536000")])
            }
        },
        Planted("POST to the metadata", .metadataMethods, .warning, "instead of 405") {
            $0.routes["POST \(wellKnown)"] = { _ in Site.answer(200) }
        },
    ]

    private static let serverLocation = "https://login.example.com/.well-known/oauth-authorization-server"

    private static func server(_ answer: Site.Answer) -> @Sendable (inout ScriptedSite) -> Void {
        { site in site.routes["GET \(serverLocation)"] = { _ in answer } }
    }

    private static let ofServers: [Planted] = [
        Planted("an authorization server on this machine", .serverURL, "its own machine") {
            $0.resource["authorization_servers"] = ["https://localhost:9000"]
        },
        Planted("no metadata of the authorization server", .serverFound, "the answer is 404", server(Site.answer(404))),
        Planted("the issuer has a slash", .issuerEqual, "the slash at the end differs") {
            $0.server["issuer"] = "https://login.example.com/"
        },
        Planted(
            "RFC 9728 at the path of RFC 8414", .serverKind, "RFC 9728",
            server(Site.json(["resource": "https://a.example"]))),
        Planted("locations that disagree", .locationsAgree, .warning, "other endpoints") { site in
            var other = site.server
            other["token_endpoint"] = "https://login.example.com/other"
            let document = other
            site.routes["GET https://login.example.com/.well-known/openid-configuration"] = { _ in Site.json(document) }
        },
        Planted("a member that is null", .serverMembers, .warning, "service_documentation") {
            $0.server["service_documentation"] = .null
        },
        Planted("no token endpoint", .endpoints, "token_endpoint") { $0.server["token_endpoint"] = nil },
        Planted("no authorization code", .codeFlow, "response_types_supported") {
            $0.server["response_types_supported"] = ["token"]
        },
        Planted("no PKCE", .s256, "code_challenge_methods_supported") {
            $0.server["code_challenge_methods_supported"] = nil
        },
        Planted("plain PKCE", .s256, "S256") { $0.server["code_challenge_methods_supported"] = ["plain"] },
        Planted("no way to a client identifier", .clientRegistration, .warning, "registration_endpoint") {
            $0.server["registration_endpoint"] = nil
        },
        Planted("no iss parameter", .issuerParameter, .warning, "mix-up") {
            $0.server["authorization_response_iss_parameter_supported"] = nil
        },
    ]

    private static func keys(_ answer: Site.Answer) -> @Sendable (inout ScriptedSite) -> Void {
        { site in site.routes["GET https://login.example.com/jwks"] = { _ in answer } }
    }

    private static let ofKeys: [Planted] = [
        Planted("no key set", .keysFound, "500", keys(Site.answer(500))),
        Planted("a key set that is a page", .keysFound, "not a JWK Set", keys(Site.answer(200, body: "<html>"))),
        Planted("no usable key", .keysUsable, "No key is usable", keys(Site.json(["keys": [["kty": "EC"]]]))),
        Planted("a private key is published", .keysPublic, "private part") { site in
            var key = site.press.key.publicJWK
            key["d"] = "AAAA"
            let set: JSONDocument.Object = ["keys": [.object(key), .object(site.press.key.publicJWK)]]
            site.routes["GET https://login.example.com/jwks"] = { _ in Site.json(set) }
        },
        Planted("keys for another algorithm", .keyAlgorithms, .warning, "Ed25519") { site in
            site.routes["GET https://login.example.com/jwks"] = { _ in
                Site.json(["keys": [.object(TokenPress.edDSA.key.publicJWK)]])
            }
        },
    ]
}
