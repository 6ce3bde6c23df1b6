import HTTPMessages
import Testing
import WireFormat

@testable import SafeFetch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("libcurl is loaded once, and a shortage passes", .timeLimit(.minutes(5)))
struct CurlLibraryTests {
    #if os(Linux)
        /// Takes every free descriptor of this process, after the limit was lowered.
        private static func takeDescriptors() -> [Int32] {
            var limit = rlimit()
            guard unsafe getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return [] }
            limit.rlim_cur = min(limit.rlim_cur, 256)
            unsafe setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
            var taken: [Int32] = []
            while true {
                let descriptor = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else { return taken }
                taken.append(descriptor)
            }
        }

        // In a process of its own, whose descriptors no other test needs and where libcurl is not loaded yet.
        @Test("A failed load is not remembered: the next one succeeds when descriptors are free again")
        func shortage() async {
            await #expect(processExitsWith: .success) {
                let taken = Self.takeDescriptors()
                try #require(!taken.isEmpty)
                #expect(throws: CurlFetcher.LibraryFault.notLoaded) { try CurlFetcher.loadLibrary() }
                for descriptor in taken { close(descriptor) }
                try CurlFetcher.loadLibrary()
                try CurlFetcher.loadLibrary()
            }
        }

        @Test("A shortage of descriptors at the first fetch fails that fetch, and no later one")
        func firstFetch() async {
            await #expect(processExitsWith: .success) {
                let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                let fetcher = try CurlFetcher(policy: CurlFetcherTests.loopback)
                let request = DocumentRequest(url: try AbsoluteURL(parsing: server.url()), maximumBodyBytes: 10)
                let taken = Self.takeDescriptors()
                await #expect(throws: FetchError.unavailable) { try await fetcher.fetch(request) }
                for descriptor in taken { close(descriptor) }
                #expect(try await fetcher.fetch(request).status == .ok)
            }
        }

        @Test("With libcurl loaded too, a fetcher that starts while descriptors are short is not deaf afterwards")
        func laterFetch() async {
            await #expect(processExitsWith: .success) {
                try CurlFetcher.loadLibrary()
                let server = try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                let fetcher = try CurlFetcher(policy: CurlFetcherTests.loopback)
                let request = DocumentRequest(url: try AbsoluteURL(parsing: server.url()), maximumBodyBytes: 10)
                let taken = Self.takeDescriptors()
                await #expect(throws: FetchError.unavailable) { try await fetcher.fetch(request) }
                for descriptor in taken { close(descriptor) }
                #expect(try await fetcher.fetch(request).status == .ok)
            }
        }
    #endif

    @Test("A fault says what is wrong and what to do")
    func faults() {
        #expect(
            CurlFetcher.LibraryFault.notLoaded.description
                == "libcurl cannot be loaded, so that neither keys nor introspection responses can be fetched; "
                + "install it (Debian, Ubuntu: libcurl4t64 or libcurl4; Fedora: libcurl)")
        #expect(
            CurlFetcher.LibraryFault.unsuitable.description
                == "libcurl is older than 7.84 or has no TLS, so that nothing can be fetched safely; "
                + "install a newer one (Debian, Ubuntu: libcurl4t64 or libcurl4; Fedora: libcurl)")
        #expect(throws: Never.self) { try CurlFetcher.loadLibrary() }
    }
}
