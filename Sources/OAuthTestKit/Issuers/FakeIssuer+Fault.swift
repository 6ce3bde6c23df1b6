internal import HTTPMessages
internal import WireFormat

extension FakeIssuer {
    /// What goes wrong when a server fetches from the issuer. A server that needs a document then answers 503, because
    /// it cannot know whether the token is good.
    public enum Fault: String, Sendable, Hashable, CaseIterable {
        /// No connection can be made.
        case unreachable
        /// The issuer does not answer within the time limit of the fetcher. The test does not wait that long.
        case timesOut
        /// The certificate of the issuer is of an authority that the server does not trust.
        case untrustedCertificate
        /// The answer is 404.
        case notFound
        /// The answer is 302 to a login page.
        case redirect
        /// The answer is 500.
        case serverError
        /// The answer is 200 with a page of HTML.
        case garbage
        /// The metadata names another issuer.
        case foreignMetadata
        /// The key set is empty.
        case emptyKeySet

        /// The reason of the event that a server reports when it finds this fault while it fetches keys.
        public var code: String {
            switch self {
            case .unreachable: "fetch_connection_failed"
            case .timesOut: "fetch_timed_out"
            case .untrustedCertificate: "fetch_tls_unknown_authority"
            case .notFound: "status_404"
            case .redirect: "status_302"
            case .serverError: "status_500"
            case .garbage: "metadata_not_json"
            case .foreignMetadata: "metadata_issuer_mismatch"
            case .emptyKeySet: "jwks_without_usable_key"
            }
        }

        /// The answer to any request; nil when the fault is in the content of a document.
        func answer() throws(FetchError) -> FetchedDocument? {
            switch self {
            case .unreachable: throw .connectionFailed
            case .timesOut: throw .timedOut
            case .untrustedCertificate: throw .unknownAuthority
            case .notFound: return FetchedDocument(status: .notFound, body: [])
            case .redirect:
                return FetchedDocument(status: .found, fields: [.location: "https://login.example/"], body: [])
            case .serverError: return FetchedDocument(status: .internalServerError, body: [])
            case .garbage:
                let page = Array("<!doctype html><title>Welcome</title>".utf8)
                return FetchedDocument(status: .ok, fields: [.contentType: "text/html"], body: page)
            case .foreignMetadata, .emptyKeySet: return nil
            }
        }
    }
}
