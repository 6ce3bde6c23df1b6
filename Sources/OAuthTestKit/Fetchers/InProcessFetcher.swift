public import HTTPMessages
internal import WireFormat

/// A fetcher that calls handlers in the same process. Discovery and remote key sets then need no sockets.
///
/// ```swift
/// let fetcher = InProcessFetcher(["http://127.0.0.1:9000": developmentServer])
/// ```
public struct InProcessFetcher: DocumentFetcher {
    private let handlers: [(origin: String, handler: any HTTPHandler)]

    /// Makes a fetcher for these origins, each written as `scheme://host[:port]`. Fetches from any other origin fail.
    public init(_ handlers: KeyValuePairs<String, any HTTPHandler>) {
        self.handlers = handlers.map { (origin: $0.key, handler: $0.value) }
    }

    /// Calls the handler of the URL's origin.
    ///
    /// - Throws: ``FetchError/connectionFailed`` if the origin is unknown, or if its handler throws or streams;
    ///   ``FetchError/tooLarge(limit:)`` if the body is longer than the request allows.
    public func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        let origin = request.url.origin
        guard let handler = handlers.first(where: { $0.origin.hasSameBytes(as: origin) })?.handler else {
            throw .connectionFailed
        }
        let path = request.url.path.isEmpty ? "/" : request.url.path
        guard let target = HTTPRequest.Target(path + (request.url.query.map { "?" + $0 } ?? "")) else {
            throw .notAllowed
        }
        var sent = HTTPRequest(method: .get, target: target, fields: request.fields)
        if case .postForm(let form) = request.method {
            sent.method = .post
            sent.fields[.contentType] = "application/x-www-form-urlencoded"
            sent.body = HTTPRequest.Body(form)
        }
        guard let response = try? await handler.respond(to: sent), case .bytes(let body) = response.body else {
            throw .connectionFailed
        }
        guard body.count <= request.maximumBodyBytes else { throw .tooLarge(limit: request.maximumBodyBytes) }
        return FetchedDocument(status: response.status, fields: response.fields, body: body)
    }
}
