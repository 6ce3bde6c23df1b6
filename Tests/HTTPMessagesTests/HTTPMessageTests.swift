import HTTPMessages
import Synchronization
import Testing
import WireFormat

@Suite("Methods and status codes", .serialized)
struct HTTPMethodAndStatusTests {
    @Test("RFC 9110 §9.1, THREATS H20: a method is a case-sensitive token")
    func methods() {
        #expect(HTTPMethod("GET") == .get)
        #expect(HTTPMethod("get") != .get)
        #expect(HTTPMethod("get")?.name == "get")
        #expect(HTTPMethod("PROPFIND")?.description == "PROPFIND")
        for text in ["", " ", "GET ", " GET", "G ET", "GET\r\n", "GET\0", "GÉT", "\u{212A}", "GET/", "G:T", "(GET)"] {
            #expect(HTTPMethod(text) == nil, "\(text)")
        }
    }

    @Test("A method of 32 bytes is accepted, one of 33 refused")
    func methodLength() {
        #expect(HTTPMethod(String(repeating: "A", count: 32)) != nil)
        #expect(HTTPMethod(String(repeating: "A", count: 33)) == nil)
    }

    @Test(
        "The known methods are spelled as registered",
        arguments: [
            (HTTPMethod.get, "GET"), (.head, "HEAD"), (.post, "POST"), (.put, "PUT"), (.patch, "PATCH"),
            (.delete, "DELETE"), (.options, "OPTIONS"),
        ])
    func knownMethods(method: HTTPMethod, name: String) {
        #expect(HTTPMethod(name) == method)
    }

    @Test("A status is 100…599")
    func statusRange() {
        for code in [Int.min, -1, 0, 99, 600, 999, Int.max] { #expect(HTTPStatus(code) == nil) }
        for code in 100...599 { #expect(HTTPStatus(code)?.code == code) }
    }

    @Test("THREATS B7: every reason phrase is plain ASCII that cannot split a head")
    func reasonPhrases() throws {
        for code in 100...599 {
            let status = try #require(HTTPStatus(code))
            #expect(status.reasonPhrase.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
            #expect(status.description.utf8.last != 0x20)
        }
        #expect(HTTPStatus.unauthorized.description == "401 Unauthorized")
        #expect(HTTPStatus(418)?.description == "418")
    }

    @Test(
        "The named statuses have their code and a phrase",
        arguments: [
            (HTTPStatus.ok, 200), (.created, 201), (.accepted, 202), (.noContent, 204), (.found, 302),
            (.notModified, 304), (.badRequest, 400), (.unauthorized, 401),
            (.forbidden, 403), (.notFound, 404), (.methodNotAllowed, 405), (.notAcceptable, 406),
            (.requestTimeout, 408), (.contentTooLarge, 413), (.uriTooLong, 414),
            (.unsupportedMediaType, 415), (.misdirectedRequest, 421), (.requestHeaderFieldsTooLarge, 431),
            (.internalServerError, 500), (.notImplemented, 501),
            (.serviceUnavailable, 503), (.httpVersionNotSupported, 505),
        ])
    func named(status: HTTPStatus, code: Int) {
        #expect(status.code == code)
        #expect(HTTPStatus(code) == status)
        #expect(!status.reasonPhrase.isEmpty)
    }
}

@Suite("Requests and responses", .serialized)
struct HTTPMessageTests {
    @Test("A JSON response is its value, with its type")
    func json() {
        let response = HTTPResponse.json(["error": "invalid_token"], status: .unauthorized)
        #expect(response.status == .unauthorized)
        #expect(response.fields[.contentType] == "application/json")
        guard case .bytes(let bytes) = response.body else { return #expect(Bool(false), "a stream") }
        #expect(String(decoding: bytes, as: UTF8.self) == "{\"error\":\"invalid_token\"}")
        #expect(HTTPResponse.json(.null).status == .ok)
    }

    @Test("A text response says that it is UTF-8")
    func text() {
        let response = HTTPResponse.text("é", status: .notFound)
        #expect(response.fields[.contentType] == "text/plain; charset=utf-8")
        guard case .bytes(let bytes) = response.body else { return #expect(Bool(false), "a stream") }
        #expect(bytes == [0xC3, 0xA9])
    }

    @Test("A response has no fields and no content until somebody gives it some")
    func plain() {
        let response = HTTPResponse(status: .noContent)
        #expect(response.fields.count == 0)
        guard case .bytes(let bytes) = response.body else { return #expect(Bool(false), "a stream") }
        #expect(bytes.isEmpty)
    }

    @Test("A streamed body writes the elements of a sequence in order, and no empty piece")
    func stream() async throws {
        let elements = AsyncStream<[UInt8]> { continuation in
            for element in [[1], [], [2, 3]] as [[UInt8]] { continuation.yield(element) }
            continuation.finish()
        }
        guard case .stream(let write) = HTTPResponse.Body.elements(of: elements) else {
            return #expect(Bool(false), "bytes")
        }
        let sent = Mutex<[[UInt8]]>([])
        try await write(HTTPResponse.Body.Writer { piece in sent.withLock { $0.append(piece) } })
        #expect(sent.withLock { $0 } == [[1], [2, 3]])
    }

    @Test("A sink that fails ends the stream")
    func failingSink() async {
        guard case .stream(let write) = HTTPResponse.Body.elements(of: AsyncStream { $0.yield([1]) }) else {
            return #expect(Bool(false), "bytes")
        }
        await #expect(throws: CancellationError.self) {
            try await write(HTTPResponse.Body.Writer { _ in throw CancellationError() })
        }
    }

    @Test("A closure is a handler")
    func handler() async throws {
        let handler = ClosureHandler { request in .text(request.path) }
        let target: HTTPRequest.Target = "/a?b"
        let response = try await handler.respond(to: HTTPRequest(method: .get, target: target))
        guard case .bytes(let bytes) = response.body else { return #expect(Bool(false), "a stream") }
        #expect(bytes == Array("/a".utf8))
    }

    @Test("Every fetch error has its own stable code, and no associated text")
    func fetchErrors() {
        let errors: [FetchError] = [
            .notAllowed, .notResolved, .blockedAddress, .connectionFailed, .timedOut, .tls, .tooLarge(limit: 1),
            .malformedResponse, .cancelled, .unavailable,
        ]
        #expect(
            errors.map(\.code) == [
                "not_allowed", "not_resolved", "blocked_address", "connection_failed", "timed_out", "tls", "too_large",
                "malformed_response", "cancelled", "unavailable",
            ])
    }
}
