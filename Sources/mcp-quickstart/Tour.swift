import OAuthTestKit
import ResourceServerKit
import Synchronization

/// A walk through the story of a protected MCP server, in the terminal: each step is a real request to the handlers of
/// this program, with the parts of the answer that matter. Nothing listens, and nothing is fetched from the network.
struct Tour {
    private let assembly: Quickstart.Assembly
    private let server: DevelopmentAuthorizationServer
    private let handler: ProtectedHandler
    private let lines: Lines
    private let style: TerminalStyle
    private let say: @Sendable (String) -> Void

    /// The events of the guard.
    final class Lines: Sendable {
        private let state = Mutex<[ResourceServerEvent]>([])

        func append(_ event: ResourceServerEvent) { state.withLock { $0.append(event) } }

        /// Takes the events since the last call.
        func take() -> [ResourceServerEvent] {
            state.withLock { events in
                defer { events = [] }
                return events
            }
        }
    }

    /// A step went another way than the story.
    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs all steps.
    ///
    /// - Throws: ``Broken`` when a step goes another way than the story.
    static func run(style: TerminalStyle, say: @escaping @Sendable (String) -> Void) async throws {
        let lines = Lines()
        let quickstart = Quickstart(QuickstartOptions(parsing: [])) { lines.append($0) }
        var faults: [String] = []
        guard let assembly = quickstart.assemble(port: 8080, issuerPort: 9000, &faults),
            let server = assembly.embedded?.server
        else { throw Broken(description: faults.joined(separator: "\n")) }
        let mcp = MCPHandler(path: assembly.guarding.resource.url.path)
        let handler = assembly.guarding.protecting { try await mcp.respond(to: $0, principal: $1) }
        try await Tour(
            assembly: assembly, server: server, handler: handler, lines: lines, style: style, say: say
        ).walk()
    }

    private func walk() async throws {
        heading("1. A request without a token", "The guard refuses it. The challenge says where the metadata is.")
        try await call("whoami", token: nil, expecting: 401)

        heading("2. Discovery", "The metadata names the authorization server, and that one names its endpoints.")
        try await get(assembly.guarding.resource.metadataPath, from: handler, "resource", "authorization_servers")
        try await get(
            "/.well-known/oauth-authorization-server", from: server, "authorization_endpoint", "token_endpoint",
            "code_challenge_methods_supported")

        heading("3. Login", "The client registers, gets a code for a PKCE challenge, and changes it for a token.")
        let client = try await register()
        let token = try await login(client, scope: "mcp:use")

        heading("4. A call with the token", "The handler learns who calls.")
        try await call("whoami", token: token, expecting: 200)

        heading("5. A tool that needs another scope", "403, and the challenge names every scope that the tool needs.")
        try await call("add_note", token: token, expecting: 403)

        heading("6. Step-up", "The client logs in for these scopes and calls again.")
        let writing = try await login(client, scope: "mcp:use notes:write")
        try await call("add_note", token: writing, expecting: 200)

        heading("7. Key rotation", "The issuer has a new key. Its tokens are accepted, and old tokens still are.")
        server.issuer.rotateKeys()
        let rotated = try await login(client, scope: "mcp:use")
        try await call("whoami", token: rotated, expecting: 200)
        try await call("whoami", token: token, expecting: 200)

        heading("8. Refusals", "The client always gets the same sentence. The log of the operator says the cause.")
        let issuer = server.issuer
        let resource = assembly.guarding.resource.text
        for (defect, name) in [
            (TokenDefect.expired, "an expired token"), (.foreignAudience, "a token for another resource"),
            (.issuerWithSlash, "an issuer with a slash too much"), (.alteredSignature, "a changed signature"),
        ] {
            say(style.dim("\(name):"))
            try await call("whoami", token: issuer.token(with: defect, audience: resource), expecting: 401)
        }
        say("\nStart the servers and try it: swift run mcp-quickstart")
    }

    // MARK: Steps

    private func heading(_ title: String, _ sentence: String) {
        say("\n" + style.heading(title) + "\n" + sentence)
    }

    /// Calls a tool, and shows the status, the challenge or the result, and what the operator sees.
    private func call(_ tool: String, token: String?, expecting status: Int) async throws {
        let arguments = tool == "add_note" ? #"{"text":"hello"}"# : "{}"
        let body =
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\#(tool)","arguments":\#(arguments)}}"#
        var fields: [(HTTPFields.Name, HTTPFields.Value)] = [(.contentType, "application/json")]
        if let token, let value = HTTPFields.Value("Bearer " + token) { fields.append((.authorization, value)) }
        say("> POST /mcp tools/call \(tool)" + (token == nil ? "" : ", Authorization: Bearer …"))
        let response = try await send(.post, "/mcp", fields, Array(body.utf8), to: handler)
        say("< \(response.status.code)")
        if let challenge = response.fields[.wwwAuthenticate] { say("< WWW-Authenticate: \(challenge.string ?? "")") }
        if response.status == .ok { say("< \(try await text(of: response))") }
        for event in lines.take() where event.level > .debug && event.name.hasPrefix("denied") {
            say(style.dim("log: \(event.level.rawValue) \(event)" + (event.hint.map { " hint=\"\($0)\"" } ?? "")))
        }
        guard response.status.code == status else {
            throw Broken(description: "the answer to \(tool) is \(response.status.code), not \(status)")
        }
    }

    /// Fetches a document and shows some of its members.
    private func get(_ path: String, from handler: any HTTPHandler, _ names: String...) async throws {
        say("> GET \(path)")
        let response = try await send(.get, path, [], [], to: handler)
        let document = try JSONValue(parsing: Array(try await text(of: response).utf8))
        for name in names {
            guard let value = document[name] else { throw Broken(description: "\(path) has no \(name)") }
            say("<   \(name): \(String(decoding: value.encoded(), as: UTF8.self))")
        }
    }

    private static let callback = "http://127.0.0.1:3030/callback"

    private func register() async throws -> String {
        say("> POST /register")
        let body = #"{"redirect_uris":["\#(Self.callback)"],"token_endpoint_auth_method":"none"}"#
        let response = try await send(
            .post, "/register", [(.contentType, "application/json")], Array(body.utf8), to: server)
        let client = try JSONValue(parsing: Array(try await text(of: response).utf8))["client_id"]?.string
        guard let client else { throw Broken(description: "the registration was refused") }
        say("< \(response.status.code) client_id=\(client)")
        return client
    }

    /// Logs in with a code and PKCE, and returns the access token.
    private func login(_ client: String, scope: String) async throws -> String {
        let verifier = Base64URL.encode(RandomBytes.make(32))
        let challenge = Base64URL.encode(SHA256Digest(of: Array(verifier.utf8)).bytes)
        let resource = assembly.guarding.resource.text
        let query = Self.form([
            ("response_type", "code"), ("client_id", client), ("redirect_uri", Self.callback),
            ("code_challenge", challenge), ("code_challenge_method", "S256"), ("resource", resource), ("scope", scope),
        ])
        say("> GET /authorize?response_type=code&scope=\(scope)&resource=\(resource)&code_challenge=…")
        let redirect = try await send(.get, "/authorize?" + query, [], [], to: server)
        let location = redirect.fields[.location]?.string ?? ""
        guard let code = location.firstMatch(of: #/[?&]code=([^&]+)/#)?.output.1 else {
            throw Broken(description: "the login was refused with \(redirect.status.code)")
        }
        say("< \(redirect.status.code) Location: \(Self.callback)?code=…")
        let form = Self.form([
            ("grant_type", "authorization_code"), ("code", String(code)), ("redirect_uri", Self.callback),
            ("client_id", client), ("code_verifier", verifier), ("resource", resource),
        ])
        say("> POST /token grant_type=authorization_code&code=…&code_verifier=…")
        let response = try await send(
            .post, "/token", [(.contentType, "application/x-www-form-urlencoded")], Array(form.utf8), to: server)
        let answer = try JSONValue(parsing: Array(try await text(of: response).utf8))
        guard let token = answer["access_token"]?.string else {
            throw Broken(description: "the token request was refused with \(response.status.code)")
        }
        say("< \(response.status.code) access_token=… scope=\(answer["scope"]?.string ?? scope)")
        return token
    }

    private static func form(_ pairs: [(String, String)]) -> String {
        pairs.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
    }

    // MARK: Messages

    private func send(
        _ method: HTTPMethod, _ target: String, _ fields: [(HTTPFields.Name, HTTPFields.Value)], _ body: [UInt8],
        to handler: any HTTPHandler
    ) async throws -> HTTPResponse {
        guard let target = HTTPRequest.Target(target) else { throw Broken(description: "a target is malformed") }
        let port: HTTPFields.Value = handler is DevelopmentAuthorizationServer ? "127.0.0.1:9000" : "127.0.0.1:8080"
        var all = HTTPFields()
        for (name, value) in [(.host, port)] + fields { all.append(name, value) }
        var request = HTTPRequest(method: method, target: target, fields: all, body: HTTPRequest.Body(body))
        request.listener = .loopback
        return try await handler.respond(to: request)
    }

    private func text(of response: HTTPResponse) async throws -> String {
        guard case .bytes(let bytes) = response.body else { throw Broken(description: "an answer is a stream") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
