import OAuthTestKit
import Synchronization
import TokenVerification

/// Two issuers with real keys, and a verifier that trusts the first.
enum IssuerFixture {
    static let resource = "https://mcp.example/mcp"
    static let now = 1_800_000_000.0
    static let issuer = makeIssuer("https://issuer.example")
    static let stranger = makeIssuer("https://stranger.example")

    static func verifier(keys: any KeySource) throws -> JWTTokenVerifier {
        try JWTTokenVerifier(
            [.init(try JWTValidation(issuer: issuer.url, resource: resource), keys: keys)],
            clock: WallClock { now })
    }

    private static func makeIssuer(_ url: String) -> FakeIssuer {
        FakeIssuer(url, audience: resource, algorithms: [.rs256, .es256], clock: WallClock { now })
    }
}

/// The events of verifiers and key sources, for assertions.
final class EventLog: Sendable {
    private let events = Mutex<[TokenVerificationEvent]>([])

    func append(_ event: TokenVerificationEvent) {
        events.withLock { $0.append(event) }
    }

    var all: [TokenVerificationEvent] { events.withLock { $0 } }
}
