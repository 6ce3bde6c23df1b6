import JOSE
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@testable import OAuthResourceServer

@Suite("RequestContexts: the principal of a request, for tasks that are not its own", .serialized)
struct RequestContextsTests {
    private let clock = FakeClock()

    private func contexts(capacity: Int = 10, perUser: Int = 10) -> RequestContexts {
        RequestContexts(
            capacity: capacity, capacityPerUser: perUser, lifetime: .seconds(60), clock: clock.monotonicClock)
    }

    private func principal(_ subject: String?, client: String? = nil) throws -> Principal {
        var claims = JSONDocument.Object()
        claims["sub"] = subject.map { .string($0) }
        claims["client_id"] = client.map { .string($0) }
        let document = try JSONDocument(parsing: JSONValue.object(claims).encoded())
        return Principal(AccessToken(issuer: nil, expiresAt: nil, claims: document))
    }

    /// Opens a request and returns the text of its ticket.
    private func open(_ contexts: RequestContexts, _ principal: Principal) throws -> String {
        try #require(ticket(in: stamped(#"{"method":"x"}"#, contexts, contexts.open(for: principal))))
    }

    /// The ticket in a stamped message.
    private func ticket(in message: JSONValue?) -> String? {
        message?["params"]?["_meta"]?[RequestContexts.metaName]?.string
    }

    private func stamped(
        _ text: String, _ contexts: RequestContexts, _ ticket: RequestContexts.Ticket
    ) throws -> JSONValue? {
        try contexts.stamp(ticket, on: Array(text.utf8)).map { try JSONValue(parsing: $0) }
    }

    @Test("Each request leads to its own principal, until it is closed")
    func lookup() throws {
        let contexts = contexts()
        let request = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#
        let (first, second) = (contexts.open(for: try principal("alice")), contexts.open(for: try principal("bob")))
        // Two callers use the same JSON-RPC id at the same time.
        let one = try #require(ticket(in: stamped(request, contexts, first)))
        let two = try #require(ticket(in: stamped(request, contexts, second)))
        #expect(contexts.principal(for: one)?.subject == "alice")
        #expect(contexts.principal(for: two)?.subject == "bob")
        contexts.close(first)
        #expect(contexts.principal(for: one) == nil)
        #expect(contexts.principal(for: two)?.subject == "bob")
    }

    @Test("A message keeps everything but the ticket that its sender put there")
    func forged() throws {
        let contexts = contexts()
        let victim = contexts.open(for: try principal("alice"))
        let stolen = try #require(ticket(in: stamped(#"{"method":"x"}"#, contexts, victim)))
        let message =
            #"{"jsonrpc":"2.0","id":1e2,"method":"tools/call","params":{"_meta":{"progressToken":7,"\#(RequestContexts.metaName)":"\#(stolen)"},"name":"x"}}"#
        let mine = contexts.open(for: try principal("mallory"))
        let result = try #require(try stamped(message, contexts, mine))
        #expect(contexts.principal(for: try #require(ticket(in: result)))?.subject == "mallory")
        #expect(result["id"]?.number?.text == "1e2")
        #expect(result["params"]?["_meta"]?["progressToken"]?.number?.text == "7")
        #expect(result["params"]?["name"] == .string("x"))
    }

    @Test(
        "Parameters that are missing, null or without `_meta` get one; a `_meta` that is no object is replaced",
        arguments: [
            #"{"method":"x"}"#, #"{"method":"x","params":null}"#, #"{"method":"x","params":{}}"#,
            #"{"method":"x","params":{"_meta":"a"}}"#, #"{"method":"x","params":{"_meta":null}}"#,
            #"{"method":7,"params":{}}"#,
        ])
    func places(message: String) throws {
        let contexts = contexts()
        let result = try stamped(message, contexts, contexts.open(for: try principal("alice")))
        #expect(contexts.principal(for: try #require(ticket(in: result)))?.subject == "alice")
    }

    @Test("Every message of a batch gets the ticket; an answer is left as it is")
    func batch() throws {
        let contexts = contexts()
        let open = contexts.open(for: try principal("alice"))
        let result = try stamped(#"[{"method":"a"},{"id":1,"result":{}},{"method":"b"}]"#, contexts, open)
        let messages = try #require(result?.array)
        #expect(messages.map { ticket(in: $0) != nil } == [true, false, true])
        #expect(try messages[1] == JSONValue(parsing: Array(#"{"id":1,"result":{}}"#.utf8)))
    }

    @Test(
        "What is no JSON-RPC is not handed over: readers may differ about it",
        arguments: [
            "", "1", "null", "\"x\"", "[1]", "[[{}]]", "{", #"{"method":"a","method":"b"}"#,
            #"{"method":"x","params":[1]}"#,
            #"{"method":"x","params":1}"#, "\u{FEFF}{}", #"{"method":"x","params":{"a":1,"a":2}}"#,
            String(repeating: "[", count: 65) + String(repeating: "]", count: 65),
        ])
    func notJSONRPC(body: String) throws {
        let contexts = contexts()
        #expect(contexts.stamp(contexts.open(for: try principal("alice")), on: Array(body.utf8)) == nil)
    }

    @Test("A request is over after its time")
    func expiry() throws {
        let contexts = contexts()
        let text = try #require(
            ticket(in: stamped(#"{"method":"x"}"#, contexts, contexts.open(for: try principal("alice")))))
        clock.advance(by: .milliseconds(59_999))
        #expect(contexts.principal(for: text)?.subject == "alice")
        clock.advance(by: .milliseconds(1))
        #expect(contexts.principal(for: text) == nil)
    }

    @Test("10,000 tickets of one caller close no request of another")
    func crowd() throws {
        let contexts = RequestContexts(clock: clock.monotonicClock)
        let hers = try open(contexts, principal("alice"))
        let mallory = try principal("mallory")
        for _ in 0..<10_000 { _ = contexts.open(for: mallory) }
        #expect(contexts.principal(for: hers)?.subject == "alice")
        // The clients of a user share its places, and a client without a user has its own.
        for client in 0..<11 {
            let principal = try principal("mallory", client: "self-registered-\(client)")
            for _ in 0..<1_000 { _ = contexts.open(for: principal) }
        }
        #expect(contexts.principal(for: hers)?.subject == "alice")
    }

    @Test("A user beyond its share closes its own oldest request, at the share none")
    func share() throws {
        let contexts = contexts(capacity: 100, perUser: 3)
        let alice = try principal("alice")
        let (first, second, third) = try (open(contexts, alice), open(contexts, alice), open(contexts, alice))
        #expect([first, second, third].allSatisfy { contexts.principal(for: $0) != nil })
        let fourth = try open(contexts, principal("alice", client: "another"))
        #expect(
            [first, second, third, fourth].map { contexts.principal(for: $0) != nil } == [false, true, true, true])
        for client in ["a", "b", "c", "d"] { _ = try open(contexts, principal(nil, client: client)) }
        #expect(contexts.principal(for: second) != nil, "clients without a user are users of their own")
    }

    @Test("A full table closes the oldest request of the user that has most, and expired ones first")
    func full() throws {
        let contexts = contexts(capacity: 6, perUser: 4)
        let one = try open(contexts, principal("alice"))
        let many = try (0..<4).map { _ in try open(contexts, principal("mallory")) }
        let two = try open(contexts, principal("bob"))
        let three = try open(contexts, principal("carol"))
        #expect(
            ([one] + many + [two, three]).map { contexts.principal(for: $0) != nil }
                == [true, false, true, true, true, true, true])
        clock.advance(by: .seconds(60))
        _ = try open(contexts, principal("alice"))
        #expect(contexts.count == 1, "expired requests make room")
        let later = try (0..<4).map { try open(contexts, principal("dave-\($0)")) }
        #expect(later.allSatisfy { contexts.principal(for: $0) != nil })
    }

    @Test("Beyond the capacity the oldest request is closed, at the capacity none")
    func capacity() throws {
        let contexts = contexts(capacity: 3)
        var texts: [String] = []
        for number in 0..<1_000 {
            let open = contexts.open(for: try principal("user-\(number)"))
            texts.append(try #require(ticket(in: stamped(#"{"method":"x"}"#, contexts, open))))
            // Some of them end out of order.
            if number % 7 == 3 { contexts.close(open) }
        }
        let alive = texts.indices.filter { contexts.principal(for: texts[$0]) != nil }
        #expect(alive == [996, 998, 999], "997 was closed")
    }

    @Test("A guessed ticket leads nowhere, and a ticket does not show itself")
    func guesses() throws {
        let contexts = contexts()
        let open = contexts.open(for: try principal("alice"))
        let text = try #require(ticket(in: stamped(#"{"method":"x"}"#, contexts, open)))
        #expect(text.utf8.count == 22)
        for guess in ["", "A", String(text.dropLast()), text + "A", text.lowercased() + "_"] {
            #expect(contexts.principal(for: guess) == nil)
        }
        #expect("\(open)" == "<ticket>")
        var dumped = ""
        dump(open, to: &dumped)
        #expect(!dumped.contains(text))
    }

    @Test("Many at once find their own principals", .timeLimit(.minutes(5)))
    func concurrency() async throws {
        let contexts = RequestContexts(clock: clock.monotonicClock)
        try await withThrowingTaskGroup { group in
            for worker in 0..<8 {
                group.addTask {
                    let mine = try principal("user-\(worker)")
                    for _ in 0..<200 {
                        let open = contexts.open(for: mine)
                        let text = try #require(ticket(in: stamped(#"{"method":"x"}"#, contexts, open)))
                        #expect(contexts.principal(for: text)?.subject == "user-\(worker)")
                        contexts.close(open)
                        #expect(contexts.principal(for: text) == nil)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
