internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

/// Serves the protected resource metadata (RFC 9728 §3) and answers for the rest of `/.well-known/`.
struct MetadataRoutes: Sendable {
    /// Where the document stands, without a slash at the end.
    let paths: [[UInt8]]
    let handlerPaths: [[UInt8]]
    private let document: ServedDocument?
    private let forwarded: ForwardedMetadata?

    /// Without a document nothing is served, and everything that the handler does not claim is 404.
    init(
        _ metadata: ProtectedResourceMetadata?, alias: ResourceServerConfiguration.RootAlias,
        forwarded: ForwardedMetadata?, handlerPaths: [String]
    ) {
        var served: [String] = []
        if let metadata {
            served.append(metadata.resource.metadataPath)
            if alias == .served { served.append(WellKnown.protectedResource) }
        }
        paths = served.map { Self.trimmed(Array($0.utf8)) }
        self.handlerPaths = handlerPaths.map { Array($0.utf8) }
        document = metadata.map { ServedDocument($0.json) }
        self.forwarded = metadata == nil ? nil : forwarded
    }

    /// Whether a document of an authorization server is served at the root.
    var forwardsMetadata: Bool { forwarded != nil }

    /// Whether something is served at the path, or the handler has it.
    func claims(_ path: String) -> Bool {
        let path = Array(path.utf8)
        let trimmed = Self.trimmed(path)
        return paths.contains(trimmed) || handlerPaths.contains(path)
            || forwardsMetadata && trimmed.elementsEqual(WellKnown.authorizationServer.utf8)
    }

    /// The answer for a path below `/.well-known/`; nil when the request goes on to the guard.
    func response(method: HTTPMethod, path: String, fields: HTTPFields) async -> HTTPResponse? {
        guard path.utf8.starts(with: WellKnown.prefix.utf8) else { return nil }
        let path = Array(path.utf8)
        if let document, paths.contains(Self.trimmed(path)) {
            return document.response(method: method, fields: fields)
        }
        // MCP 2025-03-26: at the root, whatever the path of the server.
        if let forwarded, Self.trimmed(path).elementsEqual(WellKnown.authorizationServer.utf8) {
            return await forwarded.response(method: method, fields: fields)
        }
        if handlerPaths.contains(path) { return nil }
        // 404 and not 401: a client probing for other documents must not take the answer for a login prompt.
        return RefusalResponse.json(.notFound, error: "not_found", description: nil)
    }

    /// One trailing slash more or less is tolerated.
    private static func trimmed(_ path: [UInt8]) -> [UInt8] {
        path.last == UInt8(ascii: "/") ? path.dropLast() : path
    }
}
