import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import SocketHTTP
import Synchronization
import Testing
import TokenVerification
import WireFormat

/// The head of a request selects one of the answers of the tables, and none of its text becomes part of the answer.
@Suite("The guard, with every kind of head", .serialized)
struct GuardPropertyTests {
    private typealias SplitMix = GuardOperationTests.SplitMix

    /// A text in every part of a request that a caller chooses freely.
    private static let marker = "zq7xmark"
    private static let app = GuardBrowserTests.app
    private static let good = GuardUnderTest.token("good") ?? ""

    // MARK: The guards

    /// A guard, the address on which it listens, and its allowed answers.
    private struct Subject: Sendable {
        let server: ResourceServer
        let handler: ProtectedHandler
        let listener: HTTPRequest.ListenerKind
        /// All allowed answers, without CORS fields.
        let answers: Set<String>
        /// The paths that need no token.
        var open: Set<String> = ["/open", "/maybe"]
    }

    /// The events of all observers, which are checked at the end.
    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])

        /// Keeps what the operator sees, without the parts that POLICY §17 takes from the request: its path, a refused
        /// origin and a refused host.
        func observe(_ event: ResourceServerEvent) {
            let named = event.attributes.filter { !["path", "origin", "host"].contains($0.key) }.map(\.value)
            let line = ([event.name, event.reason ?? "", event.hint ?? ""] + named).joined(separator: " ")
            lines.withLock { $0.append(line) }
            #expect(event.description.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        }

        var all: [String] { lines.withLock { $0 } }
    }

    private static func subject(
        on listener: HTTPRequest.ListenerKind, _ log: Log, origins: [String] = [], mode: ResourceServer.Mode = .enforced
    ) async throws -> Subject {
        var configuration = ResourceServerConfiguration(
            resource: GuardUnderTest.resource, requiredScopes: ["mcp:use"])
        configuration.metadata.authorizationServers = mode == .staticTokens ? [] : nil
        configuration.browsers.allowedOrigins = origins
        configuration.mode = mode
        configuration.requirements.routes = [RouteRule("/open", .public), RouteRule("/maybe", .optional)]
        let validation = try JWTValidation(issuer: GuardUnderTest.issuer.url, resource: GuardUnderTest.resource)
        let verifier = try JWTTokenVerifier(
            [.init(validation, keys: GuardUnderTest.issuer.keySource)], clock: WallClock { GuardUnderTest.now })
        let server = try ResourceServer(configuration, verifier: verifier, observer: { log.observe($0) })
        let handler = server.protecting { _, principal in .text("for \(principal.subject ?? "nobody")") }
        return Subject(
            server: server, handler: handler, listener: listener,
            answers: try await answers(of: handler, isStatic: mode == .staticTokens))
    }

    /// The answers of POLICY §1–4 and §10, written as in the tables of the other suites. The documents are read with a
    /// plain request.
    private static func answers(of handler: ProtectedHandler, isStatic: Bool) async throws -> Set<String> {
        var answers = [
            RowAnswer.unauthorized(), .invalidToken(), .twoCredentials, .twoPlaces, .notFound,
            .invalidRequest("The Authorization value is too long."), .insufficientScope("mcp:use"), .passed(),
            .passed("nobody"), GuardBrowserTests.foreign, GuardBrowserTests.misdirected,
            RowAnswer(
                404, [RowAnswer.json, RowAnswer.noStore],
                #"{"error":"session_not_found","error_description":"The session is unknown or has ended."}"#),
            RowAnswer(
                400, [RowAnswer.json, RowAnswer.noStore],
                #"{"error":"invalid_request","error_description":"The request has several Mcp-Session-Id fields."}"#),
        ]
        if isStatic {
            answers = answers.map { answer in
                RowAnswer(
                    answer.status,
                    answer.lines.map {
                        $0.replacing("Bearer ", with: #"Bearer realm="https://mcp.example/mcp", "#)
                            .replacing(", " + RowAnswer.metadata, with: "")
                    }, answer.body)
            }
        }
        let document = "/.well-known/oauth-protected-resource"
        for (method, ifNoneMatch) in [(HTTPMethod.get, ""), (.get, "*"), (.options, ""), (.post, "")] {
            var fields = HTTPFields()
            fields[.host] = "mcp.example"
            if !ifNoneMatch.isEmpty { fields[.ifNoneMatch] = HTTPFields.Value(ifNoneMatch) }
            let target = try #require(HTTPRequest.Target(document))
            answers.append(
                answer(try await handler.respond(to: HTTPRequest(method: method, target: target, fields: fields))))
        }
        return Set((answers + answers.map(\.bodiless)).map(\.description))
    }

    private static func answer(_ response: HTTPResponse) -> RowAnswer {
        guard case .bytes(let content) = response.body else { return RowAnswer(0, [], "a stream") }
        return RowAnswer(
            response.status.code, response.fields.pairs.map { "\($0.name): \($0.value)" },
            String(decoding: content, as: UTF8.self))
    }

    // MARK: The requests

    private static let pieces: [[UInt8]] =
        [
            " ", "\t", ",", ";", "=", "\"", "\\", ":", "/", "//", "/../", "?", "#", "%", "%0d%0a", "%2e", "%00", "*",
            "[", "]", "@", ".", "-", "_", "Bearer ", "bearer", "Basic ", "DPoP ", marker, "Zq7xMark",
            "access_token=" + marker, "%61ccess_token=x", "&access_token=", "realm=\"" + marker + "\"", ", Basic x",
            "é", "\u{212A}", "\u{202E}", "https://", "localhost", "127.0.0.1", "mcp-param-", "mcp.example", "\r\n",
            "\r\nX-\(marker): x", "\n", "\u{0}", "\u{7F}",
        ].map { Array($0.utf8) } + [[0xFF], [0xC0, 0x80], [0x85]]

    private static let credentials = [
        "Bearer " + good, "bearer   " + good, "Bearer " + good, "BEARER " + good,
        "Bearer " + (GuardUnderTest.token("expired") ?? ""), "Bearer " + (GuardUnderTest.token("noScopes") ?? ""),
        "Bearer " + marker, "Bearer", "", "Basic " + marker, marker, "Digest username=\"\(marker)\", realm=\"a, b c\"",
        "Bearer a, Basic b", "Bearer error=\"\(marker)\"", "Bearer " + String(repeating: marker, count: 2_049),
        "Digest " + String(repeating: marker, count: 2_049),
    ].map { Array($0.utf8) }

    private static let hosts = [
        "mcp.example", "mcp.example:443", "localhost", "127.0.0.1:8080", "[::1]:80", "\(marker).example", "[\(marker)]",
        "",
    ].map { Array($0.utf8) }

    private static let origins = [
        app, app, app, "https://mcp.example", "https://\(marker).example", "null", "", "https://app.example.\(marker)",
        marker,
    ].map { Array($0.utf8) }

    private static let requestedMethods = ["POST", "GET", marker, ""].map { Array($0.utf8) }

    private static let requestedHeaders = [
        "authorization, content-type, last-event-id", "mcp-param-\(marker), x-\(marker)-\(marker)", "Mcp-Param-Region",
        marker,
        "mcp-param-" + String(repeating: marker, count: 9), "mcp-param-\(marker)\u{0}",
        String(repeating: "mcp-param-a,", count: 40),
    ].map { Array($0.utf8) }

    private static let targets = [
        "/mcp", "/mcp", "/mcp", "/mcp/", "/open", "/maybe", "/\(marker)", "/.well-known/\(marker)", "*",
        "/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-protected-resource/mcp", "/open/../mcp",
        "http://\(marker).example/mcp", "https://mcp.example/open", "/mcp?access_token=\(marker)", "/mcp?\(marker)",
        "/maybe?x=%0d%0a\(marker)",
    ].map { Array($0.utf8) }

    private static let methods: [HTTPMethod] = [.post, .post, .get, .head, .options, .options, .delete, .put]

    /// Usually an element of the list, otherwise an element with up to three changes.
    private static func some(_ list: [[UInt8]], _ random: inout SplitMix) -> [UInt8] {
        var bytes = list.randomElement(using: &random) ?? []
        guard Int.random(in: 0..<2, using: &random) == 0 else { return bytes }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
            case 1: bytes.removeSubrange(place..<min(place + Int.random(in: 0...4, using: &random), bytes.count))
            default: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
            }
        }
        return bytes
    }

    /// The field lines of a request. Most fields occur once, some are missing or repeated. Most OPTIONS requests are
    /// preflights.
    private static func lines(
        _ method: HTTPMethod, _ random: inout SplitMix
    ) -> [(name: HTTPFields.Name, value: [UInt8])] {
        let isPreflight = method == .options
        let sources: [(HTTPFields.Name, [[UInt8]], Int)] = [
            (.host, hosts, 9), (.authorization, credentials, 8), (.origin, origins, isPreflight ? 9 : 4),
            (.accessControlRequestMethod, requestedMethods, isPreflight ? 9 : 2),
            (.accessControlRequestHeaders, requestedHeaders, isPreflight ? 9 : 2),
            (.ifNoneMatch, [Array(marker.utf8), Array("*".utf8)], 4), (.mcpSessionID, [Array(marker.utf8)], 1),
        ]
        var lines: [(name: HTTPFields.Name, value: [UInt8])] = []
        for (name, values, tenths) in sources {
            guard Int.random(in: 0..<10, using: &random) < tenths else { continue }
            for _ in 0..<(Int.random(in: 0..<20, using: &random) == 0 ? 2 : 1) {
                // Often a usual value, so that later checks are reached.
                let isUsual = name == .host || isPreflight && name != .accessControlRequestHeaders
                let isPlain = isUsual && Int.random(in: 0..<4, using: &random) > 0
                lines.append((name, isPlain ? values[0] : some(values, &random)))
            }
        }
        return lines
    }

    // MARK: The property

    /// Removes the fields of POLICY §10 after checking each of them. The answer to a preflight becomes an empty text.
    private static func withoutCrossOrigin(_ answer: RowAnswer) -> String {
        let shared = ["Access-Control-Allow-Origin: \(app)", GuardBrowserTests.expose]
        let allowed = "Access-Control-Allow-Headers: "
        if answer.lines.contains("Access-Control-Allow-Methods: GET, POST, DELETE"),
            let line = answer.lines.first(where: { $0.hasPrefix(allowed) })
        {
            // POLICY §10: only the requested `Mcp-Param-*` fields are repeated, and no other text of the request.
            let prefix = allowed + GuardBrowserTests.headers
            guard line.hasPrefix(prefix) else { return "\(answer)" }
            let more = line.dropFirst(prefix.count).split(separator: ",")
            let isPlain = more.allSatisfy { name in
                name.utf8.starts(with: " mcp-param-".utf8) && name.utf8.count <= 11 + 64
                    && name.utf8.dropFirst().allSatisfy { byte in
                        byte == 0x2D || byte == 0x5F || ASCII.isDigit(byte) || (0x61...0x7A).contains(byte)
                    }
            }
            let suffix = String(line.dropFirst(prefix.count))
            return isPlain && more.count <= 32 && answer == GuardBrowserTests.preflight(suffix) ? "" : "\(answer)"
        }
        var plain = answer
        if plain.lines.contains(GuardBrowserTests.vary) {
            plain.lines.removeAll { $0 == GuardBrowserTests.vary || shared.contains($0) }
        }
        return plain.description
    }

    private static func reflects(_ answer: RowAnswer) -> Bool {
        let lines = answer.lines.filter { !$0.hasPrefix("Access-Control-Allow-Headers: ") }
        return (lines.joined() + answer.body).lowercased().contains(marker)
    }

    /// Whether an independent reader finds the good token once, and no other credentials.
    private static func presentsGoodToken(_ fields: HTTPFields) -> Bool {
        let values = fields.values(of: .authorization)
        guard values.count == 1, let value = values.first else { return false }
        let words = value.bytes.split(separator: 0x20)
        return words.count == 2 && words[1].elementsEqual(good.utf8)
            && String(decoding: words[0], as: UTF8.self).lowercased() == "bearer"
    }

    @Test(
        "Whatever bytes arrive in Authorization, Origin, Host, a preflight and the target: an answer of the table, readable, the same by both entries, and nothing of the credentials or the query in an event"
    )
    func anything() async throws {
        let log = Log()
        let subjects = [
            try await Self.subject(on: .network, log), try await Self.subject(on: .loopback, log),
            try await Self.subject(on: .network, log, origins: [Self.app]),
            try await Self.subject(on: .loopback, log, origins: [Self.app]),
            try await Self.subject(on: .network, log, mode: .staticTokens),
        ]
        var random = SplitMix(state: 11)
        var statuses: [Int: Int] = [:]
        var rounds = 0
        var preflights = 0
        var passes = 0
        while rounds < 2_000 * GuardRounds.scale {
            let subject = subjects[Int.random(in: 0..<subjects.count, using: &random)]
            var fields = HTTPFields()
            let method = Self.methods.randomElement(using: &random) ?? .post
            for (name, value) in Self.lines(method, &random) {
                // An invalid field value never gets this far: see the test over a socket.
                if let value = HTTPFields.Value(bytes: value) { fields.append(name, value) }
            }
            let text = String(decoding: Self.some(Self.targets, &random), as: UTF8.self)
            guard let target = HTTPRequest.Target(text) else { continue }
            rounds += 1
            var request = HTTPRequest(method: method, target: target, fields: fields)
            request.listener = subject.listener
            let response = try await subject.handler.respond(to: request)
            let answer = Self.answer(response)
            statuses[answer.status, default: 0] += 1

            let challenges = try response.challenges
            #expect(try challenges.bearer.count == challenges.challenges.count, "round \(rounds)")
            let hasChallenge =
                [401, 403, 400].contains(answer.status) && answer.lines.contains { $0.hasPrefix("WWW-") }
            #expect(hasChallenge == !challenges.challenges.isEmpty, "round \(rounds)")
            let plain = Self.withoutCrossOrigin(answer)
            if plain.isEmpty { preflights += 1 }
            #expect(plain.isEmpty || subject.answers.contains(plain), "round \(rounds)")
            #expect(!Self.reflects(answer), "round \(rounds)")

            if answer.lines.contains("Access-Control-Allow-Origin: \(Self.app)") {
                #expect(fields.values(of: .origin).map(\.bytes) == [Array(Self.app.utf8)], "round \(rounds)")
            }

            // Without the good token, no request reaches the handler.
            if answer.status == 200, answer.body == "for test-user" {
                passes += 1
                #expect(Self.presentsGoodToken(fields), "round \(rounds)")
            }
            if answer.status == 200, answer.body == "for nobody" {
                #expect(subject.open.contains(target.path), "round \(rounds)")
                #expect(target.path == "/open" || !fields.contains(.authorization), "round \(rounds)")
            }

            switch await subject.server.decide(
                method: method, target: target, fields: fields, body: [], listener: subject.listener)
            {
            case .respond(let refusal): #expect(Self.answer(refusal) == answer, "round \(rounds)")
            case .proceed(let admission):
                var finished = HTTPResponse.text("for \(admission.principal.subject ?? "nobody")")
                admission.finish(status: finished.status, fields: &finished.fields)
                #expect(Self.answer(finished) == answer, "round \(rounds)")
            }
            await Task.yield()
        }
        // The random requests reach every answer.
        #expect(Set(statuses.keys) == [200, 204, 304, 400, 401, 403, 404, 405, 421])
        #expect(preflights > 50)
        #expect(passes > 50)
        #expect(log.all.count > 1_000)
        #expect(!log.all.contains { $0.lowercased().contains(Self.marker) })
    }

    @Test("The same as raw bytes through the real server, line ends and NUL included")
    func overSocket() async throws {
        let subject = try await Self.subject(on: .loopback, Log(), origins: [Self.app])
        let listening = try HTTPServer(host: "127.0.0.1", port: 0, limits: RowPaths.patientLimits).listen()
        let running = Task { try await listening.run(subject.handler) }
        var random = SplitMix(state: 12)
        var statuses: [Int: Int] = [:]
        for round in 0..<200 * GuardRounds.scale {
            let method = Self.methods.randomElement(using: &random) ?? .post
            var bytes = Array(method.name.utf8) + [0x20] + Self.some(Self.targets, &random)
            bytes += Array(" HTTP/1.1\r\nConnection: close\r\n".utf8)
            for (name, value) in Self.lines(method, &random) {
                bytes += Array("\(name): ".utf8) + value + [0x0D, 0x0A]
            }
            bytes += [0x0D, 0x0A]
            let answer = try RowPaths.parse(await RawExchange.answer(to: bytes, on: listening.port))
            statuses[answer.status, default: 0] += 1
            let challenges = try AuthenticationChallenges(
                parsing: answer.lines.filter { $0.hasPrefix("WWW-Authenticate: ") }.map { Array($0.utf8.dropFirst(18)) }
            )
            #expect(try challenges.bearer.count == challenges.challenges.count, "round \(round)")
            #expect(!Self.reflects(answer), "round \(round)")
            // An answer of the guard, or of the server, which refuses malformed requests before the guard sees them.
            let plain = Self.withoutCrossOrigin(answer)
            let isOfServer = [400, 414, 431, 501, 505].contains(answer.status) && challenges.challenges.isEmpty
            #expect(plain.isEmpty || subject.answers.contains(plain) || isOfServer, "round \(round)")
        }
        running.cancel()
        try await running.value
        #expect(Set([200, 204, 400, 401, 403, 404, 421]).isSubset(of: statuses.keys))
    }
}
