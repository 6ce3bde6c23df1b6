import TokenVerification
import ValkeyReplayStore

extension ValkeyReplayStore.Settings {
    /// Settings whose timeouts no machine is too slow for.
    static var patient: Self {
        var settings = Self()
        settings.connectTimeout = .seconds(30)
        settings.commandTimeout = .seconds(30)
        return settings
    }
}

extension ReplayIdentifier {
    /// The identifier of a proof that a test numbers.
    static func number(_ number: Int) -> ReplayIdentifier { .init(.dpopProof, owner: "test", id: "\(number)") }

    /// A new identifier.
    static func fresh() -> ReplayIdentifier { number(.random(in: .min ... .max)) }
}

/// What a call of a store did, for comparisons.
enum Verdict: Hashable {
    case first
    case replayed
    case failed(ReplayStoreError)

    static func of(_ store: any ReplayStore, _ identifier: ReplayIdentifier = .fresh()) async -> Verdict {
        do throws(ReplayStoreError) {
            // Longer than any test takes.
            switch try await store.record(identifier, for: .seconds(86_400)) {
            case .first: return .first
            case .replayed: return .replayed
            }
        } catch {
            return .failed(error)
        }
    }

    /// Repeats a call with new identifiers until the store accepts one and is healthy.
    static func waitForAcceptance(of store: ValkeyReplayStore) async {
        while await Verdict.of(store) != .first || store.health != .healthy { await Task.yield() }
    }
}
