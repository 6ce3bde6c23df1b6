import OAuthTestKit
import Synchronization
import TokenVerification
import Testing

@Suite("ReplayStoreConformance")
struct ReplayStoreConformanceTests {
    private typealias Rule = ReplayStoreConformance.Rule

    private let clock = FakeClock()

    private func broken(_ stores: [any ReplayStore]) async -> Set<Rule> {
        let conformance = ReplayStoreConformance(stores, lifetime: .seconds(60)) { [clock] in clock.advance(by: $0) }
        return await Set(conformance.violations().map(\.rule))
    }

    @Test("the store of the library keeps every promise")
    func inMemory() async {
        #expect(await broken([InMemoryReplayStore(clock: clock.monotonicClock)]) == [])
    }

    @Test("instances that do not share are found")
    func unshared() async {
        let stores = [
            InMemoryReplayStore(clock: clock.monotonicClock), InMemoryReplayStore(clock: clock.monotonicClock),
        ]
        #expect(await broken(stores) == [.isShared, .isAtomic])
    }

    /// A store with one defect.
    private final class Defective: ReplayStore {
        enum Defect: CaseIterable {
            case neverRemembers, alwaysRemembers, ignoresOwners, forgetsEarly, neverForgets, looksBeforeItWrites,
                throwsErrors
        }

        private let defect: Defect
        private let clock: MonotonicClock
        private let known = Mutex<[String: Duration]>([:])

        init(_ defect: Defect, clock: MonotonicClock) {
            self.defect = defect
            self.clock = clock
        }

        func record(
            _ identifier: ReplayIdentifier, for lifetime: Duration
        ) async throws(ReplayStoreError) -> ReplayVerdict {
            let key = defect == .ignoresOwners ? "one" : identifier.text
            let lifetime =
                defect == .forgetsEarly ? lifetime / 10 : defect == .neverForgets ? .seconds(9_999) : lifetime
            let now = clock.now()
            switch defect {
            case .throwsErrors: throw .unavailable
            case .neverRemembers: return .first
            case .alwaysRemembers: return .replayed
            case .looksBeforeItWrites:
                if known.withLock({ $0[key] ?? .zero }) > now { return .replayed }
                for _ in 0..<100 { await Task.yield() }
                known.withLock { $0[key] = now + lifetime }
                return .first
            case .ignoresOwners, .forgetsEarly, .neverForgets:
                return known.withLock { known in
                    if let end = known[key], end > now { return .replayed }
                    known[key] = now + lifetime
                    return .first
                }
            }
        }
    }

    @Test("each defect of a store breaks its own promise")
    func defects() async {
        let expected: [(Defective.Defect, Rule)] = [
            (.neverRemembers, .recordsOnce), (.alwaysRemembers, .recordsOnce), (.ignoresOwners, .keepsApart),
            (.forgetsEarly, .remembers), (.neverForgets, .forgets), (.looksBeforeItWrites, .isAtomic),
            (.throwsErrors, .decides),
        ]
        #expect(expected.count == Defective.Defect.allCases.count)
        for (defect, rule) in expected {
            #expect(await broken([Defective(defect, clock: clock.monotonicClock)]).contains(rule), "\(defect)")
        }
    }
}
