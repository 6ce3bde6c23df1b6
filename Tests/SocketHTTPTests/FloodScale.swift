#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many times more rounds the floods do, by the environment variable `TEST_SCALE`: a whole number from 1 to 1,000;
/// other text counts as 1.
enum FloodScale {
    static let factor = factor(unsafe getenv("TEST_SCALE").map { unsafe String(cString: $0) })

    private static func factor(_ text: String?) -> Int {
        guard let number = text.flatMap({ Int($0) }), (1...1_000).contains(number) else { return 1 }
        return number
    }
}
