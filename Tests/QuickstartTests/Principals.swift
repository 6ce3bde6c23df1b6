import OAuthMetadata
import OAuthResourceServer
import WireFormat

extension Principal {
    /// What a good token says.
    static let alice = Principal(
        subject: "alice", clientID: "client-1", issuer: "https://issuer.example",
        scopes: ScopeSet(keepingValidOf: "mcp:use mcp:admin"), expiresAt: 1_800_000_000, claims: JSONObject())
    /// What a token without claims says.
    static let nobody = Principal(
        subject: nil, clientID: nil, issuer: nil, scopes: ScopeSet(), expiresAt: nil, claims: JSONObject())
}
