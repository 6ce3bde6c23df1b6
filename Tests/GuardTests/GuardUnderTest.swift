import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import TokenVerification
import WireFormat

/// A guard with a handler, and the tokens that the rows name.
struct GuardUnderTest: Sendable {
    static let resource = "https://mcp.example/mcp"
    static let now = 1_800_000_000.0
    static let issuer = makeIssuer("https://issuer.example")
    static let stranger = makeIssuer("https://stranger.example")

    let handler: any HTTPHandler

    /// Makes a guard that requires `mcp:use`, and applies `configure` to its configuration.
    init(
        requiredScopes: [String] = ["mcp:use"], keys: (any KeySource)? = nil, verifier: (any TokenVerifier)? = nil,
        observer: ResourceServerEvent.Observer? = nil, configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = ResourceServerConfiguration(
            resource: Self.resource, requiredScopes: requiredScopes)
        configure(&configuration)
        let validation = try JWTValidation(issuer: Self.issuer.url, resource: Self.resource)
        let jwt = try JWTTokenVerifier(
            [.init(validation, keys: keys ?? Self.issuer.keySource)], clock: WallClock { Self.now })
        let server = try ResourceServer(configuration, verifier: verifier ?? jwt, observer: observer)
        handler = server.protecting { try await Self.answer($0, $1) }
    }

    /// Uses another handler.
    init(handler: any HTTPHandler) {
        self.handler = handler
    }

    private struct HandlerFailure: Error {}

    /// The handler behind the guard.
    static func answer(_ request: HTTPRequest, _ principal: Principal) async throws -> HTTPResponse {
        switch request.path {
        case "/mcp/fails": throw HandlerFailure()
        case "/mcp/own":
            var response = HTTPResponse(status: .ok)
            response.fields.append(.cacheControl, "private, max-age=5")
            return response
        case "/mcp/echo":
            let body = try await request.body.collect(upTo: 1 << 20)
            return .text("\(request.method.name) \(request.target.text) \(String(decoding: body, as: UTF8.self))")
        default: return .text("for \(principal.subject ?? "nobody")")
        }
    }

    private static func makeIssuer(_ url: String) -> FakeIssuer {
        FakeIssuer(url, audience: resource, algorithms: [.es256], clock: WallClock { now })
    }

    // MARK: Tokens

    /// The field lines of a row, with tokens in place of their names. A row without `Host` gets one.
    func lines(of row: RowRequest) -> [(name: String, value: String)] {
        let hasHost = row.lines.contains { $0.name.lowercased() == "host" }
        let host = hasHost ? [] : [(name: "Host", value: "mcp.example")]
        return host + row.lines.filter { $0.value != "{absent}" }.map { ($0.name, filled($0.value)) }
    }

    /// Replaces the names in braces by tokens.
    func filled(_ text: String) -> String {
        guard let start = text.firstIndex(of: "{"), let end = text[start...].firstIndex(of: "}") else { return text }
        let name = String(text[text.index(after: start)..<end])
        guard let token = Self.token(name) else { return text }
        return text[..<start] + token + filled(String(text[text.index(after: end)...]))
    }

    /// The token with this name: a defect of ``TokenDefect``, `good`, `scopes=…`, and some with more than one
    /// change.
    static func token(_ name: String) -> String? {
        if let token = tokens[name] { return token }
        if name.hasPrefix("scopes=") {
            return issuer.token { $0.claims["scope"] = .string(String(name.dropFirst(7))) }
        }
        if name.hasPrefix("long="), let count = Int(name.dropFirst(5)) { return String(repeating: "a", count: count) }
        return nil
    }

    private static let tokens: [String: String] = {
        var tokens = [
            "good": issuer.token(), "stranger": stranger.token(), "noScopes": issuer.token { $0.claims["scope"] = nil },
        ]
        for defect in TokenDefect.allCases { tokens[defect.rawValue] = issuer.token(with: defect) }
        tokens["expiredWithoutScope"] = issuer.token {
            TokenDefect.expired.spoil(&$0)
            $0.claims["scope"] = nil
        }
        return tokens
    }()
}
