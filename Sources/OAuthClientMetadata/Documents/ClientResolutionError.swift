public import HTTPMessages
public import OAuthMetadata

/// Why a client could not be found by its document. For the operator: tell a client only ``oauthError``.
public enum ClientResolutionError: Error, Sendable, Hashable {
    /// The `client_id` is not an acceptable URL.
    case clientID(ClientIdentifierURL.Fault)
    /// The operator does not admit clients of this host.
    case denied
    /// The document could not be fetched.
    case fetch(FetchError)
    /// The response has another status than 200. A redirection is one: it is never followed.
    case status(Int)
    /// The response is neither `application/json` nor `application/…+json`.
    case contentType
    /// The document is not acceptable.
    case document(ClientIDMetadataDocument.Invalid)
    /// `jwks` has no usable key, although the client authenticates with `private_key_jwt`.
    case noUsableKey
    /// Too many documents of this host, or too many at the same time, were asked for.
    case tooManyFetches

    /// A stable, bounded code for events and metrics: that of the first fault.
    public var code: String {
        switch self {
        case .clientID(let fault): fault.code
        case .denied: "client_denied"
        case .fetch(let error): "document_fetch_" + error.code
        case .status: "document_status"
        case .contentType: "document_content_type"
        case .document(let invalid): invalid.faults.first?.code ?? "document_invalid"
        case .noUsableKey: "document_no_usable_key"
        case .tooManyFetches: "document_too_many_fetches"
        }
    }

    /// Whether asking again later may help. The client has done nothing wrong.
    public var isTemporary: Bool {
        switch self {
        case .tooManyFetches: true
        case .fetch(let error):
            switch error {
            case .notAllowed, .blockedAddress, .tooLarge, .malformedResponse, .unsupportedEncoding: false
            default: true
            }
        case .status(let code): code >= 500 || code == 429
        case .clientID, .denied, .contentType, .document, .noUsableKey: false
        }
    }

    /// The value of `error` for the client (RFC 6749 §5.2, §4.1.2.1): nothing else is told.
    public var oauthError: String { isTemporary ? "temporarily_unavailable" : "invalid_client" }
}
