import OAuthResourceServer

/// How much the property tests of the guard try: `TEST_SCALE`, a whole number from 1 to 1,000. Without it 1, which is
/// quick.
enum GuardRounds {
    static let scale = min(max(ProcessEnvironment.variables()["TEST_SCALE"].flatMap { Int($0) } ?? 1, 1), 1_000)
}
