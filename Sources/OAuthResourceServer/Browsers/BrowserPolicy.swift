internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

/// Which pages in a browser may call the server: CORS (Fetch §3.2) and the defence against DNS rebinding.
///
/// | server | `Origin` | result |
/// |---|---|---|
/// | any | absent, or the resource's own | continues |
/// | any | allowed by the settings | continues; the response has CORS fields |
/// | local, without settings | http or https, a loopback host, any port | continues; the response has CORS fields |
/// | local, or with settings | any other, `null`, repeated | 403 without CORS fields |
/// | not local, without settings | any other | continues; `Origin` is ignored |
///
/// A server is local when it listens on a loopback address or its resource is on a loopback host. `Host` must then name
/// this machine, the resource or a configured host; otherwise the response is 421.
///
/// It is a class, so that its use costs each request one reference count.
final class BrowserPolicy: Sendable {
    /// The result of checking `Origin`.
    enum Caller: Sendable {
        /// The request has no foreign Origin, or this server does not check Origin.
        case unremarkable
        /// An allowed page, with the value of `Access-Control-Allow-Origin` for it.
        case page(HTTPFields.Value)
        case refused
    }

    private let origins: AllowedOrigins
    private let ownOrigin: [UInt8]
    private let names: HostNames
    private let hasLoopbackResource: Bool
    private let preflightHeaders: HTTPFields.Value

    init(_ resource: ResourceIdentifier, _ browsers: CheckedBrowsers) {
        origins = browsers.origins
        ownOrigin = Array(PageOrigin.serialized(resource.url).utf8)
        names = HostNames(resource.url, browsers.hosts)
        hasLoopbackResource = resource.url.isLoopback
        preflightHeaders = CrossOriginFields.preflightHeaders(and: browsers.requestHeaders)
    }

    /// Whether the request is addressed to this server.
    func serves(_ request: GuardedRequest) -> Bool {
        guard isLocal(request) else { return true }
        guard let host = request.fields.onlyValue(of: .host), names.admit(host) else { return false }
        // RFC 9112 §3.2.2: the authority of an absolute form takes precedence over `Host`.
        return request.target.authority.map(names.admit) ?? true
    }

    /// The caller, according to `Origin`.
    func caller(of request: GuardedRequest) -> Caller {
        let origin: HTTPFields.Value
        switch request.fields.occurrence(of: .origin) {
        case .absent: return .unremarkable
        case .repeated: return callerWithoutPermission(request)
        case .once(let value): origin = value
        }
        // A page of the resource's own origin needs no CORS fields.
        if origin.bytes == ownOrigin, !origins.lists(origin) { return .unremarkable }
        return origins.permission(for: origin, isLocal: isLocal(request)).map { .page($0) }
            ?? callerWithoutPermission(request)
    }

    private func callerWithoutPermission(_ request: GuardedRequest) -> Caller {
        isLocal(request) || !origins.isDefault ? .refused : .unremarkable
    }

    /// The CORS fields for responses to this caller; nil when there are none.
    ///
    /// Without settings, only the responses to pages of this machine have them: no other response of a local server
    /// may be stored by a cache for many users.
    func crossOriginFields(for caller: Caller) -> CrossOriginFields? {
        if case .page(let origin) = caller {
            return CrossOriginFields(origin: origin, preflightHeaders: preflightHeaders)
        }
        return origins.isDefault ? nil : CrossOriginFields(origin: nil, preflightHeaders: preflightHeaders)
    }

    private func isLocal(_ request: GuardedRequest) -> Bool {
        hasLoopbackResource || request.listener == .loopback
    }
}
