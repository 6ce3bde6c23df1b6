public import TokenVerification

/// Something that a server needs before it can serve requests, for ``OperationsHandler``.
public struct ReadinessCheck: Sendable {
    /// The name that is shown: printable ASCII without spaces.
    public let name: String
    /// Returns nil when it is ready, otherwise the reason as a snake_case code.
    public let fault: @Sendable () async -> String?

    /// A check.
    ///
    /// - Parameters:
    ///   - name: The name that is shown.
    ///   - fault: Returns nil when it is ready, otherwise the reason as a snake_case code. It must return within some
    ///     seconds, or the probe of the platform times out.
    public init(_ name: String, _ fault: @escaping @Sendable () async -> String?) {
        self.name = name
        self.fault = fault
    }

    /// Whether a replay store accepts identifiers. Each check records one, for one second.
    public static func replayStore(_ store: any ReplayStore) -> ReadinessCheck {
        ReadinessCheck("replay_store") {
            let id = String(UInt64.random(in: .min ... .max))
            do throws(ReplayStoreError) {
                _ = try await store.record(
                    ReplayIdentifier(.clientAssertion, owner: "readiness check", id: id), for: .seconds(1))
                return nil
            } catch {
                return error.code
            }
        }
    }

    /// Whether tokens of every issuer can be verified, and DPoP proofs if they are accepted. Nothing is fetched.
    static func ofGuard(_ server: ResourceServer) -> [ReadinessCheck] {
        let keys = ReadinessCheck("keys") {
            let missing = server.health.keys.filter { if case .unavailable = $0.health { true } else { false } }
            return missing.isEmpty ? nil : "unavailable"
        }
        guard server.health.replayStore != nil else { return [keys] }
        let proofs = ReadinessCheck("replay_store_of_proofs") {
            if case .unavailable = server.health.replayStore { "unavailable" } else { nil }
        }
        return [keys, proofs]
    }
}
