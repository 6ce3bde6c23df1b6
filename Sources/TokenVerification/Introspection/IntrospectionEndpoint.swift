internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// Sends one introspection request (RFC 7662 §2).
struct IntrospectionEndpoint: Sendable {
    /// A request without a usable response.
    struct RequestFailure: Error {
        let reason: IntrospectionTokenVerifier.Failure
        /// How long the endpoint asks not to be called, from the seconds of `Retry-After` (RFC 9110 §10.2.3), not
        /// limited; nil when it does not say it.
        var retryAfter: Duration?

        init(_ reason: IntrospectionTokenVerifier.Failure, retryAfter: Duration? = nil) {
            self.reason = reason
            self.retryAfter = retryAfter
        }
    }

    /// Where a request is sent, and with which credentials.
    private struct Destination: Sendable {
        let url: AbsoluteURL
        let fields: HTTPFields
        let client: IntrospectionClient

        init(_ url: AbsoluteURL, _ client: IntrospectionClient) {
            self.url = url
            self.client = client
            fields = client.fields
        }
    }

    private enum Place: Sendable {
        case known(Destination)
        /// The metadata names what the configuration does not.
        case metadata(IssuerDiscovery, url: AbsoluteURL?, IntrospectionClient)
    }

    private let place: Place
    private let fetcher: any DocumentFetcher

    /// Makes an endpoint at a known URL.
    init(_ url: AbsoluteURL, _ client: IntrospectionClient, fetcher: any DocumentFetcher) {
        place = .known(Destination(url, client))
        self.fetcher = fetcher
    }

    /// Makes an endpoint that the metadata describes.
    ///
    /// - Parameter url: The endpoint; nil for the one in the metadata.
    init(
        describedBy discovery: IssuerDiscovery, at url: AbsoluteURL?, _ client: IntrospectionClient,
        fetcher: any DocumentFetcher
    ) {
        place = .metadata(discovery, url: url, client)
        self.fetcher = fetcher
    }

    private func destination() async throws(RequestFailure) -> Destination {
        switch place {
        case .known(let destination): return destination
        case .metadata(let discovery, let url, let client):
            let metadata: AuthorizationServerMetadata
            do throws(IssuerDiscovery.Unavailable) {
                metadata = try await discovery.metadata(for: url == nil ? .introspection : .document).metadata
            } catch {
                throw RequestFailure(.metadata)
            }
            guard let endpoint = url ?? metadata.introspectionEndpoint else { throw RequestFailure(.metadata) }
            guard let chosen = client.chosen(by: metadata) else { throw RequestFailure(.noUsableMethod) }
            return Destination(endpoint, chosen)
        }
    }

    /// Returns the response, parsed as strict JSON. Its content, such as `active`, is not checked.
    func answer(about token: PresentedToken) async throws(RequestFailure) -> JSONDocument {
        let destination = try await destination()
        // RFC 7662 §2.1. The caller has checked that the token is ASCII.
        let text = PercentEncoding.encode(String(decoding: token.bytes, as: UTF8.self))
        let credentials: String
        do throws(JOSEError) {
            credentials = try destination.client.formParameters(for: destination.url)
        } catch {
            throw RequestFailure(.cryptography)
        }
        let form = "token=\(text)&token_type_hint=access_token\(credentials)"
        let document: FetchedDocument
        do throws(FetchError) {
            document = try await fetcher.fetch(
                DocumentRequest(
                    url: destination.url, method: .postForm(Array(form.utf8)), fields: destination.fields,
                    maximumBodyBytes: IntrospectionConfiguration.Limits.maximumDocumentBytes))
        } catch {
            throw RequestFailure(.fetch(error))
        }
        switch document.status {
        case .ok: break
        // RFC 7662 §2.3: the endpoint refuses this server's credentials. The token may be good.
        case .unauthorized: throw RequestFailure(.credentialsRefused)
        case let status:
            // RFC 6585 §4: a 429 may say when to come back.
            throw RequestFailure(
                .status(status.code), retryAfter: status.code == 429 ? Self.retryAfter(document.fields) : nil)
        }
        // The fetcher should enforce the limit. If it does not, memory must stay bounded.
        guard document.body.count <= IntrospectionConfiguration.Limits.maximumDocumentBytes else {
            throw RequestFailure(.fetch(.tooLarge(limit: IntrospectionConfiguration.Limits.maximumDocumentBytes)))
        }
        // RFC 7662 §2.2: the response is JSON. RFC 9701 §5: it is a JWT only if the request asks for one.
        guard document.fields.mediaType == .json else { throw RequestFailure(.mediaType) }
        do throws(JSONDocument.ParseError) {
            return try JSONDocument(parsing: document.body)
        } catch {
            throw RequestFailure(.json(error.reason))
        }
    }

    /// RFC 9110 §10.2.3: the delay in seconds. A date counts as absent: the clocks may differ.
    private static func retryAfter(_ fields: HTTPFields) -> Duration? {
        guard let value = fields[.retryAfter]?.bytes, !value.isEmpty, value.allSatisfy({ ASCII.isDigit($0) }) else {
            return nil
        }
        // A number that is too large is longer than the longest pause too.
        return ASCII.parseDecimal(value[...]).map { .seconds($0) } ?? .seconds(Int32.max)
    }
}
