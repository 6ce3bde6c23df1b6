public import HTTPMessages
internal import OAuthMetadata
public import TokenVerification
internal import WireFormat

/// Several protected resources on one server, each with its own guard, issuers, scopes, metadata document and handler.
///
/// A request goes to the resource whose path is the longest that equals or contains the path of the request. If there
/// is none, it goes to the resource that has a ``RouteRule`` for the path. Otherwise the response is 404. A token for
/// one resource is accepted by that resource only. A path that two readers may interpret differently (see
/// ``RouteRule``) gets 404 too, so that no handler takes it for the path of another resource.
///
/// **Hosts.** When the resources have several host names, `Host` chooses among them first: only the resources of that
/// host take part, so that `https://a.example/mcp` and `https://b.example/mcp` can be served together, each with its
/// own metadata. A proxy in front must pass on the `Host` of the client; `X-Forwarded-Host` is not read, and ports are
/// not compared. A request whose `Host` is absent, repeated or another one gets 421, and 404 for metadata. When all
/// resources have the same host, `Host` is not looked at. A resource identifier is always the configured text.
public struct ProtectedResources: HTTPHandler {
    private struct Place {
        let area: PathArea
        let handler: ProtectedHandler
    }

    let handlers: [ProtectedHandler]
    /// Whether `Host` chooses among the resources.
    private let haveSeveralHosts: Bool
    private let resources: [Place]
    private let rules: [Place]

    /// Combines guarded handlers into one.
    ///
    /// - Parameter handlers: The results of `protecting(_:)` of each guard.
    /// - Throws: ``TokenVerification/ConfigurationError`` when there are none, or when two of the same host claim the
    ///   same path: that of a resource, of a route rule, or of the metadata. Only one resource of a host can have the
    ///   root alias of the metadata.
    public init(_ handlers: [ProtectedHandler]) throws(ConfigurationError) {
        self.handlers = handlers
        haveSeveralHosts = Set(handlers.map(\.server.host)).count > 1
        resources = Self.finestFirst(
            handlers.map { Place(area: PathArea($0.server.resource.url.path, .below), handler: $0) })
        rules = Self.finestFirst(
            handlers.flatMap { handler in
                handler.server.configuration.routes.loosenedAreas.map { Place(area: $0, handler: handler) }
            })
        let faults = Self.faults(handlers.map(\.server))
        guard faults.isEmpty else { throw ConfigurationError(faults) }
    }

    /// The strictest exposure of all guards.
    public var exposure: HTTPExposure {
        handlers.lazy.map(\.exposure).first { $0 != .anywhere } ?? .anywhere
    }

    /// Passes the request to the resource that it names. If there is none, the response is 404 or 421.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        if let handler = handler(for: request.target, request.fields) { return try await handler.respond(to: request) }
        guard let first = handlers.first?.server else { return ServedDocument.notFound }
        let isMisdirected =
            haveSeveralHosts && !isKnown(Self.host(of: request.target, request.fields))
            && !request.target.path.utf8.starts(with: WellKnown.prefix.utf8)
        let refusal: ResourceServer.Refusal = isMisdirected ? .hostNotServed : .unknownResource
        let guarded = GuardedRequest(request)
        first.report(.denied(refusal, first.facts(about: refusal, of: guarded, nil, .anonymous)))
        var response = first.configuration.answers.response(to: refusal)
        if request.method == .head { response.body = .bytes([]) }
        return response
    }

    /// The guard of the resource that a request names, for
    /// ``ResourceServer/decide(method:target:fields:body:listener:peer:clientCertificate:)``; nil when there is none.
    /// Answer 404 then.
    ///
    /// - Parameters:
    ///   - target: The request target as sent.
    ///   - fields: The header fields, of which `Host` is used. They are needed when the resources have several hosts:
    ///     without `Host` the result is nil then.
    public func server(for target: HTTPRequest.Target, fields: HTTPFields = HTTPFields()) -> ResourceServer? {
        handler(for: target, fields)?.server
    }

    private func handler(for target: HTTPRequest.Target, _ fields: HTTPFields) -> ProtectedHandler? {
        guard haveSeveralHosts else { return handler(for: target.path) { _ in true } }
        guard let host = Self.host(of: target, fields) else { return nil }
        return handler(for: target.path) { $0.server.host == host }
    }

    /// The handler for a path, among those that take part.
    private func handler(for path: String, among takesPart: (ProtectedHandler) -> Bool) -> ProtectedHandler? {
        if path.utf8.starts(with: WellKnown.prefix.utf8) {
            return handlers.first { takesPart($0) && $0.server.metadataRoutes.claims(path) }
        }
        let documents = handlers.first {
            takesPart($0) && $0.server.metadataRoutes.servesByConfiguration(at: path)
        }
        if let documents { return documents }
        guard !PathArea.isAmbiguous(path) else { return nil }
        func place(in places: [Place]) -> Place? {
            places.first { takesPart($0.handler) && $0.area.covers(path) }
        }
        return (place(in: resources) ?? place(in: rules))?.handler
    }

    private func isKnown(_ host: HTTPHost?) -> Bool {
        handlers.contains { $0.server.host == host }
    }

    /// The host that a request names; nil when it names none or several.
    private static func host(of target: HTTPRequest.Target, _ fields: HTTPFields) -> HTTPHost? {
        guard case .once(let value) = fields.occurrence(of: .host),
            let host = HTTPAuthority(bytes: value.bytes[...])?.host
        else { return nil }
        // RFC 9112 §3.2.2: the authority of an absolute form takes precedence. Handlers may read either of them.
        guard let authority = target.authority else { return host }
        return authority.host == host ? host : nil
    }

    private static func finestFirst(_ places: [Place]) -> [Place] {
        places.sorted { $0.area.isFiner(than: $1.area) }
    }

    private static func faults(_ servers: [ResourceServer]) -> ConfigurationFaults {
        let setting: ConfigurationError.Path = "resources"
        var faults: ConfigurationFaults = []
        if servers.isEmpty { faults.add(setting, "is empty", "name at least one") }
        let haveSeveralHosts = Set(servers.map(\.host)).count > 1
        for (index, server) in servers.enumerated() {
            if haveSeveralHosts, let location = server.configuration.metadata.location, location.host != server.host {
                // A request for the document would come with that host, for which this resource does not take part.
                faults.add(
                    setting[index], "has its metadata at another host, where it is not served",
                    "name the host of the resource in \(.metadata + "metadataURL")")
            }
            // Resources of different hosts share nothing: `Host` tells them apart.
            for (other, earlier) in servers[..<index].enumerated() where server.host == earlier.host {
                if server.area == earlier.area {
                    faults.add(setting[index], "has the same path as \(setting[other])", "give each its own")
                } else if !Set(server.metadataRoutes.paths).isDisjoint(with: earlier.metadataRoutes.paths) {
                    faults.add(
                        setting[index], "serves its metadata where \(setting[other]) does",
                        "set \(.metadata + "rootAlias") to .notServed for all but one")
                }
                for (one, two) in [(server, earlier), (earlier, server)] where one.hasMetadata(inside: two) {
                    faults.add(
                        setting[index], "and \(setting[other]) clash: the metadata of one is at a path of the other",
                        "choose another \(.metadata + "metadataURL")")
                }
                if server.metadataRoutes.forwardsMetadata, earlier.metadataRoutes.forwardsMetadata {
                    faults.add(
                        setting[index], "forwards the metadata of an authorization server as \(setting[other]) does",
                        "let only one of them do so")
                }
                if !Set(server.metadataRoutes.handlerPaths).isDisjoint(with: earlier.metadataRoutes.handlerPaths) {
                    faults.add(
                        setting[index], "has a path in \(.metadata + "handlerPaths") that \(setting[other]) has too",
                        "keep one")
                }
                if !Set(server.configuration.routes.loosenedAreas)
                    .isDisjoint(with: earlier.configuration.routes.loosenedAreas)
                {
                    faults.add(
                        setting[index], "has a route rule for a path that \(setting[other]) has one for", "keep one")
                }
            }
        }
        return faults
    }
}

extension ResourceServer {
    /// The host of the resource.
    fileprivate var host: HTTPHost { HTTPHost(resource.url) }

    /// The paths of the resource.
    fileprivate var area: PathArea { PathArea(resource.url.path, .below) }

    /// Whether the configured path of the metadata is one that another resource serves.
    fileprivate func hasMetadata(inside other: ResourceServer) -> Bool {
        guard let path = metadataRoutes.configuredPath.map({ String(decoding: $0, as: UTF8.self) }) else {
            return false
        }
        if other.metadataRoutes.handlerPaths.contains(Array(path.utf8)) { return true }
        if other.configuration.routes.loosenedAreas.contains(where: { $0.covers(path) }) { return true }
        // The finest area counts, as for requests.
        return other.area.covers(path) && !(area.covers(path) && area.isFiner(than: other.area))
    }
}
