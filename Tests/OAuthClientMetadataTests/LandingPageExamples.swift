import OAuthClientMetadata
import OAuthMetadata
import SafeFetch
import WireFormat

// The code of the landing page: it is here so that it compiles.

func findClient(_ clientID: String, _ requested: String?) async throws {
    let resolver = try ClientIDResolver(fetcher: try CurlFetcher(policy: .untrusted()))
    let client = try await resolver.client(clientID)
    guard let redirectURI = client.redirectURI(for: requested) else { return }  // show an error page; never redirect
    _ = redirectURI
}

func makeVerifier(issuer: IssuerIdentifier, tokenEndpoint: AbsoluteURL) throws -> ClientAssertionVerifier {
    let verifier = try ClientAssertionVerifier(issuer: issuer, tokenEndpoint: tokenEndpoint)
    return verifier
}

func authenticateClient(
    _ text: String, type: String, clientID: String?, resolver: ClientIDResolver, verifier: ClientAssertionVerifier
) async throws {
    let assertion = try ClientAssertion(text, type: type, clientID: clientID)
    let client = try await resolver.client(assertion.clientID)
    let algorithm = client.document.signingAlgorithm
    try await verifier.verify(assertion, by: resolver.keys(of: client), algorithm: algorithm)
}
