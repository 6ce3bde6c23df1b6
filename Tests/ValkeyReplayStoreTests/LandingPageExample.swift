import TokenVerification
import ValkeyReplayStore

/// The example of the landing page: it compiles.
func landingPageExample() async throws -> ReplayStoreHealth {
    var settings = ValkeyReplayStore.Settings()
    settings.password = try .init(file: "/run/secrets/valkey-password")
    let store = try ValkeyReplayStore("valkeys://replay@valkey.example.com/0", settings: settings) { print($0) }
    let health = await store.connect()
    return health
}
