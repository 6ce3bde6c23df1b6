import HTTPMessages
import Synchronization
import Testing
import WireFormat

@testable import SafeFetch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("What names resolve to", .serialized, .timeLimit(.minutes(5)))
struct NameLookUpTests {
    /// A resolver that gives prepared answers, records the names, and can hang.
    final class Resolver: Sendable {
        private struct State {
            var asked: [String] = []
            var answers: [NameLookUps.Answer] = []
            var isHanging = false
            var waiting = 0
            var mostWaiting = 0
        }
        private let state = Mutex(State())

        /// Gives the answers in order, and repeats the last one.
        init(_ answers: NameLookUps.Answer..., isHanging: Bool = false) {
            state.withLock { state in
                state.answers = answers
                state.isHanging = isHanging
            }
        }

        var asked: [String] { state.withLock { $0.asked } }
        var mostWaiting: Int { state.withLock { $0.mostWaiting } }
        var waiting: Int { state.withLock { $0.waiting } }

        /// Ends all hanging look-ups, and lets later ones run.
        func release() { state.withLock { $0.isHanging = false } }

        @Sendable func lookUp(_ name: String) -> NameLookUps.Answer {
            state.withLock { state in
                state.asked.append(name)
                state.waiting += 1
                state.mostWaiting = max(state.mostWaiting, state.waiting)
            }
            while state.withLock({ $0.isHanging }) { usleep(2000) }
            return state.withLock { state in
                state.waiting -= 1
                return state.answers.count > 1 ? state.answers.removeFirst() : state.answers.first ?? []
            }
        }
    }

    static let local = AddressPolicy.Address.ipv4([127, 0, 0, 1])
    static let publicIPv4 = AddressPolicy.Address.ipv4([93, 184, 216, 34])
    static let privateIPv4 = AddressPolicy.Address.ipv4([10, 0, 0, 1])
    static let linkLocalIPv6 = AddressPolicy.Address.ipv6([0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1])

    private static func policy(_ source: FetchPolicy, _ resolver: Resolver) -> FetchPolicy {
        var policy = source.patient
        policy.lookUp = resolver.lookUp
        return policy
    }

    private static func emptyServer() throws -> ScriptedServer {
        try ScriptedServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }

    // MARK: Verdicts

    @Test(
        "POLICY §13: one bad address among the answers refuses all, wherever it stands",
        arguments: [
            [privateIPv4], [publicIPv4, privateIPv4], [privateIPv4, publicIPv4], [linkLocalIPv6],
            [publicIPv4, publicIPv4, linkLocalIPv6], [publicIPv4, local],
        ])
    func mixedAnswers(answer: NameLookUps.Answer) async throws {
        for source in [FetchPolicy(), .untrusted()] {
            let policy = Self.policy(source, Resolver(answer))
            let url = "https://client.example.com/a"
            #expect(
                try await outcomes(of: 1, from: CurlFetcher(policy: policy), url: url) == [.failure(.blockedAddress)])
        }
    }

    @Test("a name that resolves to a loopback address is not the machine itself: blocked without a permission")
    func nameOfLoopback() async throws {
        let server = try Self.emptyServer()
        let url = "http://issuer.example:\(server.port)/"
        for (hosts, outcome) in [
            ([], Outcome.failure(.blockedAddress)), (["issuer.example"], .success(200)),
        ] as [([HTTPHost], Outcome)] {
            let permissions = FetchPermissions(insecureHTTP: .dangerouslyAnyHost, privateHosts: hosts)
            let policy = Self.policy(FetchPolicy(permissions: permissions), Resolver([Self.local]))
            #expect(try await outcomes(of: 1, from: CurlFetcher(policy: policy), url: url) == [outcome])
        }
        #expect(server.connectionCount == 1)
    }

    @Test("DNS rebinding between two fetches: each fetch asks again and is judged by its own answer")
    func rebindingBetweenFetches() async throws {
        let server = try Self.emptyServer()
        let resolver = Resolver([Self.local], [Self.privateIPv4], [Self.local])
        let worker = CurlWorker(policy: Self.policy(.untrusted(), resolver))
        let url = "http://client.example.com:\(server.port)/"
        for expected in [Outcome.success(200), .failure(.blockedAddress), .success(200)] {
            #expect(try await outcome(of: url, from: worker, addresses: .loopback) == expected)
        }
        #expect(resolver.asked.count == 3)
        #expect(server.connectionCount == 2)
    }

    @Test("DNS rebinding between the check and the connection: the address that is connected to is judged too")
    func rebindingWithinFetch() async throws {
        var policy = Self.policy(.untrusted(), Resolver([Self.publicIPv4]))
        policy.scriptedResolutions = ["client.example.com:443:127.0.0.1"]
        let outcome = try await outcomes(
            of: 1, from: CurlFetcher(policy: policy), url: "https://client.example.com/a")
        #expect(outcome == [.failure(.blockedAddress)])
    }

    @Test("an untrusted name is looked up as it is, an operator's with the machine's search domains")
    func searchDomains() async throws {
        for (source, name) in [(FetchPolicy(), "client.example.com"), (.untrusted(), "client.example.com.")] {
            let resolver = Resolver([Self.privateIPv4])
            let fetcher = try CurlFetcher(policy: Self.policy(source, resolver))
            _ = await outcomes(of: 1, from: fetcher, url: "https://client.example.com/a")
            #expect(resolver.asked == [name])
        }
    }

    @Test("a literal address and a blocked URL are never looked up")
    func noLookUp() async throws {
        let resolver = Resolver([Self.publicIPv4])
        let fetcher = try CurlFetcher(policy: Self.policy(.untrusted(), resolver))
        for url in ["https://127.0.0.1/a", "https://[::1]/a", "https://localhost/a", "https://a.internal/a"] {
            _ = await outcomes(of: 1, from: fetcher, url: url)
        }
        #expect(resolver.asked.isEmpty)
    }

    @Test("a name without an address is not resolved")
    func noAddress() async throws {
        let fetcher = try CurlFetcher(policy: Self.policy(.untrusted(), Resolver([])))
        #expect(await outcomes(of: 1, from: fetcher, url: "https://a.example/a") == [.failure(.notResolved)])
    }

    @Test("the operator's proxy is resolved, not the host behind it")
    func proxyName() async throws {
        let server = try Self.emptyServer()
        let resolver = Resolver([Self.local])
        let proxy = try AbsoluteURL(parsing: "http://proxy.example:\(server.port)")
        let fetcher = try CurlFetcher(policy: Self.policy(FetchPolicy(proxy: proxy), resolver))
        _ = await outcomes(of: 1, from: fetcher, url: "https://a.example/a")
        #expect(resolver.asked == ["proxy.example"])
        #expect(server.requests.first?.hasPrefix("CONNECT a.example:443 ") == true)
    }

    // MARK: Remembered names

    @Test("an operator's name is not looked up for each fetch, but again after a failure")
    func remembered() async throws {
        let isBroken = Atomic(false)
        let server = try ScriptedServer { connection in
            connection.readHead()
            guard !isBroken.load(ordering: .acquiring) else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        let resolver = Resolver([Self.local])
        let permissions = FetchPermissions(insecureHTTP: .dangerouslyAnyHost, privateHosts: ["a.example"])
        let fetcher = try CurlFetcher(policy: Self.policy(FetchPolicy(permissions: permissions), resolver))
        let url = "http://a.example:\(server.port)/"
        for _ in 0..<3 { #expect(await outcomes(of: 1, from: fetcher, url: url) == [.success(200)]) }
        #expect(resolver.asked == ["a.example"])
        isBroken.store(true, ordering: .releasing)
        #expect(await outcomes(of: 1, from: fetcher, url: url) == [.failure(.connectionFailed)])
        isBroken.store(false, ordering: .releasing)
        #expect(await outcomes(of: 1, from: fetcher, url: url) == [.success(200)])
        #expect(resolver.asked == ["a.example", "a.example"])
    }

    @Test("remembered answers end, are forgotten when told to, and are bounded; no address is not remembered")
    func knownNames() {
        var names = KnownNames()
        let start = ContinuousClock.now
        names.note([Self.local], for: "a", at: start)
        #expect(names.answer(for: "a", at: start) == [Self.local])
        #expect(names.answer(for: "a", at: start + KnownNames.lifetime - .nanoseconds(1)) == [Self.local])
        #expect(names.answer(for: "a", at: start + KnownNames.lifetime) == nil)
        names.forget("a")
        #expect(names.answer(for: "a", at: start) == nil)
        names.note([], for: "b", at: start)
        #expect(names.answer(for: "b", at: start) == nil)
        for index in 0...KnownNames.capacity { names.note([Self.local], for: "\(index)", at: start) }
        #expect(names.answer(for: "\(KnownNames.capacity - 1)", at: start) == [Self.local])
        #expect(names.answer(for: "\(KnownNames.capacity)", at: start) == nil)
        names.note([Self.local], for: "later", at: start + KnownNames.lifetime)
        #expect(names.answer(for: "later", at: start + KnownNames.lifetime) == [Self.local])
    }

    // MARK: A resolver that hangs

    @Test("POLICY §8: the deadline covers the name resolution, and cancellation too")
    func hangingResolver() async throws {
        let resolver = Resolver([Self.publicIPv4], isHanging: true)
        defer { resolver.release() }
        var policy = Self.policy(.untrusted(), resolver)
        policy.connectTimeout = .milliseconds(100)
        let impatient = try CurlFetcher(policy: policy)
        #expect(await outcomes(of: 1, from: impatient, url: "https://a.example/a") == [.failure(.timedOut)])
        policy.connectTimeout = .seconds(60)
        policy.totalTimeout = .milliseconds(100)
        let hurried = try CurlFetcher(policy: policy)
        #expect(await outcomes(of: 1, from: hurried, url: "https://a.example/a") == [.failure(.timedOut)])
        let patient = try CurlFetcher(policy: Self.policy(.untrusted(), resolver))
        // On a slow machine a deadline may pass before the look-up begins.
        let hung = resolver.waiting
        let task = Task { await outcomes(of: 1, from: patient, url: "https://b.example/a") }
        while resolver.waiting == hung { await Task.yield() }
        task.cancel()
        #expect(await task.value == [.failure(.cancelled)])
    }

    @Test("as many look-ups as the limit are under way, hung ones counted; the others wait for a place, and get it")
    func lookUpLimit() async throws {
        let server = try Self.emptyServer()
        let resolver = Resolver([Self.local], isHanging: true)
        defer { resolver.release() }
        var policy = Self.policy(.untrusted(), resolver)
        policy.maximumLookUps = 3
        let worker = CurlWorker(policy: policy)
        let all = Task {
            try await withThrowingTaskGroup(of: Outcome.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        try await outcome(
                            of: "http://a\(index).example:\(server.port)/", from: worker, addresses: .loopback)
                    }
                }
                return try await group.reduce(into: [Outcome]()) { $0.append($1) }
            }
        }
        while resolver.waiting < 3 { await Task.yield() }
        resolver.release()
        #expect(try await all.value == Array(repeating: .success(200), count: 8))
        #expect(resolver.mostWaiting <= 3)
        #expect(Set(resolver.asked).count == 8)
    }

    @Test("a name that is being looked up is not looked up once more")
    func oneLookUpAName() async throws {
        let server = try Self.emptyServer()
        let resolver = Resolver([Self.local], isHanging: true)
        defer { resolver.release() }
        let worker = CurlWorker(policy: Self.policy(.untrusted(), resolver))
        let url = "http://a.example:\(server.port)/"
        async let first = outcome(of: url, from: worker, addresses: .loopback)
        while resolver.waiting < 1 { await Task.yield() }
        for _ in 0..<3 {
            let hurried = try await outcome(of: url, from: worker, addresses: .loopback, within: .milliseconds(100))
            #expect(hurried == .failure(.timedOut))
        }
        #expect(resolver.asked.count == 1)
        resolver.release()
        #expect(try await first == .success(200))
    }

    @Test("an answer that nobody has taken yet is used, and not asked for once more")
    func answerInBetween() async throws {
        let resolver = Resolver([Self.local], [Self.privateIPv4])
        let lookUps = NameLookUps(limit: 1, lookUp: resolver.lookUp)
        let isDone = Atomic(0)
        for number in 1...2 {
            #expect(lookUps.start("a.example") { isDone.add(1, ordering: .releasing) } == .underWay)
            while isDone.load(ordering: .acquiring) < number { await Task.yield() }
            #expect(lookUps.start("a.example") {} == .underWay)
            #expect(lookUps.takeAnswers() == ["a.example": number == 1 ? [Self.local] : [Self.privateIPv4]])
        }
        #expect(resolver.asked.count == 2)
    }

    // MARK: Threads

    @Test(
        "100 fetches from a server that hangs, and 100 of names that hang, leave a bounded number of threads, and then none"
    )
    func threads() async {
        await #expect(processExitsWith: .success) {
            guard fetchThreadCount() == 0 else { return #expect(fetchThreadCount() == nil) }
            var policy = CurlFetcherTests.loopback
            policy.idleMilliseconds = 10
            policy.totalTimeout = .milliseconds(300)
            policy.connectTimeout = .milliseconds(300)
            policy.maximumWaitingFetches = 100

            let silent = try ScriptedServer.silentListener()
            let hanging = try CurlFetcher(policy: policy)
            async let first = outcomes(of: 100, from: hanging, url: "http://127.0.0.1:\(silent.port)/")
            #expect((fetchThreadCount() ?? 0) <= 1)
            #expect(await first == Array(repeating: .failure(.timedOut), count: 100))
            #expect(await settles { $0 == 0 })
            _ = close(silent.descriptor)

            let resolver = Resolver([], isHanging: true)
            policy.lookUp = resolver.lookUp
            policy.source = .operatorNamed(FetchPermissions(insecureHTTP: .dangerouslyAnyHost), proxy: nil)
            let unresolved = try CurlFetcher(policy: policy)
            var round = 0
            while round < 4 || resolver.mostWaiting < policy.maximumLookUps {
                round += 1
                let number = round
                let results = await withTaskGroup(of: [Outcome].self) { group in
                    for index in 0..<25 {
                        group.addTask {
                            await outcomes(of: 1, from: unresolved, url: "http://a\(index).r\(number).example/")
                        }
                    }
                    return await group.reduce(into: []) { $0 += $1 }
                }
                #expect(results == Array(repeating: .failure(.timedOut), count: 25))
                #expect((fetchThreadCount() ?? 0) <= policy.maximumLookUps + 1)
            }
            #expect(resolver.mostWaiting == policy.maximumLookUps)
            // The worker's thread does not wait for the look-ups. They end with the resolver.
            #expect(await settles { $0 == policy.maximumLookUps })
            resolver.release()
            #expect(await settles { $0 == 0 })

            // The system's resolver must finish, whether it works or not.
            policy.lookUp = NameLookUps.askSystem
            let system = try CurlFetcher(policy: policy)
            for outcome in await outcomes(of: 100, from: system, url: "http://name.invalid/") {
                #expect([.failure(.notResolved), .failure(.timedOut)].contains(outcome))
            }
            #expect(await settles { $0 == 0 })
        }
    }
}

/// Waits until the number of fetch threads meets a condition. The time limit of the suite ends the wait otherwise.
private func settles(_ isSettled: (Int) -> Bool) async -> Bool {
    while true {
        if let count = fetchThreadCount(), isSettled(count) { return true }
        await Task.yield()
    }
}
