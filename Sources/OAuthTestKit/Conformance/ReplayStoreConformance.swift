public import TokenVerification

/// Checks that a ``TokenVerification/ReplayStore`` of your own keeps the promises of the protocol. It uses no test
/// framework: call ``violations()`` in a test, and expect that it returns an empty list.
///
/// ```swift
/// let conformance = ReplayStoreConformance([MyStore(database), MyStore(database)])
/// let violations = await conformance.violations()
/// ```
///
/// **Checks** that an identifier is recorded once, that identifiers of other owners and purposes are not affected, that
/// of many calls at the same time exactly one is the first, that several instances share what they record, and that an
/// identifier is remembered for its lifetime and not much longer.
/// **Does not check** what the store does when its server is down or when it is full.
///
/// The identifiers are random, so that the checks can be repeated on one database.
public struct ReplayStoreConformance: Sendable {
    /// A promise of the protocol.
    public enum Rule: String, Sendable, Hashable, CaseIterable {
        /// An identifier is the first once, and replayed after that.
        case recordsOnce = "records_once"
        /// Identifiers of another purpose, owner or spelling are not affected.
        case keepsApart = "keeps_apart"
        /// Of many calls at the same time exactly one is the first.
        case isAtomic = "is_atomic"
        /// What one instance records is known to the others.
        case isShared = "is_shared"
        /// An identifier is remembered for its lifetime.
        case remembers
        /// An identifier is forgotten some time after its lifetime, so that the store does not grow without end.
        case forgets
        /// A store that has room and works throws no error.
        case decides
    }

    /// A broken promise.
    public struct Violation: Sendable, Hashable, CustomStringConvertible {
        /// The promise.
        public let rule: Rule
        /// What was expected and what happened, in one line.
        public let description: String
    }

    /// The number of calls at the same time.
    public static let concurrentCalls = 64

    private let instances: [any ReplayStore]
    private let lifetime: Duration
    private let letPass: @Sendable (Duration) async -> Void

    /// Makes checks of one store.
    ///
    /// - Parameters:
    ///   - instances: One or more instances of the store that must share what they record. At least one.
    ///   - lifetime: The lifetime of the identifiers that are checked for ``Rule/remembers`` and ``Rule/forgets``. It
    ///     must be long enough that a call ends within a tenth of it.
    ///   - letPass: Lets this time pass for the store. The default waits; a store with a clock of its own can move it.
    public init(
        _ instances: [any ReplayStore], lifetime: Duration = .seconds(2),
        letPass: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        precondition(!instances.isEmpty, "a conformance check needs at least one instance of the store")
        self.instances = instances
        self.lifetime = lifetime
        self.letPass = letPass
    }

    /// Runs every check and returns the broken promises; empty when there are none. Takes about twice the lifetime and
    /// two seconds.
    public func violations() async -> [Violation] {
        var found: [Violation] = []
        do throws(ReplayStoreError) {
            found += try await sequence()
            found += try await others()
            found += try await concurrency()
            found += try await time()
        } catch {
            found.append(Violation(rule: .decides, description: "the store threw \(error.code)"))
        }
        return found
    }

    private func sequence() async throws(ReplayStoreError) -> [Violation] {
        var found: [Violation] = []
        for (index, first) in instances.enumerated() {
            let identifier = Self.identifier()
            try await expect(
                .first, .recordsOnce, "a new identifier", first.record(identifier, for: .seconds(60)), &found)
            for (other, store) in instances.enumerated() {
                try await expect(
                    .replayed, other == index ? .recordsOnce : .isShared, "an identifier of instance \(index)",
                    store.record(identifier, for: .seconds(60)), &found)
            }
        }
        return found
    }

    private func others() async throws(ReplayStoreError) -> [Violation] {
        var found: [Violation] = []
        let id = String(UInt64.random(in: .min ... .max), radix: 16) + "a"
        let identifiers = [
            ReplayIdentifier(.dpopProof, owner: "owner", id: id), .init(.clientAssertion, owner: "owner", id: id),
            .init(.dpopProof, owner: "other", id: id), .init(.dpopProof, owner: "owner", id: id.uppercased()),
            .init(.dpopProof, owner: "owner", id: id + "\0"), .init(.dpopProof, owner: "owner" + id, id: ""),
        ]
        for identifier in identifiers {
            try await expect(
                .first, .keepsApart, "an identifier that differs in one part",
                instances[0].record(identifier, for: .seconds(60)), &found)
        }
        return found
    }

    private func concurrency() async throws(ReplayStoreError) -> [Violation] {
        let identifier = Self.identifier()
        let instances = instances
        let verdicts = await withTaskGroup(of: Result<ReplayVerdict, ReplayStoreError>.self) { group in
            for call in 0..<Self.concurrentCalls {
                group.addTask {
                    do throws(ReplayStoreError) {
                        return .success(
                            try await instances[call % instances.count].record(identifier, for: .seconds(60)))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var firsts = 0
        for verdict in verdicts where try verdict.get() == .first { firsts += 1 }
        guard firsts != 1 else { return [] }
        return [
            Violation(
                rule: .isAtomic,
                description: "of \(Self.concurrentCalls) calls at the same time, \(firsts) were the first")
        ]
    }

    private func time() async throws(ReplayStoreError) -> [Violation] {
        var found: [Violation] = []
        let identifier = Self.identifier()
        let store = instances[0]
        try await expect(.first, .recordsOnce, "a new identifier", store.record(identifier, for: lifetime), &found)
        await letPass(lifetime / 2)
        try await expect(
            .replayed, .remembers, "an identifier within its lifetime", store.record(identifier, for: lifetime), &found)
        // A store may count in whole seconds, and may count the lifetime from the second call.
        await letPass(lifetime + .seconds(2))
        try await expect(
            .first, .forgets, "an identifier two seconds after its lifetime", store.record(identifier, for: lifetime),
            &found)
        return found
    }

    private func expect(
        _ expected: ReplayVerdict, _ rule: Rule, _ what: String, _ verdict: ReplayVerdict, _ found: inout [Violation]
    ) {
        guard verdict != expected else { return }
        found.append(Violation(rule: rule, description: "\(what): expected \(expected), and the store said \(verdict)"))
    }

    private static func identifier() -> ReplayIdentifier {
        ReplayIdentifier(
            .dpopProof, owner: "conformance", id: String(UInt64.random(in: .min ... .max), radix: 16))
    }
}
