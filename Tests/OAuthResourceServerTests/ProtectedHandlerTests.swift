import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@Suite("ProtectedHandler", .serialized)
struct ProtectedHandlerTests {
    private func request(
        _ token: String?, fields extra: [(HTTPFields.Name, HTTPFields.Value)] = [],
        body: HTTPRequest.Body = HTTPRequest.Body()
    ) throws -> HTTPRequest {
        var fields = HTTPFields()
        if let token { fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + token))) }
        for (name, value) in extra { fields.append(name, value) }
        return HTTPRequest(method: .post, target: "/mcp", fields: fields, body: body)
    }

    @Test("The handler is called with the verified principal, as argument and task-local")
    func principal() async throws {
        let handler = try GuardFixture().server.protecting { _, principal in
            .text("\(principal.subject ?? "") \(Principal.current?.subject ?? "")")
        }
        let response = try await handler.respond(to: request(GuardFixture.issuer.token { $0.claims["sub"] = "bob" }))
        #expect(response.bodyText == "bob bob")
        #expect(response.text(.cacheControl) == "no-store")
        #expect(Principal.current == nil)
    }

    @Test("Without a good token the handler is not called and the body is not read")
    func notCalled() async throws {
        let calls = Mutex(0)
        let handler = try GuardFixture().server.protecting { _, _ in
            calls.withLock { $0 += 1 }
            return .text("")
        }
        let body = HTTPRequest.Body { () throws(HTTPRequest.Body.ReadError) in
            calls.withLock { $0 += 1 }
            return nil
        }
        for token in [nil, "abc", GuardFixture.issuer.token { $0.claims["scope"] = nil }] {
            let form: [(HTTPFields.Name, HTTPFields.Value)] = [(.contentType, "application/x-www-form-urlencoded")]
            _ = try await handler.respond(to: request(token, fields: form, body: body))
        }
        #expect(calls.withLock { $0 } == 0)
    }

    @Test("POLICY §1: a handler that throws is a 500 with a generic body; the observer has the error")
    func handlerFailure() async throws {
        struct Secret: Error {}
        let fixture = try GuardFixture()
        let handler = fixture.server.protecting { _, _ in throw Secret() }
        let response = try await handler.respond(to: request(GuardFixture.issuer.token()))
        #expect(response.status == .internalServerError)
        #expect(response.bodyText == #"{"error":"server_error"}"#)
        guard case .handlerFailed(let error, _) = fixture.log.all.last else {
            Issue.record("no event")
            return
        }
        #expect(error is Secret)
        #expect(fixture.log.all.last?.description == "handler_failed error=Secret method=POST path=/mcp")
    }

    @Test("Cancellation and body errors are the server's to answer")
    func rethrown() async throws {
        let cancelled = try GuardFixture().server.protecting { _, _ in throw CancellationError() }
        await #expect(throws: CancellationError.self) {
            try await cancelled.respond(to: request(GuardFixture.issuer.token()))
        }
        let tooLarge = try GuardFixture().server.protecting { request, _ in
            .text("\(try await request.body.collect(upTo: 3).count)")
        }
        await #expect(throws: HTTPRequest.Body.ReadError.tooLarge(limit: 3)) {
            try await tooLarge.respond(to: request(GuardFixture.issuer.token(), body: HTTPRequest.Body([1, 2, 3, 4])))
        }
    }

    @Test("A form body is searched for a second token and handed on otherwise")
    func form() async throws {
        let fixture = try GuardFixture()
        let handler = fixture.server.protecting { request, _ in
            .text(String(decoding: try await request.body.collect(upTo: 100), as: UTF8.self))
        }
        let type: [(HTTPFields.Name, HTTPFields.Value)] = [(.contentType, "application/x-www-form-urlencoded")]
        let good = try await handler.respond(
            to: request(GuardFixture.issuer.token(), fields: type, body: HTTPRequest.Body(Array("a=b".utf8))))
        #expect(good.bodyText == "a=b")
        let bad = try await handler.respond(
            to: request(GuardFixture.issuer.token(), fields: type, body: HTTPRequest.Body(Array("access_token=b".utf8)))
        )
        #expect(bad.status == .badRequest)
        let events = fixture.log.all.map { $0.description.prefix { $0 != " " } }
        #expect(events == ["allowed", "denied"])
        #expect(fixture.log.denials == ["token_in_two_places"])
        #expect(fixture.log.all.last?.description.contains("token=none") == false)
    }

    @Test("A long form is handed on whole; its beginning is searched")
    func longForm() async throws {
        let handler = try GuardFixture().server.protecting { request, _ in
            .text("\(try await request.body.collect(upTo: 10_000_000).count)")
        }
        let type: [(HTTPFields.Name, HTTPFields.Value)] = [(.contentType, "application/x-www-form-urlencoded")]
        let chunks = Mutex(0)
        let body = HTTPRequest.Body { () throws(HTTPRequest.Body.ReadError) in
            let count = chunks.withLock { count in
                count += 1
                return count
            }
            return count <= 100 ? Array(repeating: UInt8(ascii: "a"), count: 50_000) : nil
        }
        let response = try await handler.respond(
            to: request(GuardFixture.issuer.token(), fields: type, body: body))
        #expect(response.bodyText == "5000000")
    }

    @Test("POLICY §11: the task-local principal is there while a stream is produced")
    func streamedPrincipal() async throws {
        let handler = try GuardFixture().server.protecting(
            ClosureHandler { _ in
                HTTPResponse(
                    status: .ok,
                    body: .stream { try await $0.write(Array((Principal.current?.subject ?? "nobody").utf8)) })
            })
        let response = try await handler.respond(to: request(GuardFixture.issuer.token()))
        let written = Mutex<[UInt8]>([])
        guard case .stream(let produce) = response.body else {
            Issue.record("no stream")
            return
        }
        try await produce(HTTPResponse.Body.Writer { piece in written.withLock { $0 += piece } })
        #expect(written.withLock { $0 } == Array("test-user".utf8))
    }

    @Test("A handler's own Cache-Control stays; a wrapped HTTPHandler works too")
    func wrappedHandler() async throws {
        let inner = ClosureHandler { _ in
            var response = HTTPResponse.text(Principal.current?.subject ?? "nobody")
            response.fields[.cacheControl] = "private"
            return response
        }
        let handler = try GuardFixture().server.protecting(inner)
        let response = try await handler.respond(to: request(GuardFixture.issuer.token()))
        #expect(response.bodyText == "test-user")
        #expect(response.text(.cacheControl) == "private")
    }
}
