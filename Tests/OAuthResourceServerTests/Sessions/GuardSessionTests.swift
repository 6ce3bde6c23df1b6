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
    /// `/error` fails and names a session, and other paths show the session of the request.
    private final class Handler: HTTPHandler {
        private let count = Mutex(0)
        let calls = Atomic(0)

        func respond(to request: HTTPRequest) async throws -> HTTPResponse {
            calls.add(1, ordering: .relaxed)
            var response = HTTPResponse.text(request.fields[.mcpSessionID]?.string ?? "none")
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

    @Test("Its owner uses it, ends it, and gets 404 from then on")
    func life() async throws {
        let begun = try await send("/begin")
        #expect(begun.text(.mcpSessionID) == "s-1")
        #expect(try await send(session: "s-1").bodyText == "s-1")
        #expect(try await send(method: .delete, session: "s-1").status == .ok)
        #expect(try await send(session: "s-1").summary == Self.notFound)
    }

    private func send(method: HTTPMethod, session: String) async throws -> HTTPResponse {
        try await send("/mcp", method, session: session)
    }

    @Test("Another principal gets exactly what it gets for an unknown session, and the handler is not asked")
    func stolen() async throws {
        _ = try await send("/begin")
        let calls = handler.calls.load(ordering: .relaxed)
        for method in [HTTPMethod.post, .get, .delete] {
            let stolen = try await send("/mcp", method, as: "mallory", session: "s-1")
            let unknown = try await send("/mcp", method, as: "mallory", session: "s-77")
            #expect(stolen.summary == Self.notFound)
            #expect(unknown.summary == Self.notFound)
        }
        #expect(handler.calls.load(ordering: .relaxed) == calls)
        #expect(try await send(session: "s-1").bodyText == "s-1", "its owner still has it")
        let reasons = fixture.log.all.map(\.description).filter { $0.contains("reason=session_") }
        #expect(
            reasons.map { $0.split(separator: " ")[1] }
                == Array(repeating: ["reason=session_of_another_principal", "reason=session_unknown"], count: 3)
                .flatMap { $0[...] })
        #expect(reasons.allSatisfy { !$0.contains("s-1") && !$0.contains("token=none") })
    }

    @Test("Without a token the answer is 401, whatever the session; no refusal shows a session")
    func withoutToken() async throws {
        _ = try await send("/begin")
        for session in ["s-1", "s-77"] {
            let refused = try await send(as: nil, session: session)
            #expect(refused.status == .unauthorized)
            #expect(refused.fields.contains(.wwwAuthenticate))
            #expect(!refused.fields.contains(.mcpSessionID))
        }
        #expect(try await !send(as: "mallory", session: "s-1").fields.contains(.mcpSessionID))
        #expect(try await !send(session: "s-1", "s-1").fields.contains(.mcpSessionID))
    }

    @Test("Two fields are 400; a HEAD is refused without a body")
    func repeated() async throws {
        _ = try await send("/begin")
        let refused = try await send(session: "s-1", "s-1")
        #expect(
            refused.summary == [
                "400", "Content-Type: application/json", "Cache-Control: no-store",
                #"{"error":"invalid_request","error_description":"The request has several Mcp-Session-Id fields."}"#,
            ])
        #expect(try await send("/mcp", .head, session: "s-77").bodyText == "")
    }

    @Test("An error response of the handler keeps the session from whoever did not present it; the operator is told")
    func errorResponse() async throws {
        _ = try await send("/begin")
        let mallory = try await send("/error", as: "mallory")
        #expect(mallory.status == .badRequest)
        #expect(!mallory.fields.contains(.mcpSessionID))
        let event = fixture.log.all.last?.description ?? ""
        #expect(event.hasPrefix("session_withheld reason=session_on_error_response token=") && !event.hasSuffix("none"))
        #expect(try await send("/error", session: "s-1").text(.mcpSessionID) == "s-1")
    }

    @Test("A handler without sessions never notices; a session that nobody began is refused before it")
    func stateless() async throws {
        #expect(try await send().bodyText == "none")
        #expect(try await send(session: "s-1").summary == Self.notFound)
        #expect(handler.calls.load(ordering: .relaxed) == 1)
    }

    @Test("Where a token is optional, sessions of nobody and of somebody do not mix")
    func optional() async throws {
        let tests = try GuardSessionTests { $0.requirements.routes = [RouteRule(below: "/", .optional)] }
        _ = try await tests.send("/begin", as: nil)
        _ = try await tests.send("/begin", as: "alice")
        #expect(try await tests.send(as: nil, session: "s-1").bodyText == "s-1")
        #expect(try await tests.send(as: "alice", session: "s-2").bodyText == "s-2")
        #expect(try await tests.send(as: nil, session: "s-2").summary == Self.notFound)
        #expect(try await tests.send(as: "alice", session: "s-1").summary == Self.notFound)
    }

    @Test("A public path admits no session of a principal either")
    func publicPath() async throws {
        let tests = try GuardSessionTests { $0.requirements.routes = [RouteRule("/health", .public)] }
        _ = try await tests.send("/begin", as: "alice")
        #expect(try await tests.send("/health", .get, as: nil).status == .ok)
        #expect(try await tests.send("/health", .get, as: nil, session: "s-1").summary == Self.notFound)
        // A public path does not read the token, so that the request has no principal.
        #expect(try await tests.send("/health", .get, as: "alice", session: "s-1").summary == Self.notFound)
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
        for configure in modes {
            let tests = try GuardSessionTests(configure: configure)
            #expect(try await tests.send(session: "s-77").bodyText == "s-77")
            #expect(try await tests.send("/error").text(.mcpSessionID) == "s-1")
        }
    }

    @Test("Limits out of range are faults of the configuration")
    func faults() {
        let error = #expect(throws: ConfigurationError.self) {
            try GuardFixture { $0.sessions = .bound(SessionBinding.Limits(sessions: 0)) }
        }
        #expect(error?.settings == ["sessions.sessions"])
    }
}
