package import OAuthResourceServer
package import SafeFetch
package import TokenVerification

extension CurlFetcher {
    /// Loads libcurl if keys or introspection responses are fetched. Its absence is a mistake in the installation of
    /// the program.
    ///
    /// Call it before the server listens: under load, a shortage of descriptors could keep libcurl from loading.
    package static func loadLibraryOrFault(
        for tokens: ResourceServerConfiguration.Tokens
    ) throws(ConfigurationError) {
        guard tokens.needsFetching else { return }
        do throws(LibraryFault) {
            try loadLibrary()
        } catch {
            throw ConfigurationError([
                .init(ConfigurationError.Path([.variable("libcurl")]), .init(error.reason), .init(error.remedy))
            ])
        }
    }
}

extension ResourceServerConfiguration.Tokens {
    /// Whether keys or introspection responses are fetched.
    fileprivate var needsFetching: Bool { !issuers.isEmpty || introspection != nil }
}
