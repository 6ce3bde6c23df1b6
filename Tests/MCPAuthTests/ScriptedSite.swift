import HTTPMessages
import JOSE
import SafeFetch
import Synchronization
import WireFormat

@testable import mcp_auth

/// A protected MCP server and its authorization server, as scripts. Without changes, `doctor` finds nothing to mend.
struct ScriptedSite: Sendable {
    static let endpoint = "https://mcp.example.com/mcp"
    static let issuer = "https://login.example.com"
    static let challenge =
        #"Bearer scope="mcp:use", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp""#

    /// An answer, or the failure of the request.
    typealias Answer = Result<FetchedDocument, FetchError>
    /// A request, as far as a script looks at it.
    struct Request: Sendable {
        var token: String?
        var origin: String?
        var body: JSONValue?
    }

    /// The scripts by method and URL. Any other request gets 404.
    var routes: [String: @Sendable (Request) -> Answer] = [:]
    /// The difference of the server's clock in seconds.
    var clockDifference = 0
    /// The URL that is examined.
    var url = Self.endpoint
    let press = TokenPress.es256

    var resource: JSONDocument.Object = [
        "resource": .string(Self.endpoint), "authorization_servers": [.string(Self.issuer)],
        "scopes_supported": ["mcp:use"], "bearer_methods_supported": ["header"],
    ]
    var server: JSONDocument.Object = [
        "issuer": .string(Self.issuer), "authorization_endpoint": "https://login.example.com/authorize",
        "token_endpoint": "https://login.example.com/token", "jwks_uri": "https://login.example.com/jwks",
        "registration_endpoint": "https://login.example.com/register", "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": true,
        "token_endpoint_auth_methods_supported": ["none"],
    ]

    static let metadataFields: [(String, String)] = [
        ("Content-Type", "application/json"), ("Access-Control-Allow-Origin", "*"),
        ("Cache-Control", "public, max-age=3600"),
    ]

    static func answer(_ status: Int, _ fields: [(String, String)] = [], body: String = "") -> Answer {
        guard let status = HTTPStatus(status), let fields = try? HTTPFields(fields) else { return .failure(.tls) }
        return .success(FetchedDocument(status: status, fields: fields, body: Array(body.utf8)))
    }

    static func json(_ value: JSONDocument.Object, _ fields: [(String, String)] = metadataFields) -> Answer {
        answer(200, fields, body: String(decoding: JSONValue.object(value).encoded(), as: UTF8.self))
    }

    static let pageFields = [
        ("Access-Control-Allow-Origin", "http://localhost:6274"),
        ("Access-Control-Expose-Headers", "WWW-Authenticate, Mcp-Session-Id"),
    ]

    static func refusal(_ challenge: String = challenge, _ fields: [(String, String)] = []) -> Answer {
        answer(401, [("WWW-Authenticate", challenge), ("Cache-Control", "no-store")] + fields, body: "{}")
    }

    /// The answer of a good guard to a request of the endpoint.
    static func guarded(_ request: Request, accepting token: String? = nil) -> Answer {
        let fields = request.origin == "http://localhost:6274" ? pageFields : []
        guard let sent = request.token else { return refusal(challenge, fields) }
        if let token, token.hasSameBytes(as: sent) { return answer(200, [("Content-Type", "application/json")]) }
        return refusal(#"Bearer error="invalid_token", "# + challenge.dropFirst(7), fields)
    }

    /// The site with its good routes, after `change`.
    init(_ change: (inout ScriptedSite) -> Void = { _ in }) {
        for method in ["POST", "GET", "HEAD"] { routes["\(method) \(Self.endpoint)"] = { Self.guarded($0) } }
        routes["OPTIONS \(Self.endpoint)"] = { _ in
            Self.answer(
                204,
                [
                    ("Access-Control-Allow-Origin", "http://localhost:6274"),
                    ("Access-Control-Allow-Headers", "Authorization, Content-Type, MCP-Protocol-Version"),
                ])
        }
        let origin = "https://mcp.example.com/.well-known/oauth-protected-resource"
        for location in [origin + "/mcp", origin] {
            routes["POST \(location)"] = { _ in Self.answer(405, [("Allow", "GET, HEAD, OPTIONS")]) }
            routes["HEAD \(location)"] = { _ in Self.answer(200, Self.metadataFields) }
        }
        let keys = String(decoding: press.keySet, as: UTF8.self)
        routes["GET https://login.example.com/jwks"] = { _ in
            Self.answer(200, [("Content-Type", "application/json")], body: keys)
        }
        change(&self)
        let (resource, server) = (resource, server)
        for location in [origin + "/mcp", origin] where routes["GET \(location)"] == nil {
            routes["GET \(location)"] = { _ in Self.json(resource) }
        }
        let metadata = "GET https://login.example.com/.well-known/oauth-authorization-server"
        if routes[metadata] == nil { routes[metadata] = { _ in Self.json(server) } }
    }

    /// Replaces the answers to every request of the endpoint by this method.
    mutating func endpoint(_ method: String = "POST", _ script: @escaping @Sendable (Request) -> Answer) {
        routes["\(method) \(Self.endpoint)"] = script
    }

    /// The location of the resource's metadata.
    static let metadataLocation = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"

    var network: ClientNetwork {
        let (routes, date) = (routes, DisplayDate.text(CommandSession.now + Double(clockDifference)))
        return ClientNetwork { exchange throws(FetchError) in
            let authorization = exchange.fields[.authorization]?.string
            let request = Request(
                token: authorization.map { String($0.dropFirst(7)) }, origin: exchange.fields[.origin]?.string,
                body: exchange.method.bytes.flatMap { try? JSONValue(parsing: $0) })
            let script = routes["\(exchange.method.name.name) \(exchange.url.text)"]
            var answer = try (script?(request) ?? Self.answer(404)).get()
            if !answer.fields.contains(.date), let date = HTTPFields.Value(date) { answer.fields[.date] = date }
            return answer
        }
    }

    /// Runs `doctor` with further arguments.
    func doctor(_ arguments: String..., token: [UInt8] = [], private hosts: [HTTPHost] = []) async -> Outcome {
        var session = CommandSession(standardInput: token)
        var network = network
        if !hosts.isEmpty {
            network.permissions = FetchPermissions(insecureHTTP: .privateHosts, privateHosts: hosts)
        }
        session.network = network
        return await session.run(["doctor", url] + arguments)
    }
}

/// Writes a `Date` field.
enum DisplayDate {
    static func text(_ seconds: Double) -> String {
        let time = CivilTime(secondsSince1970: Int(seconds))
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        return "\(days[time.weekday]), \(CivilTime.digits(time.day, 2)) \(months[time.month - 1]) \(time.year) "
            + "\(time.timeText) GMT"
    }
}
