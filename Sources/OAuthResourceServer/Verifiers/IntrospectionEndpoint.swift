public import HTTPMessages
public import WireFormat

/// Why the introspection endpoint's answer decides nothing. No case holds a URL, a token or text of the answer.
public enum IntrospectionFailure: Error, Sendable, Hashable {
    /// Nothing came back.
    case fetch(FetchError)
    /// 401 or 403: the endpoint refuses this server's own credentials.
    case credentialsRefused
    /// A status other than 200; the code.
    case status(Int)
    /// Something else than `application/json`, such as a signed answer (RFC 9701), which is not supported.
    case mediaType
    /// Not strict JSON.
    case json(JSONError.Reason)
    /// No object with a Boolean `active`.
    case notAnAnswer

    /// A stable snake_case code.
    public var code: String {
        switch self {
        case .fetch(let error): "fetch_\(error.code)"
        case .credentialsRefused: "credentials_refused"
        case .status(let status): "status_\(status)"
        case .mediaType: "not_json"
        case .json: "malformed_json"
        case .notAnAnswer: "active_not_boolean"
        }
    }

    /// Whether nobody gets an answer now, whatever the token. The other failures may be the doing of one token: they count
    /// as an outage only when nothing else comes.
    var isOutage: Bool {
        switch self {
        case .fetch(.tooLarge): false
        case .fetch, .credentialsRefused, .status(429), .status(503): true
        case .status, .mediaType, .json, .notAnAnswer: false
        }
    }
}

/// Asks the introspection endpoint about one token (RFC 7662 §2).
struct IntrospectionEndpoint: Sendable {
    private let url: AbsoluteURL
    private let fields: HTTPFields
    private let formParameters: String
    private let fetcher: any DocumentFetcher

    init(_ url: AbsoluteURL, _ credentials: IntrospectionCredentials, fetcher: any DocumentFetcher) {
        self.url = url
        var fields = HTTPFields()
        fields.append(.accept, "application/json")
        if let authorization = credentials.authorization { fields.append(.authorization, authorization) }
        self.fields = fields
        formParameters = credentials.formParameters
        self.fetcher = fetcher
    }

    /// The answer: strict JSON, an object. Its `active` is not looked at.
    func answer(about token: PresentedToken) async throws(IntrospectionFailure) -> JSONDocument {
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
        do throws(JSONError) {
            return try JSONDocument(parsing: document.body)
        } catch {
            throw .json(error.reason)
        }
    }
}
