import Synchronization
import TokenVerification
import Testing
import ValkeyReplayStore

@Suite(
    "ValkeyReplayStore: a real server that fails",
    .enabled(
        if: RedisServer.isAvailable, "no valkey-server or redis-server: install one, or name it in VALKEY_SERVER"),
    .timeLimit(.minutes(3)))
struct OutageTests {
    typealias Settings = ValkeyReplayStore.Settings

    /// The tasks that call a store until they are told to end.
    private final class Load: Sendable {
        private let state = Mutex((calls: 0, isOver: false))

        var calls: Int { state.withLock { $0.calls } }
        var isOver: Bool { state.withLock { $0.isOver } }
        func count() { state.withLock { $0.calls += 1 } }
        func end() { state.withLock { $0.isOver = true } }
    }

    /// How often each identifier was accepted.
    private final class Acceptances: Sendable {
        private let state = Mutex<[Int: Int]>([:])

        var count: Int { state.withLock { $0.count } }
        var areUnique: Bool { state.withLock { $0.values.allSatisfy { $0 == 1 } } }
        func add(_ number: Int) { state.withLock { $0[number, default: 0] += 1 } }
    }

    private let log = EventLog()

    private func settings(_ whenDown: Settings.WhenDown = .refuse) -> Settings {
        var settings = Settings()
        settings.whenDown = whenDown
        settings.commandTimeout = .milliseconds(500)
        settings.connectTimeout = .seconds(2)
        return settings
    }

    /// The server's verdict. The store's own, when an answer is late, is not one: the call is made again.
    private func answer(of store: ValkeyReplayStore, _ proof: ReplayIdentifier) async -> Verdict {
        while true {
            let before = log.events.count
            let verdict = await Verdict.of(store, proof)
            if verdict != .failed(.unavailable), store.health == .healthy, log.events.count == before { return verdict }
            await Task.yield()
        }
    }

    /// A proof that the server has recorded.
    private func acceptance(of store: ValkeyReplayStore) async -> ReplayIdentifier {
        while true {
            let proof = ReplayIdentifier.fresh()
            if await answer(of: store, proof) == .first { return proof }
        }
    }

    @Test(
        "killed under load and started again: every call ends, as the setting says, and the store returns",
        arguments: [Settings.WhenDown.refuse, .dangerouslyAcceptWithoutStore])
    func killed(whenDown: Settings.WhenDown) async throws {
        let server = try await RedisServer()
        let store = try ValkeyReplayStore(server.url, settings: settings(whenDown), observer: log.observer)
        await Verdict.waitForAcceptance(of: store)
        let load = Load()
        let verdicts = await withTaskGroup(of: [Verdict].self) { group in
            for _ in 0..<16 {
                group.addTask {
                    var verdicts: [Verdict] = []
                    while !load.isOver {
                        verdicts.append(await Verdict.of(store))
                        load.count()
                        // A call of a store that is down does not suspend.
                        await Task.yield()
                    }
                    return verdicts
                }
            }
            while load.calls < 200 { await Task.yield() }
            try? await server.kill()
            // Not for an event: on a slow machine, an answer that came late may have caused one before.
            var health = store.health
            while health == .healthy {
                await Task.yield()
                health = store.health
            }
            if case .unavailable = health { #expect(whenDown == .refuse) } else { #expect(whenDown != .refuse) }
            await log.waitForLoss()
            let before = load.calls
            while load.calls < before + 200 { await Task.yield() }
            try? await server.start()
            while store.health != .healthy { await Task.yield() }
            await log.waitForReturn()
            load.end()
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(!verdicts.contains(.replayed))
        #expect(verdicts.contains(.failed(.unavailable)) == (whenDown == .refuse))
        #expect(verdicts.contains(.first))
        await Verdict.waitForAcceptance(of: store)
        let returned = log.events.compactMap { event -> (Int, Int)? in
            if case .regained(_, let refused, let accepted) = event { (refused, accepted) } else { nil }
        }
        #expect(returned.allSatisfy { whenDown == .refuse ? $0.1 == 0 : $0.0 == 0 })
    }

    @Test(
        "stopped without a word: calls end at the deadline, later ones at once, and the store returns",
        arguments: [Settings.WhenDown.refuse, .dangerouslyAcceptWithoutStore])
    func stopped(whenDown: Settings.WhenDown) async throws {
        let server = try await RedisServer(listens: true)
        let expected: Verdict = whenDown == .refuse ? .failed(.unavailable) : .first
        let store = try ValkeyReplayStore(
            "redis://127.0.0.1:\(server.port)", settings: settings(whenDown), observer: log.observer)
        await Verdict.waitForAcceptance(of: store)
        server.pause()
        // As many as there are connections, so that each of them notices.
        async let first = Verdict.of(store)
        async let second = Verdict.of(store)
        #expect(await [first, second] == [expected, expected])
        await log.waitForLoss(.noAnswer)
        #expect(await Verdict.of(store) == expected)
        server.resume()
        await log.waitForReturn()
        await Verdict.waitForAcceptance(of: store)
    }

    @Test("the dangerous setting accepts a replay while the server is away, says so, and refuses it before and after")
    func replayWithoutServer() async throws {
        let server = try await RedisServer(listens: true)
        let url = "redis://127.0.0.1:\(server.port)"
        let store = try ValkeyReplayStore(
            url, settings: settings(.dangerouslyAcceptWithoutStore), observer: log.observer)
        // Another instance, with the default setting.
        let careful = try ValkeyReplayStore(url, settings: settings())
        let proof = await acceptance(of: store)
        #expect(await answer(of: store, proof) == .replayed)
        #expect(await answer(of: careful, proof) == .replayed)
        server.pause()
        while store.health == .healthy { _ = await Verdict.of(store) }
        for _ in 0..<2 {
            #expect(await Verdict.of(store, proof) == .first)
            #expect(await Verdict.of(careful, proof) == .failed(.unavailable))
        }
        await log.waitForLoss(.noAnswer)
        server.resume()
        #expect(await answer(of: store, proof) == .replayed)
        #expect(await answer(of: careful, proof) == .replayed)
        await log.wait { if case .regained(_, 0, let accepted) = $0 { accepted >= 2 } else { false } }
    }

    @Test("a restart between two calls is not noticed: an ended connection is made again before the next command")
    func restart() async throws {
        let server = try await RedisServer()
        let store = try ValkeyReplayStore(server.url, settings: settings())
        await Verdict.waitForAcceptance(of: store)
        try await server.kill()
        try await server.start()
        // It may be found while the server was away.
        await Verdict.waitForAcceptance(of: store)
    }

    @Test("a server that closes a connection loses no later call")
    func closed() async throws {
        let server = try await RedisServer()
        let store = try ValkeyReplayStore(server.url, settings: settings(), observer: log.observer)
        await Verdict.waitForAcceptance(of: store)
        try await server.command("client", "kill", "type", "normal")
        await Verdict.waitForAcceptance(of: store)
    }

    @Test(
        "a cancelled call throws at once and is never accepted",
        arguments: [Settings.WhenDown.refuse, .dangerouslyAcceptWithoutStore])
    func cancellation(whenDown: Settings.WhenDown) async throws {
        let server = try await RedisServer()
        var settings = Settings.patient
        settings.whenDown = whenDown
        let store = try ValkeyReplayStore(server.url, settings: settings)
        await Verdict.waitForAcceptance(of: store)
        server.pause()
        let call = Task { await Verdict.of(store, .number(1)) }
        call.cancel()
        #expect(await call.value == .failed(.unavailable))
        let cancelled = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return await Verdict.of(store, .number(2))
        }
        #expect(await cancelled.value == .failed(.unavailable))
        server.resume()
        // The connection is in order: no answer belongs to another call.
        #expect(await Verdict.of(store, .number(3)) == .first)
        #expect(await Verdict.of(store, .number(3)) == .replayed)
    }

    @Test("beyond the largest number of commands without answer, calls are refused at once")
    func tooMany() async throws {
        let server = try await RedisServer()
        var settings = Settings.patient
        settings.whenDown = .dangerouslyAcceptWithoutStore
        settings.maximumWaiting = 8
        let store = try ValkeyReplayStore(server.url, settings: settings, observer: log.observer)
        await Verdict.waitForAcceptance(of: store)
        server.pause()
        let verdicts = await withTaskGroup(of: Verdict.self) { group in
            for number in 0..<24 { group.addTask { await Verdict.of(store, .number(number)) } }
            var verdicts: [Verdict] = []
            for await verdict in group {
                verdicts.append(verdict)
                // The first sixteen that end were refused: the others wait for the server.
                if verdicts.count == 16 { server.resume() }
            }
            return verdicts
        }
        #expect(verdicts.prefix(16).allSatisfy { $0 == .failed(.unavailable) })
        #expect(verdicts.suffix(8).allSatisfy { $0 == .first })
        #expect(log.events == [.tooManyWaiting])
        await Verdict.waitForAcceptance(of: store)
    }

    @Test("two stores agree while the server is killed and returns")
    func twoStores() async throws {
        let server = try await RedisServer(["--appendonly", "yes", "--appendfsync", "always"])
        let stores = try (0..<2).map { _ in try ValkeyReplayStore(server.url, settings: settings()) }
        let acceptances = Acceptances()
        let load = Load()
        await withTaskGroup(of: Void.self) { group in
            for store in stores {
                for _ in 0..<4 {
                    group.addTask {
                        var number = 0
                        while !load.isOver {
                            if await Verdict.of(store, .number(number)) == .first {
                                let present = number
                                acceptances.add(present)
                            }
                            number += 1
                            await Task.yield()
                        }
                    }
                }
            }
            for _ in 0..<3 {
                let before = acceptances.count
                while acceptances.count < before + 100 { await Task.yield() }
                try? await server.kill()
                try? await server.start()
            }
            let before = acceptances.count
            while acceptances.count < before + 100 { await Task.yield() }
            load.end()
        }
        // The server has written each identifier before it answered, so that none is accepted twice.
        #expect(acceptances.areUnique)
    }
}
