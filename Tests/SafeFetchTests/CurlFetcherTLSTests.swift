import HTTPMessages
import SafeFetch
import Testing

/// Where the machine has the `openssl` program; elsewhere these do not run.
@Suite("CurlFetcher over TLS", .enabled(if: OpenSSLServer.isAvailable), .timeLimit(.minutes(1)))
struct CurlFetcherTLSTests {
    @Test("a certificate that the system's store does not know is a TLS failure")
    func unknownAuthority() async throws {
        let server = try OpenSSLServer()
        let url = "https://localhost:\(server.port)/"
        #expect(await outcomes(of: 1, from: CurlFetcher(), url: url) == [.failure(.tls)])
    }

    @Test("with its authority configured the same server is trusted")
    func configuredAuthority() async throws {
        let server = try OpenSSLServer()
        let authorities = try CertificateAuthorityFile(path: server.certificateFile)
        let fetcher = CurlFetcher(certificateAuthorities: authorities)
        #expect(await outcomes(of: 1, from: fetcher, url: "https://localhost:\(server.port)/") == [.success(200)])
    }

    @Test("RFC 9525 §6: a good certificate for another name is a TLS failure")
    func otherName() async throws {
        let server = try OpenSSLServer()
        let authorities = try CertificateAuthorityFile(path: server.certificateFile)
        let fetcher = CurlFetcher(certificateAuthorities: authorities)
        #expect(await outcomes(of: 1, from: fetcher, url: "https://127.0.0.1:\(server.port)/") == [.failure(.tls)])
    }
}
