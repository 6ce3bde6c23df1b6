import HTTPMessages
import SafeFetch
import WireFormat

/// The network as a client of a protected server uses it. Tests replace the function that sends.
struct ClientNetwork: Sendable {
    /// The longest body of an answer in bytes.
    static let maximumBodyBytes = 262_144
    /// The longest time for one answer.
    static let patience: Duration = .seconds(10)

    /// What the user allows beyond https to public hosts and any URL of this machine.
    struct Options: Sendable {
        /// The flags that set these options, for ``ArgumentList``.
        static let flags = ["--ca-file", "--proxy"]
        static let repeatableFlags = ["--allow-private-host"]

        /// A PEM file of the certificate authorities to trust instead of the system's; nil for the system's.
        var certificateAuthorities: CertificateAuthorityFile?
        /// The hosts that may have a private address, and plain http.
        var privateHosts: [HTTPHost] = []
        /// An http or https proxy for public hosts.
        var proxy: AbsoluteURL?

        /// No permissions.
        init() {}

        /// Reads the flags, and adds their faults to the list.
        init(_ list: inout ArgumentList) {
            certificateAuthorities = list.value("--ca-file", "a PEM file of certificates that can be read") {
                try? CertificateAuthorityFile(path: $0)
            }
            privateHosts = list.values("--allow-private-host", "a host name or address, without scheme and port") {
                HTTPHost($0)
            }
            proxy = list.value("--proxy", "an http or https URL of a host and a port") { text in
                guard let url = try? AbsoluteURL(parsing: text), url.path.isEmpty || url.path == "/", url.query == nil,
                    url.fragment == nil
                else { return nil }
                return url
            }
        }

        /// The fetcher for these options.
        var fetcher: CurlFetcher? {
            let permissions = FetchPermissions(
                insecureHTTP: privateHosts.isEmpty ? .loopback : .privateHosts, privateHosts: privateHosts)
            var policy = FetchPolicy(
                permissions: permissions, proxy: proxy, certificateAuthorities: certificateAuthorities)
            policy.connectTimeout = ClientNetwork.patience
            policy.totalTimeout = ClientNetwork.patience
            return try? CurlFetcher(policy: policy)
        }
    }

    /// Sends a request, and returns the response of any status.
    var send: @Sendable (ClientExchange) async throws(FetchError) -> FetchedDocument
    /// Which URLs may be http.
    var permissions = FetchPermissions(insecureHTTP: .loopback)
    /// Shows what the program waits for; nil ends that. Does nothing when no person watches.
    var progress: @Sendable (String?) -> Void = { _ in }

    /// Sends a request. The result holds the failure, so that it can be examined like an answer.
    func answer(to exchange: ClientExchange) async -> Result<FetchedDocument, FetchError> {
        progress("\(exchange.method.name.name) \(DisplayText.line(exchange.url.text))")
        defer { progress(nil) }
        do throws(FetchError) {
            return .success(try await send(exchange))
        } catch {
            return .failure(error)
        }
    }

    /// Fetches a JSON document, for a page of `origin` if it is not nil.
    func document(
        at url: AbsoluteURL, origin: HTTPFields.Value? = nil
    ) async -> Result<FetchedDocument, FetchError> {
        var fields = HTTPFields()
        fields.append(.accept, "application/json")
        if let origin { fields.append(.origin, origin) }
        return await answer(to: ClientExchange(url, fields: fields, maximumBodyBytes: Self.maximumBodyBytes))
    }
}

extension ClientNetwork: DocumentFetcher {
    /// Fetches one document, as a verifier asks for keys.
    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        let method: ClientExchange.Method =
            switch request.method {
            case .get: .get
            case .postForm(let form): .post(form, as: .form)
            }
        return try await send(
            ClientExchange(
                request.url, method, fields: request.fields, maximumBodyBytes: request.maximumBodyBytes))
    }
}
