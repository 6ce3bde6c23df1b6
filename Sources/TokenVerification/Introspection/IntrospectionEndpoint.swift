internal import HTTPMessages
internal import WireFormat

/// Asks the introspection endpoint about one token (RFC 7662 §2).
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

    /// The answer: strict JSON, an object. Its `active` is not looked at.
    func answer(about token: PresentedToken) async throws(IntrospectionTokenVerifier.Failure) -> JSONDocument {
        // RFC 7662 §2.1. The token is ASCII: it was checked before.
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
        // RFC 7662 §2.3: our credentials are not good there. That is not the caller's fault.
        case .unauthorized, .forbidden: throw .credentialsRefused
        case let status: throw .status(status.code)
        }
        // A fetcher that does not count must not make the memory unbounded.
        guard document.body.count <= IntrospectionConfiguration.Limits.maximumDocumentBytes else {
            throw .fetch(.tooLarge(limit: IntrospectionConfiguration.Limits.maximumDocumentBytes))
        }
        // RFC 7662 §2.2; RFC 9701 §5 answers with a JWT only when it is asked to.
        guard document.fields.mediaType == .json else { throw .mediaType }
        do throws(JSONDocument.ParseError) {
            return try JSONDocument(parsing: document.body)
        } catch {
            throw .json(error.reason)
        }
    }
}
