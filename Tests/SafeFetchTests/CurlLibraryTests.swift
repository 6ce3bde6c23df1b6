import Synchronization
import Testing

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
        /// Runs the body on a thread with a descriptor table of its own, in which no descriptor is free. Other threads
        /// of the process are not concerned: libdispatch, for example, traps when it cannot open a file.
        ///
        /// - Returns: What the body returns; nil where a sandbox forbids such a thread.
        private static func withoutDescriptors(_ body: @escaping @Sendable () -> Bool) throws -> Bool? {
            let result = Mutex<Bool?>(nil)
            let isDone = Atomic(false)
            var limit = rlimit()
            unsafe getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
            limit.rlim_cur = min(limit.rlim_cur, 256)
            unsafe setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
            try spawnThread {
                defer { isDone.store(true, ordering: .releasing) }
                guard unshareDescriptors() else { return }
                while unsafe open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0 {}
                let value = body()
                result.withLock { $0 = value }
            }
            while !isDone.load(ordering: .acquiring) { sched_yield() }
            return result.withLock { $0 }
        }

        /// Gives this thread a descriptor table of its own. Swift's module of the C library lacks `unshare`.
        private static func unshareDescriptors() -> Bool {
            typealias Unshare = @convention(c) (Int32) -> Int32
            guard let address = unsafe dlsym(nil, "unshare") else { return false }
            let filesOnly: Int32 = 0x400
            return unsafe unsafeBitCast(address, to: Unshare.self)(filesOnly) == 0
        }

        // In a process of its own, where libcurl is not loaded yet.
        @Test("A failed load is not remembered: the next one succeeds when descriptors are free again")
        func shortage() async {
            await #expect(processExitsWith: .success) {
                #expect(try Self.withoutDescriptors { CurlLibrary.load() == .notLoaded } != false)
                try CurlFetcher.loadLibrary()
                // Once it is loaded, a shortage does not matter to it any more.
                #expect(try Self.withoutDescriptors { CurlLibrary.load() == nil } != false)
            }
        }

        @Test("A driver that no wakeup could reach, because descriptors were short, is not used")
        func deafDriver() async {
            await #expect(processExitsWith: .success) {
                try CurlFetcher.loadLibrary()
                #expect(try Self.withoutDescriptors { CurlMulti.canBeMade } != true)
                #expect(CurlMulti.canBeMade)
            }
        }
    #endif

    @Test("A fault says what is wrong and what to do")
    func faults() {
        #expect(
            CurlFetcher.LibraryFault.notLoaded.description
                == "libcurl cannot be loaded, so that neither keys nor introspection responses can be fetched; "
                + "install it (Debian, Ubuntu: libcurl4t64 or libcurl4; Fedora: libcurl), or raise the limit of open "
                + "files if it is installed")
        #expect(
            CurlFetcher.LibraryFault.unsuitable.description
                == "libcurl is older than 7.84, or was built without TLS or thread-safe initialisation, so that "
                + "nothing can be fetched safely; "
                + "install a newer one (Debian, Ubuntu: libcurl4t64 or libcurl4; Fedora: libcurl)")
        #expect(throws: Never.self) { try CurlFetcher.loadLibrary() }
    }
}

extension CurlMulti {
    fileprivate static var canBeMade: Bool {
        guard let multi = CurlMulti(maximumKeptConnections: 4) else { return false }
        return multi.perform()
    }
}
