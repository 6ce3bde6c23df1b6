import OAuthResourceServer
import SafeFetch

/// The README's other way to the same server.
func makeResourceServerFromEnvironment() throws -> ResourceServer {
    let configuration = try ResourceServerConfiguration.fromEnvironment()
    let resourceServer = try ResourceServer(
        configuration, fetcher: CurlFetcher(permissions: configuration.fetchPermissions), observer: { print($0) })
    return resourceServer
}
