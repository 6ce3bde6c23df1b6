#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many times more rounds the floods do: the environment variable `TEST_SCALE`, a whole number from 1 to 1,000;
/// without it 1, so that `swift test` is quick.
enum FloodScale {
    static let range = 1...1000

    static let factor = factor(unsafe getenv("TEST_SCALE").map { unsafe String(cString: $0) })

    /// The factor for the text of the variable. A text that is not a number of the range counts as the nearest one.
    static func factor(_ text: String?) -> Int {
        guard let text, let number = Int(text) else { return range.lowerBound }
        return min(max(number, range.lowerBound), range.upperBound)
    }
}
