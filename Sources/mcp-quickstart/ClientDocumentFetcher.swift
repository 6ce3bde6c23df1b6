import ResourceServerKit

/// Fetches documents of clients: from other hosts as an authorization server must, and from this machine for
/// development. A resolver asks for a URL of this machine only if its rules accept loopback hosts.
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
