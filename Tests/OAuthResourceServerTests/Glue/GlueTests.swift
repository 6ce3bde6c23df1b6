import HTTPMessages
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

@testable import OAuthResourceServer

/// A request as another HTTP library represents it.
struct ForeignRequest: Sendable {
    var method = "POST"
    var target = "/mcp"
    var fields: [(String, String)] = []
    var body = ""
    /// Where the request arrives.
    var localAddress: String? = "192.0.2.1"
}

/// A response as another HTTP library represents it.
struct ForeignResponse: Sendable {
    var status: Int
    var fields: [(String, String)]
    var body: String
    /// Whether the body ended as a body ends. Otherwise the framework closes the connection.
    var isWhole = true

    func values(_ name: String) -> [String] {
        fields.filter { $0.0.lowercased() == name.lowercased() }.map(\.1)
    }
}

@Suite("The glue of the articles, behind stand-ins of the frameworks", .serialized)
struct GlueTests {
    /// Sends a request through the code of an article. The handler answers `handled <subject>`. On `/begin` it begins a
    /// session, on `/session` it answers with the session that it sees, and on `/error` it names a session of another
    /// caller. On `/stream` it answers with an event stream that names the subject, on `/endless` with one that ends
    /// only when it is cancelled, and on `/throw` with an error of the framework.
    typealias Send = @Sendable (ResourceServer, ForeignRequest) async throws -> ForeignResponse

    static let glues: [(name: String, send: Send)] = [
        ("Hummingbird", hummingbird), ("Vapor", vapor), ("SwiftNIO", swiftNIO),
    ]

    private struct Failure: Error {}

    private static func handled(
        _ target: String, session: String?
    ) -> (status: Int, fields: [(String, String)], body: String) {
        let subject = Principal.current?.subject ?? "nobody"
        switch target {
        case "/begin": return (200, [("Mcp-Session-Id", "s-1")], subject)
        case "/session": return (200, [], session ?? "none")
        case "/error": return (400, [("Mcp-Session-Id", "s-1"), ("X-Other", "kept")], subject)
        case "/odd":
            return (
                200, [("Set-Cookie", "a=1"), ("X-Odd", "a\u{1}b"), ("X-Spaces", " kept "), ("Bad\n", "a")], subject
            )
        default: return (200, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], "handled \(subject)")
        }
    }

    /// Writes the body of a stream; nil when the target names none.
    private static func stream(
        _ target: String
    ) -> (@Sendable (_ write: (SwiftNIOGlue.ByteBuffer) async throws -> Void) async throws -> Void)? {
        switch target {
        case "/stream":
            { write in
                for number in 1...2 {
                    try await write(.init(string: "data: \(number) \(Principal.current?.subject ?? "nobody")\n\n"))
                }
            }
        case "/endless":
            { write in
                try await write(.init(string: ":\n\n"))
                for await _ in AsyncStream(Never.self, { _ in }) {}
                try Task.checkCancellation()
            }
        default: nil
        }
    }

    private static let hummingbird: Send = { server, foreign in
        final class Writer: HummingbirdGlue.ResponseBodyWriter {
            let state = Mutex((bytes: [UInt8](), ends: 0))
            func write(_ buffer: HummingbirdGlue.ByteBuffer) {
                state.withLock { $0.bytes += buffer.readableBytesView }
            }
            func finish(_ trailingHeaders: HummingbirdGlue.HTTPFields?) { state.withLock { $0.ends += 1 } }
        }
        var head = HummingbirdGlue.HTTPRequest(method: .init(rawValue: foreign.method), path: foreign.target)
        for (name, value) in foreign.fields {
            // NIOHTTPTypes does the same.
            if name == "Host" {
                head.authority = value
            } else {
                head.headerFields.append(.init(name: try #require(.init(name)), value: value))
            }
        }
        let channel = SwiftNIOGlue.TestChannel(at: foreign.localAddress)
        let middleware = HummingbirdGlue.ResourceServerMiddleware<HummingbirdGlue.AppContext>(resourceServer: server)
        let response = try await middleware.handle(
            .init(head: head, body: .init(buffer: .init(string: foreign.body))),
            context: .init(source: .init(channel: channel))
        ) { request, context in
            let target = request.head.path ?? ""
            if target == "/throw" { throw HummingbirdGlue.HTTPError(.conflict) }
            if target == "/fail" { throw Failure() }
            if let stream = stream(target) {
                return try HummingbirdGlue.EventStream { writer in try await stream { try await writer.write($0) } }
                    .response(from: request, context: context)
            }
            let session = request.head.headerFields[try #require(.init("mcp-session-id"))]
            let (status, fields, body) = handled(target, session: session)
            var response = HummingbirdGlue.Response(status: .init(code: status))
            for (name, value) in fields {
                response.headers.append(.init(name: try #require(.init(name)), value: value))
            }
            response.body = .init(byteBuffer: .init(string: body))
            return response
        }
        let writer = Writer()
        do {
            try await response.body.write(writer)
        } catch is CancellationError {}
        let (bytes, ends) = writer.state.withLock { $0 }
        return ForeignResponse(
            status: response.status.code, fields: response.headers.map { ($0.name.rawName, $0.value) },
            body: String(decoding: bytes, as: UTF8.self), isWhole: ends == 1)
    }

    private static let vapor: Send = { server, foreign in
        struct Responder: VaporGlue.AsyncResponder {
            func respond(to request: VaporGlue.Request) async throws -> VaporGlue.Response {
                let session = request.headers.first { $0.name.lowercased() == "mcp-session-id" }?.value
                #expect(request.storage[VaporGlue.AdmissionKey.self]?.sessionID == session)
                let target = request.url.string
                // ErrorMiddleware runs inside, and makes responses of errors.
                if target == "/throw" { return VaporGlue.Response(status: .init(statusCode: 409)) }
                if target == "/fail" { return VaporGlue.Response(status: .internalServerError) }
                if let stream = stream(target) {
                    return try await VaporGlue.EventStream { writer in
                        try await stream { try await writer.writeBuffer($0) }
                    }.encodeResponse(for: request)
                }
                let (status, fields, body) = handled(target, session: session)
                return VaporGlue.Response(
                    status: .init(statusCode: status), headers: .init(fields), body: .init(buffer: .init(string: body)))
            }
        }
        final class Writer: VaporGlue.AsyncBodyStreamWriter {
            let state = Mutex((bytes: [UInt8](), ends: 0))
            func write(_ result: VaporGlue.BodyStreamResult) {
                state.withLock { state in
                    switch result {
                    case .buffer(let buffer): state.bytes += buffer.readableBytesView
                    case .end: state.ends += 1
                    case .error: break
                    }
                }
            }
        }
        let response = try await VaporGlue.ResourceServerMiddleware(resourceServer: server).respond(
            to: .init(
                method: .init(rawValue: foreign.method), url: .init(string: foreign.target),
                headers: .init(foreign.fields), body: .init(bytes: Array(foreign.body.utf8)),
                application: .init(ipAddress: foreign.localAddress)),
            chainingTo: Responder())
        let writer = Writer()
        try await response.body.send(to: writer)
        let (bytes, ends) = writer.state.withLock { $0 }
        return ForeignResponse(
            status: Int(response.status.code), fields: response.headers.map { ($0.name, $0.value) },
            body: String(decoding: bytes, as: UTF8.self), isWhole: ends == 1)
    }

    private static let swiftNIO: Send = { server, foreign in
        let parts = try await exchange(
            server, [request(foreign)], at: SwiftNIOGlue.TestChannel(at: foreign.localAddress)
        )
        return try #require(responses(parts).first)
    }

    private static func request(_ foreign: ForeignRequest) -> [SwiftNIOGlue.HTTPServerRequestPart] {
        let head = SwiftNIOGlue.HTTPRequestHead(
            method: .init(rawValue: foreign.method), uri: foreign.target, headers: .init(foreign.fields))
        // In two parts, as a channel may deliver it.
        let bytes = Array(foreign.body.utf8)
        let pieces = [bytes.prefix(bytes.count / 2), bytes.dropFirst(bytes.count / 2)]
        return [.head(head)] + pieces.map { .body(.init(bytes: $0)) } + [.end(nil)]
    }

    /// Serves the requests of a connection, and returns the parts of its responses.
    private static func exchange(
        _ server: ResourceServer, _ requests: [[SwiftNIOGlue.HTTPServerRequestPart]],
        at channel: SwiftNIOGlue.TestChannel,
        sent: @escaping @Sendable (SwiftNIOGlue.HTTPServerResponsePart) -> Void = { _ in }
    ) async throws -> [SwiftNIOGlue.HTTPServerResponsePart] {
        let protected = SwiftNIOGlue.ProtectedConnection(resourceServer: server) { head, _, principal in
            if ["/throw", "/fail"].contains(head.uri) { throw Failure() }
            if let stream = stream(head.uri) {
                return .init(headers: ["Content-Type": "text/event-stream"], body: .stream { try await stream($0) })
            }
            #expect(Principal.current?.subject == principal.subject)
            let session = head.headers.first { $0.name.lowercased() == "mcp-session-id" }?.value
            let (status, fields, body) = handled(head.uri, session: session)
            return .init(
                status: .init(statusCode: status), headers: .init(fields), body: .bytes(.init(string: body)))
        }
        let parts = Mutex<[SwiftNIOGlue.HTTPServerResponsePart]>([])
        let inbound = AsyncThrowingStream { continuation in
            for part in requests.joined() { continuation.yield(part) }
            continuation.finish()
        }
        try await protected.serve(
            .init(
                channel, inbound,
                receive: { part in
                    parts.withLock { $0.append(part) }
                    sent(part)
                }, didClose: { channel.close() }))
        return parts.withLock { $0 }
    }

    private static func responses(_ parts: [SwiftNIOGlue.HTTPServerResponsePart]) -> [ForeignResponse] {
        var responses: [ForeignResponse] = []
        for part in parts {
            switch part {
            case .head(let head):
                responses.append(
                    ForeignResponse(
                        status: Int(head.status.code), fields: head.headers.map { ($0.name, $0.value) }, body: "",
                        isWhole: false))
            case .body(.byteBuffer(let buffer)):
                responses[responses.count - 1].body += String(decoding: buffer.readableBytesView, as: UTF8.self)
            case .end: responses[responses.count - 1].isWhole = true
            }
        }
        return responses
    }

    private func authorization(_ subject: String = "alice") -> (String, String) {
        ("Authorization", "Bearer " + GuardFixture.issuer.token { $0.claims["sub"] = .string(subject) })
    }

    @Test("A good token reaches the handler with its principal; every field of the response arrives", arguments: glues)
    func allowed(glue: (name: String, send: Send)) async throws {
        let server = try GuardFixture().server
        let response = try await glue.send(server, ForeignRequest(fields: [authorization()]))
        #expect(response.status == 200)
        #expect(response.body == "handled alice")
        #expect(response.values("Set-Cookie") == ["a=1", "b=2"])
        #expect(response.values("Cache-Control") == ["no-store"])
    }

    @Test("No token is 401 with the challenge; two fields are 400; a HEAD has no body", arguments: glues)
    func refused(glue: (name: String, send: Send)) async throws {
        let server = try GuardFixture().server
        let missing = try await glue.send(server, ForeignRequest())
        #expect(missing.status == 401)
        #expect(missing.values("WWW-Authenticate") == [#"Bearer scope="mcp:use", \#(GuardFixture.challengeTail)"#])
        #expect(missing.body.contains("unauthorized"))
        // A map of headers would merge or lose these fields.
        let two = try await glue.send(server, ForeignRequest(fields: [authorization(), authorization("mallory")]))
        #expect(two.status == 400)
        #expect(try await glue.send(server, ForeignRequest(method: "HEAD")).body == "")
        let form = ForeignRequest(
            fields: [authorization(), ("Content-Type", "application/x-www-form-urlencoded")], body: "access_token=x")
        #expect(try await glue.send(server, form).status == 400)
    }

    @Test("The metadata is served through the glue", arguments: glues)
    func metadata(glue: (name: String, send: Send)) async throws {
        let request = ForeignRequest(method: "GET", target: "/.well-known/oauth-protected-resource/mcp")
        let response = try await glue.send(try GuardFixture().server, request)
        #expect(response.status == 200)
        #expect(response.body.contains(#""resource":"https://mcp.example/mcp""#))
    }

    @Test(
        "POLICY §1: a request that HTTP does not allow is 400 with a challenge, and does not reach the handler",
        arguments: glues,
        [
            ForeignRequest(method: "GE T"), ForeignRequest(method: ""), ForeignRequest(target: ""),
            ForeignRequest(target: "/mcp#x"), ForeignRequest(target: "mcp"), ForeignRequest(target: "/a b"),
            ForeignRequest(fields: [("X", "a\r\nb")]), ForeignRequest(fields: [("X", "a\u{0}")]),
            ForeignRequest(fields: [("X Y", "a")]), ForeignRequest(fields: [("Host", "a\u{1}")]),
            ForeignRequest(fields: [("Authorization", "Bearer a\u{7F}")]),
            ForeignRequest(fields: [("Mcp-Method", "a\nb")]), ForeignRequest(fields: [("Origin", "https://a\u{0}")]),
        ])
    func malformed(glue: (name: String, send: Send), request: ForeignRequest) async throws {
        var request = request
        request.fields.append(authorization())
        let response = try await glue.send(try GuardFixture().server, request)
        #expect(response.status == 400)
        let challenges = response.values("WWW-Authenticate")
        #expect(challenges.count == 1)
        #expect(challenges.first?.hasPrefix(#"Bearer error="invalid_request", error_description=""#) == true)
        #expect(response.body.contains(#""error":"invalid_request""#))
    }

    @Test("The operator learns which field of a request was malformed, and never its value", arguments: glues)
    func malformedEvent(glue: (name: String, send: Send)) async throws {
        let fixture = try GuardFixture()
        let request = ForeignRequest(fields: [authorization(), ("X-Odd", "s3cret\u{1}")])
        #expect(try await glue.send(fixture.server, request).status == 400)
        let lines = fixture.log.all.map(\.description)
        #expect(
            lines == [
                "malformed_field of=request index=1 name=X-Odd method=POST path=/mcp",
                "denied reason=malformed_head token=none method=POST path=/mcp",
            ])
        let name = ForeignRequest(fields: [("X Odd\n", "a")])
        #expect(try await glue.send(fixture.server, name).status == 400)
        #expect(
            fixture.log.all.map(\.description).dropFirst(2).first
                == "malformed_field of=request index=0 name=malformed method=POST path=/mcp")
    }

    @Test(
        "A malformed field of a response is left out, the rest is sent, and the operator learns its name",
        arguments: glues)
    func malformedResponse(glue: (name: String, send: Send)) async throws {
        let fixture = try GuardFixture()
        let response = try await glue.send(fixture.server, ForeignRequest(target: "/odd", fields: [authorization()]))
        #expect(response.status == 200)
        #expect(response.body == "alice")
        #expect(response.values("X-Odd") == [])
        #expect(response.values("X-Spaces") == ["kept"])
        #expect(response.values("Set-Cookie") == ["a=1"])
        #expect(response.values("Cache-Control") == ["no-store"])
        #expect(
            fixture.log.all.map(\.description).contains {
                $0.hasPrefix("malformed_field of=response index=1 name=X-Odd method=POST path=/odd")
            })
    }

    @Test("White space around a value is not a part of it", arguments: glues)
    func whiteSpace(glue: (name: String, send: Send)) async throws {
        let (name, value) = authorization()
        let request = ForeignRequest(fields: [(name, "  \(value)\t")])
        #expect(try await glue.send(try GuardFixture().server, request).status == 200)
    }

    @Test("A local server refuses a rebound name: the Host field comes through", arguments: glues)
    func rebinding(glue: (name: String, send: Send)) async throws {
        let server = try ResourceServer(
            ResourceServerConfiguration(resource: "http://127.0.0.1:8080/mcp"),
            verifier: GuardFixture.verifier(keys: GuardFixture.issuer.keySource))
        let rebound = try await glue.send(server, ForeignRequest(fields: [("Host", "evil.example:8080")]))
        #expect(rebound.status == 421)
        #expect(try await glue.send(server, ForeignRequest(fields: [("Host", "127.0.0.1:8080")])).status == 401)
    }

    @Test("A session is bound: the handler sees its own identifier, and the caller one with a code", arguments: glues)
    func sessions(glue: (name: String, send: Send)) async throws {
        let server = try GuardFixture().server
        let begun = try await glue.send(server, ForeignRequest(target: "/begin", fields: [authorization()]))
        let session = try #require(begun.values("Mcp-Session-Id").first)
        #expect(session.hasPrefix("s-1.") && begun.values("Mcp-Session-Id").count == 1)
        let seen = ForeignRequest(target: "/session", fields: [authorization(), ("mcp-session-id", session)])
        #expect(try await glue.send(server, seen).body == "s-1")
        for stolen in [session, "s-1"] {
            let request = ForeignRequest(fields: [authorization("mallory"), ("mcp-session-id", stolen)])
            #expect(try await glue.send(server, request).status == 404)
        }
        let error = try await glue.send(
            server, ForeignRequest(target: "/error", fields: [authorization("mallory")]))
        #expect(error.status == 400)
        #expect(error.values("Mcp-Session-Id") == [])
        #expect(error.values("X-Other") == ["kept"])
        let own = ForeignRequest(target: "/error", fields: [authorization(), ("Mcp-Session-Id", session)])
        #expect(try await glue.send(server, own).values("Mcp-Session-Id") == [session])
    }

    private static let origin = "https://app.example"

    private func forBrowsers(
        _ configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> GuardFixture {
        try GuardFixture {
            $0.browsers.allowedOrigins = [Self.origin]
            configure(&$0)
        }
    }

    @Test("Responses to errors that a route throws can be read by a page of an allowed origin", arguments: glues)
    func thrown(glue: (name: String, send: Send)) async throws {
        for (target, status) in [("/throw", glue.name == "SwiftNIO" ? 500 : 409), ("/fail", 500)] {
            let request = ForeignRequest(target: target, fields: [authorization(), ("Origin", Self.origin)])
            let response = try await glue.send(forBrowsers().server, request)
            #expect(response.status == status)
            #expect(response.values("Access-Control-Allow-Origin") == [Self.origin])
            #expect(response.values("Cache-Control") == ["no-store"])
        }
    }

    @Test("A body over the limit is 413 that a page can read, and only after the caller is known", arguments: glues)
    func tooLong(glue: (name: String, send: Send)) async throws {
        let body = String(repeating: "a", count: 4_194_305)
        let operations: [MCPScopeRules] = [[], [.tool("*", requires: "mcp:use")]]
        for rules in operations {
            let fixture = try forBrowsers { $0.requirements.operations = rules }
            let server = fixture.server
            let known = ForeignRequest(fields: [authorization(), ("Origin", Self.origin)], body: body)
            let response = try await glue.send(server, known)
            #expect(response.status == 413)
            #expect(response.values("Access-Control-Allow-Origin") == [Self.origin])
            // Rules of operations need the body, so the guard refuses. Otherwise the glue does.
            let refusals = fixture.log.all.map(\.description).filter { $0.contains("reason=body_too_large") }
            #expect(refusals.count == (rules == [] ? 0 : 1))
            let unknown = ForeignRequest(fields: [("Origin", Self.origin)], body: body)
            #expect(try await glue.send(server, unknown).status == 401)
        }
        let longest = ForeignRequest(fields: [authorization()], body: String(body.dropFirst(2)))
        #expect(try await glue.send(forBrowsers().server, longest).status == 200)
    }

    @Test("An event stream is written for its principal, and passes nginx unbuffered", arguments: glues)
    func streams(glue: (name: String, send: Send)) async throws {
        // The tokens of the fixture have a fixed time.
        let server = try GuardFixture { $0.streams.listening = .dangerouslyOutlivesToken }.server
        let request = ForeignRequest(method: "GET", target: "/stream", fields: [authorization()])
        let response = try await glue.send(server, request)
        #expect(response.status == 200)
        #expect(response.body == "data: 1 alice\n\ndata: 2 alice\n\n")
        #expect(response.isWhole)
        #expect(response.values("Content-Type") == ["text/event-stream"])
        #expect(response.values("X-Accel-Buffering") == ["no"])
        #expect(response.values("Content-Length") == [])
    }

    @Test("An event stream ends with its token", .timeLimit(.minutes(5)), arguments: glues)
    func expired(glue: (name: String, send: Send)) async throws {
        let past = WallClock { 1_000_000_000 }
        let issuer = FakeIssuer(audience: GuardFixture.resource, algorithms: [.es256], clock: past)
        let verifier = try JWTTokenVerifier(
            [.init(try JWTValidation(issuer: issuer.url, resource: GuardFixture.resource), keys: issuer.keySource)],
            clock: past)
        let fixture = try GuardFixture(verifier: verifier)
        let request = ForeignRequest(
            method: "GET", target: "/endless", fields: [("Authorization", "Bearer " + issuer.token())])
        let response = try await glue.send(fixture.server, request)
        #expect(response.status == 200)
        #expect(response.isWhole)
        #expect(fixture.log.all.contains { if case .streamExpired = $0 { true } else { false } })
    }

    @Test("SwiftNIO: requests of a connection are answered one after the other, until the client closes it")
    func keepAlive() async throws {
        let first = ForeignRequest(fields: [authorization()])
        let head = ForeignRequest(method: "HEAD", target: "/stream", fields: [authorization()])
        let last = ForeignRequest(fields: [authorization("bob"), ("Connection", "close")])
        let parts = try await Self.exchange(
            GuardFixture().server, [first, head, last, first].map(Self.request), at: .init(at: "192.0.2.1"))
        let responses = Self.responses(parts)
        #expect(responses.map(\.body) == ["handled alice", "", "handled bob"])
        #expect(responses.map { $0.values("Content-Length") } == [["13"], ["0"], ["11"]])
    }

    @Test("SwiftNIO: when the client goes away, the stream is cancelled", .timeLimit(.minutes(5)))
    func goneAway() async throws {
        let server = try GuardFixture { $0.streams.listening = .dangerouslyOutlivesToken }.server
        let channel = SwiftNIOGlue.TestChannel(at: "192.0.2.1")
        let request = Self.request(ForeignRequest(method: "GET", target: "/endless", fields: [authorization()]))
        await #expect(throws: CancellationError.self) {
            try await Self.exchange(server, [request], at: channel) { part in
                if case .body = part { channel.close() }
            }
        }
    }

    @Test("Vapor: a stream is produced once, although Vapor asks twice when the client has gone")
    func producedOnce() async throws {
        struct GoneAway: Error {}
        struct Writer: VaporGlue.AsyncBodyStreamWriter {
            func write(_ result: VaporGlue.BodyStreamResult) throws { throw GoneAway() }
        }
        let server = try GuardFixture { $0.streams.listening = .dangerouslyOutlivesToken }.server
        let application = VaporGlue.Application(ipAddress: nil)
        application.middleware.use(VaporGlue.ResourceServerMiddleware(resourceServer: server))
        let begun = Mutex(0)
        application.get("stream") { _ in
            VaporGlue.EventStream { writer in
                begun.withLock { $0 += 1 }
                try await writer.writeBuffer(.init(string: ":\n\n"))
            }
        }
        let response = try await application.respond(
            to: VaporGlue.Request(
                method: .GET, url: .init(string: "/stream"), headers: .init([authorization()]),
                body: .init(bytes: []), application: application))
        for _ in 1...2 {
            await #expect(throws: GoneAway.self) { try await response.body.send(to: Writer()) }
        }
        #expect(begun.withLock { $0 } == 1)
    }

    @Test("The routes of the articles of Hummingbird and Vapor greet their caller")
    func routes() async throws {
        let server = try GuardFixture().server
        let (name, value) = authorization()
        let router = HummingbirdGlue.routes(server)
        var head = HummingbirdGlue.HTTPRequest(method: .init(rawValue: "POST"), path: "/mcp")
        head.headerFields.append(.init(name: try #require(.init(name)), value: value))
        let response = try await router.respond(
            to: .init(head: head, body: .init(buffer: .init())),
            context: .init(source: .init(channel: SwiftNIOGlue.TestChannel())))
        #expect(response.status.code == 200)

        let application = VaporGlue.Application(ipAddress: nil)
        VaporGlue.routes(application, server)
        let request = VaporGlue.Request(
            method: .init(rawValue: "POST"), url: .init(string: "/mcp"), headers: .init([(name, value)]),
            body: .init(bytes: []), application: application)
        #expect(try await application.respond(to: request).status == .ok)
        request.headers.replaceOrAdd(name: name, value: "Bearer x")
        #expect(try await application.respond(to: request).status.code == 401)
    }

    @Test("POLICY §12: a disabled guard serves only requests that arrive at a loopback address", arguments: glues)
    func disabled(glue: (name: String, send: Send)) async throws {
        var configuration = ResourceServerConfiguration(resource: "http://127.0.0.1:8080/mcp")
        configuration.mode = .disabled(anonymousAs: "dev")
        let server = try ResourceServer(configuration, verifier: nil, observer: { _ in })
        func status(at address: String?) async throws -> Int {
            let request = ForeignRequest(fields: [("Host", "127.0.0.1:8080")], localAddress: address)
            return try await glue.send(server, request).status
        }
        for address in ["127.0.0.1", "::1", "127.9.9.9", "::ffff:127.0.0.1"] {
            #expect(try await status(at: address) == 200, "\(address)")
        }
        for address in ["192.0.2.1", "::", "0.0.0.0", "::ffff:192.0.2.1", "", nil] {
            #expect(try await status(at: address) == 500, "\(address ?? "none")")
        }
    }
}

@Suite("The glue to the MCP Swift SDK, behind stand-ins of the SDK", .serialized)
struct MCPSwiftSDKGlueTests {
    private let server: ResourceServer

    init() throws {
        server = try GuardFixture().server
    }

    private func send(
        _ message: String, to handler: some HTTPHandler, as subject: String, session: String? = nil,
        method: HTTPMethod = .post, path: String = "/mcp"
    ) async throws -> HTTPMessages.HTTPResponse {
        var fields = HTTPFields()
        let token = GuardFixture.issuer.token { $0.claims["sub"] = .string(subject) }
        fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + token)))
        if let session { fields.append(.mcpSessionID, try #require(HTTPFields.Value(session))) }
        return try await handler.respond(
            to: HTTPRequest(
                method: method, target: try #require(HTTPRequest.Target(path)), fields: fields,
                body: HTTPRequest.Body(Array(message.utf8))))
    }

    private func text(_ response: HTTPMessages.HTTPResponse) async throws -> String {
        switch response.body {
        case .bytes(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .stream(let produce):
            let written = Mutex<[UInt8]>([])
            try await produce(HTTPResponse.Body.Writer { piece in written.withLock { $0 += piece } })
            return written.withLock { String(decoding: $0, as: UTF8.self) }
        }
    }

    private let call = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet"}}"#
    private let initialize = #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#

    @Test(
        "Stateless: callers with the same JSON-RPC id at the same time get their own answers", .timeLimit(.minutes(5)))
    func stateless() async throws {
        let handler = server.protecting(MCPSwiftSDKGlue.stateless().respond)
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    let response = try await send(call, to: handler, as: "user-\(number)")
                    #expect(try await text(response).hasPrefix("Hello, user-\(number);"))
                }
            }
            try await group.waitForAll()
        }
        #expect(try await send(call, to: handler, as: "x", method: try #require(HTTPMethod("post"))).status.code == 405)
    }

    @Test("Stateful: a handler outside the request's task finds the principal by the request", .timeLimit(.minutes(5)))
    func stateful() async throws {
        let handler = server.protecting(MCPSwiftSDKGlue.stateful().respond)
        let begun = try await send(initialize, to: handler, as: "alice")
        let session = try #require(begun.fields[.mcpSessionID]?.string)
        _ = try await text(begun)
        let answer = try await send(call, to: handler, as: "alice", session: session)
        #expect(try await text(answer) == "Hello, alice; task-local: none")
        #expect(!answer.fields.contains(.connection))

        // Requests with another caller's session, with a forged ticket, and to end the session.
        #expect(try await send(call, to: handler, as: "mallory", session: session).status == .notFound)
        let forged =
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"\#(RequestContexts.metaName)":"x"}}}"#
        #expect(
            try await text(send(forged, to: handler, as: "alice", session: session))
                == "Hello, alice; task-local: none")
        #expect(try await send("[1]", to: handler, as: "alice", session: session).status == .badRequest)
        #expect(try await send("", to: handler, as: "alice", session: session, method: .delete).status == .ok)
        // The guard knows nothing about ended sessions. The handler answers.
        #expect(try await send(call, to: handler, as: "alice", session: session).status == .notFound)
    }

    @Test("Stateful: the answer to a notification is 202, and ends the ticket", .timeLimit(.minutes(5)))
    func notification() async throws {
        let made = Mutex<RequestContexts?>(nil)
        let mcp = MCPSwiftSDKGlue.StatefulMCP { contexts in
            made.withLock { $0 = contexts }
            return MCPSwiftSDKGlue.Server(name: "Notes", version: "1.0.0", capabilities: .init(tools: .init()))
        }
        let handler = server.protecting(mcp.respond)
        let begun = try await send(initialize, to: handler, as: "alice")
        let session = try #require(begun.fields[.mcpSessionID]?.string)
        let contexts = try #require(made.withLock { $0 })
        #expect(contexts.count == 1, "the stream that answers `initialize` is still open")
        for _ in 0..<10 {
            let answer = try await send(
                #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, to: handler, as: "alice", session: session)
            #expect(answer.status == .accepted)
        }
        #expect(contexts.count == 1)
    }

    @Test("Stateful: without a session there is an error, and it names none", .timeLimit(.minutes(5)))
    func withoutSession() async throws {
        let handler = server.protecting(MCPSwiftSDKGlue.stateful().respond)
        let begun = try await send(initialize, to: handler, as: "alice")
        #expect(begun.fields.contains(.mcpSessionID))
        let refused = try await send(call, to: handler, as: "mallory")
        #expect(refused.status == .badRequest)
        #expect(!refused.fields.contains(.mcpSessionID))
    }
}
