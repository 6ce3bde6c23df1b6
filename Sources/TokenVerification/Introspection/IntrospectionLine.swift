internal import JOSE

/// The tokens about which the endpoint is being asked, and those that wait for it. Tokens that were good before go
/// first. It contains no clock and no tasks.
struct IntrospectionLine: Sendable {
    typealias Verdict = IntrospectionQueue.Verdict
    private typealias Limits = IntrospectionConfiguration.Limits

    /// A token for which callers wait.
    struct Inquiry: Sendable {
        let token: PresentedToken
        /// Whether the token was good before.
        let isKnown: Bool
        let pending = SharedResult<Verdict>()
        /// The number of its callers; zero for a probe.
        var waiters = 1
        var isRunning = false
    }

    private var inquiries: [SHA256Digest: Inquiry] = [:]
    /// The digests in line, oldest first. Some of them may be abandoned.
    private var known: [SHA256Digest] = []
    private var strangers: [SHA256Digest] = []
    private var runningKnown = 0
    private var runningStrangers = 0
    /// The number of callers that wait.
    private(set) var waiting = 0

    /// The number of places in line, including abandoned ones.
    var length: Int { known.count + strangers.count }
    /// Whether no further token may be asked about, or no further caller may wait. Tokens count, and not only callers:
    /// otherwise, callers with one token could fill the line.
    var isFull: Bool { inquiries.count >= Limits.waitingTokens || waiting >= Limits.waitingCallers }

    /// Whether a request about a token that was good before runs.
    var isKnownRunning: Bool { runningKnown > 0 }

    /// The inquiry about a token, running or in line.
    func inquiry(about digest: SHA256Digest) -> Inquiry? { inquiries[digest] }

    /// Adds a caller to an inquiry. Returns false when too many callers wait for this token or in total.
    mutating func join(_ digest: SHA256Digest) -> Bool {
        guard let inquiry = inquiries[digest], inquiry.waiters < Limits.callersPerToken, waiting < Limits.waitingCallers
        else { return false }
        inquiries[digest]?.waiters += 1
        waiting += 1
        return true
    }

    /// Puts a token with its callers into the line.
    mutating func append(_ inquiry: Inquiry) {
        inquiries[inquiry.token.digest] = inquiry
        waiting += inquiry.waiters
        // Callers that leave before their request starts do not remove their places.
        if length >= 2 * Limits.waitingTokens { tidy() }
        if inquiry.isKnown { known.append(inquiry.token.digest) } else { strangers.append(inquiry.token.digest) }
    }

    /// Records that a caller does not wait any more.
    mutating func leave(_ digest: SHA256Digest, _ pending: SharedResult<Verdict>) {
        guard let inquiry = inquiries[digest], inquiry.pending === pending else { return }
        waiting -= 1
        inquiries[digest]?.waiters -= 1
        // If no caller waits any more and the request has not started, it is not needed.
        if inquiry.waiters == 1, !inquiry.isRunning { inquiries[digest] = nil }
    }

    /// Removes from the line the inquiries that may start now, and returns them.
    ///
    /// - Parameter isProbing: Whether only one request may run, which shows whether an outage is over. For a token that
    ///   was good before, the running requests of others do not count: they may take long.
    mutating func takeDue(isProbing: Bool) -> [Inquiry] {
        var due: [Inquiry] = []
        while isProbing ? runningKnown == 0 : mayStartKnown(), let next = takeFirst(of: \.known) {
            runningKnown += 1
            due.append(next)
        }
        while isProbing
            ? running == 0 : runningStrangers < Limits.concurrentUnknownTokens && running < Limits.concurrentRequests,
            let next = takeFirst(of: \.strangers)
        {
            runningStrangers += 1
            due.append(next)
        }
        return due
    }

    /// Removes a running inquiry with its callers. Returns false when it was removed before.
    mutating func end(_ inquiry: Inquiry) -> Bool {
        let digest = inquiry.token.digest
        guard let present = inquiries[digest], present.pending === inquiry.pending else { return false }
        remove(digest)
        if inquiry.isKnown { runningKnown -= 1 } else { runningStrangers -= 1 }
        return true
    }

    /// Removes the inquiries in line with their callers, and returns them.
    mutating func giveUp(includingKnown: Bool) -> [Inquiry] {
        let given = inquiries.values.filter { !$0.isRunning && (includingKnown || !$0.isKnown) }
        for inquiry in given { remove(inquiry.token.digest) }
        strangers = []
        if includingKnown { known = [] }
        return given
    }

    /// Removes the newest inquiry in line about a token that was not good before, with its callers, and returns it.
    mutating func giveUpLastStranger() -> Inquiry? {
        while let digest = strangers.popLast() {
            guard let inquiry = inquiries[digest], !inquiry.isRunning else { continue }
            remove(digest)
            return inquiry
        }
        return nil
    }

    /// Known tokens leave some requests to strangers, but only if one waits.
    private mutating func mayStartKnown() -> Bool {
        guard runningKnown >= Limits.concurrentKnownTokens else { return running < Limits.concurrentRequests }
        let abandoned = strangers.prefix { inquiries[$0]?.isRunning ?? true }
        strangers.removeFirst(abandoned.count)
        return strangers.isEmpty && running < Limits.concurrentRequests
    }

    private var running: Int { runningKnown + runningStrangers }

    private mutating func remove(_ digest: SHA256Digest) {
        guard let inquiry = inquiries.removeValue(forKey: digest) else { return }
        waiting -= inquiry.waiters
    }

    private mutating func takeFirst(of line: WritableKeyPath<Self, [SHA256Digest]>) -> Inquiry? {
        var taken = 0
        defer { self[keyPath: line].removeFirst(taken) }
        while taken < self[keyPath: line].count {
            let digest = self[keyPath: line][taken]
            taken += 1
            guard let inquiry = inquiries[digest], !inquiry.isRunning else { continue }
            inquiries[digest]?.isRunning = true
            return inquiries[digest]
        }
        return nil
    }

    /// Removes the abandoned places. Then the line is not longer than the number of tokens.
    private mutating func tidy() {
        let inquiries = inquiries
        var seen: Set<SHA256Digest> = []
        func isAbandoned(_ digest: SHA256Digest) -> Bool {
            (inquiries[digest]?.isRunning ?? true) || !seen.insert(digest).inserted
        }
        known.removeAll(where: isAbandoned)
        strangers.removeAll(where: isAbandoned)
    }
}
