import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

/// A guard with a fake issuer, and its events.
struct GuardFixture {
    static let resource = "https://mcp.example/mcp"
    static let now = 1_800_000_000.0
    static let issuer = makeIssuer("https://issuer.example")
    static let stranger = makeIssuer("https://stranger.example")
    static let challengeTail = #"resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp""#

    let server: ResourceServer
    let log = EventLog()

    init(
        requiredScopes: [String] = ["mcp:use"], verifier: (any TokenVerifier)? = nil,
        configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = ResourceServerConfiguration(
            resource: Self.resource, requiredScopes: requiredScopes)
        // A verifier that a test provides names no issuers, so the metadata must name them.
        if verifier != nil { configuration.metadata.authorizationServers = [Self.issuer.url] }
        configure(&configuration)
        let log = log
        server = try ResourceServer(
            configuration, verifier: verifier ?? Self.verifier(keys: Self.issuer.keySource),
            observer: { log.append($0) })
    }

    static func verifier(keys: any KeySource, caching: TokenCaching = .standard) throws -> JWTTokenVerifier {
        try JWTTokenVerifier(
            [.init(try JWTValidation(issuer: issuer.url, resource: resource), keys: keys)], caching: caching,
            clock: WallClock { now })
    }

    private static func makeIssuer(_ url: String) -> FakeIssuer {
        FakeIssuer(url, audience: resource, clock: WallClock { now })
    }

    /// Sends a request to the guard and returns the refusal; nil if the guard lets it proceed.
    func refusal(
        _ authorization: String..., method: HTTPMethod = .post, target: String = "/mcp",
        fields extra: [(HTTPFields.Name, HTTPFields.Value)] = [], body: [UInt8]? = nil
    ) async throws -> HTTPResponse? {
        var fields = HTTPFields()
        for value in authorization { fields.append(.authorization, try #require(HTTPFields.Value(value))) }
        for (name, value) in extra { fields.append(name, value) }
        let decision = await server.decide(
            method: method, target: try #require(HTTPRequest.Target(target)), fields: fields, body: body)
        switch decision {
        case .proceed: return nil
        case .respond(let response):
            try response.requireReadableChallenges()
            return response
        }
    }
}

/// The events of a guard, for assertions.
final class EventLog: Sendable {
    private let events = Mutex<[ResourceServerEvent]>([])

    func append(_ event: ResourceServerEvent) {
        events.withLock { $0.append(event) }
    }

    /// The reason codes of all refusals, in order.
    var denials: [String] {
        events.withLock { events in
            events.compactMap { event in
                guard case .denied(let rejection, _) = event else { return nil }
                return rejection.code
            }
        }
    }

    var all: [ResourceServerEvent] { events.withLock { $0 } }
}

extension HTTPResponse {
    /// The text of a field that occurs once.
    func text(_ name: HTTPFields.Name) -> String? {
        if name == .wwwAuthenticate, (try? requireReadableChallenges()) == nil { return nil }
        return fields[name]?.string
    }

    /// Parses every challenge again, and checks its Bearer parameters by RFC 6750 §3.
    func requireReadableChallenges() throws {
        let challenges = try challenges
        if [.unauthorized, .forbidden, .badRequest].contains(status), fields.contains(.wwwAuthenticate) {
            try #require(!challenges.challenges.isEmpty)
        }
        _ = try challenges.bearer
    }

    var bodyText: String {
        guard case .bytes(let bytes) = body else { return "<stream>" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
