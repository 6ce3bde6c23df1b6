internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// Accepts the tokens of a list that the operator wrote: for a few programs that know each other, without an issuer.
///
/// **Checks** that the SHA-256 of the token is on the list, comparing with every entry in constant time.
/// **Does not check** scopes. Nothing ends such a token but its removal from the list.
///
/// The principal has the name of the list as its subject, no issuer, and the scopes of its line.
public struct StaticTokenVerifier: TokenVerifier {
    private let entries: [(digest: SHA256Digest, token: AccessToken)]

    /// A verifier of the tokens on a list.
    public init(_ list: StaticTokenList) {
        entries = list.entries.compactMap { entry in
            let claims: JSONValue = [
                "sub": .string(entry.name), "scope": .string(entry.scopes.description),
            ]
            // What the writer wrote is always JSON.
            guard let document = try? JSONDocument(parsing: claims.encoded()) else { return nil }
            return (entry.digest, AccessToken(issuer: nil, expiresAt: nil, claims: document))
        }
    }

    /// Verifies a token. Never suspends.
    public func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        guard let known = knownToken(token) else { throw .invalid(.unknownStaticToken) }
        return known
    }

    /// What the list says about the token; nil when it is not on it.
    func knownToken(_ token: PresentedToken) -> AccessToken? {
        var found: Int?
        // All of them: how long it takes says nothing about where a similar one stands.
        for index in entries.indices where entries[index].digest.equalsInConstantTime(token.digest) { found = index }
        return found.map { entries[$0].token }
    }
}
