internal import JOSE
public import TokenVerification

/// Checks that a ``TokenVerification/KeySource`` of your own keeps the promises of the protocol. It uses no test
/// framework: call ``violations()`` in a test, and expect that it returns an empty list.
///
/// ```swift
/// let conformance = KeySourceConformance(
///     source, rotateKeys: { issuer.rotateKeys() }, interrupt: { issuer.fault = .unreachable },
///     letPass: { clock.advance(by: $0) })
/// let violations = await conformance.violations()
/// ```
///
/// **Checks** that the source has keys and keeps their identity while they do not change, that a key which is new at
/// the issuer is found, and that in an outage an unknown key is not decided and a bad signature is.
/// **Does not check** how often the source asks the issuer, and how long it uses keys that the issuer has removed.
public struct KeySourceConformance: Sendable {
    /// A promise of the protocol.
    public enum Rule: String, Sendable, Hashable, CaseIterable {
        /// The source has at least one usable key after the first call.
        case hasKeys = "has_keys"
        /// While no key changes, the present set has one identity, for all callers.
        case keepsIdentity = "keeps_identity"
        /// `presents(_:)` knows the present set, and no other: otherwise cached verdicts of removed keys would hold.
        case knowsPresentSet = "knows_present_set"
        /// A source with keys is healthy or stale, and its keys have no negative age.
        case reportsHealth = "reports_health"
        /// A key that is new at the issuer is found when a token needs it.
        case findsNewKeys = "finds_new_keys"
        /// When the issuer cannot be asked, the source throws for an unknown key: the key may be new.
        case admitsOutage = "admits_outage"
        /// When the issuer cannot be asked, a bad signature is decided with the present set.
        case decidesSignatures = "decides_signatures"
        /// An error says after how many seconds a retry makes sense: at least one.
        case saysWhenToRetry = "says_when_to_retry"
        /// A source whose issuer can be asked throws no error.
        case answers
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

    private let source: any KeySource
    private let rotateKeys: (@Sendable () async -> Void)?
    private let interrupt: (@Sendable () async -> Void)?
    private let decisionTime: Duration
    private let letPass: @Sendable (Duration) async -> Void

    /// Makes checks of one source.
    ///
    /// - Parameters:
    ///   - source: The source, whose issuer has keys and can be asked.
    ///   - rotateKeys: Makes the issuer publish a new key. Nil for a source whose keys never change.
    ///   - interrupt: Makes sure that the issuer cannot be asked any more. Nil for a source that asks no issuer.
    ///   - decisionTime: How long the source may take its set for the newest after it has asked the issuer.
    ///   - letPass: Lets this time pass for the source. The default waits; a source with a clock of its own can move
    ///     it.
    public init(
        _ source: any KeySource, rotateKeys: (@Sendable () async -> Void)? = nil,
        interrupt: (@Sendable () async -> Void)? = nil,
        decisionTime: Duration = RemoteKeySet.Limits.unknownKeyDecisionTime,
        letPass: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.source = source
        self.rotateKeys = rotateKeys
        self.interrupt = interrupt
        self.decisionTime = decisionTime
        self.letPass = letPass
    }

    /// Runs every check and returns the broken promises; empty when there are none. Takes about the decision time.
    ///
    /// Afterwards the issuer has another key and cannot be asked, if the closures did what they promise.
    public func violations() async -> [Violation] {
        var found: [Violation] = []
        do throws(KeySourceError) {
            found += try await presence()
            if let rotateKeys { found += try await rotation(rotateKeys) }
        } catch {
            found.append(Violation(rule: .answers, description: "the source threw: \(error)"))
        }
        if let interrupt { found += await outage(interrupt) }
        return found
    }

    private func presence() async throws(KeySourceError) -> [Violation] {
        var found: [Violation] = []
        let first = try await source.keys(for: .noKeys)
        check(!first.keys.isEmpty, .hasKeys, "the first set has no usable key", &found)
        let source = source
        let identities = await withTaskGroup(of: JSONWebKeySet.Identity?.self) { group in
            for _ in 0..<Self.concurrentCalls { group.addTask { source.presentKeys()?.identity } }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        check(!identities.contains(nil), .hasKeys, "there is no present set after the first call", &found)
        check(
            identities == [first.identity], .keepsIdentity,
            "of \(Self.concurrentCalls) calls, not all got the set of the first call", &found)
        checkIdentity(first, &found)
        let foreign = FakeIssuer().keySource.presentKeys()
        check(
            foreign.map { !source.presents($0.identity) } ?? false, .knowsPresentSet,
            "presents(_:) accepts the set of another source", &found)
        if case .unavailable = source.health {
            check(false, .reportsHealth, "a source with keys says that it is unavailable", &found)
        }
        check((source.age ?? .zero) >= .zero, .reportsHealth, "the age of the keys is negative", &found)
        return found
    }

    private func rotation(_ rotateKeys: () async -> Void) async throws(KeySourceError) -> [Violation] {
        var found: [Violation] = []
        let before = try await source.keys(for: .noKeys)
        await rotateKeys()
        // Before another call tells the source of the change.
        checkIdentity(before, &found)
        let after = try await source.keys(for: .unknownKey)
        let new = Set(after.keys.map(\.thumbprint)).subtracting(before.keys.map(\.thumbprint))
        check(!new.isEmpty, .findsNewKeys, "the set after the change has no new key", &found)
        check(
            new.isEmpty || after.identity != before.identity, .keepsIdentity,
            "a set with a new key has the identity of the earlier one", &found)
        check(
            source.presentKeys()?.identity == after.identity, .findsNewKeys,
            "the present set is not the one with the new key", &found)
        checkIdentity(before, &found)
        checkIdentity(after, &found)
        return found
    }

    private func checkIdentity(_ set: JSONWebKeySet, _ found: inout [Violation]) {
        check(
            source.presents(set.identity) == (source.presentKeys()?.identity == set.identity), .knowsPresentSet,
            "presents(_:) and presentKeys() disagree", &found)
    }

    private func outage(_ interrupt: () async -> Void) async -> [Violation] {
        var found: [Violation] = []
        let last = source.presentKeys()
        await interrupt()
        await letPass(decisionTime + .seconds(1))
        do throws(KeySourceError) {
            _ = try await source.keys(for: .unknownKey)
            check(false, .admitsOutage, "in an outage, the source answers for an unknown key", &found)
        } catch {
            check(error.retryAfter >= 1, .saysWhenToRetry, "a retry after \(error.retryAfter) s", &found)
        }
        if let last { checkIdentity(last, &found) }
        if let present = source.presentKeys() {
            do throws(KeySourceError) {
                let judged = try await source.keys(for: .badSignature)
                check(
                    judged.identity == present.identity, .decidesSignatures,
                    "in an outage, a bad signature is judged with another set than the present one", &found)
            } catch {
                check(false, .decidesSignatures, "in an outage, the source throws for a bad signature", &found)
            }
        }
        return found
    }

    private func check(_ isKept: Bool, _ rule: Rule, _ description: String, _ found: inout [Violation]) {
        if !isKept { found.append(Violation(rule: rule, description: description)) }
    }
}
