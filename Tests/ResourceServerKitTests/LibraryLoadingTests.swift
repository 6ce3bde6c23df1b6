#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif
    import Testing

    @testable import ResourceServerKit

    /// A shortage of descriptors must find libcurl loaded. On other systems it is linked. Each test has a process of
    /// its own, where it is not loaded yet.
    @Suite("libcurl is loaded before a server listens", .timeLimit(.minutes(5)))
    struct LibraryLoadingTests {
        private static var isLoaded: Bool {
            guard let library = unsafe dlopen("libcurl.so.4", RTLD_NOW | RTLD_NOLOAD) else { return false }
            unsafe dlclose(library)
            return true
        }

        @Test("A guard that fetches keys has loaded it when it is made")
        func keys() async {
            await #expect(processExitsWith: .success) {
                #expect(!Self.isLoaded)
                _ = try ResourceServer(
                    resource: "https://mcp.example.com/mcp", issuer: "https://login.example.com", observer: nil)
                #expect(Self.isLoaded)
            }
        }

        @Test("A guard that asks an introspection endpoint has loaded it when it is made")
        func introspection() async {
            await #expect(processExitsWith: .success) {
                let resource = "https://mcp.example.com/mcp"
                var configuration = ResourceServerConfiguration(resource: resource)
                configuration.tokens.introspection = IntrospectionConfiguration(
                    endpoint: "https://login.example.com/introspect", issuer: "https://login.example.com",
                    resource: resource, credentials: .basic(clientID: "rs", try ClientSecret("secret")))
                #expect(!Self.isLoaded)
                _ = try ResourceServer(configuration, observer: nil)
                #expect(Self.isLoaded)
            }
        }

        @Test("A guard that fetches nothing does not load it")
        func nothing() async {
            await #expect(processExitsWith: .success) {
                var configuration = ResourceServerConfiguration(resource: "http://127.0.0.1:8080/mcp")
                configuration.mode = .disabled(anonymousAs: "dev")
                _ = try ResourceServer(configuration, observer: { _ in })
                #expect(!Self.isLoaded)
            }
        }
    }
#endif
