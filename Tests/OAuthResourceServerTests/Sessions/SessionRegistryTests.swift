import HTTPMessages
import OAuthTestKit
import Testing
import WireFormat

@testable import OAuthResourceServer
@testable import TokenVerification

@Suite("SessionRegistry: an MCP session belongs to its principal (POLICY §11)", .serialized)
struct SessionRegistryTests {
    private let clock = ManualClock()
    private let registry: SessionRegistry

    init() {
        registry = SessionRegistry(
            SessionBinding.Limits(sessions: 100, sessionsPerPrincipal: 10, idleTime: .seconds(600)), clock: clock.clock)
    }

    private static func user(
        _ subject: String?, issuer: String? = "https://issuer.example", client: String? = "app"
    ) throws -> Principal {
        var claims = JSONDocument.Object()
        claims["sub"] = subject.map { .string($0) }
        claims["client_id"] = client.map { .string($0) }
        let document = try JSONDocument(parsing: JSONValue.object(claims).encoded())
        return Principal(AccessToken(issuer: issuer, expiresAt: nil, claims: document))
    }

    private func fields(_ sessions: String...) throws -> HTTPFields {
        var fields = HTTPFields()
        for session in sessions { fields.append(.mcpSessionID, try #require(HTTPFields.Value(session))) }
        return fields
    }

    /// Passes a request to the registry. Returns the refusal; nil if the request proceeds.
    private func refusal(
        _ fields: HTTPFields, of owner: Principal, method: HTTPMethod = .post
    ) -> ResourceServer.SessionFault? {
        do throws(ResourceServer.SessionFault) {
            _ = try registry.admit(method, fields, of: owner)
            return nil
        } catch {
            return error
        }
    }

    /// The session identifiers of a response that reach the caller.
    private func answer(
        _ sent: HTTPFields, of owner: Principal, status: HTTPStatus = .ok, method: HTTPMethod = .post,
        presenting request: HTTPFields = HTTPFields()
    ) throws -> (fault: ResourceServer.SessionFault?, seen: [String?]) {
        var sent = sent
        let fault = try registry.admit(method, request, of: owner).finish(status: status, fields: &sent)
        return (fault, sent.values(of: .mcpSessionID).map(\.string))
    }

    /// Lets the handler begin a session for an owner.
    private func begin(_ session: String, for owner: Principal) throws {
        let answer = try answer(fields(session), of: owner)
        try #require(answer.fault == nil && answer.seen == [session])
    }

    @Test("The principal for whom the handler began a session may use it")
    func own() throws {
        let alice = try Self.user("alice")
        try begin("s-1", for: alice)
        #expect(refusal(try fields("s-1"), of: alice) == nil)
        #expect(refusal(HTTPFields(), of: alice) == nil, "and go on without one")
    }

    @Test(
        "Another principal that uses it is refused: every part of the name counts",
        arguments: [
            ("bob", "https://issuer.example", "app"), ("alice", "https://other.example", "app"),
            ("alice", nil, "app"), ("alice", "https://issuer.example", "other"),
            ("alice", "https://issuer.example", nil),
            (nil, "https://issuer.example", "app"), ("Alice", "https://issuer.example", "app"),
            ("alice", "https://issuer.example/", "app"),
        ] as [(String?, String?, String?)])
    func foreign(subject: String?, issuer: String?, client: String?) throws {
        try begin("s-1", for: try Self.user("alice"))
        let other = try Self.user(subject, issuer: issuer, client: client)
        #expect(refusal(try fields("s-1"), of: other) == .ofAnotherPrincipal)
        #expect(refusal(try fields("s-1"), of: other, method: .delete) == .ofAnotherPrincipal)
        #expect(refusal(try fields("s-1"), of: try Self.user("alice")) == nil, "and its owner notices nothing")
    }

    @Test("Parts of a name do not run together, and are compared as bytes")
    func ambiguity() throws {
        let owners = [
            try owner("ab", issuer: "a", client: "c"), try owner("b", issuer: "aa", client: "c"),
            try owner("abc", issuer: "a", client: nil), try owner(nil, issuer: "a", client: "abc"),
            try owner("abc", issuer: nil, client: nil), try owner("a\u{0}\u{1}b", issuer: nil, client: "c"),
            try owner("a", issuer: nil, client: "\u{1}bc"), try owner("K", issuer: nil, client: nil),
            try owner("\u{212A}", issuer: nil, client: nil), try owner("\u{E9}", issuer: nil, client: nil),
            try owner("e\u{301}", issuer: nil, client: nil), .anybody,
        ]
        #expect(Set(owners).count == owners.count)
    }

    private func owner(_ subject: String?, issuer: String?, client: String?) throws -> SessionOwner {
        try #require(SessionOwner(issuer: issuer, subject: subject, clientID: client))
    }

    @Test("Without a principal another's session is refused, and a principal cannot use what was begun without one")
    func anonymous() throws {
        let alice = try Self.user("alice")
        try begin("s-1", for: alice)
        try begin("s-2", for: .anonymous)
        #expect(refusal(try fields("s-1"), of: .anonymous) == .ofAnotherPrincipal)
        #expect(refusal(try fields("s-2"), of: alice) == .ofAnotherPrincipal)
        #expect(refusal(try fields("s-2"), of: .anonymous) == nil)
    }

    @Test("A token that names neither subject nor client can own no session and use none")
    func nameless() throws {
        let nobody = try Self.user(nil, client: nil)
        #expect(SessionOwner(nobody) == nil)
        #expect(SessionOwner(try Self.user("", client: "")) == nil)
        #expect(try answer(fields("s-1"), of: nobody).fault == .namelessPrincipal)
        #expect(try answer(fields("s-1"), of: nobody).seen == [])
        try begin("s-2", for: try Self.user("alice"))
        #expect(refusal(try fields("s-2"), of: nobody) == .namelessPrincipal)
        #expect(refusal(HTTPFields(), of: nobody) == nil)
    }

    @Test("Session fixation: an identifier that the handler did not give out is refused, whoever brings it")
    func fixation() throws {
        let alice = try Self.user("alice")
        #expect(refusal(try fields("chosen-by-mallory"), of: alice) == .unknown)
        // It is refused again: the table did not store the refused session.
        #expect(refusal(try fields("chosen-by-mallory"), of: alice) == .unknown)
    }

    @Test("The caller is told the same about an unknown session, another's and one without owner: 404, fixed text")
    func sameAnswer() {
        let answers = Answers(realm: nil, resourceMetadata: nil, body: .oauth)
        for fault in ResourceServer.SessionFault.allCases where fault != .repeated {
            let response = answers.response(to: .session(fault))
            #expect(response.status == .notFound)
            #expect(
                response.bodyText
                    == #"{"error":"session_not_found","error_description":"The session is unknown or has ended."}"#)
            #expect(response.fields.pairs.map(\.name) == ["Content-Type", "Cache-Control"])
        }
        #expect(answers.response(to: .session(.repeated)).status == .badRequest)
    }

    @Test("Several fields are refused, equal ones too")
    func repeated() throws {
        let alice = try Self.user("alice")
        try begin("s-1", for: alice)
        #expect(refusal(try fields("s-1", "s-1"), of: alice) == .repeated)
        #expect(refusal(try fields("s-1", "s-2"), of: alice) == .repeated)
    }

    @Test(
        "What no session can be called is unknown: empty, too long, not visible ASCII, a list",
        arguments: [
            "", String(repeating: "s", count: 257), "s 1", "s-1,s-2", "s-\u{E9}", "s\t1", "s-1, s-1", "\u{1F511}",
        ])
    func grammar(session: String) throws {
        let alice = try Self.user("alice")
        try begin("s-1", for: alice)
        #expect(refusal(try fields(session), of: alice) == .unknown)
    }

    @Test("At the limit of 256 bytes and with every visible character an identifier is good")
    func longest() throws {
        let alice = try Self.user("alice")
        let visible = String(decoding: (0x21...0x7E).map { UInt8($0) }, as: UTF8.self)
        for session in [String(repeating: "s", count: 256), visible, "!"] {
            try begin(session, for: alice)
            #expect(refusal(try fields(session), of: alice) == nil)
        }
    }

    @Test("A handler's malformed or repeated identifier does not reach the caller and opens nothing")
    func handlersFault() throws {
        let alice = try Self.user("alice")
        #expect(try answer(fields("s 1"), of: alice) == (.malformed, []))
        #expect(try answer(fields(""), of: alice) == (.malformed, []))
        #expect(try answer(fields("s-1", "s-2"), of: alice) == (.repeated, []))
        #expect(refusal(try fields("s-1"), of: alice) == .unknown)
    }

    @Test("DELETE by the owner ends a session when the handler agrees, and not otherwise")
    func delete() throws {
        let alice = try Self.user("alice")
        let session = try fields("s-1")
        for (status, isOver) in [
            (HTTPStatus.methodNotAllowed, false), (.unauthorized, false), (.internalServerError, false),
            (.noContent, true),
        ] {
            try begin("s-1", for: alice)
            _ = try answer(HTTPFields(), of: alice, status: status, method: .delete, presenting: session)
            #expect(refusal(session, of: alice) == (isOver ? .unknown : nil), "\(status)")
        }
        // The handler's answer may name the session that it ended. That does not begin the session again.
        try begin("s-2", for: alice)
        let goodbye = try answer(fields("s-2"), of: alice, method: .delete, presenting: fields("s-2"))
        #expect(goodbye == (nil, ["s-2"]))
        #expect(refusal(try fields("s-2"), of: alice) == .unknown)
    }

    @Test("A late end of a session does not end the one that another principal has under that name since")
    func lateEnd() throws {
        var table = SessionTable(SessionBinding.Limits())
        let (alice, bob) = try (
            owner("alice", issuer: nil, client: nil), owner("bob", issuer: nil, client: nil)
        )
        #expect(table.bind([1], to: bob, at: .zero) == nil)
        table.end([1], of: alice)
        #expect(table.use([1], by: bob, at: .zero) == nil)
        table.end([1], of: bob)
        #expect(table.use([1], by: bob, at: .zero) == .unknown)
    }

    @Test("A session for which the handler answers 404 is forgotten")
    func endedByHandler() throws {
        let alice = try Self.user("alice")
        try begin("s-1", for: alice)
        _ = try answer(HTTPFields(), of: alice, status: .notFound, presenting: fields("s-1"))
        #expect(refusal(try fields("s-1"), of: alice) == .unknown)
    }

    @Test(
        "An error response shows no session to a caller who did not present it; one who did sees it",
        arguments: [400, 401, 403, 404, 405, 406, 409, 415, 500, 503, 301, 304])
    func errorResponse(code: Int) throws {
        let status = try #require(HTTPStatus(code))
        let alice = try Self.user("alice")
        let mallory = try Self.user("mallory")
        try begin("s-1", for: alice)
        #expect(try answer(fields("s-1"), of: mallory, status: status) == (.onErrorResponse, []))
        #expect(
            try answer(fields("s-1"), of: alice, status: status) == (.onErrorResponse, []),
            "without having presented it")
        #expect(try answer(fields("s-1"), of: alice, status: status, presenting: fields("s-1")) == (nil, ["s-1"]))
        #expect(try answer(fields("s-9"), of: mallory, status: status) == (.onErrorResponse, []))
        #expect(refusal(try fields("s-9"), of: mallory) == .unknown, "nor does an error begin one")
    }

    @Test("A handler that gives one caller another's session is stopped: a transport shared by mistake")
    func sharedTransport() throws {
        try begin("s-1", for: try Self.user("alice"))
        let mallory = try Self.user("mallory")
        #expect(try answer(fields("s-1"), of: mallory) == (.ofAnotherPrincipal, []))
        #expect(try answer(fields("s-1"), of: .anonymous) == (.ofAnotherPrincipal, []))
        #expect(refusal(try fields("s-1"), of: mallory) == .ofAnotherPrincipal)
    }

    @Test("A handler may give a caller another session of its own, and a new one for an old one")
    func changed() throws {
        let alice = try Self.user("alice")
        try begin("s-1", for: alice)
        #expect(try answer(fields("s-2"), of: alice, presenting: fields("s-1")) == (nil, ["s-2"]))
        #expect(try answer(fields("s-1"), of: alice, presenting: fields("s-2")) == (nil, ["s-1"]))
        #expect(refusal(try fields("s-1"), of: alice) == nil)
        #expect(refusal(try fields("s-2"), of: alice) == nil)
    }

    @Test("A session lives while it is used, and ends after the idle time")
    func idle() throws {
        let alice = try Self.user("alice")
        try begin("s-1", for: alice)
        for _ in 0..<3 {
            clock.advance(by: .seconds(599))
            #expect(refusal(try fields("s-1"), of: alice) == nil)
        }
        clock.advance(by: .seconds(600))
        #expect(refusal(try fields("s-1"), of: alice) == .unknown)
        // Only the handler can begin a session with this identifier again.
        #expect(refusal(try fields("s-1"), of: try Self.user("bob")) == .unknown)
    }

    @Test("Somebody else's attempts do not keep a session alive")
    func idleUnderAttack() throws {
        let alice = try Self.user("alice")
        try begin("s-1", for: alice)
        clock.advance(by: .seconds(500))
        #expect(refusal(try fields("s-1"), of: try Self.user("bob")) == .ofAnotherPrincipal)
        clock.advance(by: .seconds(100))
        #expect(refusal(try fields("s-1"), of: alice) == .unknown)
    }

    @Test("A principal beyond its share ends its own sessions, the one not used longest first; others keep theirs")
    func share() throws {
        let alice = try Self.user("alice")
        let mallory = try Self.user("mallory")
        try begin("alice", for: alice)
        for number in 1...10 { try begin("m-\(number)", for: mallory) }
        #expect(refusal(try fields("m-1"), of: mallory) == nil)  // now m-2 is the oldest
        for number in 11...1_000 { try begin("m-\(number)", for: mallory) }
        #expect(refusal(try fields("alice"), of: alice) == nil)
        #expect(refusal(try fields("m-1000"), of: mallory) == nil)
        #expect(refusal(try fields("m-991"), of: mallory) == nil)
        #expect(refusal(try fields("m-990"), of: mallory) == .unknown)
        // An evicted session is unknown. Another caller cannot claim it.
        #expect(refusal(try fields("m-990"), of: alice) == .unknown)
    }

    @Test("Beyond the limit of all, the session that was not used longest ends")
    func full() throws {
        let owners = try (0..<11).map { try Self.user("user-\($0)") }
        for number in 0..<100 { try begin("s-\(number)", for: owners[number / 10]) }
        #expect(refusal(try fields("s-0"), of: owners[0]) == nil)
        try begin("one more", for: owners[10], expecting: .malformed)
        try begin("one-more", for: owners[10])
        #expect(refusal(try fields("s-0"), of: owners[0]) == nil)
        #expect(refusal(try fields("s-1"), of: owners[0]) == .unknown)
        #expect(refusal(try fields("s-2"), of: owners[0]) == nil)
    }

    private func begin(_ session: String, for owner: Principal, expecting fault: ResourceServer.SessionFault) throws {
        #expect(try answer(fields(session), of: owner).fault == fault)
    }

    @Test("A flood of 100,000 sessions by as many principals stays within the limit", .timeLimit(.minutes(5)))
    func flood() throws {
        let limits = SessionBinding.Limits(sessions: 10_000, sessionsPerPrincipal: 1_000)
        var table = SessionTable(limits)
        let owners = try (0..<1_000).map { try owner("user-\($0)", issuer: nil, client: nil) }
        var refusals = 0
        for number in 0..<100_000 {
            let key = Array("\(number)".utf8)
            if table.bind(key, to: owners[number % 1_000], at: .zero) != nil { refusals += 1 }
            if table.use(key, by: owners[number % 1_000], at: .zero) != nil { refusals += 1 }
        }
        #expect(refusals == 0)
        #expect(table.count == 10_000)
        let lost = (90_000..<100_000).count { number in
            table.use(Array("\(number)".utf8), by: owners[number % 1_000], at: .zero) != nil
        }
        #expect(lost == 0)
    }

    @Test("Many at once: nobody gets another's session, and what one began it keeps", .timeLimit(.minutes(5)))
    func concurrency() async throws {
        let registry = SessionRegistry(SessionBinding.Limits(), clock: clock.clock)
        let sessions = try (0..<200).map { try fields("s-\($0)") }
        let owners = try (0..<8).map { try Self.user("user-\($0)") }
        let refused = await withTaskGroup(of: [ResourceServer.SessionFault].self) { group in
            for owner in owners {
                group.addTask { Self.takeAll(sessions, for: owner, in: registry) }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        // Each session belongs to the first caller.
        #expect(refused.count == 7 * 200)
        #expect(refused.allSatisfy { $0 == .ofAnotherPrincipal })
    }

    /// Lets the handler begin each session for an owner, and uses it. Returns the refused sessions.
    private static func takeAll(
        _ sessions: [HTTPFields], for owner: Principal, in registry: SessionRegistry
    ) -> [ResourceServer.SessionFault] {
        sessions.compactMap { session in
            do throws(ResourceServer.SessionFault) {
                var answer = session
                let fault = try registry.admit(.post, HTTPFields(), of: owner).finish(status: .ok, fields: &answer)
                _ = try registry.admit(.post, session, of: owner)
                return fault
            } catch {
                return error
            }
        }
    }

    @Test("Limits out of range are configuration errors, at each end")
    func limits() {
        func settings(_ limits: SessionBinding.Limits) -> [String] {
            var faults: ConfigurationFaults = []
            limits.check(&faults)
            return ConfigurationError(faults).settings
        }
        #expect(settings(SessionBinding.Limits()) == [])
        #expect(settings(SessionBinding.Limits(sessions: 1, sessionsPerPrincipal: 1, idleTime: .seconds(60))) == [])
        let bad = [
            SessionBinding.Limits(sessions: 0, sessionsPerPrincipal: 0, idleTime: .seconds(59)),
            SessionBinding.Limits(
                sessions: 1_000_001, sessionsPerPrincipal: 1_000_001,
                idleTime: .seconds(30 * 86_400) + .nanoseconds(1)),
        ]
        for limits in bad {
            #expect(
                settings(limits)
                    == ["sessions.sessions", "sessions.sessionsPerPrincipal", "sessions.idleTime"])
        }
    }
}
