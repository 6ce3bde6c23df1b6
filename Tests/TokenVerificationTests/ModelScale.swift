#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How much the models, floods and property tests try: the environment variable `TEST_SCALE`, by default 1 for a quick
/// run. The thorough run sets 50.
enum ModelScale {
    static let factor: Int = {
        guard let text = unsafe getenv("TEST_SCALE"), let factor = unsafe Int(String(cString: text)) else { return 1 }
        return max(1, factor)
    }()

    /// Whether tests run whose number of steps is given by a limit of the library.
    static let isThorough = factor >= 50
}
