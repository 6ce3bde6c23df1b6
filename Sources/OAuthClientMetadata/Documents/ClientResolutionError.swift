public import HTTPMessages
public import OAuthMetadata

/// Why a client could not be found by its document. For the operator: tell a client only ``oauthError``.
public enum ClientResolutionError: Error, Sendable, Hashable {
    /// The `client_id` is not an acceptable URL.
    case clientID(ClientIdentifierURL.Fault)
    /// The ``ClientTrustPolicy`` does not admit clients of this host. Nothing was fetched.
    case denied
    /// The document could not be fetched.
    case fetch(FetchError)
    /// The status of the response, which is not 200. Redirections are not followed.
    case status(Int)
    /// The response is neither `application/json` nor `application/…+json`.
    case contentType
    /// The document is not acceptable.
    case document(ClientIDMetadataDocument.Invalid)
    /// `jwks` has no usable key, although the client authenticates with `private_key_jwt`.
    case noUsableKey
    /// A limit of fetches is reached: ``ClientIDResolver/Limits/fetchesPerHost`` or
    /// ``ClientIDResolver/Limits/concurrentFetches``.
    case tooManyFetches

    /// A stable, bounded code for events and metrics. For a document with several faults, it is that of the first.
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

    /// The value of `error` for the client: `invalid_client` (RFC 6749 §5.2) or `temporarily_unavailable`
    /// (§4.1.2.1). Tell a client nothing else.
    public var oauthError: String { isTemporary ? "temporarily_unavailable" : "invalid_client" }
}
