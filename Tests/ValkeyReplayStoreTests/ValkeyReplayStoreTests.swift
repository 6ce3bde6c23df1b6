import OAuthTestKit
import TokenVerification
import Testing
import ValkeyReplayStore

@Suite(
    "ValkeyReplayStore on a real server",
    .enabled(
        if: RedisServer.isAvailable, "no valkey-server or redis-server: install one, or name it in VALKEY_SERVER"),
    .timeLimit(.minutes(3)))
struct ValkeyReplayStoreTests {
    @Test("it keeps the promises of ReplayStore, on a socket file and over TCP", arguments: [false, true])
    func conformance(overTCP: Bool) async throws {
        let server = try await RedisServer(listens: overTCP)
        let url = overTCP ? "valkey://127.0.0.1:\(server.port)" : server.url
        let stores = try [ValkeyReplayStore(url, settings: .patient), ValkeyReplayStore(url, settings: .patient)]
        // Time passes by shorter lifetimes of the server's keys, so that a slow machine does not let it pass too early.
        let conformance = ReplayStoreConformance(stores, lifetime: .seconds(1_000)) { time in
            for key in (try? await server.command("keys", "*").split(separator: "\n").map(String.init)) ?? [] {
                let left = (try? await Int(server.command("pttl", key))) ?? 0
                let rest = left - Int(time.components.seconds) * 1_000
                _ = try? await rest > 0 ? server.command("pexpire", key, "\(rest)") : server.command("del", key)
            }
        }
        #expect(await conformance.violations().map(\.description) == [])
    }

    @Test("the host name of a URL is looked up")
    func name() async throws {
        let server = try await RedisServer(listens: true)
        let store = try ValkeyReplayStore("redis://localhost:\(server.port)", settings: .patient)
        #expect(await store.connect() == .healthy)
        #expect(await Verdict.of(store) == .first)
    }

    @Test("64 concurrent records of one identifier at three instances: exactly one is the first")
    func concurrency() async throws {
        let server = try await RedisServer()
        let stores = try (0..<3).map { _ in try ValkeyReplayStore(server.url, settings: .patient) }
        for round in 0..<20 {
            let verdicts = await withTaskGroup(of: Verdict.self) { group in
                for call in 0..<64 { group.addTask { await Verdict.of(stores[call % 3], .number(round)) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(verdicts.count { $0 == .first } == 1 && verdicts.count { $0 == .replayed } == 63)
        }
    }

    @Test("the key is the prefix and the digest, its value is 1, and it has the lifetime")
    func key() async throws {
        let server = try await RedisServer()
        var settings = ValkeyReplayStore.Settings.patient
        settings.keyPrefix = "mine:"
        let store = try ValkeyReplayStore(server.url + "?db=3", settings: settings)
        let identifier = ReplayIdentifier(.dpopProof, owner: "thumbprint", id: "secret-jti")
        #expect(try await store.record(identifier, for: .seconds(300)) == .first)
        let keys = try await server.command("-n", "3", "keys", "*").split(separator: "\n").map(String.init)
        #expect(Set(keys).subtracting(["mine:probe"]) == ["mine:" + identifier.text])
        #expect(try await server.command("-n", "3", "get", "mine:" + identifier.text) == "1")
        let left = try await Int(server.command("-n", "3", "pttl", "mine:" + identifier.text)) ?? 0
        #expect((1...300_000).contains(left))
        #expect(try await server.command("-n", "0", "dbsize") == "0")
    }

    @Test("lifetimes are rounded up to milliseconds, and one that is over counts as one millisecond")
    func expiry() async throws {
        let server = try await RedisServer()
        let store = try ValkeyReplayStore(server.url, settings: .patient)
        for lifetime in [Duration.milliseconds(30), .nanoseconds(1), .zero, .seconds(-5)] {
            let identifier = ReplayIdentifier.fresh()
            #expect(try await store.record(identifier, for: lifetime) == .first)
            // The server forgets it: then it is the first again.
            while try await store.record(identifier, for: .milliseconds(1)) == .replayed {}
        }
        await #expect(throws: ReplayStoreError.full) {
            try await store.record(.fresh(), for: ValkeyReplayStore.maximumLifetime + .seconds(1))
        }
    }

    @Test("databases and prefixes keep stores apart")
    func apart() async throws {
        let server = try await RedisServer(listens: true)
        let base = "redis://127.0.0.1:\(server.port)"
        var settings = ValkeyReplayStore.Settings.patient
        settings.keyPrefix = "other:"
        let stores = try [
            ValkeyReplayStore(base, settings: .patient), ValkeyReplayStore(base + "/1", settings: .patient),
            ValkeyReplayStore(base, settings: settings),
        ]
        for store in stores { #expect(await Verdict.of(store, .number(1)) == .first) }
        for store in stores { #expect(await Verdict.of(store, .number(1)) == .replayed) }
    }

    @Test("thousands of concurrent commands share two connections, and each gets its own answer")
    func pipelining() async throws {
        let server = try await RedisServer()
        let store = try ValkeyReplayStore(server.url, settings: .patient)
        #expect(await store.connect() == .healthy)
        for round in [Verdict.first, .replayed] {
            let verdicts = await withTaskGroup(of: Verdict.self) { group in
                for number in 0..<5_000 { group.addTask { await Verdict.of(store, .number(number)) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(verdicts.allSatisfy { $0 == round })
        }
        let clients = try await server.command("client", "list").split(separator: "\n").count
        // The client of the question is one of them.
        #expect((2...3).contains(clients))
    }

    @Test("a store that ends closes its connections")
    func end() async throws {
        let server = try await RedisServer()
        do {
            let store = try ValkeyReplayStore(server.url, settings: .patient)
            #expect(await Verdict.of(store) == .first)
        }
        while try await server.command("client", "list").split(separator: "\n").count > 1 {}
    }

    @Test("connect says that a server is there, and that none is")
    func connect() async throws {
        let server = try await RedisServer()
        let log = EventLog()
        let store = try ValkeyReplayStore(server.url, settings: .patient, observer: log.observer)
        #expect(store.health == .healthy)
        #expect(await store.connect() == .healthy)
        #expect(log.events == [])

        let absent = EventLog()
        let other = try ValkeyReplayStore("unix://\(server.folder)/absent", observer: absent.observer)
        guard case .unavailable = await other.connect() else {
            Issue.record("a store without server is healthy")
            return
        }
        #expect(absent.losses == [.notConnected])
        #expect(await Verdict.of(other) == .failed(.unavailable))
    }
}
