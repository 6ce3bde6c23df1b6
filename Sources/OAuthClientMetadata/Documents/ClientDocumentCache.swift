internal import JOSE
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// One fetch of a document, for which any number of requests waits.
final class ClientDocumentAttempt: Sendable {
    let known: ClientDocumentEntry?
    let pending = SharedResult<Result<ClientDocumentEntry, ClientResolutionError>>()

    init(known: ClientDocumentEntry?) {
        self.known = known
    }
}

/// Decides which document is used, and when one is fetched. It does no I/O.
struct ClientDocumentCache {
    enum Step {
        case present(ClientDocumentEntry)
        case refuse(ClientResolutionError)
        case wait(ClientDocumentAttempt, isNew: Bool)
    }

    /// The result of an attempt, and what the operator learns about it.
    struct Outcome {
        enum Change { case first, none, different, stale(age: Duration, ClientResolutionError), refused }
        let result: Result<ClientDocumentEntry, ClientResolutionError>
        let change: Change
    }

    private typealias Limits = ClientIDResolver.Limits
    private var entries: DigestTable<ClientDocumentEntry>
    /// A table of its own: with made-up URLs, strangers would otherwise push good documents out.
    private var failures: DigestTable<(error: ClientResolutionError, until: Duration)>
    private var attempts: [SHA256Digest: ClientDocumentAttempt] = [:]
    private var permits = HostPermits()

    init(capacity: Int) {
        entries = DigestTable(capacity: capacity)
        failures = DigestTable(capacity: capacity)
    }

    /// What to do for a request of a client.
    mutating func step(for key: SHA256Digest, host: String, now: Duration) -> Step {
        var known: ClientDocumentEntry?
        if let entry = entries.value(for: key) {
            if now < max(entry.freshUntil, entry.retryAt ?? .zero) { return .present(entry) }
            known = now < entry.freshUntil + Limits.staleTime ? entry : nil
        }
        if known == nil, let failure = failures.value(for: key), now < failure.until { return .refuse(failure.error) }
        if let attempt = attempts[key] { return .wait(attempt, isNew: false) }
        guard mayFetch(from: host, again: known != nil, now) else {
            return known.map { .present($0) } ?? .refuse(.tooManyFetches)
        }
        let attempt = ClientDocumentAttempt(known: known)
        attempts[key] = attempt
        return .wait(attempt, isNew: true)
    }

    /// Stores the answer of a fetch.
    mutating func finish(
        _ attempt: ClientDocumentAttempt, _ answer: ClientDocumentFetch.Answer, key: SHA256Digest, now: Duration
    ) -> Outcome {
        attempts[key] = nil
        do throws(ClientResolutionError) {
            let (entry, isStored) = try Self.entry(from: answer, attempt.known, now)
            if isStored { entries.insert(entry, for: key) } else { entries.remove(key) }
            let change: Outcome.Change
            if let known = attempt.known {
                change = known.fingerprint == entry.fingerprint ? .none : .different
            } else {
                change = .first
            }
            return Outcome(result: .success(entry), change: change)
        } catch {
            return failed(attempt, error, key, now)
        }
    }

    private static func entry(
        from answer: ClientDocumentFetch.Answer, _ known: ClientDocumentEntry?, _ now: Duration
    ) throws(ClientResolutionError) -> (ClientDocumentEntry, isStored: Bool) {
        switch answer {
        case .failed(let error): throw error
        case .document(let document, let validators, let lifetime):
            return (
                try ClientDocumentEntry(
                    document, validators: validators, confirmedAt: now, lifetime: lifetime ?? .zero), lifetime != nil
            )
        case .unchanged(let lifetime):
            // A conditional request is sent with a known document only.
            guard var entry = known else { throw .status(304) }
            entry.confirmedAt = now
            entry.retryAt = nil
            entry.freshUntil = now + (lifetime ?? .zero)
            return (entry, lifetime != nil)
        }
    }

    private mutating func failed(
        _ attempt: ClientDocumentAttempt, _ error: ClientResolutionError, _ key: SHA256Digest, _ now: Duration
    ) -> Outcome {
        if error.isTemporary, var entry = attempt.known, now < entry.freshUntil + Limits.staleTime {
            // The next requests do not wait for the same failure again. The age still counts from the confirmation.
            let age = now - entry.confirmedAt
            let staleUntil = entry.freshUntil + Limits.staleTime
            entry.retryAt = min(now + Limits.failureTime, staleUntil)
            entries.insert(entry, for: key)
            return Outcome(result: .success(entry), change: .stale(age: age, error))
        }
        // THREATS R18: never longer than a moment, and only so that the host is not asked again at once.
        entries.remove(key)
        failures.insert((error, now + Limits.failureTime), for: key)
        return Outcome(result: .failure(error), change: .refused)
    }

    /// Whether a document may be fetched now. A known client's document has room and permits that strangers cannot
    /// take: with made-up URLs of a host, they could otherwise keep a document that the host has withdrawn in use.
    private mutating func mayFetch(from host: String, again isKnown: Bool, _ now: Duration) -> Bool {
        let running = attempts.values.count { ($0.known != nil) == isKnown }
        return running < Limits.concurrentFetches && permits.take(isKnown ? .again : .first, of: host, now)
    }
}

extension ClientDocumentCache.Outcome {
    /// What the operator learns.
    func events(_ url: ClientIdentifierURL) -> [ClientMetadataEvent] {
        let host = url.url.host
        let query: [ClientMetadataEvent] = url.hasQuery ? [.queryInURL(host: host)] : []
        switch (result, change) {
        case (.failure(let error), _): return [.refused(host: host, error)]
        case (.success, .stale(let age, let error)): return [.servedStale(host: host, age: age, error)]
        case (.success, .different): return [.fetched(host: host), .changed(host: host)]
        case (.success, .first): return [.fetched(host: host)] + query
        case (.success, .none), (.success, .refused): return [.fetched(host: host)]
        }
    }
}
