import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import OAuthResourceServer
@testable import TokenVerification

@Suite("BoundSessions: an MCP session belongs to its principal, and nothing is stored (POLICY §11)")
struct BoundSessionsTests {
    static let key = Array("0123456789abcdef0123456789abcdef".utf8)
    static let otherKey = Array("another key another key another!".utf8)

    private let sessions: BoundSessions

    init() throws {
        sessions = try Self.sessions()
    }

    private static func sessions(
        current: [UInt8] = key, previous: [[UInt8]] = [], resource: String = GuardFixture.resource
    ) throws -> BoundSessions {
        BoundSessions(
            SessionSeal(
                try SessionKeys(current: current, previous: previous), resource: try ResourceIdentifier(resource)))
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

    /// What the handler sees of a session that a caller names, or why the caller is refused.
    private func opened(
        _ session: String..., of caller: Principal, in other: BoundSessions? = nil
    ) throws -> Result<String?, ResourceServer.SessionFault> {
        var fields = HTTPFields()
        for session in session { fields.append(.mcpSessionID, try #require(HTTPFields.Value(session))) }
        do throws(ResourceServer.SessionFault) {
            return .success(try (other ?? sessions).admit(fields, of: caller).identifier?.string)
        } catch {
            return .failure(error)
        }
    }

    /// The session identifiers of the handler's response that reach the caller.
    private func answer(
        _ sent: HTTPFields, of caller: Principal, status: HTTPStatus = .ok, method: HTTPMethod = .post,
        naming session: String? = nil
    ) throws -> (fault: ResourceServer.SessionFault?, seen: [String?]) {
        var sent = sent
        let named = try session.map { try fields($0) } ?? HTTPFields()
        let fault = try sessions.admit(named, of: caller).finish(status: status, fields: &sent, of: caller, method)
        return (fault, sent.values(of: .mcpSessionID).map(\.string))
    }

    /// The identifier that a caller gets when the handler begins a session.
    private func begin(_ session: String, for caller: Principal) throws -> String {
        let answer = try answer(fields(session), of: caller)
        try #require(answer.fault == nil && answer.seen.count == 1)
        return try #require(answer.seen[0])
    }

    @Test("The caller gets the handler's identifier with a code, and the handler gets its own back")
    func own() throws {
        let alice = try Self.user("alice")
        let session = try begin("s-1", for: alice)
        #expect(session.hasPrefix("s-1.") && session.utf8.count == 3 + 1 + 22)
        #expect(try opened(session, of: alice) == .success("s-1"))
        let without = try sessions.admit(HTTPFields(), of: alice)
        #expect(without.identifier == nil, "and it may go on without one")
        #expect(try opened("s-1", of: alice) == .failure(.unknown), "the handler's identifier alone opens nothing")
    }

    @Test("The code is that of the contract: other instances and versions must agree")
    func contract() throws {
        // HMAC-SHA-256 over a purpose, NUL, SHA-256 of the resource, SHA-256 of the owner's parts, the identifier.
        #expect(try begin("s-1", for: Self.user("alice")) == "s-1.RnzxTfq0N893cWkV_qTG4Q")
    }

    @Test(
        "Another principal is refused as for an unknown session: every part of the owner counts",
        arguments: [
            ("bob", "https://issuer.example", "app"), ("alice", "https://other.example", "app"),
            ("alice", nil, "app"), ("alice", "https://issuer.example", "other"),
            ("alice", "https://issuer.example", nil),
            (nil, "https://issuer.example", "app"), ("Alice", "https://issuer.example", "app"),
            ("alice", "https://issuer.example/", "app"),
        ] as [(String?, String?, String?)])
    func foreign(subject: String?, issuer: String?, client: String?) throws {
        let session = try begin("s-1", for: Self.user("alice"))
        let other = try Self.user(subject, issuer: issuer, client: client)
        #expect(try opened(session, of: other) == .failure(.unknown))
        let own = try begin("s-1", for: other)
        #expect(own != session)
    }

    @Test("Parts of an owner do not run together, and are compared as bytes")
    func ambiguity() throws {
        func owner(_ subject: String?, issuer: String?, client: String?) throws -> SessionOwner {
            try #require(SessionOwner(issuer: issuer, subject: subject, clientID: client))
        }
        let owners = [
            try owner("ab", issuer: "a", client: "c"), try owner("b", issuer: "aa", client: "c"),
            try owner("abc", issuer: "a", client: nil), try owner(nil, issuer: "a", client: "abc"),
            try owner("abc", issuer: nil, client: nil), try owner("a\u{0}\u{1}b", issuer: nil, client: "c"),
            try owner("a", issuer: nil, client: "\u{1}bc"), try owner("K", issuer: nil, client: nil),
            try owner("\u{212A}", issuer: nil, client: nil), try owner("\u{E9}", issuer: nil, client: nil),
            try owner("e\u{301}", issuer: nil, client: nil), .withoutToken,
            try #require(SessionOwner(issuer: "a", subject: "ab", from: .username, clientID: "c")),
            try #require(SessionOwner(issuer: "a", subject: "abc", from: .username, clientID: nil)),
            try #require(SessionOwner(issuer: nil, subject: "abc", from: .username, clientID: nil)),
        ]
        #expect(Set(owners).count == owners.count)
        #expect(owners.allSatisfy { $0.digest.count == 32 }, "so that the identifier begins at a fixed place")
    }

    private static func introspected(
        _ claims: JSONDocument.Object, issuer: String = "https://issuer.example"
    ) throws -> Principal {
        let document = try JSONDocument(parsing: JSONValue.object(claims).encoded())
        return Principal(
            AccessToken(introspected: document, issuer: issuer, expiresAt: nil, scopes: ScopeMapping()))
    }

    @Test("Two users whom introspection names by username are two owners, and neither is a sub of the same text")
    func usernames() throws {
        let bob = try Self.introspected(["username": "bob", "client_id": "app"])
        let others = [
            try Self.introspected(["username": "alice", "client_id": "app"]),
            try Self.introspected(["username": "Bob", "client_id": "app"]),
            try Self.introspected(["sub": "bob", "client_id": "app"]),
            try Self.introspected(["client_id": "app"]), try Self.introspected(["client_id": "bob"]),
            try Self.introspected(["username": "bob", "client_id": "other"]),
            try Self.introspected(["username": "bob"]),
            try Self.introspected(["username": "bob", "client_id": "app"], issuer: "https://other.example"),
            try Self.user("bob"), try Self.user("bob", client: nil), .anonymous, Principal(anonymousAs: "bob"),
        ]
        let session = try begin("s-1", for: bob)
        #expect(try opened(session, of: bob) == .success("s-1"))
        for other in others {
            #expect(try opened(session, of: other) == .failure(.unknown))
            #expect(try opened(begin("s-1", for: other), of: bob) == .failure(.unknown))
        }
    }

    @Test("A sub of introspection is the sub of a JWT: the same user at the same issuer")
    func subjects() throws {
        let session = try begin("s-1", for: Self.user("alice"))
        let same = try Self.introspected(["sub": "alice", "username": "bob", "client_id": "app"])
        #expect(try opened(session, of: same) == .success("s-1"))
    }

    @Test("A session without a token and one with a token are not each other's")
    func anonymous() throws {
        let alice = try Self.user("alice")
        let (hers, tokenless) = (try begin("s-1", for: alice), try begin("s-2", for: .anonymous))
        #expect(try opened(hers, of: .anonymous) == .failure(.unknown))
        #expect(try opened(tokenless, of: alice) == .failure(.unknown))
        #expect(try opened(tokenless, of: .anonymous) == .success("s-2"))
    }

    @Test("A token that names neither subject nor client can own no session and use none")
    func nameless() throws {
        let nameless = try Self.user(nil, client: nil)
        #expect(SessionOwner(nameless) == nil)
        #expect(SessionOwner(try Self.user("", client: "")) == nil)
        #expect(try answer(fields("s-1"), of: nameless) == (.namelessPrincipal, []))
        #expect(try opened(begin("s-1", for: .anonymous), of: nameless) == .failure(.namelessPrincipal))
    }

    @Test("Each changed, missing or added byte makes the identifier unknown")
    func forged() throws {
        let alice = try Self.user("alice")
        let session = Array(try begin("s-1.x", for: alice).utf8)
        var forged: [[UInt8]] = []
        for index in session.indices {
            for replacement in [UInt8(ascii: "A"), UInt8(ascii: "."), session[index] ^ 1, session[index] ^ 0x20] {
                var changed = session
                changed[index] = replacement
                forged.append(changed)
            }
            forged.append(Array(session[..<index]))
            forged.append(Array(session[index...].dropFirst()))
            forged.append(Array(session[...index] + session[index...]))
        }
        for suffix in [".", "A", "=", "==", " ", ".." + String(decoding: session.suffix(22), as: UTF8.self)] {
            forged.append(session + Array(suffix.utf8))
        }
        for bytes in forged where bytes != session {
            guard let text = HTTPFields.Value(bytes: bytes)?.string else { continue }
            #expect(try opened(text, of: alice) == .failure(.unknown), "\(text)")
        }
        #expect(try opened(String(decoding: session, as: UTF8.self), of: alice) == .success("s-1.x"))
    }

    @Test("A code has one spelling: unused bits of its last character are not ignored")
    func spelling() throws {
        let alice = try Self.user("alice")
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=".utf8)
        let session = Array(try begin("s-1", for: alice).utf8)
        let accepted = try alphabet.filter { last in
            let text = String(decoding: session.dropLast() + [last], as: UTF8.self)
            return try opened(text, of: alice) == .success("s-1")
        }
        #expect(accepted == [session[session.count - 1]])
    }

    @Test(
        "What no session can be called is unknown: empty, too short, not visible ASCII, a list",
        arguments: [
            "", ".", "s-1", "s 1", "s-1,s-2", "s-\u{E9}", "s\t1", "\u{1F511}", String(repeating: "s", count: 280),
            "." + String(repeating: "A", count: 22), "s-1." + String(repeating: "A", count: 22),
        ])
    func grammar(session: String) throws {
        #expect(try opened(session, of: Self.user("alice")) == .failure(.unknown))
    }

    @Test("Several fields are refused, equal ones too")
    func repeated() throws {
        let alice = try Self.user("alice")
        let session = try begin("s-1", for: alice)
        #expect(try opened(session, session, of: alice) == .failure(.repeated))
        #expect(try opened(session, "s-2", of: alice) == .failure(.repeated))
        #expect(try opened("\(session), \(session)", of: alice) == .failure(.unknown))
    }

    @Test("A handler's identifier may have 1…256 visible characters, dots and codes included")
    func longest() throws {
        let alice = try Self.user("alice")
        let visible = String(decoding: (0x21...0x7E).map { UInt8($0) }, as: UTF8.self)
        // A handler that names an identifier of a caller has it as its own: one more code is put on and taken off.
        let sealed = try begin("s-1", for: alice)
        for identifier in [String(repeating: "s", count: 256), visible, "!", ".", "...", "a.b.c", sealed] {
            #expect(try opened(begin(identifier, for: alice), of: alice) == .success(identifier))
        }
        for identifier in ["", String(repeating: "s", count: 257), "s 1", "s\u{E9}"] {
            #expect(try answer(fields(identifier), of: alice) == (.malformed, []))
        }
        #expect(try answer(fields("s-1", "s-2"), of: alice) == (.repeated, []))
    }

    @Test("The owner gets back what it sent, with every status")
    func echoed() throws {
        let alice = try Self.user("alice")
        let session = try begin("s-1", for: alice)
        for status in [HTTPStatus.ok, .accepted, .badRequest, .notFound, .internalServerError] {
            for method in [HTTPMethod.post, .get, .delete] {
                let echoed = try answer(fields("s-1"), of: alice, status: status, method: method, naming: session)
                #expect(echoed == (nil, [session]))
            }
        }
        let next = try answer(fields("s-2"), of: alice, naming: session)
        #expect(next.fault == nil && next.seen != [session], "a handler may begin another session instead")
    }

    @Test(
        "An error response shows no session to a caller that did not name it",
        arguments: [400, 401, 403, 404, 405, 406, 409, 415, 500, 503, 301, 304])
    func errorResponse(code: Int) throws {
        let status = try #require(HTTPStatus(code))
        for caller in [try Self.user("mallory"), .anonymous] {
            #expect(try answer(fields("s-1"), of: caller, status: status) == (.onErrorResponse, []))
            let own = try begin("m-1", for: caller)
            #expect(try answer(fields("s-1"), of: caller, status: status, naming: own) == (.onErrorResponse, []))
        }
    }

    @Test("Only the response to a POST begins a session", arguments: [HTTPMethod.get, .head, .delete, .put, .options])
    func otherMethod(method: HTTPMethod) throws {
        #expect(try answer(fields("s-1"), of: Self.user("mallory"), method: method) == (.onOtherMethod, []))
    }

    @Test("Instances with the same key agree; another key and another resource know nothing of each other")
    func instances() throws {
        let alice = try Self.user("alice")
        let session = try begin("s-1", for: alice)
        #expect(try opened(session, of: alice, in: Self.sessions()) == .success("s-1"))
        #expect(try opened(session, of: alice, in: Self.sessions(current: Self.otherKey)) == .failure(.unknown))
        let other = try Self.sessions(resource: "https://mcp.example/other")
        #expect(try opened(session, of: alice, in: other) == .failure(.unknown))
        let random = BoundSessions(
            SessionSeal(.ofThisProcess, resource: try ResourceIdentifier(GuardFixture.resource)))
        #expect(try opened(session, of: alice, in: random) == .failure(.unknown))
    }

    @Test("Rotation: sessions of the previous key go on until it is removed, and are answered as they were named")
    func rotation() throws {
        let alice = try Self.user("alice")
        let old = try begin("s-1", for: alice)
        let rotated = try Self.sessions(current: Self.otherKey, previous: [Self.key])
        #expect(try opened(old, of: alice, in: rotated) == .success("s-1"))
        var answer = try fields("s-1")
        #expect(try rotated.admit(fields(old), of: alice).finish(status: .ok, fields: &answer, of: alice, .post) == nil)
        #expect(answer[.mcpSessionID]?.string == old)
        var begun = try fields("s-1")
        #expect(try rotated.admit(HTTPFields(), of: alice).finish(status: .ok, fields: &begun, of: alice, .post) == nil)
        let new = try #require(begun[.mcpSessionID]?.string)
        let after = try Self.sessions(current: Self.otherKey)
        #expect(try opened(new, of: alice, in: after) == .success("s-1"))
        #expect(try opened(old, of: alice, in: after) == .failure(.unknown))
        #expect(try opened(new, of: Self.user("bob"), in: rotated) == .failure(.unknown))
    }

    @Test("The caller is told the same about every session that it may not use: 404, fixed text")
    func sameAnswer() {
        var faults: ConfigurationFaults = []
        let bindings = CheckedBindings(ResourceServerConfiguration(resource: "https://mcp.example/mcp"), &faults)
        let answers = Answers(realm: nil, resourceMetadata: nil, body: .oauth, bindings: bindings)
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
}
