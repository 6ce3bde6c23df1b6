/// Why a document could not be fetched. No case holds a URL, a field or the text of a library.
public enum FetchError: Error, Sendable, Hashable {
    /// The policy of the fetcher does not admit this URL.
    case notAllowed
    /// The host name has no address.
    case notResolved
    /// The policy of the fetcher blocks the address of the host.
    case blockedAddress
    /// The connection could not be made, or it broke.
    case connectionFailed
    /// The connection or the whole exchange took too long.
    case timedOut
    /// No trusted authority has issued the server's certificate. A private authority must be configured; a server may
    /// also have left out an intermediate certificate.
    case unknownAuthority
    /// The server's certificate, or one that issued it, has expired or is not valid yet.
    case certificateExpired
    /// The server's certificate is for other names than the host of the URL.
    case certificateForOtherName
    /// TLS failed for another reason, or the fetcher does not know the reason.
    case tls
    /// The body is larger than the request allows; the limit in bytes.
    case tooLarge(limit: Int)
    /// The content of the response has a coding (`Content-Encoding`) that was not asked for.
    case unsupportedEncoding
    /// The response is not valid HTTP, or its content is not what its coding says.
    case malformedResponse
    /// The file with the token for the fetch itself cannot be read, or holds no token.
    case credentialsUnreadable
    /// The task was cancelled.
    case cancelled
    /// The fetcher itself cannot work now, which says nothing about the remote server: for example it is out of memory
    /// or descriptors, or its library is missing.
    case unavailable

    /// A stable, bounded code for events and metrics.
    public var code: String {
        switch self {
        case .notAllowed: "not_allowed"
        case .notResolved: "not_resolved"
        case .blockedAddress: "blocked_address"
        case .connectionFailed: "connection_failed"
        case .timedOut: "timed_out"
        case .unknownAuthority: "tls_unknown_authority"
        case .certificateExpired: "tls_expired"
        case .certificateForOtherName: "tls_wrong_name"
        case .tls: "tls"
        case .tooLarge: "too_large"
        case .unsupportedEncoding: "content_encoding_unsupported"
        case .malformedResponse: "malformed_response"
        case .credentialsUnreadable: "credentials_unreadable"
        case .cancelled: "cancelled"
        case .unavailable: "unavailable"
        }
    }
}
