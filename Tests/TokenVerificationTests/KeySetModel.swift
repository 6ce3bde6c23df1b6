import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Synchronization
import WireFormat

@testable import TokenVerification

/// One schedule. A seed decides the clock, the executor, the network and the chance of a real ``RemoteKeySet``. After
/// each step, an oracle decides what must be true.
final class KeySetModel: Sendable {
    enum Endpoint: CaseIterable {
        case good, fewer, stale, empty, garbage, serverError, refused, unaskedNotModified, redirect
    }

    private struct World {
        var random: SeededRandom
        var oracle: KeySetOracle
        var endpoint = Endpoint.good
        var delay = Duration.zero
        var ignoresCancellation = false
        var names = ["k0"]
        var older: [[String]] = [["k0"]]
        var nextName = 1
        var draw = 0.0
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private struct Waiter {
        var task: Task<Void, Never>?
        var cancelledAt: Duration?
    }

    private struct Plan {
        /// The fetch of keys that the request belongs to; nil for metadata.
        var flight: Int?
        var answer: Result<FetchedDocument, FetchError>
        var content: (names: [String], lifetime: Duration)?
        var delay: Duration
        var ignoresCancellation: Bool
    }

    private static let url = "https://issuer.example/jwks"
    private static let metadata = JSONValue.object([
        "issuer": "https://issuer.example", "jwks_uri": .string(url),
    ]).encoded()

    private let seed: UInt64
    private let executor: SerialTaskExecutor
    private let clock = FakeClock()
    private let world: Mutex<World>

    init(seed: UInt64) {
        self.seed = seed
        executor = SerialTaskExecutor(seed: ~seed)
        var random = SeededRandom(seed)
        let oracle = KeySetOracle(
            hardLifetime: .seconds(random.pick([300, 3_600, 3_600, 86_400])), hasGrace: random.below(4) > 0)
        world = Mutex(World(random: random, oracle: oracle))
    }

    /// Runs the schedule.
    ///
    /// - Returns: The violated rules, and the numbers of fetches and waits.
    func run(steps: Int) throws -> (violations: [String], fetches: Int, waits: Int) {
        let oracle = world.withLock { $0.oracle }
        let source = RemoteKeySet(
            of: try IssuerIdentifier("https://issuer.example"),
            at: seed % 3 == 0 ? .discovered : .url(try AbsoluteURL(parsing: Self.url)),
            checked: RemoteKeySet.Settings(
                hardLifetime: oracle.hardLifetime, dropRemovedKeys: oracle.hasGrace ? .afterSecondMiss : .atOnce),
            fetcher: self,
            timing: RefreshTiming(clock: clock.monotonicClock, jitter: Jitter { [self] in draw() }, executor: executor),
            observer: { [self] in observe($0) })
        for _ in 0..<steps {
            step(source)
            let violations = check(source)
            if !violations.isEmpty { return (violations, 0, 0) }
        }
        // After any schedule, the key set recovers when the endpoint is good again.
        world.withLock { world in
            world.endpoint = .good
            world.delay = .zero
        }
        tick(.seconds(90))
        token(world.withLock { $0.names[0] }, source)
        let violations = check(source)
        return world.withLock { world in
            if world.oracle.names(clock.elapsed)?.contains(world.names[0]) != true { return (["no recovery"], 0, 0) }
            return (violations, world.oracle.flights.count, world.nextWaiter)
        }
    }

    // MARK: Steps

    private func step(_ source: RemoteKeySet) {
        switch world.withLock({ $0.random.below(100) }) {
        case ..<35:
            let seconds = world.withLock {
                $0.random.pick([
                    0, 0.001, 0.5, 1, 2, 4, 5, 5, 15, 30, 30, 61, 100, 200, 250, 300, 700, 3_000, 3_601, 90_000,
                ])
            }
            tick(.seconds(seconds))
        case ..<75:
            let name = world.withLock { world in
                let names = world.names + (world.older.last ?? []) + world.older[world.random.below(world.older.count)]
                return world.random.below(3) == 0 ? "nobody's" : world.random.pick(names)
            }
            token(name, source)
        case ..<83: rotate()
        case ..<95:
            world.withLock { world in
                world.endpoint = world.random.below(2) == 0 ? .good : world.random.pick(Endpoint.allCases)
                world.delay = .seconds(world.random.pick([0, 0, 0, 0.5, 2, 3, 4.9, 5, 6, 12]))
                world.ignoresCancellation = world.random.below(2) == 0
            }
        default: cancelWaiter()
        }
    }

    /// Advances the time in steps to each next deadline, so that every task wakes at its own deadline.
    private func tick(_ duration: Duration) {
        let end = clock.elapsed + duration
        executor.drain()
        while let wake = clock.nextWake, wake <= end {
            clock.advance(by: wake - clock.elapsed)
            executor.drain()
        }
        clock.advance(by: end - clock.elapsed)
        executor.drain()
    }

    private func rotate() {
        world.withLock { world in
            world.older.append(world.names)
            let kind = world.random.below(3)
            if kind != 0 {
                world.names.insert("k\(world.nextName)", at: 0)
                world.nextName += 1
            }
            if kind != 1, world.names.count > 1 { world.names.removeLast() }
        }
    }

    private func cancelWaiter() {
        let now = clock.elapsed
        let task = world.withLock { world -> Task<Void, Never>? in
            let waiting = world.waiters.keys.sorted()
            guard !waiting.isEmpty else { return nil }
            let id = world.random.pick(waiting)
            world.waiters[id]?.cancelledAt = now
            return world.waiters[id]?.task
        }
        task?.cancel()
        executor.drain()
    }

    /// Verifies a token as the verifier does: with the present keys first. If they cannot decide, it waits.
    private func token(_ name: String, _ source: RemoteKeySet) {
        let now = clock.elapsed
        let expected = world.withLock { world in
            if world.oracle.startsInBackground(now) { world.oracle.allowed = .aging }
            return world.oracle.names(now)
        }
        let present = source.presentKeys()
        let isPresent = present.map { source.presents($0.identity) } ?? true
        let foreign = JSONWebKeySet([], issuer: "https://other.example").identity
        let isForeign = source.presents(foreign)
        world.withLock { world in
            world.oracle.require(isPresent && !isForeign, "presents(_:) does not know the present set")
            world.oracle.require(present?.nameSet == expected, "present keys are not those of the last good sets")
            world.oracle.require(world.oracle.allowed == nil, "no fetch began behind an aging set")
        }
        if present?.nameSet.contains(name) != true {
            wait(present == nil ? .noKeys : .unknownKey, name, source)
        } else if world.withLock({ $0.random.below(4) }) == 0 {
            // The token names a known key, and its signature is bad.
            wait(.badSignature, name, source)
        }
        executor.drain()
    }

    private func wait(_ need: KeyNeed, _ name: String, _ source: RemoteKeySet) {
        let id = world.withLock { world in
            world.nextWaiter += 1
            world.waiters[world.nextWaiter] = Waiter()
            return world.nextWaiter
        }
        let task = Task(executorPreference: executor) { [self] in
            let start = clock.elapsed
            let (expectation, flight) = world.withLock { world in
                let expectation = world.oracle.expectation(for: need, start)
                let flights = world.oracle.flights.count
                guard case .start(let cause) = expectation else { return (expectation, flights - 1) }
                world.oracle.allowed = cause
                return (expectation, flights)
            }
            let result: Result<JSONWebKeySet, KeySourceError>
            do throws(KeySourceError) {
                result = .success(try await source.keys(for: need))
            } catch {
                result = .failure(error)
            }
            finish(id, need, expectation, flight, since: start, result)
        }
        world.withLock { $0.waiters[id]?.task = task }
    }

    private func finish(
        _ id: Int, _ need: KeyNeed, _ expectation: KeySetOracle.Expectation, _ flight: Int, since start: Duration,
        _ result: Result<JSONWebKeySet, KeySourceError>
    ) {
        let now = clock.elapsed
        world.withLock { world in
            let waited = now - start
            let cancelledAt = world.waiters.removeValue(forKey: id)?.cancelledAt
            let names = world.oracle.names(now)
            let isDecided = need != .unknownKey || world.oracle.isDecided(since: flight)
            let seconds =
                names == nil
                ? world.oracle.secondsOfBackOff(now) : world.oracle.seconds(world.oracle.timeToPermit(now))
            world.oracle.require(waited <= .seconds(5), "a waiter past its deadline")
            if let cancelledAt { world.oracle.require(now == cancelledAt, "a cancelled waiter waits on") }
            if case .start = expectation { world.oracle.require(world.oracle.allowed == nil, "a fetch did not begin") }
            switch (expectation, result) {
            case (.answer, .success(let keys)):
                world.oracle.require(waited == .zero && keys.nameSet == names, "not decided at once by the present set")
            case (.refuse(let left), .failure(let error)):
                world.oracle.require(
                    waited == .zero && error.retryAfter == left, "not refused at once for what is left")
            case (.start, .success(let keys)), (.join, .success(let keys)):
                world.oracle.require(keys.nameSet == names, "a wait that brought other keys than the last good set")
                world.oracle.require(
                    isDecided || world.oracle.hasJustAsked(now), "an unknown key was decided without asking for it")
            case (.start, .failure(let error)), (.join, .failure(let error)):
                world.oracle.require(names == nil || !isDecided, "503 with keys that decide")
                world.oracle.require(error.retryAfter == seconds, "another Retry-After than what is left")
            default: world.oracle.require(false, "\(expectation) expected")
            }
        }
    }

    private func check(_ source: RemoteKeySet) -> [String] {
        let now = clock.elapsed
        return world.withLock { world in
            world.oracle.require(source.health == world.oracle.health(now), "another health than the history says")
            world.oracle.require(world.waiters.isEmpty || world.oracle.isUnderway, "somebody waits for nothing")
            return world.oracle.violations.map { "seed \(seed), at \(now): \($0)" }
        }
    }

    private func draw() -> Double {
        world.withLock { world in
            world.draw = Double(world.random.below(9)) / 8
            return world.draw
        }
    }

    private func observe(_ event: TokenVerificationEvent) {
        guard case .keySource(let event, _) = event else { return }
        let now = clock.elapsed
        world.withLock { $0.oracle.observe(event, now, draw: $0.draw) }
    }
}

// MARK: The network

extension KeySetModel: DocumentFetcher {
    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        let arrival = clock.elapsed
        let plan = world.withLock { world in
            request.url.text == Self.url ? Self.plan(request, arrival, &world) : Self.metadataPlan(&world)
        }
        if plan.delay > .zero {
            if plan.ignoresCancellation {
                await Task(executorPreference: executor) { [clock] in await clock.monotonicClock.sleep(plan.delay) }
                    .value
            } else {
                await clock.monotonicClock.sleep(plan.delay)
                if Task.isCancelled { throw .cancelled }
            }
        }
        let now = clock.elapsed
        world.withLock { world in
            guard let flight = plan.flight, world.oracle.flights.indices.contains(flight) else { return }
            world.oracle.flights[flight].content = plan.content
            world.oracle.flights[flight].deliveredAt = now
        }
        return try plan.answer.get()
    }

    /// Metadata takes as long as other documents. A failing endpoint has none.
    private static func metadataPlan(_ world: inout World) -> Plan {
        let isThere = world.endpoint != .refused && world.endpoint != .serverError
        return Plan(
            flight: nil,
            answer: isThere
                ? .success(FetchedDocument(status: .ok, body: metadata)) : .failure(.connectionFailed),
            delay: world.delay, ignoresCancellation: world.ignoresCancellation)
    }

    private static func plan(_ request: DocumentRequest, _ now: Duration, _ world: inout World) -> Plan {
        let flight = world.oracle.arrive(request, now)
        func plan(_ answer: Result<FetchedDocument, FetchError>, _ content: ([String], Duration)? = nil) -> Plan {
            Plan(
                flight: flight, answer: answer, content: content, delay: world.delay,
                ignoresCancellation: world.ignoresCancellation)
        }
        func status(_ status: HTTPStatus, _ body: String = "") -> Plan {
            plan(.success(FetchedDocument(status: status, body: Array(body.utf8))))
        }
        let names: [String]
        switch world.endpoint {
        case .good: names = world.names
        case .fewer: names = Array(world.names.prefix(1))
        case .stale: names = world.older.last ?? world.names
        case .empty: return status(.ok, #"{"keys":[]}"#)
        case .garbage: return status(.ok, "<html>")
        case .serverError: return status(.serviceUnavailable)
        case .refused: return plan(.failure(.connectionFailed))
        case .redirect: return status(.found)
        case .unaskedNotModified:
            guard !request.fields.contains(.ifNoneMatch) else { return status(.notFound) }
            return status(.notModified)
        }
        let (directive, lifetime) = world.random.pick([
            (nil, Duration.seconds(300)), ("max-age=10", .seconds(60)), ("max-age=600", .seconds(600)),
            ("max-age=99999999", .seconds(3_600)), ("no-store", .seconds(300)),
        ])
        let tag = "\"\(names.joined(separator: "-"))\""
        var fields = HTTPFields()
        if let directive, let value = HTTPFields.Value(directive) { fields.append(.cacheControl, value) }
        if world.random.below(2) == 0, let value = HTTPFields.Value(tag) { fields.append(.eTag, value) }
        let isKnown = request.fields[.ifNoneMatch]?.string == tag
        return plan(
            .success(
                FetchedDocument(
                    status: isKnown ? .notModified : .ok, fields: fields, body: isKnown ? [] : NamedKeys.body(names))),
            (names, lifetime))
    }
}

extension JSONWebKeySet {
    var nameSet: Set<String> { Set(keys.compactMap(\.keyID)) }
}
