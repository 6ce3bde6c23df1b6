import Foundation
import TokenVerification
import Testing
import ValkeyReplayStore

@Suite("ValkeyReplayStore: a server that is broken or hostile", .timeLimit(.minutes(3)))
struct HostileServerTests {
    private let log = EventLog()

    private func store(_ server: FaultyServer, timeout: Duration = .seconds(30)) throws -> ValkeyReplayStore {
        var settings = ValkeyReplayStore.Settings()
        settings.connections = 1
        settings.connectTimeout = timeout
        settings.commandTimeout = timeout
        // The weaker setting: what is refused here is refused with the other one too.
        settings.whenDown = .dangerouslyAcceptWithoutStore
        return try ValkeyReplayStore(server.url, settings: settings, observer: log.observer)
    }

    @Test(
        "an answer that is neither OK nor nil is never accepted",
        arguments: [
            ("hello\r\n", ValkeyReplayStore.Reason.malformedAnswer), ("HTTP/1.1 200 OK\r\n\r\n", .malformedAnswer),
            ("\0\0\0\0\r\n", .malformedAnswer), (":1\r\n", .unexpectedAnswer), ("+QUEUED\r\n", .unexpectedAnswer),
            ("+ok\r\n", .unexpectedAnswer), ("+OK \r\n", .unexpectedAnswer), ("+\r\n", .unexpectedAnswer),
            ("$2\r\nOK\r\n", .unexpectedAnswer), ("$0\r\n\r\n", .unexpectedAnswer), ("*0\r\n", .unexpectedAnswer),
            ("*1\r\n+OK\r\n", .unexpectedAnswer), ("*2\r\n$-1\r\n+OK\r\n", .unexpectedAnswer),
            ("*1000000000\r\n" + String(repeating: "+OK\r\n", count: 20_000), .answerTooLarge),
            (String(repeating: "*1\r\n", count: 40), .malformedAnswer),
            ("$1000000000\r\n" + String(repeating: "x", count: 100_000), .answerTooLarge),
            (String(repeating: "+", count: 100_000), .answerTooLarge), ("-ERR unknown command\r\n", .serverError),
            ("-\r\n", .serverError), ("-LOADING Redis is loading the dataset in memory\r\n", .loading),
            ("-MOVED 3999 127.0.0.1:6381\r\n", .cluster), ("-MISCONF Errors writing\r\n", .writesStopped),
            ("-NOAUTH Authentication required.\r\n", .authentication), ("-oom\r\n", .serverError),
            ("-READONLY You can't write against a read only replica.\r\n", .readOnly),
            ("-ASK 3999 127.0.0.1:6381\r\n", .cluster), ("-CLUSTERDOWN Hash slot not served\r\n", .cluster),
            ("-BUSY Redis is busy running a script.\r\n", .loading), ("-NOPERM no\r\n", .notPermitted),
            ("-OOM command not allowed\r\n", .outOfMemory), ("-ERR max number of clients\r\n", .tooManyClients),
            ("$-2\r\n", .malformedAnswer),
        ])
    func answers(_ answer: String, _ reason: ValkeyReplayStore.Reason) async throws {
        let server = try FaultyServer.answering(answer)
        defer { server.stop() }
        let store = try store(server)
        #expect(await Verdict.of(store) == .failed(.unavailable))
        await log.waitForLoss(reason)
    }

    @Test("an answer to no command ends the connection before it can be taken for the next one's")
    func unsolicited() async throws {
        let server = try FaultyServer { connection in
            connection.greet()
            connection.readCommand()
            connection.send("$-1\r\n+OK\r\n+OK\r\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        let store = try store(server)
        #expect(await Verdict.of(store) == .replayed)
        await log.waitForLoss(.unexpectedAnswer)
    }

    @Test(
        "a greeting that is not answered as a server does is refused",
        arguments: [
            ("+OK\r\n+OK\r\n", ValkeyReplayStore.Reason.unexpectedAnswer), ("$1\r\nx\r\n$-1\r\n", .unexpectedAnswer),
            ("-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n", .authentication),
            ("-DENIED Redis is running in protected mode\r\n", .authentication),
            ("SSH-2.0-server\r\n", .malformedAnswer),
            ("$1\r\nx\r\n-READONLY You can't write against a read only replica.\r\n", .readOnly),
            ("$1\r\nx\r\n+OK\r\n+OK\r\n", .unexpectedAnswer),
            ("$70000\r\n" + String(repeating: "x", count: 70_000), .answerTooLarge),
        ])
    func greetings(_ answer: String, _ reason: ValkeyReplayStore.Reason) async throws {
        let server = try FaultyServer { connection in
            connection.send(answer)
            connection.readToEnd()
        }
        defer { server.stop() }
        let store = try store(server)
        _ = await store.connect()
        await log.waitForLoss(reason)
        #expect(await Verdict.of(store) == .failed(.unavailable))
    }

    @Test("silence, a drip of bytes and a half-closed connection end at the deadline, or at once")
    func silence() async throws {
        let scripts: [@Sendable (FaultyServer.Connection) -> Void] = [
            { $0.readToEnd() },
            { connection in while connection.send("$") {} },
            { connection in
                connection.readCommand()
                connection.readCommand()
                // A byte every 20 milliseconds: each one comes in time, and the answer never ends.
                while connection.send("+"), !FaultyServer.isReadable(connection.descriptor, milliseconds: 20) {}
            },
            { connection in
                connection.send("$100000\r\n")
                connection.readToEnd()
            },
            { connection in
                connection.halfClose()
                connection.readToEnd()
            },
            { _ in },
        ]
        for script in scripts {
            let server = try FaultyServer(script)
            defer { server.stop() }
            let store = try store(server, timeout: .milliseconds(300))
            guard case .acceptingWithoutStore = await store.connect() else {
                Issue.record("a silent server is healthy")
                return
            }
        }
    }

    @Test(
        "a command whose answer is cut off counts as not answered, and is accepted only by the dangerous setting",
        arguments: ["", "+", "+O", "+OK", "+OK\r", "$", "$-", "$-1", "$-1\r"], [true, false])
    func cutOff(answer: String, closes: Bool) async throws {
        for whenDown in [ValkeyReplayStore.Settings.WhenDown.refuse, .dangerouslyAcceptWithoutStore] {
            let server = try FaultyServer { connection in
                connection.greet()
                connection.readCommand()
                connection.send(answer)
                if closes { return }
                connection.halfClose()
                connection.readToEnd()
            }
            defer { server.stop() }
            let own = EventLog()
            var settings = ValkeyReplayStore.Settings.patient
            settings.connections = 1
            settings.whenDown = whenDown
            let store = try ValkeyReplayStore(server.url, settings: settings, observer: own.observer)
            let verdict = await Verdict.of(store)
            #expect(verdict == (whenDown == .refuse ? .failed(.unavailable) : .first))
            if whenDown == .refuse { await own.waitForLoss(.closed) } else { #expect(!own.events.isEmpty) }
        }
    }

    @Test("an answer with the end of the connection behind it counts")
    func lastWords() async throws {
        for (answer, verdict) in [("+OK\r\n", Verdict.first), ("$-1\r\n", .replayed)] {
            let server = try FaultyServer.answering(answer, keepsOpen: false)
            defer { server.stop() }
            #expect(await Verdict.of(try store(server)) == verdict)
        }
    }

    @Test("an answer that is late belongs to no later command")
    func late() async throws {
        let server = try FaultyServer { connection in
            connection.greet()
            connection.readCommand()
            // The store closes the connection at its deadline, before this answer.
            connection.readToEnd()
            connection.send("+OK\r\n+OK\r\n")
        }
        defer { server.stop() }
        var settings = ValkeyReplayStore.Settings.patient
        settings.connections = 1
        settings.commandTimeout = .milliseconds(50)
        let store = try ValkeyReplayStore(server.url, settings: settings, observer: log.observer)
        _ = await store.connect()
        // A slow machine may pass the deadline before the command is sent.
        while !log.losses.contains(.noAnswer) { #expect(await Verdict.of(store) == .failed(.unavailable)) }
        #expect(await Verdict.of(store) == .failed(.unavailable))
    }

    @Test("the dangerous setting accepts nothing in silence: a connection that ends under a command is an event")
    func silentAcceptance() async throws {
        let server = try FaultyServer { connection in
            connection.greet()
            connection.readCommand()
            // A connection that worked for a second is made again at once, so that the server does not count as lost.
            Thread.sleep(forTimeInterval: 1.2)
        }
        defer { server.stop() }
        let store = try store(server)
        #expect(await Verdict.of(store) == .first)
        // The event comes before the verdict.
        #expect(log.events.contains { ["replay_store_accepted_without_store", "replay_store_lost"].contains($0.name) })
    }

    @Test("an answer that arrives byte by byte is one answer")
    func pieces() async throws {
        let server = try FaultyServer { connection in
            connection.greet()
            for answer in ["+OK\r\n", "$-1\r\n"] {
                connection.readCommand()
                for byte in answer { connection.send(String(byte)) }
            }
            connection.readToEnd()
        }
        defer { server.stop() }
        let store = try store(server)
        #expect(await Verdict.of(store) == .first)
        #expect(await Verdict.of(store) == .replayed)
    }

    @Test("a server that ends every connection after its greeting is asked at growing intervals")
    func flapping() async throws {
        let server = try FaultyServer { connection in
            connection.greet()
            connection.readCommand()
        }
        defer { server.stop() }
        let store = try store(server)
        for _ in 0..<200 { _ = await Verdict.of(store) }
        await log.waitForLoss(.closed)
        // Two hundred calls bring far fewer events.
        #expect(log.events.count < 100)
    }
}
