public import HTTPMessages
public import WireFormat

/// Fetches documents with libcurl: the only code of the library that opens outgoing connections.
///
/// **Checks** the URL against the policy, that libcurl reads the same parts in the URL, every address that the host
/// resolves to, again the address that is connected to, TLS with the name of the host, the sizes of head and body while
/// reading, and the total time.
/// **Does not check** the status or the content type: that is the caller's task.
///
/// All transfers of one fetcher run on one thread, never on the thread of the caller. The thread starts with the first
/// fetch and ends some seconds after the last one. Names are looked up on a bounded number of further threads. A
/// cancelled task gets ``HTTPMessages/FetchError/cancelled`` at once, and its transfer ends. Copies of a fetcher share
/// the thread: make one fetcher for each policy and keep it.
public struct CurlFetcher: DocumentFetcher {
    /// The limits and permissions.
    public let policy: FetchPolicy
    private let worker: CurlWorker

    /// The `User-Agent` of every request. It is a constant, so that it reveals nothing about the machine.
    static let userAgent = "swift-oauth-resource-server"
    /// The name of this module's threads in a list of the process's threads; at most 15 bytes.
    static let threadName = "safe-fetch"

    /// A fetcher for URLs that the operator has configured, with the default limits of ``FetchPolicy``. No thread is
    /// started before the first fetch, and libcurl is not loaded before it: see ``loadLibrary()``.
    ///
    /// - Parameters:
    ///   - insecureHTTP: The hosts whose plain `http` URLs may be fetched.
    ///   - certificateAuthorities: The authorities to trust instead of the system's store; nil for the system's.
    public init(insecureHTTP: InsecureHTTP = .never, certificateAuthorities: CertificateAuthorityFile? = nil) {
        self.init(
            permissions: FetchPermissions(insecureHTTP: insecureHTTP), certificateAuthorities: certificateAuthorities)
    }

    /// A fetcher for URLs that the operator has configured, with the default limits and the operator's permissions.
    ///
    /// - Parameters:
    ///   - permissions: What is allowed beyond `https` to public addresses and to this machine.
    ///   - certificateAuthorities: The authorities to trust instead of the system's store; nil for the system's.
    public init(permissions: FetchPermissions, certificateAuthorities: CertificateAuthorityFile? = nil) {
        // The default limits are within their ranges.
        self.init(checked: FetchPolicy(permissions: permissions, certificateAuthorities: certificateAuthorities))
    }

    /// A fetcher under a policy. No thread is started before the first fetch, and libcurl is not loaded before it: see
    /// ``loadLibrary()``.
    ///
    /// - Throws: ``FetchPolicy/Invalid`` with every value that is outside its range.
    public init(policy: FetchPolicy) throws(FetchPolicy.Invalid) {
        let faults = policy.faults
        guard faults.isEmpty else { throw FetchPolicy.Invalid(faults: faults) }
        self.init(checked: policy)
    }

    private init(checked policy: FetchPolicy) {
        self.policy = policy
        worker = CurlWorker(policy: policy)
    }

    /// Fetches one document. A response of any status is returned, a redirect too. A POST is sent at most once.
    ///
    /// May be called from any task. It suspends and never blocks a thread.
    /// - Throws: ``HTTPMessages/FetchError/notAllowed`` for a URL that the policy does not admit, for request fields
    ///   that frame the message (`Host`, `Content-Length`, …), and for fields or a form that must not be sent to an
    ///   untrusted URL. ``HTTPMessages/FetchError/blockedAddress`` when the policy does not admit the address of the
    ///   host, or one of the addresses that it resolves to. ``HTTPMessages/FetchError/credentialsUnreadable`` when the
    ///   token of the policy cannot be read. In these cases no connection is opened. Another
    ///   ``HTTPMessages/FetchError`` when the fetch failed.
    public func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        let method: ClientExchange.Method
        switch (request.method, policy.source) {
        case (.get, _): method = .get
        case (.postForm(let form), .operatorNamed): method = .post(form, as: .form)
        case (.postForm, .untrusted): throw .notAllowed
        }
        return try await fetch(request, by: method)
    }

    /// Sends a request of any method: see ``ClientExchange``. All rules of ``fetch(_:)`` hold.
    ///
    /// - Throws: ``HTTPMessages/FetchError/notAllowed`` also under a policy for untrusted URLs, which admits only GET.
    package func send(_ exchange: ClientExchange) async throws(FetchError) -> FetchedDocument {
        guard case .operatorNamed = policy.source else { throw .notAllowed }
        return try await fetch(
            DocumentRequest(url: exchange.url, fields: exchange.fields, maximumBodyBytes: exchange.maximumBodyBytes),
            by: exchange.method)
    }

    private func fetch(
        _ request: DocumentRequest, by method: ClientExchange.Method
    ) async throws(FetchError) -> FetchedDocument {
        let route = try policy.route(to: request.url)
        guard let lines = RequestFieldLines(request.fields, for: policy.source) else { throw .notAllowed }
        let bearer = try policy.bearer(for: request)
        if Task.isCancelled { throw .cancelled }

        let ticket = FetchTicket()
        let job = FetchJob(
            url: request.url, fieldLines: lines.lines, bearer: bearer, exchange: method, route: route,
            maximumBodyBytes: max(0, min(request.maximumBodyBytes, policy.maximumBodyBytes)),
            deadline: .now.advanced(by: policy.totalTimeout), ticket: ticket)
        let worker = worker
        return try await withTaskCancellationHandler {
            worker.submit(job)
            return await ticket.outcome()
        } onCancel: {
            ticket.resolve(.failure(.cancelled))
            worker.wake()
        }.get()
    }
}
