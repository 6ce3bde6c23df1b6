public import TokenVerification

extension ResourceServer {
    /// The issuers whose keys the guard uses. Each has its key source, with the health of the keys and the discovery
    /// that reads the issuer's metadata. Empty when tokens are verified without keys. Issuers that a
    /// ``TokenVerification/IssuerLookUp`` finds are not among them.
    public var trustedIssuers: [TrustedIssuer] { verifier.trustedIssuers }

    /// Fetches the keys of every issuer before the first request needs them.
    ///
    /// The call is optional. A program that starts while an issuer is unavailable may ignore the error: the keys are
    /// fetched as soon as this is possible.
    ///
    /// - Throws: ``TokenVerification/KeySourceError`` when the keys of an issuer could not be fetched. The keys of the
    ///   other issuers are fetched nevertheless.
    public func prepare() async throws(KeySourceError) {
        let failure = await withTaskGroup(of: KeySourceError?.self) { group in
            for issuer in trustedIssuers {
                group.addTask {
                    do throws(KeySourceError) {
                        try await issuer.keys.prepare()
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(nil) { $0 ?? $1 }
        }
        if let failure { throw failure }
    }

    /// The state of everything that the guard depends on. Reading it fetches nothing.
    public var health: Health {
        Health(
            keys: trustedIssuers.map { Health.Keys(issuer: $0.issuer, health: $0.keys.health) },
            replayStore: configuration.bindings.replayStore?.health)
    }

    /// The state of everything that a guard depends on.
    public struct Health: Sendable, Hashable {
        /// The state of one issuer's keys.
        public struct Keys: Sendable, Hashable {
            /// The issuer.
            public let issuer: String
            /// The state.
            public let health: KeySourceHealth
        }

        /// One entry for each issuer whose keys are used.
        public let keys: [Keys]
        /// The state of the store that remembers used DPoP proofs; nil when DPoP is off. Bearer tokens do not need it.
        public let replayStore: ReplayStoreHealth?

        /// Whether tokens of every issuer, and DPoP proofs, can be verified now. It is false until the first keys were
        /// fetched: see ``prepare()``.
        public var isAvailable: Bool {
            if case .unavailable = replayStore { return false }
            return keys.allSatisfy {
                if case .unavailable = $0.health { false } else { true }
            }
        }
    }
}
