internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

/// Which pages in a browser may call the server: CORS (Fetch §3.2) and the defence against DNS rebinding.
///
/// | server | `Origin` | result |
/// |---|---|---|
/// | any | absent, or the resource's own | continues |
/// | any | in the list | continues; the response has CORS fields |
/// | local, or with a list | any other, `null`, repeated | 403 without CORS fields |
/// | not local, without a list | any other | continues; `Origin` is ignored |
///
/// A server is local when it listens on a loopback address or its resource is on a loopback host. `Host` must then name
/// this machine or the resource; otherwise the response is 421.
struct BrowserPolicy: Sendable {
    /// The result of checking `Origin`.
    enum Caller: Sendable {
        /// The request has no foreign Origin, or this server does not check Origin.
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
        // The type of an origin allows only printable ASCII.
        allowed = allowedOrigins.map { HTTPFields.Value(validated: $0.bytes) }
        ownOrigin = Array(AllowedOrigin.serialized(resource.url).utf8)
        names = HostNames(resource.url)
        hasLoopbackResource = resource.url.isLoopback
    }

    /// Whether the request is addressed to this server.
    func serves(_ request: GuardedRequest) -> Bool {
        guard isLocal(request) else { return true }
        guard case .once(let host) = request.fields.occurrence(of: .host),
            let named = HTTPAuthority(bytes: host.bytes[...]), names.admit(named)
        else { return false }
        // RFC 9112 §3.2.2: the authority of an absolute form takes precedence over `Host`.
        return request.target.authority.map(names.admit) ?? true
    }

    /// The caller, according to `Origin`.
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

    /// The CORS fields for responses to this caller; nil when no page of another origin is allowed.
    func crossOriginFields(for caller: Caller) -> CrossOriginFields? {
        guard !allowed.isEmpty else { return nil }
        guard case .page(let origin) = caller else { return CrossOriginFields(origin: nil) }
        return CrossOriginFields(origin: origin)
    }

    private func isLocal(_ request: GuardedRequest) -> Bool {
        hasLoopbackResource || request.listener == .loopback
    }
}
