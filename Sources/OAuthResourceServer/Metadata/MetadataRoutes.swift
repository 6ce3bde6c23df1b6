internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// Serves the protected resource metadata (RFC 9728 §3), and decides about all other paths below `/.well-known/`.
struct MetadataRoutes: Sendable {
    /// The paths of the document, without a slash at the end.
    let paths: [[UInt8]]
    /// The one of ``paths`` that is configured: see ``ResourceServerConfiguration/Metadata-swift.struct/metadataURL``.
    let configuredPath: [UInt8]?
    let handlerPaths: [[UInt8]]
    private let document: ServedDocument?
    private let forwarder: MetadataForwarder?

    /// Routes that serve the document of a resource, unless the mode has none. Other paths get 404, unless the handler
    /// claims them.
    init(_ metadata: CheckedMetadata, _ forwarder: MetadataForwarder?) {
        var served: [String] = []
        if metadata.isServed {
            served.append(metadata.document.resource.metadataPath)
            if metadata.rootAlias == .served { served.append(WellKnown.protectedResource) }
        }
        configuredPath = metadata.isServed ? metadata.location.map { Self.trimmed(Array($0.path.utf8)) } : nil
        paths = served.map { Self.trimmed(Array($0.utf8)) } + (configuredPath.map { [$0] } ?? [])
        handlerPaths = metadata.handlerPaths.map { Array($0.utf8) }
        document = metadata.isServed ? ServedDocument(metadata.document.json, digest: Digest.sha256) : nil
        self.forwarder = metadata.isServed ? forwarder : nil
    }

    /// Whether the metadata of an authorization server is served at the root.
    var forwardsMetadata: Bool { forwarder != nil }

    /// Whether the document is served at the path because the configuration says so.
    func servesByConfiguration(at path: String) -> Bool {
        // Most requests are for other paths, so that nothing is copied.
        guard let configuredPath, path.utf8.starts(with: configuredPath) else { return false }
        let rest = path.utf8.dropFirst(configuredPath.count)
        return rest.isEmpty || rest.elementsEqual("/".utf8)
    }

    /// Whether a document is served at the path, or the handler claims it.
    func claims(_ path: String) -> Bool {
        let path = Array(path.utf8)
        let trimmed = Self.trimmed(path)
        return paths.contains(trimmed) || handlerPaths.contains(path)
            || forwardsMetadata && trimmed.elementsEqual(WellKnown.authorizationServer.utf8)
    }

    /// Whether a request to the path may be answered here.
    func mayAnswer(_ path: String) -> Bool {
        path.utf8.count >= WellKnown.prefix.utf8.count && path.utf8.starts(with: WellKnown.prefix.utf8)
            || servesByConfiguration(at: path)
    }

    /// The response for a path below `/.well-known/` or the configured path; nil when the request continues.
    func response(method: HTTPMethod, path: String, fields: HTTPFields) async -> HTTPResponse? {
        guard mayAnswer(path) else { return nil }
        let path = Array(path.utf8)
        if let document, paths.contains(Self.trimmed(path)) {
            return document.response(method: method, fields: fields)
        }
        // MCP 2025-03-26: at the root, for every path of the server.
        if let forwarder, Self.trimmed(path).elementsEqual(WellKnown.authorizationServer.utf8) {
            return await forwarder.response(method: method, fields: fields)
        }
        if handlerPaths.contains(path) { return nil }
        return ServedDocument.notFound
    }

    /// The path without one slash at its end: one slash more or less is tolerated.
    private static func trimmed(_ path: [UInt8]) -> [UInt8] {
        path.last == UInt8(ascii: "/") ? path.dropLast() : path
    }
}
