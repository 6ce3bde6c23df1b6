public import HTTPMessages
internal import OAuthMetadata
internal import Synchronization
internal import WireFormat

/// What a fake issuer has besides its keys: the answers to fetches, and what a test has changed about them.
final class IssuerDesk: Sendable {
    struct State {
        var fault: FakeIssuer.Fault?
        /// Where a configuration expects the key set, besides the place in the metadata.
        var keySetURLs: [String] = []
        /// Where a configuration expects the introspection endpoint, besides the place in the metadata.
        var introspectionURLs: [String] = []
        /// The introspection answers about the tokens that are not revoked.
        var opaqueTokens: [String: JSONDocument.Object] = [:]
    }

    let state = Mutex(State())
    let gate = AnswerGate()
}

/// The issuer as its own web server: it answers what a resource server fetches from an authorization server.
///
/// It serves the metadata at every location of RFC 8414 and OpenID Connect Discovery, the key set at its `jwks_uri`,
/// and answers introspection requests. Any other URL gets 404.
extension FakeIssuer: DocumentFetcher {
    /// What goes wrong with fetches from now on; nil for nothing.
    ///
    /// After a failure, a server waits up to a minute before it fetches again: see
    /// ``TokenVerification/RemoteKeySet/Limits``. A ``FakeClock`` makes this time pass.
    public var fault: Fault? {
        get { desk.state.withLock { $0.fault } }
        set { desk.state.withLock { $0.fault = newValue } }
    }

    /// The URLs that were fetched, in order.
    public var fetched: [String] { desk.gate.requests.map(\.url.text) }

    /// Makes every fetch wait until ``releaseAnswers()``, as an issuer does that is slow.
    ///
    /// A server gives up after ``TokenVerification/RemoteKeySet/Limits/patience`` of a ``FakeClock``. With the clock of
    /// the system, a server of the kit is 60 times as patient, because a busy machine is not an outage.
    public func holdAnswers() {
        desk.gate.hold()
    }

    /// Lets the waiting fetches continue, and the later ones too.
    public func releaseAnswers() {
        desk.gate.release(holdingOn: false)
    }

    /// Answers a request for a document of the issuer.
    ///
    /// - Throws: What ``fault`` asks for; ``HTTPMessages/FetchError/notResolved`` for a URL of another origin;
    ///   ``HTTPMessages/FetchError/tooLarge(limit:)``.
    public func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        await desk.gate.pass(request)
        guard serves(request.url) else { throw .notResolved }
        let fault = fault
        if let answer = try fault?.answer() { return answer }
        let document =
            switch request.method {
            case .get: self.document(at: request.url.text, fault)
            case .postForm(let form):
                isIntrospection(at: request.url.text)
                    ? introspectionAnswer(to: form, request.fields) : FetchedDocument(status: .notFound, body: [])
            }
        guard document.body.count <= request.maximumBodyBytes else { throw .tooLarge(limit: request.maximumBodyBytes) }
        return document
    }

    /// Whether a URL is of the issuer's origin, or one where a configuration expects something of it.
    func serves(_ url: AbsoluteURL) -> Bool {
        url.origin.hasSameBytes(as: identifier.url.origin) || isKeySet(at: url.text) || isIntrospection(at: url.text)
    }

    /// Whether a request is for one of the issuer's own documents, which another issuer on the same origin does not
    /// have.
    func knows(_ request: DocumentRequest) -> Bool {
        let url = request.url.text
        return isKeySet(at: url) || isIntrospection(at: url)
            || identifier.metadataURLs.contains { $0.text.hasSameBytes(as: url) }
    }

    /// Serves the key set at one more URL.
    func serveKeySet(at url: String) {
        desk.state.withLock { $0.keySetURLs.append(url) }
    }

    /// Answers introspection requests at one more URL.
    func serveIntrospection(at url: String) {
        desk.state.withLock { $0.introspectionURLs.append(url) }
    }

    private func document(at url: String, _ fault: Fault?) -> FetchedDocument {
        if isKeySet(at: url) { return .json(fault == .emptyKeySet ? ["keys": []] : jwks) }
        guard identifier.metadataURLs.contains(where: { $0.text.hasSameBytes(as: url) }) else {
            return FetchedDocument(status: .notFound, body: [])
        }
        var metadata = authorizationServerMetadata
        metadata.introspectionEndpoint = introspectionEndpoint
        var document = metadata.json
        if fault == .foreignMetadata { document["issuer"] = "https://other-issuer.example" }
        return .json(document)
    }

    private func isIntrospection(at url: String) -> Bool {
        introspectionEndpoint?.text.hasSameBytes(as: url) == true
            || desk.state.withLock { state in state.introspectionURLs.contains(where: url.hasSameBytes) }
    }

    private func isKeySet(at url: String) -> Bool {
        endpoint("jwks")?.text.hasSameBytes(as: url) == true
            || desk.state.withLock { state in state.keySetURLs.contains(where: url.hasSameBytes) }
    }
}
