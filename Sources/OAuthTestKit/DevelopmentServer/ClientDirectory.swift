internal import OAuthClientMetadata
internal import OAuthMetadata

/// Finds the client of a `client_id`: among the registered ones, or by its client ID metadata document.
struct ClientDirectory: Sendable {
    let store: GrantStore
    /// Nil when clients cannot be found by their documents.
    let resolver: ClientIDResolver?

    func client(_ id: String) async throws(Refusal) -> RegisteredClient {
        if let client = store.client(id) { return client }
        guard let resolver, ClientIdentifierURL.isURL(id) else { throw .unknownClient }
        let client: ResolvedClient
        do throws(ClientResolutionError) {
            client = try await resolver.client(id)
        } catch {
            throw error.isTemporary ? .clientDocumentUnavailable : .clientDocumentNotAcceptable
        }
        return RegisteredClient(client, keys: resolver.keys(of: client))
    }
}
