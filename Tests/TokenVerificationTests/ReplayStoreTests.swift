import JOSE
import OAuthTestKit
import Synchronization
@testable import TokenVerification
import Testing
import WireFormat

@Suite("ReplayStore")
struct ReplayStoreTests {
    private let clock = FakeClock()

    private func id(_ text: String, owner: String = "client") -> ReplayIdentifier {
        ReplayIdentifier(.clientAssertion, owner: owner, id: text)
    }

    @Test("an identifier is accepted once within its lifetime, and again after it")
    func once() async throws {
        let store = InMemoryReplayStore(clock: clock.monotonicClock)
        #expect(try await store.record(id("a"), for: .seconds(300)) == .first)
        #expect(try await store.record(id("a"), for: .seconds(300)) == .replayed)
        clock.advance(by: .seconds(300))
        #expect(try await store.record(id("a"), for: .seconds(300)) == .replayed)
        clock.advance(by: .seconds(2))
        #expect(try await store.record(id("a"), for: .seconds(300)) == .first)
        #expect(try await store.record(id("a"), for: .seconds(300)) == .replayed)
    }

    @Test("purposes and owners keep identifiers apart, and no two lists of parts make one identifier")
    func apart() {
        let all = [
            id("a"), id("a", owner: "other"), ReplayIdentifier(.dpopProof, owner: "client", id: "a"),
            id("ta", owner: "clien"), id("", owner: "clienta"), id("clienta", owner: ""), id("A"),
            // Canonically equivalent texts are different bytes.
            id("\u{E9}"), id("e\u{301}"),
        ]
        #expect(Set(all).count == all.count)
        #expect(all.allSatisfy { $0.text.utf8.count == 43 && !"\($0)".contains("client") })
    }

    @Test("the key of a remote store is the digest of the three parts, each after its length")
    func text() {
        func part(_ text: String) -> [UInt8] { [0, 0, 0, 0, 0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8) }
        let message = part("client_assertion") + part("client") + part("a")
        #expect(id("a").text == Base64URL.encode(Digest.sha256(message)))
    }

    @Test("POLICY §9: a full store refuses and forgets nothing; expired identifiers make room")
    func full() async throws {
        let store = InMemoryReplayStore(capacity: 1_000, clock: clock.monotonicClock)
        var recorded: [String] = []
        var refused = 0
        for number in 0..<4_000 {
            do throws(ReplayStoreError) {
                if try await store.record(id("\(number)"), for: .seconds(60)) == .first { recorded.append("\(number)") }
            } catch {
                #expect(error == .full)
                refused += 1
            }
        }
        #expect(refused > 0 && recorded.count + refused == 4_000)
        #expect(store.count <= 1_008)
        for known in recorded {
            #expect(try await store.record(id(known), for: .seconds(60)) == .replayed)
        }
        clock.advance(by: .seconds(62))
        for number in 0..<500 {
            #expect(try await store.record(id("new \(number)"), for: .seconds(60)) == .first)
        }
    }

    @Test("a client that chooses its identifiers cannot fill a part of the store before the whole is full")
    func chosenIdentifiers() async throws {
        let store = InMemoryReplayStore(capacity: 1_000, clock: clock.monotonicClock)
        // Identifiers whose digests end their first word with the same four bits: the client can search for them.
        let chosen = (0...).lazy.map { id("\($0)") }.filter { $0.digest.prefix & 15 == 0 }.prefix(300)
        for identifier in chosen { #expect(try await store.record(identifier, for: .seconds(60)) == .first) }
    }

    @Test("a lifetime beyond the longest one is refused, because it would not be remembered")
    func tooLong() async {
        let store = InMemoryReplayStore(clock: clock.monotonicClock)
        await #expect(throws: ReplayStoreError.full) { try await store.record(id("a"), for: .seconds(3_601)) }
    }

    @Test("a store that says nothing of its health is healthy")
    func health() {
        struct Silent: ReplayStore {
            func record(
                _ identifier: ReplayIdentifier, for lifetime: Duration
            ) async throws(ReplayStoreError) -> ReplayVerdict { .first }
        }
        #expect(Silent().health == .healthy && InMemoryReplayStore().health == .healthy)
    }

    @Test("of many calls at the same time exactly one is the first")
    func concurrency() async throws {
        let store = InMemoryReplayStore(clock: clock.monotonicClock)
        let identifier = id("a")
        let verdicts = await withTaskGroup(of: ReplayVerdict?.self) { group in
            for _ in 0..<200 {
                group.addTask { try? await store.record(identifier, for: .seconds(60)) }
            }
            return await group.reduce(into: [ReplayVerdict?]()) { $0.append($1) }
        }
        #expect(verdicts.count { $0 == .first } == 1 && verdicts.count { $0 == .replayed } == 199)
    }

    @Test("expired identifiers leave by and by, without a call that does all the work")
    func cleaning() async throws {
        let store = InMemoryReplayStore(clock: clock.monotonicClock)
        for number in 0..<5_000 { _ = try await store.record(id("\(number)"), for: .seconds(number % 50)) }
        clock.advance(by: .seconds(100))
        for number in 0..<4_000 { _ = try await store.record(id("n\(number)"), for: .seconds(1)) }
        #expect(store.count <= 4_000 + 100)
        clock.advance(by: .seconds(100_000))
        _ = try await store.record(id("last"), for: .seconds(1))
        #expect(store.count < 4_101)
    }

    @Test("after a long quiet time, expired identifiers do not fill the store")
    func quietTime() async throws {
        let store = InMemoryReplayStore(capacity: 1_000, clock: clock.monotonicClock)
        for number in 0..<500 { _ = try await store.record(id("\(number)"), for: .seconds(60)) }
        clock.advance(by: .seconds(1_000_000))
        for number in 0..<5_000 {
            let verdict = try? await store.record(id("n\(number)"), for: .seconds(1))
            #expect(verdict == .first, "\(number)")
            guard verdict == .first else { break }
            if number % 10 == 0 { clock.advance(by: .seconds(1)) }
        }
    }

    @Test("a set-back clock forgets nothing")
    func setBack() async throws {
        let time = Mutex(Duration.seconds(100))
        let store = InMemoryReplayStore(clock: MonotonicClock { time.withLock { $0 } })
        #expect(try await store.record(id("a"), for: .seconds(10)) == .first)
        time.withLock { $0 = .seconds(50) }
        #expect(try await store.record(id("a"), for: .seconds(10)) == .replayed)
    }
}
