import ResourceServerKit

// The code of the article "Tokens that are bound to a key": `ArticleExampleTests` uses it.

func acceptBoundTokens(_ configuration: inout ResourceServerConfiguration) {
    configuration.dpop.mode = .optional
}

func requireNonces(_ configuration: inout ResourceServerConfiguration) {
    configuration.dpop.nonces = .required(DPoPNonces())
}

func shareProofs(
    _ configuration: inout ResourceServerConfiguration, _ store: any ReplayStore
) throws {
    configuration.dpop.nonces = .required(
        try DPoPNonces(file: "/run/secrets/nonce-keys"))
    configuration.dpop.replayStore = .store(store)
}
