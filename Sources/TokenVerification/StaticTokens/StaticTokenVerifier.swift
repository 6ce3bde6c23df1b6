internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// Accepts the tokens of a list that the operator has written. Use it for a few programs that trust each other and have
/// no issuer.
///
/// **Checks** that the SHA-256 of the token is in the list, with a constant-time comparison for every entry.
/// **Does not check** scopes or an expiration time: a token is valid until it is removed from the list.
///
/// In the verified token, the subject is the name in the list, the scopes are those of the line, and there is no
/// issuer.
public struct StaticTokenVerifier: TokenVerifier {
    private let entries: [(digest: SHA256Digest, token: AccessToken)]

    /// Makes a verifier for the tokens of a list.
    public init(_ list: StaticTokenList) {
        entries = list.entries.compactMap { entry in
            let claims: JSONValue = [
                "sub": .string(entry.name), "scope": .string(entry.scopes.description),
            ]
            // The encoder always writes valid JSON, so this never fails.
            guard let document = try? JSONDocument(parsing: claims.encoded()) else { return nil }
            return (entry.digest, AccessToken(issuer: nil, expiresAt: nil, claims: document))
        }
    }

    /// Verifies a token. It never suspends.
    public func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        guard let known = knownToken(token) else { throw .invalid(.unknownStaticToken) }
        return known
    }

    /// The verified token, or nil when the list does not contain it.
    func knownToken(_ token: PresentedToken) -> AccessToken? {
        var found: Int?
        let digest = token.digest
        // The loop compares every entry, so that its duration does not reveal the position of a similar hash.
        for index in entries.indices where entries[index].digest.equalsInConstantTime(digest) { found = index }
        return found.map { entries[$0].token }
    }
}
