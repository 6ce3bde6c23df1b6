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

    private let log = EventLog()

    private func settings(_ whenDown: Settings.WhenDown = .refuse) -> Settings {
        var settings = Settings()
        settings.whenDown = whenDown
        settings.commandTimeout = .milliseconds(500)
        settings.connectTimeout = .seconds(2)
        return settings
    }

    @Test(
        "killed under load and started again: every call ends, as the setting says, and the store returns",
        arguments: [Settings.WhenDown.refuse, .dangerouslyAcceptWithoutStore])
    func killed(whenDown: Settings.WhenDown) async throws {
        let server = try RedisServer()
        let store = try ValkeyReplayStore(server.url, settings: settings(whenDown), observer: log.observer)
        await Verdict.waitForAcceptance(of: store)
        let isOver = Atomic(false)
        let count = Atomic(0)
        let verdicts = await withTaskGroup(of: [Verdict].self) { group in
            for _ in 0..<16 {
                group.addTask {
                    var verdicts: [Verdict] = []
                    while !isOver.load(ordering: .acquiring) {
                        verdicts.append(await Verdict.of(store))
                        count.add(1, ordering: .relaxed)
                    }
                    return verdicts
                }
            }
            while count.load(ordering: .relaxed) < 200 { await Task.yield() }
            server.kill()
            await log.waitForLoss()
            switch store.health {
            case .unavailable: #expect(whenDown == .refuse)
            case .acceptingWithoutStore: #expect(whenDown == .dangerouslyAcceptWithoutStore)
            case .healthy: Issue.record("a store without server is healthy")
            }
            let before = count.load(ordering: .relaxed)
            while count.load(ordering: .relaxed) < before + 200 { await Task.yield() }
            try? server.start()
            await log.waitForReturn()
            isOver.store(true, ordering: .releasing)
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
        let server = try RedisServer(listens: true)
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

    @Test("a restart between two calls is not noticed: an ended connection is made again before the next command")
    func restart() async throws {
        let server = try RedisServer()
        let store = try ValkeyReplayStore(server.url, settings: settings())
        await Verdict.waitForAcceptance(of: store)
        server.kill()
        try server.start()
        // It may be found while the server was away.
        await Verdict.waitForAcceptance(of: store)
    }

    @Test("a server that closes a connection loses no later call")
    func closed() async throws {
        let server = try RedisServer()
        let store = try ValkeyReplayStore(server.url, settings: settings(), observer: log.observer)
        await Verdict.waitForAcceptance(of: store)
        try server.command("client", "kill", "type", "normal")
        await Verdict.waitForAcceptance(of: store)
    }

    @Test(
        "a cancelled call throws at once and is never accepted",
        arguments: [Settings.WhenDown.refuse, .dangerouslyAcceptWithoutStore])
    func cancellation(whenDown: Settings.WhenDown) async throws {
        let server = try RedisServer()
        var settings = settings(whenDown)
        settings.commandTimeout = .seconds(30)
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
        let server = try RedisServer()
        var settings = settings(.dangerouslyAcceptWithoutStore)
        settings.commandTimeout = .seconds(30)
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
        #expect(await Verdict.of(store) == .first)
    }

    @Test("two stores agree while the server is killed and returns")
    func twoStores() async throws {
        let server = try RedisServer(["--appendonly", "yes", "--appendfsync", "always"])
        let stores = try (0..<2).map { _ in try ValkeyReplayStore(server.url, settings: settings()) }
        let accepted = Mutex<[Int: Int]>([:])
        let isOver = Atomic(false)
        await withTaskGroup(of: Void.self) { group in
            for store in stores {
                for _ in 0..<4 {
                    group.addTask {
                        var number = 0
                        while !isOver.load(ordering: .acquiring) {
                            if await Verdict.of(store, .number(number)) == .first {
                                let present = number
                                accepted.withLock { $0[present, default: 0] += 1 }
                            }
                            number += 1
                        }
                    }
                }
            }
            for _ in 0..<3 {
                let before = accepted.withLock { $0.count }
                while accepted.withLock({ $0.count }) < before + 100 { await Task.yield() }
                server.kill()
                try? server.start()
            }
            let before = accepted.withLock { $0.count }
            while accepted.withLock({ $0.count }) < before + 100 { await Task.yield() }
            isOver.store(true, ordering: .releasing)
        }
        // The server has written each identifier before it answered, so that none is accepted twice.
        #expect(accepted.withLock { $0.values.allSatisfy { $0 == 1 } })
    }
}
