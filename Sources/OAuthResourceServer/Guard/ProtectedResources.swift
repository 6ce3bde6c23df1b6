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
public struct ProtectedResources: HTTPHandler {
    private struct Place {
        let area: PathArea
        let handler: ProtectedHandler
    }

    private let handlers: [ProtectedHandler]
    private let resources: [Place]
    private let rules: [Place]

    /// Combines guarded handlers into one.
    ///
    /// - Parameter handlers: The results of `protecting(_:)` of each guard.
    /// - Throws: ``TokenVerification/ConfigurationError`` when there are none, or when two of them claim the same path:
    ///   that of a resource, of a route rule, or of the metadata. Only one resource can have the root alias of the
    ///   metadata.
    public init(_ handlers: [ProtectedHandler]) throws(ConfigurationError) {
        self.handlers = handlers
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

    /// Passes the request to the resource that the target names. If there is none, the response is 404.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        if let handler = handler(for: request.target) { return try await handler.respond(to: request) }
        guard let first = handlers.first?.server else { return Answers.documentNotFound }
        first.report(.denied(.unknownResource, fingerprint: nil))
        var response = first.configuration.answers.response(to: .unknownResource)
        if request.method == .head { response.body = .bytes([]) }
        return response
    }

    /// The guard of the resource that the target names, for
    /// ``ResourceServer/decide(method:target:fields:body:listener:)``; nil when there is none.
    /// Answer 404 then.
    public func server(for target: HTTPRequest.Target) -> ResourceServer? {
        handler(for: target)?.server
    }

    private func handler(for target: HTTPRequest.Target) -> ProtectedHandler? {
        let path = target.path
        if path.utf8.starts(with: WellKnown.prefix.utf8) {
            return handlers.first { $0.server.metadataRoutes.claims(path) }
        }
        guard !PathArea.isAmbiguous(path) else { return nil }
        return (resources.first { $0.area.covers(path) } ?? rules.first { $0.area.covers(path) })?.handler
    }

    private static func finestFirst(_ places: [Place]) -> [Place] {
        places.sorted { $0.area.isFiner(than: $1.area) }
    }

    private static func faults(_ servers: [ResourceServer]) -> ConfigurationFaults {
        let setting: ConfigurationError.Path = "resources"
        var faults: ConfigurationFaults = []
        if servers.isEmpty { faults.add(setting, "is empty", "name at least one") }
        for (index, server) in servers.enumerated() {
            for (other, earlier) in servers[..<index].enumerated() {
                if server.area == earlier.area {
                    faults.add(setting[index], "has the same path as \(setting[other])", "give each its own")
                } else if !Set(server.metadataRoutes.paths).isDisjoint(with: earlier.metadataRoutes.paths) {
                    faults.add(
                        setting[index], "serves its metadata where \(setting[other]) does",
                        "set \(.metadata + "rootAlias") to .notServed for all but one")
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
    /// The paths of the resource.
    fileprivate var area: PathArea { PathArea(resource.url.path, .below) }
}
