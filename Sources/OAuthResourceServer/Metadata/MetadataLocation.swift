internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// The checked ``ResourceServerConfiguration/Metadata-swift.struct/metadataURL``.
struct MetadataLocation: Sendable {
    /// The URL, byte for byte as configured.
    let url: String
    /// Its host.
    let host: HTTPHost
    /// Its path.
    let path: String

    /// Checks the setting. Nil when it is not set, or has a fault.
    init?(
        _ configuration: ResourceServerConfiguration, _ resource: ResourceIdentifier?,
        _ faults: inout ConfigurationFaults
    ) {
        guard let text = configuration.metadata.metadataURL else { return nil }
        let setting = .metadata + ("metadataURL" as ConfigurationError.Path)
        if configuration.mode == .staticTokens {
            faults.add(setting, "is set, but the mode has no metadata", "remove it")
            return nil
        }
        let location: ResourceIdentifier
        do throws(IdentifierError) {
            // The rules for the URL of a resource, and no query: only the path selects the document.
            let accepted = configuration.tokens.fetching.insecureHTTP
            location = try ResourceIdentifier(text, insecureHTTP: accepted == .never ? .loopback : accepted)
        } catch {
            let example = "https://mcp.example.com/api/oauth-protected-resource"
            faults.append(.init(setting, error, example: example, insecureHTTP: nil))
            return nil
        }
        host = HTTPHost(location.url)
        path = location.url.path
        url = text
        if location.url.query != nil {
            faults.add(setting, "has a query", "name the document by its path alone")
        }
        if path.utf8.count <= 1 {
            faults.add(setting, "has no path", "give the document a path of its own")
        } else if PathArea.isAmbiguous(path) {
            faults.add(setting, "has a path that readers spell in several ways", "use no //, ; and needless escape")
        }
        guard let resource else { return }
        if PathArea.withoutSlash(path).elementsEqual(PathArea.withoutSlash(resource.url.path)) {
            faults.add(setting, "is the path of the resource itself", "give the document a path of its own")
        }
        if configuration.metadata.forwarded != nil, path.hasSameBytes(as: WellKnown.authorizationServer) {
            faults.add(setting, "is where the guard serves \(.metadata + "forwarded")", "choose another path")
        } else if configuration.metadata.handlerPaths.contains(where: path.hasSameBytes) {
            faults.add(setting, "is in \(.metadata + "handlerPaths")", "remove it from one of them")
        }
    }
}
