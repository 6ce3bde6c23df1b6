internal import TokenVerification
internal import WireFormat

/// The checked settings of key bindings: what the guard demands of a token and its request.
struct CheckedBindings: Sendable {
    /// Whether tokens may or must be bound to a key that signs proofs.
    let mode: ResourceServerConfiguration.DPoP.Mode
    /// Which proofs a token needs.
    let rules: BindingRules
    /// Verifies proofs; nil when ``mode`` is off.
    let proofs: DPoPVerifier?
    /// The names of the algorithms of proofs; empty when ``mode`` is off.
    let proofAlgorithms: [String]
    /// The store of used proofs; nil when ``mode`` is off.
    let replayStore: (any ReplayStore)?

    /// Checks the bindings of a configuration, and that they match its mode.
    init(_ configuration: ResourceServerConfiguration, _ faults: inout ConfigurationFaults) {
        let dpop = configuration.dpop
        mode = dpop.mode
        rules = BindingRules(mode: dpop.mode, confirmations: configuration.confirmations)
        guard dpop.mode != .off else {
            (proofs, proofAlgorithms, replayStore) = (nil, [], nil)
            return
        }
        Self.checkMode(configuration, &faults)
        var settings = DPoPVerifier.Settings()
        settings.algorithms = dpop.algorithms
        settings.maximumAge = dpop.maximumAge
        if case .required(let nonces) = dpop.nonces { settings.nonces = nonces }
        settings.check(at: .dpop, &faults)
        let clocks = configuration.clocks
        let store = dpop.checkedStore(clock: clocks.monotonic, &faults)
        replayStore = store
        // Without a store there is a fault, and no guard.
        proofs = store.map { DPoPVerifier(checked: settings, replayStore: $0, clock: clocks.wall) }
        proofAlgorithms = dpop.algorithms.map(\.name)
    }

    private static func checkMode(
        _ configuration: ResourceServerConfiguration, _ faults: inout ConfigurationFaults
    ) {
        if configuration.mode == .staticTokens {
            faults.add(
                .dpop + "mode", "is on, but pre-shared tokens cannot be bound to a key",
                "set it to \(code: ".off", environment: "off"), or accept tokens of an authorization server")
        } else if configuration.dpop.mode == .required, configuration.tokens.staticTokens != nil {
            faults.add(
                .tokens + "staticTokens", "are set, but \(.dpop + "mode") requires a bound token in every request",
                "remove them, or set it to \(code: ".optional", environment: "optional")")
        }
    }
}

extension ResourceServerConfiguration.DPoP {
    /// The store of used proofs; nil when there is a fault.
    fileprivate func checkedStore(
        clock: MonotonicClock, _ faults: inout ConfigurationFaults
    ) -> (any ReplayStore)? {
        let setting = ConfigurationError.Path.dpop + "replayStore"
        switch replayStore {
        case .store(let store): return store
        case .memory(let capacity):
            guard InMemoryReplayStore.capacities.contains(capacity) else {
                faults.add(
                    setting, "has a capacity outside \(InMemoryReplayStore.capacities.text)",
                    "choose a number in this range")
                return nil
            }
            return InMemoryReplayStore(capacity: capacity, clock: clock)
        case .url(let url):
            guard let openReplayStore else {
                faults.add(
                    setting, "is a URL, but this program has no store that understands one",
                    "use \(code: ".memory()", environment: "memory"), or set "
                        + "dpop.openReplayStore in the program, for example to ValkeyReplayStore")
                return nil
            }
            do throws(ConfigurationError) {
                return try openReplayStore(url)
            } catch {
                // The store knows no path of this configuration: what it finds is about its URL.
                faults += error.faults.map { .init(setting, $0.reason, $0.remedy) }
                return nil
            }
        }
    }
}

extension ConfigurationError.Path {
    /// The group of settings for proofs.
    static let dpop: Self = "dpop"
}
