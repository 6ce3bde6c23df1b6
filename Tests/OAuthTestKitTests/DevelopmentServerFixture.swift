import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

/// A development server with a fixed clock, and the client's part of the exchange, without sockets.
struct DevelopmentServerFixture {
    static let issuerURL = "http://127.0.0.1:9000"
    static let resource = "http://127.0.0.1:8080/mcp"
    static let redirectURI = "http://127.0.0.1:3030/callback"
    /// The verifier of RFC 7636 appendix B.
    static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    let clock: FakeClock
    let server: DevelopmentAuthorizationServer

    init(
        algorithm: SignatureAlgorithm = .es256,
        _ edit: (inout DevelopmentAuthorizationServer.Settings) -> Void = { _ in }
    ) throws {
        let clock = FakeClock()
        var settings = DevelopmentAuthorizationServer.Settings()
        settings.algorithm = algorithm
        edit(&settings)
        self.clock = clock
        server = try DevelopmentAuthorizationServer(issuer: Self.issuerURL, settings: settings, clock: clock.wallClock)
    }

    // MARK: Requests

    func send(
        _ method: HTTPMethod, _ target: String, _ fields: [(HTTPFields.Name, String)] = [], body: [UInt8] = []
    ) async throws -> Answer {
        var request = HTTPRequest(
            method: method, target: try #require(HTTPRequest.Target(target)), body: HTTPRequest.Body(body))
        for (name, value) in fields { request.fields.append(name, try #require(HTTPFields.Value(value))) }
        return try Answer(await server.respond(to: request))
    }

    func form(
        _ parameters: [(String, String)], basic: (id: String, secret: String)? = nil, proofs: [String] = []
    ) async throws -> Answer {
        var fields: [(HTTPFields.Name, String)] = [(.contentType, "application/x-www-form-urlencoded")]
        if let basic { fields.append((.authorization, Self.basic(basic.id, basic.secret))) }
        fields += proofs.map { (.dpop, $0) }
        return try await send(.post, "/token", fields, body: Array(Self.encode(parameters).utf8))
    }

    func authorize(_ parameters: [(String, String)]) async throws -> Answer {
        try await send(.get, "/authorize?" + Self.encode(parameters))
    }

    func register(_ metadata: JSONDocument.Object) async throws -> Answer {
        try await send(
            .post, "/register", [(.contentType, "application/json")], body: JSONValue.object(metadata).encoded())
    }

    // MARK: Steps

    /// Registers a public client that may use refresh tokens.
    func publicClient() async throws -> String {
        let answer = try await register([
            "redirect_uris": [.string(Self.redirectURI)], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        ])
        return try #require(answer.json["client_id"]?.string)
    }

    static func authorizationRequest(_ clientID: String) -> [(String, String)] {
        [
            ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirectURI), ("state", "s t&1"),
            ("code_challenge", challenge), ("code_challenge_method", "S256"), ("scope", "mcp:use"),
            ("resource", resource),
        ]
    }

    static func codeRequest(_ clientID: String, _ code: String) -> [(String, String)] {
        [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI),
            ("client_id", clientID), ("code_verifier", verifier), ("resource", resource),
        ]
    }

    func code(for clientID: String) async throws -> String {
        let answer = try await authorize(Self.authorizationRequest(clientID))
        return try #require(answer.redirected["code"])
    }

    func tokens(for clientID: String) async throws -> Answer {
        let answer = try await form(Self.codeRequest(clientID, code(for: clientID)))
        #expect(answer.status == .ok)
        return answer
    }

    func refresh(_ clientID: String, _ token: String, _ more: [(String, String)] = []) async throws -> Answer {
        try await form([("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", clientID)] + more)
    }

    /// The claims of a token, verified as the guard does it.
    func verified(
        _ token: String, audience: String = resource, algorithm: SignatureAlgorithm = .es256
    ) throws -> JSONDocument.Object {
        let keys = try JSONWebKeySet(parsing: JSONValue.object(server.issuer.jwks).encoded(), issuer: Self.issuerURL)
        var policy = JWTPolicy(issuer: Self.issuerURL, resource: audience)
        policy.algorithms = [algorithm]
        policy.profile = .rfc9068
        let validation = try JWTValidation(policy)
        let verified = try validation.verify(
            UnverifiedJWT(parsing: Array(token.utf8), limit: 16_384), keys: keys, now: clock.now)
        return try #require(verified.claims.root.value.object)
    }

    // MARK: Encoding

    static func encode(_ parameters: [(String, String)]) -> String {
        parameters.map { "\(percentEncode($0.0))=\(percentEncode($0.1))" }.joined(separator: "&")
    }

    static func percentEncode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if ASCII.isDigit(byte) || ASCII.isLetter(byte) || "-._~".utf8.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func basic(_ id: String, _ secret: String) -> String {
        "Basic " + Base64.encode(Array("\(percentEncode(id)):\(percentEncode(secret))".utf8))
    }
}

/// A response as a client reads it.
struct Answer {
    let status: HTTPStatus
    let fields: HTTPFields
    let body: [UInt8]
    /// The JSON body; empty if there is none.
    let json: JSONDocument.Object

    init(_ response: HTTPResponse) throws {
        status = response.status
        fields = response.fields
        guard case .bytes(let bytes) = response.body else {
            Issue.record("The development server never streams.")
            throw CancellationError()
        }
        body = bytes
        json = (try? JSONValue(parsing: bytes))?.object ?? JSONDocument.Object()
    }

    /// The parameters of a redirection; empty if the answer is not a redirection.
    var redirected: [String: String] {
        guard status == .found || status == .seeOther, let location = fields[.location]?.string,
            let mark = location.utf8.lastIndex(of: UInt8(ascii: "?"))
        else { return [:] }
        let query = location.utf8[location.utf8.index(after: mark)...]
        var parameters: [String: String] = [:]
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            parameters[Self.decode(parts[0])] = Self.decode(parts[1])
        }
        return parameters
    }

    /// The error of a direct answer. Checks every field that such an answer must have.
    func refusal(_ status: HTTPStatus = .badRequest) -> [String?] {
        #expect(self.status == status)
        #expect(fields[.cacheControl]?.string == "no-store")
        #expect(fields[.contentType]?.string == "application/json")
        #expect(fields[.location] == nil)
        return [json["error"]?.string, json["error_description"]?.string]
    }

    private static func decode(_ bytes: some Collection<UInt8>) -> String {
        var decoded: [UInt8] = []
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            if byte == UInt8(ascii: "%"), let high = rest.next().flatMap({ ASCII.hexValue($0) }),
                let low = rest.next().flatMap({ ASCII.hexValue($0) })
            {
                decoded.append(high << 4 | low)
            } else {
                decoded.append(byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
