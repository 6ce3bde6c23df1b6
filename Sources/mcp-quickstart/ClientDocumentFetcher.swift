import ResourceServerKit

/// Fetches documents of clients: from strangers as an authorization server must, and from this machine for development.
///
/// Only a resolver that accepts URLs of loopback hosts asks for one.
struct ClientDocumentFetcher: DocumentFetcher {
    private let strangers: any DocumentFetcher
    private let thisMachine: any DocumentFetcher

    init(certificateAuthorities: CertificateAuthorityFile?) {
        let own = CurlFetcher(insecureHTTP: .loopback, certificateAuthorities: certificateAuthorities)
        thisMachine = own
        // The default limits are within their ranges.
        strangers = (try? CurlFetcher(policy: .untrusted(certificateAuthorities: certificateAuthorities))) ?? own
    }

    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        try await (request.url.isLoopback ? thisMachine : strangers).fetch(request)
    }
}
