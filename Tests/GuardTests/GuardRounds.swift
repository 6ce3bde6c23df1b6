import OAuthResourceServer

/// How many times more rounds the property tests of the guard do, by the environment variable `TEST_SCALE`: a whole
/// number from 1 to 1,000; other text counts as 1.
enum GuardRounds {
    static let scale = scale(ProcessEnvironment.variables()["TEST_SCALE"])

    private static func scale(_ text: String?) -> Int {
        guard let number = text.flatMap({ Int($0) }), (1...1_000).contains(number) else { return 1 }
        return number
    }
}
