public import HTTPMessages
internal import Synchronization
public import WireFormat

/// A fetcher that returns prepared answers and records the requests. No network is used.
///
/// ```swift
/// let fetcher = ScriptedFetcher()
/// fetcher.set("https://login.example.com/jwks", json: issuer.jwks)
/// fetcher.set("https://login.example.com/introspect", json: ["active": false])
/// ```
///
/// An answer is for a GET and for a POST of its URL. A URL without an answer gets 404. Any number of tasks may use one
/// fetcher. For the documents of a whole issuer, ``FakeIssuer`` is a fetcher itself.
public final class ScriptedFetcher: DocumentFetcher {
    /// A document with any status, or why it cannot be fetched.
    public typealias Answer = Result<FetchedDocument, FetchError>

    private let answers = Mutex<[String: Answer]>([:])
    private let gate = AnswerGate()

    /// Makes a fetcher without answers.
    public init() {}

    /// Sets the answer for a URL, which is compared byte for byte.
    public func set(_ url: String, _ answer: Answer) {
        answers.withLock { $0[url] = answer }
    }

    /// Sets a JSON document as the answer for a URL, with `Content-Type: application/json` unless `fields` have one.
    public func set(
        _ url: String, json: JSONDocument.Object, status: HTTPStatus = .ok, fields: HTTPFields = HTTPFields()
    ) {
        set(url, .success(.json(json, status: status, fields: fields)))
    }

    /// Makes every fetch wait until ``release()``.
    public func hold() {
        gate.hold()
    }

    /// Lets the waiting fetches continue, and the later ones too.
    public func release() {
        gate.release(holdingOn: false)
    }

    /// Lets the waiting fetches continue. Later ones wait again.
    public func releaseWaiting() {
        gate.release(holdingOn: true)
    }

    /// The requested URLs in order.
    public var requests: [String] { gate.requests.map(\.url.text) }
    /// The last request.
    public var lastRequest: DocumentRequest? { gate.requests.last }

    /// Returns the answer for the URL.
    ///
    /// - Throws: The error that the test has set for the URL.
    public func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        await gate.pass(request)
        let answer = answers.withLock { $0[request.url.text] }
        return try (answer ?? .success(FetchedDocument(status: .notFound, body: []))).get()
    }
}

extension FetchedDocument {
    /// A JSON document, with `Content-Type: application/json` unless `fields` have one.
    static func json(
        _ json: JSONDocument.Object, status: HTTPStatus = .ok, fields: HTTPFields = HTTPFields()
    ) -> FetchedDocument {
        var fields = fields
        if !fields.contains(.contentType) { fields[.contentType] = "application/json" }
        return FetchedDocument(status: status, fields: fields, body: JSONValue.object(json).encoded())
    }
}
