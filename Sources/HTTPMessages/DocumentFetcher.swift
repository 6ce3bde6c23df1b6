/// The port to outgoing HTTP: fetches one document under the fetcher's policy.
///
/// An implementation returns every final status as a ``FetchedDocument``; it never follows a redirect. It verifies TLS,
/// limits the body while it reads, and stops when the task is cancelled.
public protocol DocumentFetcher: Sendable {
    /// Fetches one document.
    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument
}
