import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

@Suite("A guard's sessions (POLICY §11)", .serialized)
struct GuardSessionTests {
    /// A simple handler with sessions: `POST /begin` begins `s-1`, `s-2` …, `DELETE` ends the session of the request,
    /// `/error` fails and names a session, and other paths show the session of the request. It answers 404 for a
    /// session that it has ended.
    private final class Handler: HTTPHandler {
        private let count = Mutex(0)
        private let ended = Mutex<Set<String>>([])
        let calls = Atomic(0)

        func respond(to request: HTTPRequest) async throws -> HTTPResponse {
            calls.add(1, ordering: .relaxed)
            let session = request.fields[.mcpSessionID]?.string
            var response = HTTPResponse.text(session ?? "none")
            if let session {
                if ended.withLock({ $0.contains(session) }) { return HTTPResponse(status: .notFound) }
                if request.method == .delete { ended.withLock { _ = $0.insert(session) } }
                response.fields[.mcpSessionID] = request.fields[.mcpSessionID]
            }
            if request.path == "/begin" {
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                response.fields[.mcpSessionID] = HTTPFields.Value("s-\(number)")
            }
            if request.path == "/error" {
                response.status = .badRequest
                response.fields[.mcpSessionID] = "s-1"
            }
            return response
        }
    }

    private let fixture: GuardFixture
    private let handler = Handler()
    private let guarded: any HTTPHandler

    init() throws {
        try self.init { _ in }
    }

    private init(configure: (inout ResourceServerConfiguration) -> Void) throws {
        fixture = try GuardFixture(configure: configure)
        guarded = fixture.server.protecting(handler)
    }

    private func send(
        _ path: String = "/mcp", _ method: HTTPMethod = .post, as subject: String? = "alice", session: String...,
        fields extra: [(HTTPFields.Name, HTTPFields.Value)] = []
    ) async throws -> HTTPResponse {
        var fields = HTTPFields()
        if let subject {
            let token = GuardFixture.issuer.token { $0.claims["sub"] = .string(subject) }
            fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + token)))
        }
        for session in session { fields.append(.mcpSessionID, try #require(HTTPFields.Value(session))) }
        for (name, value) in extra { fields.append(name, value) }
        let target = try #require(HTTPRequest.Target(path))
        return try await guarded.respond(to: HTTPRequest(method: method, target: target, fields: fields))
    }

    private static let notFound = [
        "404", "Content-Type: application/json", "Cache-Control: no-store",
        #"{"error":"session_not_found","error_description":"The session is unknown or has ended."}"#,
    ]

    /// Begins a session, and returns the identifier that the caller gets.
    private func begin(as subject: String? = "alice") async throws -> String {
        try #require(try await send("/begin", as: subject).text(.mcpSessionID))
    }

    @Test("Its owner uses it and ends it; the handler sees its own identifier, and says that it has ended")
    func life() async throws {
        let session = try await begin()
        #expect(session.hasPrefix("s-1."))
        let used = try await send(session: session)
        #expect(used.bodyText == "s-1")
        #expect(used.text(.mcpSessionID) == session)
        #expect(try await send("/mcp", .get, session: session).bodyText == "s-1")
        #expect(try await send("/mcp", .delete, session: session).status == .ok)
        #expect(try await send(session: session).status == .notFound)
        #expect(fixture.log.denials.isEmpty, "the guard refused nothing")
    }

    @Test("Another principal gets exactly what it gets for an unknown session, and the handler is not asked")
    func stolen() async throws {
        let session = try await begin()
        let calls = handler.calls.load(ordering: .relaxed)
        for method in [HTTPMethod.post, .get, .delete] {
            for identifier in [session, "s-1", "s-77", session + "A", String(session.dropLast())] {
                #expect(try await send("/mcp", method, as: "mallory", session: identifier).summary == Self.notFound)
            }
        }
        #expect(handler.calls.load(ordering: .relaxed) == calls)
        #expect(try await send(session: session).bodyText == "s-1", "its owner still has it")
        let reasons = fixture.log.all.map(\.description).filter { $0.contains("reason=session_") }
        #expect(reasons.count == 15)
        #expect(reasons.allSatisfy { $0.hasPrefix("denied reason=session_unknown token=") })
        #expect(reasons.allSatisfy { !$0.contains("s-1") && !$0.contains("token=none") })
    }

    @Test("Without a token the answer is 401 for every session; no refusal shows a session")
    func withoutToken() async throws {
        let session = try await begin()
        for session in [session, "s-77"] {
            let refused = try await send(as: nil, session: session)
            #expect(refused.status == .unauthorized)
            #expect(refused.fields.contains(.wwwAuthenticate))
            #expect(!refused.fields.contains(.mcpSessionID))
        }
        #expect(try await !send(as: "mallory", session: session).fields.contains(.mcpSessionID))
        #expect(try await !send(session: session, session).fields.contains(.mcpSessionID))
    }

    @Test("Two fields are 400; a HEAD is refused without a body")
    func repeated() async throws {
        let session = try await begin()
        let refused = try await send(session: session, session)
        #expect(
            refused.summary == [
                "400", "Content-Type: application/json", "Cache-Control: no-store",
                #"{"error":"invalid_request","error_description":"The request has several Mcp-Session-Id fields."}"#,
            ])
        #expect(try await send("/mcp", .head, session: "s-77").bodyText == "")
    }

    @Test("An error response of the handler keeps the session from callers that did not name it; the operator is told")
    func errorResponse() async throws {
        let session = try await begin()
        let mallory = try await send("/error", as: "mallory")
        #expect(mallory.status == .badRequest)
        #expect(!mallory.fields.contains(.mcpSessionID))
        let event = fixture.log.all.last?.description ?? ""
        #expect(event.hasPrefix("session_withheld reason=session_on_error_response token=") && !event.hasSuffix("none"))
        #expect(try await send("/error", session: session).text(.mcpSessionID) == session)
    }

    @Test("A handler without sessions never notices; a session that no handler began is refused before it")
    func stateless() async throws {
        #expect(try await send().bodyText == "none")
        #expect(try await send(session: "s-1").summary == Self.notFound)
        #expect(handler.calls.load(ordering: .relaxed) == 1)
    }

    @Test("Guards with one key agree about sessions; every guard of a process has the same random key by default")
    func instances() async throws {
        let session = try await begin()
        #expect(try await GuardSessionTests().send(session: session).bodyText == "s-1")
        let key = try SessionKeys(current: Array("a key of thirty-two bytes at least".utf8))
        let (one, two) = (
            try GuardSessionTests { $0.sessions = .bound(key) }, try GuardSessionTests { $0.sessions = .bound(key) }
        )
        let shared = try await one.begin()
        #expect(try await two.send(session: shared).bodyText == "s-1")
        #expect(try await two.send(as: "mallory", session: shared).summary == Self.notFound)
        #expect(try await send(session: shared).summary == Self.notFound, "another key")
    }

    @Test("A user with 11 self-registered clients that begin 1,000 sessions each ends no session of another user")
    func crowded() async throws {
        let session = try await begin()
        for client in 0..<11 {
            let admission = try await admission(of: "mallory", client: "self-registered-\(client)")
            for number in 0..<1_000 {
                var fields = try HTTPFields([("Mcp-Session-Id", "m-\(client)-\(number)")])
                admission.finish(status: .ok, fields: &fields)
            }
        }
        #expect(try await send(session: session).bodyText == "s-1")
    }

    private func admission(of subject: String, client: String) async throws -> ResourceServer.Admission {
        var fields = HTTPFields()
        let token = GuardFixture.issuer.token {
            $0.claims["sub"] = .string(subject)
            $0.claims["client_id"] = .string(client)
        }
        fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + token)))
        let decision = await fixture.server.decide(
            method: .post, target: "/mcp", fields: fields)
        guard case .proceed(let admission) = decision else { throw NotAdmitted() }
        return admission
    }

    private struct NotAdmitted: Error {}

    @Test("Where a token is optional, sessions with and without one do not mix")
    func optional() async throws {
        let tests = try GuardSessionTests { $0.requirements.routes = [RouteRule(below: "/", .optional)] }
        let tokenless = try await tests.begin(as: nil)
        let hers = try await tests.begin(as: "alice")
        #expect(try await tests.send(as: nil, session: tokenless).bodyText == "s-1")
        #expect(try await tests.send(as: "alice", session: hers).bodyText == "s-2")
        #expect(try await tests.send(as: nil, session: hers).summary == Self.notFound)
        #expect(try await tests.send(as: "alice", session: tokenless).summary == Self.notFound)
    }

    @Test("A public path admits no session of a principal either")
    func publicPath() async throws {
        let tests = try GuardSessionTests { $0.requirements.routes = [RouteRule("/health", .public)] }
        let session = try await tests.begin(as: "alice")
        #expect(try await tests.send("/health", .get, as: nil).status == .ok)
        #expect(try await tests.send("/health", .get, as: nil, session: session).summary == Self.notFound)
        // A public path does not read the token, so that the request has no principal.
        #expect(try await tests.send("/health", .get, as: "alice", session: session).summary == Self.notFound)
    }

    @Test("A page of an allowed origin can read the refusal")
    func crossOrigin() async throws {
        let tests = try GuardSessionTests { $0.browsers.allowedOrigins = ["https://app.example"] }
        let refused = try await tests.send(session: "s-77", fields: [(.origin, "https://app.example")])
        #expect(refused.status == .notFound)
        #expect(refused.text(.accessControlAllowOrigin) == "https://app.example")
    }

    @Test("Shadow mode, a disabled guard and an unbound one let every session pass, both ways")
    func unbound() async throws {
        let modes: [@Sendable (inout ResourceServerConfiguration) -> Void] = [
            { $0.mode = .shadow }, { $0.mode = .disabled(anonymousAs: "me", reach: .iKnowThisIsPublic) },
            { $0.sessions = .dangerouslyUnbound },
        ]
        let session = try await begin()
        for configure in modes {
            let tests = try GuardSessionTests(configure: configure)
            #expect(try await tests.send(session: "s-77").bodyText == "s-77")
            #expect(try await tests.send("/error").text(.mcpSessionID) == "s-1")
            // The code of an enforced guard stays on. The handler does not know such a session.
            #expect(try await tests.send(session: session).bodyText == session)
        }
    }
}
