import OAuthTestKit
import Synchronization
import Testing

@Suite("KeySourceConformance", .timeLimit(.minutes(5)))
struct KeySourceConformanceTests {
    private typealias Rule = KeySourceConformance.Rule

    private let clock = FakeClock()
    private let issuer: FakeIssuer

    init() {
        issuer = FakeIssuer(clock: clock)
    }

    private func violations(of source: any KeySource) async -> [KeySourceConformance.Violation] {
        await KeySourceConformance(
            source, rotateKeys: { [issuer] in issuer.rotateKeys() },
            interrupt: { [issuer] in issuer.fault = .unreachable },
            letPass: { [clock] in clock.advance(by: $0) }
        ).violations()
    }

    @Test("the remote source of the library keeps every promise")
    func remote() async throws {
        let source = try RemoteKeySet(
            of: IssuerIdentifier(issuer.url), fetcher: issuer, clock: clock.monotonicClock)
        #expect(await violations(of: source) == [])
    }

    @Test("a source without a remote issuer is checked for what it promises")
    func local() async throws {
        let set = try #require(issuer.keySource.presentKeys())
        #expect(await KeySourceConformance(StaticKeySource(set)).violations() == [])
        let own = KeySourceConformance(issuer.keySource, rotateKeys: { [issuer] in issuer.rotateKeys() })
        #expect(await own.violations() == [])
    }

    /// A source with one defect.
    private final class Defective: KeySource {
        enum Defect: CaseIterable {
            case none, neverThere, parsesEachTime, saysUnavailable, negativeAge, neverNewer, forgetsNewer,
                decidesInOutage, throwsForSignatures, retriesAtOnce, alwaysThrows, presentsEverySet, presentsNoSet,
                presentsLastAnswer, presentsExpiredSet
        }

        private let defect: Defect
        private let issuer: FakeIssuer
        private let present = Mutex<JSONWebKeySet?>(nil)

        init(_ defect: Defect, of issuer: FakeIssuer) {
            self.defect = defect
            self.issuer = issuer
        }

        func presentKeys() -> JSONWebKeySet? {
            switch defect {
            case .neverThere: nil
            case .parsesEachTime:
                try? JSONWebKeySet(parsing: JSONValue.object(issuer.jwks).encoded(), issuer: issuer.url)
            case .presentsLastAnswer where issuer.fault == nil:
                present.withLock { present in
                    present = issuer.keySource.presentKeys()
                    return present
                }
            case .presentsExpiredSet where issuer.fault != nil: nil
            default: present.withLock { $0 }
            }
        }

        func presents(_ identity: JSONWebKeySet.Identity) -> Bool {
            switch defect {
            case .presentsEverySet: true
            case .presentsNoSet: false
            case .presentsLastAnswer, .presentsExpiredSet: present.withLock { $0?.identity } == identity
            default: presentKeys()?.identity == identity
            }
        }

        func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
            if defect == .alwaysThrows { throw KeySourceError(retryAfter: 1) }
            let known = present.withLock { $0 }
            if let known, need == .noKeys || defect == .neverNewer { return known }
            guard issuer.fault == nil, let newest = issuer.keySource.presentKeys() else {
                if let known, defect == .decidesInOutage { return known }
                if let known, need == .badSignature, defect != .throwsForSignatures { return known }
                throw KeySourceError(retryAfter: defect == .retriesAtOnce ? 0 : 1)
            }
            if known == nil || defect != .forgetsNewer { present.withLock { $0 = newest } }
            return newest
        }

        var health: KeySourceHealth { defect == .saysUnavailable ? .unavailable(since: .zero) : .healthy }
        var age: Duration? { defect == .negativeAge ? .seconds(-1) : nil }
    }

    @Test("each defect of a source breaks its own promise, and no other one does")
    func defects() async {
        let expected: [Defective.Defect: Set<Rule>] = [
            .none: [], .neverThere: [.hasKeys, .keepsIdentity, .findsNewKeys],
            .parsesEachTime: [.keepsIdentity, .findsNewKeys, .decidesSignatures], .saysUnavailable: [.reportsHealth],
            .negativeAge: [.reportsHealth], .neverNewer: [.findsNewKeys, .admitsOutage], .forgetsNewer: [.findsNewKeys],
            .decidesInOutage: [.admitsOutage], .throwsForSignatures: [.decidesSignatures],
            .retriesAtOnce: [.saysWhenToRetry], .alwaysThrows: [.answers], .presentsEverySet: [.knowsPresentSet],
            .presentsNoSet: [.knowsPresentSet], .presentsLastAnswer: [.knowsPresentSet],
            .presentsExpiredSet: [.knowsPresentSet],
        ]
        for defect in Defective.Defect.allCases {
            issuer.fault = nil
            let found = await Set(violations(of: Defective(defect, of: issuer)).map(\.rule))
            #expect(found == expected[defect], "\(defect)")
        }
    }

    @Test("attack: a source without rotation that presents every set is found")
    func everySetWithoutRotation() async {
        let conformance = KeySourceConformance(Defective(.presentsEverySet, of: issuer))
        #expect(await conformance.violations().map(\.rule) == [.knowsPresentSet])
    }

    @Test("attack: an issuer that does not rotate its keys makes no promise kept")
    func idleRotation() async {
        let conformance = KeySourceConformance(issuer.keySource, rotateKeys: {})
        #expect(await conformance.violations().map(\.rule) == [.findsNewKeys])
    }
}
