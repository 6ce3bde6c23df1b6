public import HTTPMessages
public import WireFormat

/// Fetches documents with libcurl: the only code of the library that opens outgoing connections.
///
/// **Checks** the URL against the policy, that libcurl reads it as we do, every address that the host resolves to, the one
/// that is connected to once more, TLS with the host's name, the sizes of head and body while reading, and the total time.
/// **Does not check** the status or the content type: those are the caller's.
///
/// All transfers of one fetcher run on one thread of its own, never on the thread of the caller: it starts with the
/// first fetch and ends some seconds after the last one. Names are looked up on further threads, of which there is a
/// bounded number. A cancelled task gets ``HTTPMessages/FetchError/cancelled`` at
/// once, and its transfer ends. Copies share the thread: make one fetcher per policy and keep it.
public struct CurlFetcher: DocumentFetcher {
    /// The limits and permissions.
    public let policy: FetchPolicy
    private let worker: CurlWorker

    /// The `User-Agent` of every request; a constant, so that it tells nothing about the machine.
    static let userAgent = "swift-oauth-resource-server"
    /// What a list of the process's threads shows for the threads of this module; at most 15 bytes.
    static let threadName = "safe-fetch"

    /// A fetcher for URLs that the operator configured, with the default limits of ``FetchPolicy``. Nothing is started or
    /// loaded before the first fetch.
    ///
    /// - Parameters:
    ///   - insecureHTTP: When a plain `http` URL may be fetched.
    ///   - certificateAuthorities: The authorities to trust instead of the system's store; nil for the system's.
    public init(insecureHTTP: InsecureHTTP = .never, certificateAuthorities: CertificateAuthorityFile? = nil) {
        self.init(
            permissions: FetchPermissions(insecureHTTP: insecureHTTP), certificateAuthorities: certificateAuthorities)
    }

    /// A fetcher for URLs that the operator configured, with the default limits and what the operator permits.
    ///
    /// - Parameters:
    ///   - permissions: What is allowed beyond `https` to public addresses and to the machine itself.
    ///   - certificateAuthorities: The authorities to trust instead of the system's store; nil for the system's.
    public init(permissions: FetchPermissions, certificateAuthorities: CertificateAuthorityFile? = nil) {
        // The default limits are within their ranges.
        self.init(checked: FetchPolicy(permissions: permissions, certificateAuthorities: certificateAuthorities))
    }

    /// A fetcher under a policy. Nothing is started or loaded before the first fetch.
    ///
    /// - Throws: ``FetchPolicyError`` with everything that is outside its range.
    public init(policy: FetchPolicy) throws(FetchPolicyError) {
        let faults = policy.faults
        guard faults.isEmpty else { throw FetchPolicyError(faults: faults) }
        self.init(checked: policy)
    }

    private init(checked policy: FetchPolicy) {
        self.policy = policy
        worker = CurlWorker(policy: policy)
    }

    /// Fetches one document. Any status is an answer, a redirect too. A POST is sent at most once.
    ///
    /// May be called from any task; suspends, never blocks.
    /// - Throws: ``HTTPMessages/FetchError/notAllowed`` for a URL outside the policy, for request fields that frame the
    ///   message (`Host`, `Content-Length`, …), and for fields or a form that an untrusted URL may not get;
    ///   ``HTTPMessages/FetchError/blockedAddress`` when the host is, or resolves to, an address that the policy does not
    ///   admit, even one among others. No connection is opened then.
    public func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        let route = try policy.route(to: request.url)
        guard let lines = RequestFieldLines(request.fields, for: policy.source) else { throw .notAllowed }
        let form: [UInt8]?
        switch (request.method, policy.source) {
        case (.get, _): form = nil
        case (.postForm(let content), .operatorNamed): form = content
        case (.postForm, .untrusted): throw .notAllowed
        }
        if Task.isCancelled { throw .cancelled }

        let ticket = FetchTicket()
        let job = FetchJob(
            url: request.url, fieldLines: lines.lines, form: form, route: route,
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
