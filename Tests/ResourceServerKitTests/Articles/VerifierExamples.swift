import ResourceServerKit

// The code of the article "Write a TokenVerifier": it is here so that it compiles. `ArticleExampleTests` uses it.

/// Where the program keeps the tokens that it has issued.
protocol TicketStore: Sendable {
    /// The ticket of a token; nil when there is none.
    func ticket(for token: [UInt8]) async throws -> Ticket?
}

struct Ticket: Sendable {
    var user: String
    var scopes: String
    var endsAt: Double
}

struct TicketVerifier: TokenVerifier {
    let store: any TicketStore
    var clock = WallClock.system

    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        let found: Ticket?
        do {
            found = try await store.ticket(for: token.bytes)
        } catch {
            if Task.isCancelled { throw .unavailable(.cancelled, retryAfter: 1) }
            // The store does not answer. The token may be good, so that the client must keep it.
            throw .unavailable(.verifier, retryAfter: 5)
        }
        guard let ticket = found else {
            throw .invalid(.other(code: "ticket_unknown"))
        }
        guard ticket.endsAt > clock.now() else {
            throw .invalid(.other(code: "ticket_expired"))
        }
        return try accessToken(of: ticket)
    }

    private func accessToken(of ticket: Ticket) throws(TokenRejection)
        -> AccessToken
    {
        let claims: JSONValue = [
            "sub": .string(ticket.user), "scope": .string(ticket.scopes),
        ]
        do throws(JSONDocument.ParseError) {
            let document = try JSONDocument(parsing: claims.encoded())
            return AccessToken(
                issuer: "https://login.example.com", expiresAt: ticket.endsAt,
                claims: document)
        } catch {
            throw .unavailable(.verifier, retryAfter: 60)
        }
    }
}

func ticketServer(_ store: any TicketStore) throws -> ResourceServer {
    var configuration = ResourceServerConfiguration(
        resource: "https://mcp.example.com/mcp")
    configuration.metadata.authorizationServers = ["https://login.example.com"]
    configuration.requirements.scopes = ["mcp:use"]
    return try ResourceServer(
        configuration, verifier: TicketVerifier(store: store),
        observer: LineLogger.standardError.observe)
}
