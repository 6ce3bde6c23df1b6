#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Testing

@testable import OAuthResourceServer

struct BackgroundThreadsTests {
    @Test("All work is done, also what comes while the threads are ending")
    func everything() async {
        for _ in 0..<50 {
            let done = await withTaskGroup(of: Int.self) { group in
                for number in 1...20 {
                    group.addTask(executorPreference: BackgroundThreads.shared) {
                        await Task.yield()
                        return number
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(done == 210)
        }
    }

    #if os(Linux)
        @Test("The work gives way to the threads that wait for it, which keep their priority")
        func priority() async {
            let before = threadPriority()
            #expect(await Task(executorPreference: BackgroundThreads.shared) { threadPriority() }.value == 10)
            #expect(threadPriority() == before)
        }
    #endif
}

#if os(Linux)
    /// The nice value of the calling thread.
    private func threadPriority() -> Int32 {
        #if canImport(Glibc)
            getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        #else
            getpriority(PRIO_PROCESS, 0)
        #endif
    }
#endif
