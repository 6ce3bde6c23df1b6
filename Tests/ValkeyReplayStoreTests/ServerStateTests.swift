import Foundation
import TokenVerification
import Testing
import ValkeyReplayStore

@Suite(
    "ValkeyReplayStore: what a real server refuses",
    .enabled(
        if: RedisServer.isAvailable, "no valkey-server or redis-server: install one, or name it in VALKEY_SERVER"),
    .timeLimit(.minutes(3)))
struct ServerStateTests {
    private let log = EventLog()

    /// With one connection the first refusal is the loss of the server.
    private var oneConnection: ValkeyReplayStore.Settings {
        var settings = ValkeyReplayStore.Settings.patient
        settings.connections = 1
        return settings
    }

    private func expectRefusal(
        _ reason: ValkeyReplayStore.Reason, at url: String, _ settings: ValkeyReplayStore.Settings = .patient
    ) async throws {
        // Even the setting that accepts without the server does not accept what the server refuses.
        var settings = settings
        settings.whenDown = .dangerouslyAcceptWithoutStore
        let store = try ValkeyReplayStore(url, settings: settings, observer: log.observer)
        #expect(await Verdict.of(store) == .failed(.unavailable))
        await log.waitForLoss(reason)
        #expect(await Verdict.of(store) == .failed(.unavailable))
        guard case .acceptingWithoutStore = store.health else {
            Issue.record("a store that refuses is healthy")
            return
        }
    }

    @Test("a password is needed, and a wrong one is refused; neither is shown")
    func password() async throws {
        let server = try await RedisServer(["--requirepass", "right-pässword"], listens: true)
        let address = "127.0.0.1:\(server.port)"
        try await expectRefusal(.authentication, at: server.url)
        try await expectRefusal(.authentication, at: "redis://:wrong-secret@\(address)")
        #expect(!log.events.contains { "\($0)".contains("secret") })
        let store = try ValkeyReplayStore("redis://:right-p%C3%A4ssword@\(address)", settings: .patient)
        #expect(await Verdict.of(store) == .first)
        var settings = ValkeyReplayStore.Settings.patient
        settings.password = try .init("right-pässword")
        #expect(await Verdict.of(try ValkeyReplayStore(server.url, settings: settings)) == .first)
    }

    @Test("a user of the access list needs the right to write the keys, and nothing else")
    func accessList() async throws {
        let server = try await RedisServer(listens: true)
        let rights = ["~oauth-replay:*", "+set"]
        try await server.command("acl", "setuser", "replay", "on", ">secret", rights[0], rights[1])
        try await server.command("acl", "setuser", "reader", "on", ">secret", "+get", "~*")
        try await server.command("acl", "setuser", "other", "on", ">secret", "+set", "~other:*")
        let address = "127.0.0.1:\(server.port)"
        let own = EventLog()
        let store = try ValkeyReplayStore(
            "valkey://replay:secret@\(address)", settings: .patient, observer: own.observer)
        #expect(await Verdict.of(store) == .first)
        #expect(own.events == [.evictionUnknown])
        try await expectRefusal(.notPermitted, at: "valkey://reader:secret@\(address)")
        try await expectRefusal(.notPermitted, at: "valkey://other:secret@\(address)")
        try await expectRefusal(.authentication, at: "valkey://nobody:secret@\(address)")
    }

    @Test("the file of the password is read again for each connection")
    func passwordFile() async throws {
        let server = try await RedisServer(["--requirepass", "old"])
        let file = server.folder + "/password"
        func write(_ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        }
        try write("old\n")
        var settings = ValkeyReplayStore.Settings.patient
        settings.password = try .init(file: file)
        let store = try ValkeyReplayStore(server.url, settings: settings, observer: log.observer)
        #expect(await Verdict.of(store) == .first)
        try await server.command("-a", "old", "config", "set", "requirepass", "new")
        try await server.command("-a", "new", "client", "kill", "type", "normal")
        await log.waitForLoss(.authentication)
        try FileManager.default.removeItem(atPath: file)
        await log.waitForLoss(.passwordFile)
        try write("new")
        await log.waitForReturn()
        #expect(await Verdict.of(store) == .first)
    }

    @Test("a database that the server does not have")
    func database() async throws {
        let server = try await RedisServer()
        try await expectRefusal(.noDatabase, at: server.url + "?db=99")
    }

    @Test("a full server is unavailable, and available again when it has room")
    func memory() async throws {
        let server = try await RedisServer()
        let store = try ValkeyReplayStore(server.url, settings: oneConnection, observer: log.observer)
        #expect(await Verdict.of(store, .number(1)) == .first)
        try await server.command("config", "set", "maxmemory", "1")
        #expect(await Verdict.of(store) == .failed(.unavailable))
        await log.waitForLoss(.outOfMemory)
        #expect(await Verdict.of(store) == .failed(.unavailable))
        try await server.command("config", "set", "maxmemory", "0")
        await log.waitForReturn()
        // It has forgotten nothing.
        #expect(await Verdict.of(store, .number(1)) == .replayed)
        #expect(store.health == .healthy)
    }

    @Test("a server that evicts keys is reported once for each policy", arguments: ["allkeys-lru", "volatile-ttl"])
    func eviction(policy: String) async throws {
        let server = try await RedisServer(["--maxmemory", "100mb", "--maxmemory-policy", policy])
        for _ in 0..<2 {
            let store = try ValkeyReplayStore(server.url, settings: .patient, observer: log.observer)
            #expect(await Verdict.of(store) == .first)
        }
        #expect(log.events == [.mayForget(policy: policy), .mayForget(policy: policy)])
        // Without a limit nothing is evicted.
        try await server.command("config", "set", "maxmemory", "0")
        let store = try ValkeyReplayStore(server.url, settings: .patient, observer: log.observer)
        #expect(await store.connect() == .healthy)
        #expect(log.events.count == 2)
    }

    @Test("a replica does not write, and a promoted one is used without a restart")
    func replica() async throws {
        let server = try await RedisServer()
        let store = try ValkeyReplayStore(server.url, settings: oneConnection, observer: log.observer)
        #expect(await Verdict.of(store) == .first)
        try await server.command("replicaof", "127.0.0.1", "1")
        #expect(await Verdict.of(store) == .failed(.unavailable))
        await log.waitForLoss(.readOnly)
        try await server.command("replicaof", "no", "one")
        await log.waitForReturn()
        #expect(await Verdict.of(store) == .first)
    }

    @Test("a node of a cluster without this key is refused")
    func cluster() async throws {
        let server = try await RedisServer(
            [
                "--cluster-enabled", "yes", "--cluster-port", "\(RedisServer.freePort())",
            ], listens: true)
        try await expectRefusal(.cluster, at: server.url)
    }

    @Test("a server with too many clients")
    func clients() async throws {
        let server = try await RedisServer(["--maxclients", "1"])
        let first = try ValkeyReplayStore(server.url, settings: oneConnection)
        #expect(await Verdict.of(first) == .first)
        try await expectRefusal(.tooManyClients, at: server.url, oneConnection)
    }

    @Test("a server that loads its data, or runs a script, is refused until it is done")
    func busy() async throws {
        let server = try await RedisServer(["--lua-time-limit", "1"], listens: true)
        let store = try ValkeyReplayStore(server.url, settings: oneConnection, observer: log.observer)
        #expect(await Verdict.of(store) == .first)
        let endless = "while true do end"
        async let script = server.command("eval", endless, "0")
        while !log.losses.contains(.loading) {
            _ = await Verdict.of(store)
            await Task.yield()
        }
        #expect(await Verdict.of(store) == .failed(.unavailable))
        try await server.command("script", "kill")
        await log.waitForReturn()
        _ = try await script
        #expect(await Verdict.of(store) == .first)
    }
}
