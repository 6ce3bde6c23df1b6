import HTTPMessages
import TokenVerification
import WireFormat

/// The rules for a remote key set, computed from the history of its fetches. It shares nothing with the library, not
/// even the constants.
struct KeySetOracle {
    struct Good {
        var at: Duration
        var names: [String]
        var lifetime: Duration
    }

    struct Flight {
        var startedAt: Duration
        var cause: KeySourceEvent.RefreshCause
        var requests = 0
        var askedAt: Duration?
        var content: (names: [String], lifetime: Duration)?
        var deliveredAt: Duration?
        var isGood = false
        /// Whether it brought another set than the one before.
        var isChange = false
        /// Whether it asks the issuer past all caches.
        var asks: Bool { cause == .unknownKey || cause == .badSignature }
    }

    enum Expectation: Equatable {
        case start(KeySourceEvent.RefreshCause)
        case join
        case answer
        case refuse(Int)
    }

    let hardLifetime: Duration
    let hasGrace: Bool
    var goods: [Good] = []
    var flights: [Flight] = []
    var isUnderway = false
    var failures = 0
    /// When the last good fetch began that asked the issuer past all caches.
    var askedIssuer: Duration?
    var backOffEnd = Duration.zero
    /// When a fetch that did not ask the issuer last brought the same set again. At that moment, the requests
    /// that waited for it may ask the issuer.
    var broughtNothingAt: Duration?
    /// The reason for which the next request may begin a fetch. A fetch must not begin otherwise.
    var allowed: KeySourceEvent.RefreshCause?
    var violations: [String] = []

    init(hardLifetime: Duration, hasGrace: Bool) {
        self.hardLifetime = hardLifetime
        self.hasGrace = hasGrace
    }

    mutating func require(_ holds: Bool, _ rule: String) {
        if !holds { violations.append(rule) }
    }

    // MARK: Conclusions from the history

    /// The names of the keys that verify now; nil if verification is unavailable.
    func names(_ now: Duration) -> Set<String>? {
        guard let last = goods.last, now - last.at <= hardLifetime else { return nil }
        var names = Set(last.names)
        if hasGrace, goods.count > 1 {
            let before = goods[goods.count - 2]
            // Seen within the hard lifetime, missing once, and for no longer than a soft lifetime.
            if last.at - before.at <= hardLifetime, now - before.at <= hardLifetime, now - last.at <= last.lifetime {
                names.formUnion(before.names)
            }
        }
        return names
    }

    func isFresh(_ now: Duration) -> Bool {
        goods.last.map { now - $0.at <= $0.lifetime && now - $0.at <= hardLifetime } ?? false
    }

    func health(_ now: Duration) -> KeySourceHealth {
        guard let last = goods.last else { return .unavailable(since: now) }
        if now - last.at > hardLifetime { return .unavailable(since: now - last.at - hardLifetime) }
        return isFresh(now) ? .healthy : .stale(age: now - last.at)
    }

    func startsInBackground(_ now: Duration) -> Bool {
        guard names(now) != nil, let last = goods.last else { return false }
        return now - last.at > last.lifetime * 0.8 && !isUnderway && now >= backOffEnd
    }

    func expectation(for need: KeyNeed, _ now: Duration) -> Expectation {
        if names(now) == nil {
            if isUnderway { return .join }
            return now >= backOffEnd ? .start(.noKeys) : .refuse(secondsOfBackOff(now))
        }
        if need == .noKeys { return .answer }
        if need == .badSignature {
            if isUnderway { return .join }
            return mayAskForBadSignature(now) ? .start(.badSignature) : .answer
        }
        let left = timeToPermit(now)
        if isUnderway, flights.last?.asks == true || left == .zero { return .join }
        if left == .zero { return .start(.unknownKey) }
        if let asked = askedIssuer, now - asked <= .seconds(5) { return .answer }
        return .refuse(seconds(left))
    }

    /// Counts the permits one by one: three at first, one less for each fetch for an unknown key, one more after each
    /// 30 s in which some are missing.
    func timeToPermit(_ now: Duration) -> Duration {
        var permits = 3
        var missingSince: Duration?
        func refill(_ moment: Duration) {
            while let since = missingSince, since + .seconds(30) <= moment {
                permits += 1
                missingSince = permits == 3 ? nil : since + .seconds(30)
            }
        }
        for flight in flights where flight.cause == .unknownKey {
            refill(flight.startedAt)
            permits -= 1
            missingSince = missingSince ?? flight.startedAt
        }
        refill(now)
        guard permits == 0, let missingSince else { return .zero }
        return missingSince + .seconds(30) - now
    }

    /// One fetch for a bad signature in a minute.
    func mayAskForBadSignature(_ now: Duration) -> Bool {
        flights.last { $0.cause == .badSignature }.map { now - $0.startedAt >= .seconds(60) } ?? true
    }

    /// Whether a fetch of this number or a later one decides that a key is unknown: one that asked for an unknown key,
    /// or that brought another set.
    func isDecided(since flight: Int) -> Bool {
        flights.indices.contains {
            $0 >= flight && flights[$0].isGood && (flights[$0].asks || flights[$0].isChange)
        }
    }

    /// Whether the issuer was asked for an unknown key just now, and cannot be asked again.
    func hasJustAsked(_ now: Duration) -> Bool {
        timeToPermit(now) > .zero && askedIssuer.map { now - $0 <= .seconds(5) } ?? false
    }

    func secondsOfBackOff(_ now: Duration) -> Int {
        seconds(backOffEnd - now)
    }

    func seconds(_ left: Duration) -> Int {
        left <= .zero ? 1 : Int((left / .seconds(1)).rounded(.up))
    }

    // MARK: Events

    mutating func arrive(_ request: DocumentRequest, _ now: Duration) -> Int {
        require(isUnderway, "a request outside any fetch")
        guard let index = flights.indices.last else { return 0 }
        flights[index].requests += 1
        if flights[index].askedAt == nil { flights[index].askedAt = now }
        require(flights[index].requests <= 2, "more than one retry in a fetch")
        require(
            (request.fields[.cacheControl] == "no-cache") == flights[index].asks,
            "no-cache in the wrong lane")
        return index
    }

    mutating func observe(_ event: KeySourceEvent, _ now: Duration, draw: Double) {
        switch event {
        case .refreshStarted(let cause):
            require(!isUnderway, "a second fetch beside another")
            let asks = cause == .unknownKey || cause == .badSignature
            let isAskedAgain = asks && allowed == nil && broughtNothingAt == now
            require(
                cause == allowed || isAskedAgain,
                "a fetch for \(cause) where \(allowed.map(\.rawValue) ?? "none") may begin")
            if !asks { require(now >= backOffEnd, "an attempt during back-off") }
            if cause == .badSignature {
                require(mayAskForBadSignature(now), "a second fetch for a bad signature within a minute")
            }
            if cause == .unknownKey { require(timeToPermit(now) == .zero, "a fetch for an unknown key without permit") }
            allowed = nil
            isUnderway = true
            flights.append(Flight(startedAt: now, cause: cause))
        case .refreshSucceeded:
            require(isUnderway, "a success outside any fetch: an older answer won")
            if let asked = flights.last?.askedAt {
                require(now - asked <= .seconds(5), "an answer past its time was used")
            }
            guard let content = flights.last?.content else { return require(false, "a success without a good answer") }
            let isChange = goods.last?.names != content.names
            if !isChange, flights.last?.asks == false { broughtNothingAt = now }
            goods.append(
                Good(
                    at: now, names: content.names,
                    lifetime: min(content.lifetime, hardLifetime) * (1 - 0.1 * draw)))
            if let index = flights.indices.last {
                flights[index].isGood = true
                flights[index].isChange = isChange
                if flights[index].asks { askedIssuer = flights[index].startedAt }
            }
            isUnderway = false
            failures = 0
            backOffEnd = .zero
        case .refreshFailed, .setRejected:
            require(isUnderway, "a failure outside any fetch")
            if let flight = flights.last, let asked = flight.askedAt, let delivered = flight.deliveredAt,
                flight.content != nil
            {
                require(delivered - asked >= .seconds(5), "a good answer in time was refused")
            }
            isUnderway = false
            // The lanes do not delay each other.
            if flights.last?.asks == true { return }
            backOffEnd = now + .seconds(min(60, 1 << min(failures, 6))) * draw
            failures += 1
        default: break
        }
    }
}
