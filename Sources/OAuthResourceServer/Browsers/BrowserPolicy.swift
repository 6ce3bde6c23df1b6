internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

/// Which pages in a browser may call the server: CORS (Fetch §3.2) and the defence against DNS rebinding.
///
/// | server | `Origin` | answer |
/// |---|---|---|
/// | any | absent, or the resource's own | goes on |
/// | any | in the list | goes on; the response has CORS fields |
/// | local, or with a list | any other, `null`, repeated | 403 without CORS fields |
/// | not local, without a list | any other | goes on; `Origin` means nothing here |
///
/// A server is local when it listens on a loopback address or its resource is on a loopback host. There, `Host` must name
/// this machine or the resource, else the answer is 421.
struct BrowserPolicy: Sendable {
    /// What `Origin` says.
    enum Caller: Sendable {
        /// No page of another origin, or one that this server does not care about.
        case unremarkable
        /// A page of this allowed origin.
        case page(HTTPFields.Value)
        case refused
    }

    private let allowed: [HTTPFields.Value]
    private let ownOrigin: [UInt8]
    private let names: HostNames
    private let hasLoopbackResource: Bool

    init(_ resource: ResourceIdentifier, allowedOrigins: [AllowedOrigin]) {
        // An origin is printable ASCII by its type.
        allowed = allowedOrigins.map { HTTPFields.Value(validated: $0.bytes) }
        ownOrigin = Array(AllowedOrigin.serialized(resource.url).utf8)
        names = HostNames(resource.url)
        hasLoopbackResource = resource.url.isLoopback
    }

    /// Whether the request names this server.
    func serves(_ request: GuardedRequest) -> Bool {
        guard isLocal(request) else { return true }
        guard case .once(let host) = request.fields.occurrence(of: .host),
            let named = HTTPAuthority(bytes: host.bytes[...]), names.admit(named)
        else { return false }
        // RFC 9112 §3.2.2: the authority of an absolute form wins over Host.
        return request.target.authority.map(names.admit) ?? true
    }

    /// Who calls, as `Origin` says.
    func caller(of request: GuardedRequest) -> Caller {
        let origin: HTTPFields.Value
        switch request.fields.occurrence(of: .origin) {
        case .absent: return .unremarkable
        case .repeated: return isLocal(request) || !allowed.isEmpty ? .refused : .unremarkable
        case .once(let value): origin = value
        }
        if let page = allowed.first(where: { $0.bytes == origin.bytes }) { return .page(page) }
        if origin.bytes == ownOrigin { return .unremarkable }
        return isLocal(request) || !allowed.isEmpty ? .refused : .unremarkable
    }

    /// What the responses to this caller owe to pages; nil when no page of another origin is allowed.
    func crossOriginFields(for caller: Caller) -> CrossOriginFields? {
        guard !allowed.isEmpty else { return nil }
        guard case .page(let origin) = caller else { return CrossOriginFields(origin: nil) }
        return CrossOriginFields(origin: origin)
    }

    private func isLocal(_ request: GuardedRequest) -> Bool {
        hasLoopbackResource || request.listener == .loopback
    }
}
