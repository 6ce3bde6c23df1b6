import TokenVerification
import Testing
@testable import ValkeyReplayStore

@Suite("ValkeyReplayStore: URL and settings")
struct StoreConfigurationTests {
    @Test("every form of a URL")
    func locations() throws {
        let plain = try StoreLocation(parsing: "valkey://localhost")
        #expect(
            plain.place == .name("localhost", port: 6379) && !plain.isEncrypted && plain.database == 0 && plain.isLocal)
        #expect(plain.user == nil && plain.password == nil)
        let whole = try StoreLocation(parsing: "REDISS://us%2Fer:p%40ss:w%C3%B6rd@cache.example:6380/15")
        #expect(whole.place == .name("cache.example", port: 6380) && whole.isEncrypted && whole.database == 15)
        #expect(whole.user == "us/er" && whole.password == "p@ss:wörd" && !whole.isLocal)
        let noUser = try StoreLocation(parsing: "redis://:a@b@10.0.0.1/")
        #expect(noUser.place == .address([10, 0, 0, 1], text: "10.0.0.1", port: 6379))
        #expect(noUser.user == nil && noUser.password == "a@b" && noUser.isAddress && !noUser.isLocal)
        let ipv6 = try StoreLocation(parsing: "valkeys://[::1]:7000/2")
        #expect(ipv6.port == 7000 && ipv6.host == "::1" && ipv6.isLocal && ipv6.database == 2)
        let file = try StoreLocation(parsing: "unix:///run/valkey/a%20b.sock?db=4")
        #expect(file.place == .file("/run/valkey/a b.sock") && file.database == 4 && file.isLocal)
        #expect(try StoreLocation(parsing: "redis://user@h").user == "user")
    }

    @Test(
        "a URL that breaks a rule is refused, and the fault does not repeat it",
        arguments: [
            "", "localhost", "localhost:6379", "http://localhost", "valkey:localhost", "valkey://", "valkey://:6379",
            "valkey://host:0", "valkey://host:65536", "valkey://host:x", "valkey://host:", "valkey://ho st",
            "valkey://host/x", "valkey://host/-1", "valkey://host/65536", "valkey://host/0/1", "valkey://host?db=1",
            "valkey://host#f", "valkey://host/0?timeout=1", "valkey://[::1", "valkey://[::1]x", "valkey://[1.2.3.4]",
            "valkey://1.2.3", "valkey://0x7f000001", "valkey://-host", "valkey://user:@host", "valkey://us%er:p@host",
            "valkey://u:p%00@host", "valkey://u:%FF@host", "valkey://häst", "unix://", "unix://run/sock",
            "unix:///a?x=1",
            "unix:///a?db=x", "unix:///a#b", "unix:///a%00", "unix:///" + String(repeating: "a", count: 200),
            "valkey://a.example,b.example", "valkey+sentinel://host",
        ])
    func faultyLocations(url: String) {
        do {
            _ = try ValkeyReplayStore(url)
            Issue.record("accepted")
        } catch {
            #expect(error.lines.count == 1 && error.lines[0].hasPrefix("url "))
            #expect(url.utf8.count < 12 || !error.description.contains(url))
        }
    }

    @Test("settings out of range and contradictions are reported together")
    func faults() throws {
        var settings = ValkeyReplayStore.Settings()
        settings.keyPrefix = "a b"
        settings.connections = 0
        settings.connectTimeout = .seconds(31)
        settings.commandTimeout = .milliseconds(9)
        settings.maximumWaiting = 0
        settings.certificateAuthorityFile = ""
        settings.clientCertificate = .init(certificateFile: "a\0b", keyFile: "")
        settings.password = try .init("secret-word")
        do {
            _ = try ValkeyReplayStore("valkey://:other-secret@host", settings: settings)
            Issue.record("accepted")
        } catch {
            #expect(
                error.settings == [
                    "keyPrefix", "connections", "connectTimeout", "commandTimeout", "maximumWaiting",
                    "certificateAuthorityFile", "clientCertificate.certificateFile", "clientCertificate.keyFile",
                    "password", "url",
                ])
            #expect(!error.description.contains("secret"))
        }
        #expect(throws: ConfigurationError.self) { try ValkeyReplayStore("valkey://user@host") }
    }

    @Test("a password is not shown, and a text that is none is refused")
    func passwords() throws {
        let password = try ValkeyReplayStore.Password("secret-word")
        var text = ""
        dump(password, to: &text)
        #expect(!"\(password)\(String(reflecting: password))\(text)".contains("secret"))
        for wrong in ["", "a\nb", "a\u{7F}", String(repeating: "a", count: 4_097)] {
            #expect(throws: ConfigurationError.self) { try ValkeyReplayStore.Password(wrong) }
        }
        #expect(throws: ConfigurationError.self) { try ValkeyReplayStore.Password(file: "/nonexistent/password") }
    }

    @Test("a store shows no password, neither in a description nor in a dump of what holds it")
    func storeWithPassword() throws {
        var settings = ValkeyReplayStore.Settings()
        for url in ["valkey://:hunter2-word@127.0.0.1:1", "valkeys://hunter2-user:hunter2-word@cache.example/1"] {
            let store = try ValkeyReplayStore(url, settings: settings)
            let location = try StoreLocation(parsing: url)
            var text = "\(store)\(String(reflecting: store))\(location)\(String(reflecting: location))"
            dump(store, to: &text)
            dump([store as any ReplayStore], to: &text)
            dump(location, to: &text)
            let isShown = text.contains("hunter2")
            #expect(!isShown)
        }
        settings.password = try .init("hunter2-word")
        var text = ""
        dump(try ValkeyReplayStore("valkey://127.0.0.1:1", settings: settings), to: &text)
        dump(settings, to: &text)
        let isShown = text.contains("hunter2")
        #expect(!isShown)
    }

    @Test("the code of an error says what is wrong with the server")
    func errors() {
        typealias Reason = ValkeyReplayStore.Reason
        let table: [(String, Reason)] = [
            ("OOM command not allowed when used memory > 'maxmemory'.", .outOfMemory),
            ("READONLY You can't write", .readOnly), ("LOADING Redis is loading", .loading),
            ("MASTERDOWN Link with MASTER is down", .loading), ("BUSY Redis is busy running a script", .loading),
            ("MISCONF Redis is configured to save", .writesStopped), ("NOREPLICAS Not enough", .writesStopped),
            ("NOAUTH Authentication required.", .authentication), ("WRONGPASS invalid", .authentication),
            ("DENIED Redis is running in protected mode", .authentication), ("NOPERM this user", .notPermitted),
            ("MOVED 1 a:1", .cluster), ("ASK 1 a:1", .cluster), ("CLUSTERDOWN Hash slot not served", .cluster),
            ("ERR max number of clients reached", .tooManyClients), ("ERR syntax error", .serverError),
            ("", .serverError),
            ("OOMX", .serverError),
        ]
        for (text, reason) in table { #expect(ServerAnswer.reason(ofError: text.utf8) == reason, "\(text)") }
    }

    @Test("only a server with a memory limit and a policy other than noeviction evicts")
    func eviction() {
        func eviction(_ text: String) -> ServerAnswer.Eviction {
            ServerAnswer.eviction(inMemoryReport: Array(text.utf8))
        }
        #expect(eviction("# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n") == .none)
        #expect(eviction("maxmemory:10\r\nmaxmemory_policy:noeviction\r\n") == .none)
        #expect(eviction("maxmemory:10\r\nmaxmemory_policy:volatile-lfu\r\n") == .evicts(policy: "volatile-lfu"))
        #expect(eviction("maxmemory_policy:allkeys-lru\r\n") == .evicts(policy: "allkeys-lru"))
        #expect(eviction("maxmemory:10\r\n") == .unknown && eviction("") == .unknown)
        #expect(eviction("maxmemory:10\r\nmaxmemory_policy:a\u{1B}[2J\r\n") == .unknown)
    }

    @Test("the wait before a connection doubles from 100 ms to 5 s, is random from its half, and begins again")
    func delay() {
        var least = ReconnectDelay()
        var most = ReconnectDelay()
        for whole in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000] {
            #expect(least.fail(fraction: 0) == .milliseconds(whole) / 2)
            #expect(most.fail(fraction: 1) == .milliseconds(whole))
        }
        most.succeed()
        #expect(most.fail(fraction: 1) == .milliseconds(100))
    }

    @Test("what stands in a line comes out in order, after many turns too")
    func line() {
        var line = WaitingLine<Int>()
        var next = 0
        var expected = 0
        for turn in 0..<5_000 {
            for _ in 0..<(turn % 7) {
                line.append(next)
                next += 1
            }
            for _ in 0..<(turn % 5) {
                guard let taken = line.takeFirst() else { break }
                #expect(taken == expected)
                expected += 1
            }
            #expect(line.count == next - expected && line.isEmpty == (next == expected))
        }
        #expect(line.takeAll() == Array(expected..<next))
        #expect(line.isEmpty && line.takeFirst() == nil && line.first == nil)
    }

    @Test("a name without address, and a resolver that hangs, are a loss of the server")
    func names() async throws {
        let log = EventLog()
        var settings = ValkeyReplayStore.Settings()
        settings.connectTimeout = .milliseconds(300)
        let store = try ValkeyReplayStore("valkey://name.invalid", settings: settings, observer: log.observer)
        _ = await store.connect()
        await log.waitForLoss(.notResolved)
        #expect(log.events.contains(.notEncrypted))
        #expect(await Verdict.of(store) == .failed(.unavailable))
    }

    @Test("every event has one line that begins with its name")
    func events() {
        let events: [ValkeyReplayStore.Event] = [
            .lost(.closed), .regained(after: .seconds(3), refused: 1, acceptedWithoutStore: 2),
            .connectionLost(.noAnswer), .acceptedWithoutStore,
            .mayForget(policy: "allkeys-lru"), .evictionUnknown, .notEncrypted, .tooManyWaiting,
        ]
        for event in events { #expect("\(event)".hasPrefix(event.name) && !"\(event)".contains("\n")) }
        #expect("\(events[0])" == "replay_store_lost reason=closed")
        #expect("\(events[1])" == "replay_store_regained after=3 refused=1 accepted_without_store=2")
        let codes = ValkeyReplayStore.Reason.allCases.map(\.code)
        #expect(Set(codes).count == codes.count)
    }
}
