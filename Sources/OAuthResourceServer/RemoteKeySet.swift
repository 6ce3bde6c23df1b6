public import HTTPMessages
public import JOSE
public import OAuthMetadata
internal import Synchronization
internal import WireFormat

/// The keys of an issuer, fetched from its key set URL and kept for a while.
///
/// One fetch at a time, whoever asks: a request that is cancelled leaves the fetch to the others. A failed fetch keeps
/// the present set until ``Limits/hardLifetime``. An unknown `kid` causes one fetch per ``Limits/unknownKeyInterval`` at
/// most, however many tokens carry one. Only a set with a usable key replaces the present one.
public final class RemoteKeySet: KeySource {
    /// The times of the source.
    public enum Limits {
        /// After this age a set is fetched anew in the background.
        public static let softLifetime: Duration = .seconds(300)
        /// After this age a set is not used any more.
        public static let hardLifetime: Duration = .seconds(3_600)
        /// The least time between two fetches for unknown keys.
        public static let unknownKeyInterval: Duration = .seconds(30)
        /// The longest wait after failures: 1, 2, 4 … seconds up to this.
        public static let longestBackOff: Duration = .seconds(60)
        /// The longest that a request waits for a fetch.
        public static let patience: Duration = .seconds(5)
        /// The longest that a fetch may take: three metadata locations and the key set, 5 seconds each.
        public static let flightTime: Duration = .seconds(20)
        /// After so many failures in a row the metadata is read again: it may have moved the keys.
        public static let failuresBeforeDiscovery = 3
        /// The largest key set in bytes.
        public static let maximumDocumentBytes = 1_048_576
    }

    private struct Present {
        let keys: JSONWebKeySet
        let fetchedAt: Duration
    }

    private struct State {
        var present: Present?
        /// The fetch under way, stored before anybody waits, so that there is never a second one.
        var flight: KeyFlight?
        var failures = 0
        var nextAttempt: Duration?
        var lastAttempt: Duration?
        var discovered: AbsoluteURL?
    }

    private let issuer: IssuerIdentifier
    private let location: KeyLocation
    private let fetcher: any DocumentFetcher
    private let clock: MonotonicClock
    private let observer: EventObserver?
    private let state = Mutex(State())

    /// A source that fetches at first use.
    ///
    /// - Parameters:
    ///   - issuer: The issuer to which the keys are bound.
    ///   - location: Where the key set stands.
    ///   - fetcher: How to fetch, under its own policy of hosts, sizes and times.
    ///   - clock: For ages and waits.
    ///   - observer: Told about each fetch.
    public init(
        of issuer: IssuerIdentifier, at location: KeyLocation = .discovered, fetcher: any DocumentFetcher,
        clock: MonotonicClock = .system, observer: EventObserver? = nil
    ) {
        self.issuer = issuer
        self.location = location
        self.fetcher = fetcher
        self.clock = clock
        self.observer = observer
    }

    /// The present set, while it is not older than the hard lifetime. Past the soft lifetime a fetch starts behind it.
    public func presentKeys() -> JSONWebKeySet? {
        let now = clock.now()
        return state.withLock { state in
            guard let present = state.present, now - present.fetchedAt <= Limits.hardLifetime else { return nil }
            if now - present.fetchedAt > Limits.softLifetime, isDue(state, now) { _ = startFlight(&state, now) }
            return present.keys
        }
    }

    /// Fetches, joins the fetch under way, or answers with the present set when fetching is not allowed now.
    public func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
        switch nextStep(for: need, now: clock.now()) {
        case .answer(let keys): return keys
        case .refuse(let seconds): throw KeySourceError(retryAfter: seconds)
        case .wait(let flight, let present):
            if case .landed(let keys) = await flight.outcome(within: Limits.patience, clock) { return keys }
            // Nothing came. A set within its soft lifetime still decides: an unknown key in it is the caller's fault.
            if let present { return present }
            throw KeySourceError(retryAfter: secondsUntilNextAttempt())
        }
    }

    private enum Step {
        case answer(JSONWebKeySet)
        case refuse(retryAfter: Int)
        case wait(KeyFlight, ifNothingComes: JSONWebKeySet?)
    }

    private func nextStep(for need: KeyNeed, now: Duration) -> Step {
        state.withLock { state in
            let age = state.present.map { now - $0.fetchedAt }
            let usable = age.map { $0 <= Limits.hardLifetime } == true ? state.present?.keys : nil
            let fresh = age.map { $0 <= Limits.softLifetime } == true ? usable : nil
            if need == .unknownKey, let usable {
                if let last = state.lastAttempt, now - last < Limits.unknownKeyInterval, state.flight == nil {
                    return .answer(usable)
                }
                return .wait(state.flight ?? startFlight(&state, now), ifNothingComes: fresh)
            }
            if let usable { return .answer(usable) }
            if let flight = state.flight { return .wait(flight, ifNothingComes: nil) }
            guard isDue(state, now) else { return .refuse(retryAfter: Self.seconds(state, now)) }
            return .wait(startFlight(&state, now), ifNothingComes: nil)
        }
    }

    private func secondsUntilNextAttempt() -> Int {
        let now = clock.now()
        return state.withLock { Self.seconds($0, now) }
    }

    /// Whole seconds until the next attempt, rounded up, at least 1.
    private static func seconds(_ state: borrowing State, _ now: Duration) -> Int {
        guard let next = state.nextAttempt, next > now else { return 1 }
        let left = (next - now).components
        return Int(left.seconds) + (left.attoseconds > 0 ? 1 : 0)
    }

    private func isDue(_ state: borrowing State, _ now: Duration) -> Bool {
        state.flight == nil && state.nextAttempt.map { $0 <= now } != false
    }

    private func startFlight(_ state: inout State, _ now: Duration) -> KeyFlight {
        let flight = KeyFlight()
        let known = state.discovered
        let rediscovers = state.failures >= Limits.failuresBeforeDiscovery
        state.flight = flight
        state.lastAttempt = now
        // Not a child of the request's task: a caller that goes away must not cancel what others wait for.
        Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [self] in
                    finish(flight, await fetch(knownURL: known, rediscovers: rediscovers))
                }
                // A fetcher that never answers must not keep the flight for ever.
                group.addTask { [self] in
                    await clock.sleep(Limits.flightTime)
                    finish(flight, .failure(.fetch(.timedOut)))
                }
                await group.next()
                group.cancelAll()
            }
        }
        return flight
    }

    private struct Fetched {
        let url: AbsoluteURL
        let keys: JSONWebKeySet
    }

    /// Keeps what a flight brought, unless the flight was given up before: an older answer never wins.
    private func finish(_ flight: KeyFlight, _ result: Result<Fetched, KeyFetchFailure>) {
        let now = clock.now()
        let isCurrent = state.withLock { state in
            guard state.flight === flight else { return false }
            state.flight = nil
            switch result {
            case .success(let fetched):
                state.present = Present(keys: fetched.keys, fetchedAt: now)
                state.discovered = fetched.url
                state.failures = 0
                state.nextAttempt = nil
            case .failure:
                state.failures += 1
                state.nextAttempt = now + min(.seconds(1 << min(state.failures - 1, 6)), Limits.longestBackOff)
            }
            return true
        }
        guard isCurrent else { return }
        switch result {
        case .success(let fetched):
            flight.end(.landed(fetched.keys))
            for skipped in fetched.keys.skipped {
                observer?(.keySkipped(index: skipped.index, reason: skipped.reason))
            }
            observer?(.keyRefreshSucceeded(usableKeys: fetched.keys.keys.count))
        case .failure(let failure):
            flight.end(.failed)
            observer?(.keyRefreshFailed(failure))
        }
    }

    private func fetch(knownURL: AbsoluteURL?, rediscovers: Bool) async -> Result<Fetched, KeyFetchFailure> {
        observer?(.keyRefreshStarted)
        do throws(KeyFetchFailure) {
            let url = try await keySetURL(known: knownURL, rediscovers: rediscovers)
            return .success(Fetched(url: url, keys: try await fetchKeys(from: url)))
        } catch {
            return .failure(error)
        }
    }

    private func keySetURL(
        known: AbsoluteURL?, rediscovers: Bool
    ) async throws(KeyFetchFailure) -> AbsoluteURL {
        switch location {
        case .url(let url): return url
        case .discovered:
            if let known, !rediscovers { return known }
            do throws(KeyFetchFailure) {
                return try await IssuerDiscovery(issuer: issuer, fetcher: fetcher).keySetURL()
            } catch {
                // What was found once is used until something else is found.
                guard let known else { throw error }
                return known
            }
        }
    }

    private func fetchKeys(from url: AbsoluteURL) async throws(KeyFetchFailure) -> JSONWebKeySet {
        let document: FetchedDocument
        do throws(FetchError) {
            document = try await fetcher.fetch(
                DocumentRequest(url: url, maximumBodyBytes: Limits.maximumDocumentBytes))
        } catch {
            throw .fetch(error)
        }
        guard document.status == .ok else { throw .status(document.status.code) }
        let keys: JSONWebKeySet
        do throws(JSONWebKeySet.ParseError) {
            keys = try JSONWebKeySet(parsing: document.body, issuer: issuer.text)
        } catch {
            throw .keySet(error)
        }
        guard !keys.keys.isEmpty else { throw .noUsableKey }
        return keys
    }
}
