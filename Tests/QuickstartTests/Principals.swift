import OAuthResourceServer
import WireFormat

@testable import TokenVerification

extension Principal {
    /// The principal of a typical good token.
    static var alice: Principal {
        get throws {
            try Principal(
                issuer: "https://issuer.example", expiresAt: 1_800_000_000,
                claims: ["sub": "alice", "client_id": "client-1", "scope": "mcp:use mcp:admin"])
        }
    }

    /// The principal of a token without optional claims.
    static var nobody: Principal {
        get throws { try Principal(issuer: nil, expiresAt: nil, claims: [:]) }
    }

    /// The principal of a user, or of a client without one.
    static func user(_ subject: String?, client: String) throws -> Principal {
        var claims: JSONDocument.Object = ["client_id": .string(client)]
        claims["sub"] = subject.map { .string($0) }
        return try Principal(issuer: "https://issuer.example", expiresAt: nil, claims: .object(claims))
    }

    /// The principal of a token that introspection describes with these members.
    static func introspected(_ members: JSONDocument.Object) throws -> Principal {
        Principal(
            AccessToken(
                introspected: try JSONDocument(parsing: JSONValue.object(members).encoded()),
                issuer: "https://issuer.example", expiresAt: nil, scopes: ScopeMapping()))
    }

    private init(issuer: String?, expiresAt: Double?, claims: JSONValue) throws {
        self.init(
            AccessToken(issuer: issuer, expiresAt: expiresAt, claims: try JSONDocument(parsing: claims.encoded())))
    }
}
