#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Testing

private func isVerified() -> Bool {
    TokenMint.refusal(of: TokenMint.es256.token(), keys: TokenMint.es256.keySet) == nil
}

struct ProcessExitTests {
    @Test("A thread that verifies while the process exits finds OpenSSL as it was")
    func exitHandlers() async {
        await #expect(processExitsWith: .exitCode(7)) {
            // The system calls exit handlers in the reverse order: this one after those that OpenSSL adds at its first
            // use.
            atexit { _exit(isVerified() ? 7 : 1) }
            precondition(isVerified())
            exit(0)
        }
    }
}
