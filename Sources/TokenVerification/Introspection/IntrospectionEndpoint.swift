internal import HTTPMessages
internal import WireFormat

/// Sends one introspection request (RFC 7662 §2).
struct IntrospectionEndpoint: Sendable {
    private let url: AbsoluteURL
    private let fields: HTTPFields
    private let formParameters: String
    private let fetcher: any DocumentFetcher

    init(_ url: AbsoluteURL, _ credentials: IntrospectionConfiguration.Credentials, fetcher: any DocumentFetcher) {
        self.url = url
        var fields = HTTPFields()
        fields.append(.accept, "application/json")
        if let authorization = credentials.authorization { fields.append(.authorization, authorization) }
        self.fields = fields
        formParameters = credentials.formParameters
        self.fetcher = fetcher
    }

    /// Returns the response, parsed as strict JSON. Its content, such as `active`, is not checked.
    func answer(about token: PresentedToken) async throws(IntrospectionTokenVerifier.Failure) -> JSONDocument {
        // RFC 7662 §2.1. The caller has checked that the token is ASCII.
        let text = PercentEncoding.encode(String(decoding: token.bytes, as: UTF8.self))
        let form = "token=\(text)&token_type_hint=access_token\(formParameters)"
        let document: FetchedDocument
        do throws(FetchError) {
            document = try await fetcher.fetch(
                DocumentRequest(
                    url: url, method: .postForm(Array(form.utf8)), fields: fields,
                    maximumBodyBytes: IntrospectionConfiguration.Limits.maximumDocumentBytes))
        } catch {
            throw .fetch(error)
        }
        switch document.status {
        case .ok: break
        // RFC 7662 §2.3: the endpoint refuses this server's credentials. The token may be good.
        case .unauthorized, .forbidden: throw .credentialsRefused
        case let status: throw .status(status.code)
        }
        // The fetcher should enforce the limit. If it does not, memory must stay bounded.
        guard document.body.count <= IntrospectionConfiguration.Limits.maximumDocumentBytes else {
            throw .fetch(.tooLarge(limit: IntrospectionConfiguration.Limits.maximumDocumentBytes))
        }
        // RFC 7662 §2.2: the response is JSON. RFC 9701 §5: it is a JWT only if the request asks for one.
        guard document.fields.mediaType == .json else { throw .mediaType }
        do throws(JSONDocument.ParseError) {
            return try JSONDocument(parsing: document.body)
        } catch {
            throw .json(error.reason)
        }
    }
}
