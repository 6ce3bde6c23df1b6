public import TokenVerification

/// Checks that a ``TokenVerification/TokenVerifier`` of your own keeps the promises of the protocol. It uses no test
/// framework: call ``violations()`` in a test, and expect that it returns an empty list.
///
/// ```swift
/// let conformance = TokenVerifierConformance(
///     TicketVerifier(store: store), accepts: ["good"], refuses: ["old"], unavailable: TicketVerifier(store:
///     brokenStore))
/// let violations = await conformance.violations()
/// ```
///
/// **Checks** that good tokens are accepted, that bad, altered and malformed tokens are *invalid*, that a verifier
/// which cannot decide says *unavailable*, that many calls at the same time do not influence each other, that a call
/// that was cancelled calls no good token invalid, and that the codes of rejections are stable and hold no token.
/// **Does not check** what makes a token good: give a bad token for each rule of the verifier.
public struct TokenVerifierConformance: Sendable {
    /// A promise of the protocol.
    public enum Rule: String, Sendable, Hashable, CaseIterable {
        /// A good token is accepted.
        case acceptsGood = "accepts_good"
        /// A bad token is invalid.
        case refusesBad = "refuses_bad"
        /// A good token with a small change is invalid.
        case refusesAltered = "refuses_altered"
        /// A text that cannot be a token is invalid, and the verifier does not fail because of it.
        case refusesMalformed = "refuses_malformed"
        /// A verifier that cannot decide says unavailable: it neither accepts nor calls the token invalid.
        case admitsOutage = "admits_outage"
        /// Many calls at the same time have the results that they have alone.
        case isIndependent = "is_independent"
        /// A good token is not called invalid because its request was cancelled.
        case survivesCancellation = "survives_cancellation"
        /// The code of a rejection is 1…64 small letters, digits and `_`, and is not made from the token.
        case hasStableCodes = "has_stable_codes"
    }

    /// A broken promise.
    public struct Violation: Sendable, Hashable, CustomStringConvertible {
        /// The promise.
        public let rule: Rule
        /// What was expected and what happened, in one line. No token is in it.
        public let description: String
    }

    /// The number of calls at the same time.
    public static let concurrentCalls = 64

    private let verifier: any TokenVerifier
    private let unavailable: (any TokenVerifier)?
    private let good: [String]
    private let bad: [String]

    /// Makes checks of one verifier.
    ///
    /// - Parameters:
    ///   - verifier: The verifier.
    ///   - good: Tokens that it must accept. At least one.
    ///   - bad: Tokens that it must refuse, one for each of its rules.
    ///   - unavailable: The same verifier where it cannot decide, because its keys, its database or its server are
    ///     down. Nil when it can always decide.
    public init(
        _ verifier: any TokenVerifier, accepts good: [String], refuses bad: [String] = [],
        unavailable: (any TokenVerifier)? = nil
    ) {
        precondition(!good.isEmpty, "a conformance check needs at least one good token")
        self.verifier = verifier
        self.unavailable = unavailable
        self.good = good
        self.bad = bad
    }

    /// Runs every check and returns the broken promises; empty when there are none.
    public func violations() async -> [Violation] {
        var found: [Violation] = []
        for (index, token) in good.enumerated() {
            let name = "good token \(index)"
            expect(await verdict(on: token), .accepted, .acceptsGood, name, &found)
            for (change, altered) in TokenAlterations.all(of: token) where !good.contains(altered) {
                expect(await verdict(on: altered), .invalid, .refusesAltered, "\(name), \(change)", &found)
            }
            expectNotInvalid(await cancelledVerdict(on: token), name, &found)
            if let unavailable {
                expect(await verdict(on: token, by: unavailable), .unavailable, .admitsOutage, name, &found)
            }
        }
        for (index, token) in bad.enumerated() {
            expect(await verdict(on: token), .invalid, .refusesBad, "bad token \(index)", &found)
        }
        for (name, bytes) in TokenAlterations.malformed {
            expect(
                await Verdict(verifier, PresentedToken(bytes)), .invalid, .refusesMalformed, name, &found)
        }
        found += await concurrency()
        return found
    }

    private func concurrency() async -> [Violation] {
        let tokens = good + bad
        var alone: [Verdict] = []
        for token in tokens { alone.append(await verdict(on: token)) }
        let together = await withTaskGroup(of: (Int, Verdict).self) { group in
            for call in 0..<max(Self.concurrentCalls, tokens.count) {
                let index = call % tokens.count
                group.addTask { (index, await verdict(on: tokens[index])) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let differing = together.count { index, verdict in verdict != alone[index] }
        guard differing > 0 else { return [] }
        return [
            Violation(
                rule: .isIndependent,
                description: "of \(together.count) calls at the same time, \(differing) had another result than alone")
        ]
    }

    private func verdict(on token: String, by other: (any TokenVerifier)? = nil) async -> Verdict {
        await Verdict(other ?? verifier, PresentedToken(token))
    }

    private func cancelledVerdict(on token: String) async -> Verdict {
        let task = Task {
            // The verifier is called when the task knows that it is cancelled.
            while !Task.isCancelled { await Task.yield() }
            return await verdict(on: token)
        }
        task.cancel()
        return await task.value
    }

    private func expectNotInvalid(_ verdict: Verdict, _ what: String, _ found: inout [Violation]) {
        guard case .invalid = verdict.kind else { return }
        found.append(
            Violation(
                rule: .survivesCancellation,
                description: "\(what) in a task that was cancelled: expected unavailable or accepted, got invalid"))
    }

    private func expect(
        _ verdict: Verdict, _ expected: Verdict.Kind, _ rule: Rule, _ what: String, _ found: inout [Violation]
    ) {
        if verdict.kind != expected {
            found.append(
                Violation(
                    rule: rule,
                    description:
                        "\(what): expected \(expected.rawValue), and the verifier said \(verdict.kind.rawValue)"))
        }
        if let code = verdict.code, !TokenAlterations.isStableCode(code) {
            found.append(
                Violation(rule: .hasStableCodes, description: "\(what): the code is not 1…64 of a-z, 0-9 and _"))
        }
    }
}

/// What a verifier says about a token, so that two calls can be compared.
private struct Verdict: Sendable, Hashable {
    enum Kind: String {
        case accepted, invalid, unavailable
    }

    let kind: Kind
    let code: String?
    private let token: [String?]

    init(_ verifier: any TokenVerifier, _ presented: PresentedToken) async {
        do throws(TokenRejection) {
            let accepted = try await verifier.verify(presented)
            kind = .accepted
            code = nil
            token = [accepted.issuer, accepted.subject, accepted.clientID, "\(accepted.scopes)"]
        } catch {
            kind = if case .invalid = error { .invalid } else { .unavailable }
            code = error.code
            token = []
        }
    }
}
