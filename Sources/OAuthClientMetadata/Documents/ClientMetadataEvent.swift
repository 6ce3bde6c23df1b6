public import TokenVerification

/// What an operator learns about clients that are found by their documents. No case contains a URL or text of a
/// document. `host` is the host of the document, or of its keys: ASCII, at most 253 bytes.
public enum ClientMetadataEvent: Sendable, Hashable {
    /// A document was fetched and is in use.
    case fetched(host: String)
    /// A document could not be used.
    case refused(host: String, ClientResolutionError)
    /// A document was fetched, and its ``ResolvedClient/fingerprint`` differs from that of the earlier one.
    case changed(host: String)
    /// A document could not be fetched again. The earlier one stays in use. `age` is the time since it was last
    /// confirmed.
    case servedStale(host: String, age: Duration, ClientResolutionError)
    /// The keys at a `jwks_uri` of this host could not be fetched or used. Earlier ones stay in use for their lifetime.
    case keysUnavailable(host: String, RemoteKeySet.FetchFailure)
    /// The URL of a document has a query, which the draft discourages. Reported when the document is first fetched.
    case queryInURL(host: String)

    /// Receives the events. Called from any task; it must return quickly.
    public typealias Observer = @Sendable (ClientMetadataEvent) -> Void

    /// A stable name.
    public var name: String {
        switch self {
        case .fetched: "client_document_fetched"
        case .refused: "client_document_refused"
        case .changed: "client_document_changed"
        case .servedStale: "client_document_served_stale"
        case .keysUnavailable: "client_keys_unavailable"
        case .queryInURL: "client_id_with_query"
        }
    }
}

extension ClientMetadataEvent: CustomStringConvertible {
    /// One line: the name of the event, then `key=value` pairs. An age is in seconds.
    public var description: String {
        switch self {
        case .fetched(let host), .changed(let host), .queryInURL(let host): "\(name) host=\(host)"
        case .refused(let host, let error): "\(name) host=\(host) reason=\(error.code)"
        case .keysUnavailable(let host, let failure): "\(name) host=\(host) reason=\(failure.code)"
        case .servedStale(let host, let age, let error):
            "\(name) host=\(host) age=\(age.components.seconds) reason=\(error.code)"
        }
    }
}
