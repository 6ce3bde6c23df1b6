#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif
    import Testing

    @testable import mcp_quickstart

    /// On other systems libcurl is linked. Each test has a process of its own, where it is not loaded yet.
    @Suite("mcp-quickstart: libcurl is loaded before the servers run", .timeLimit(.minutes(5)))
    struct QuickstartLibraryTests {
        private static var isLoaded: Bool {
            guard let library = unsafe dlopen("libcurl.so.4", RTLD_NOW | RTLD_NOLOAD) else { return false }
            unsafe dlclose(library)
            return true
        }

        @Test("with --issuer, because the keys of that issuer are fetched")
        func otherIssuer() async {
            await #expect(processExitsWith: .success) {
                let quickstart = Quickstart(
                    QuickstartOptions(parsing: ["--issuer", "https://as.example"]), observer: { _ in })
                var faults: [String] = []
                #expect(!Self.isLoaded)
                #expect(quickstart.assemble(port: 8080, issuerPort: 9000, &faults) != nil)
                #expect(faults == [])
                #expect(Self.isLoaded)
            }
        }

        @Test("not with the embedded authorization server, whose keys are in the process")
        func embeddedIssuer() async {
            await #expect(processExitsWith: .success) {
                let quickstart = Quickstart(QuickstartOptions(parsing: []), observer: { _ in })
                var faults: [String] = []
                #expect(quickstart.assemble(port: 8080, issuerPort: 9000, &faults) != nil)
                #expect(faults == [])
                #expect(!Self.isLoaded)
            }
        }
    }
#endif
