import HTTPMessages
import SocketHTTP
import Testing

/// Runs every row in two ways: in process, and through the real server over a socket.
struct RowPaths: Sendable {
    let guarded: GuardUnderTest

    /// Runs all rows both ways and compares the complete answers.
    func check(_ rows: [GuardRow]) async throws {
        let listening = try HTTPServer(host: "127.0.0.1", port: 0, limits: Self.patientLimits).listen()
        let running = Task { [handler = guarded.handler] in try await listening.run(handler) }
        for row in rows {
            do {
                let direct = try await inProcess(row.request)
                #expect(direct == row.answer, "in process: \(row.title)")
                let served = try await overSocket(row.request, listening.port)
                #expect(served == row.answer, "over a socket: \(row.title)")
                try checkChallenges(of: served, row.title)
            } catch {
                Issue.record(error, "\(row.title)")
            }
        }
        running.cancel()
        try await running.value
    }

    /// One loop, which waits for a client as long as a busy machine needs.
    static var patientLimits: ServerLimits {
        var limits = ServerLimits()
        limits.eventLoops = 1
        (limits.headTime, limits.bodyTime) = (.seconds(600), .seconds(600))
        (limits.idleTime, limits.writeStallTime) = (.seconds(600), .seconds(600))
        return limits
    }

    // MARK: In process

    func inProcess(_ row: RowRequest) async throws -> RowAnswer {
        var fields = HTTPFields()
        for (name, value) in guarded.lines(of: row) {
            fields.append(try #require(HTTPFields.Name(name)), try #require(HTTPFields.Value(value)))
        }
        var request = HTTPRequest(
            method: try #require(HTTPMethod(row.method)),
            target: try #require(HTTPRequest.Target(guarded.filled(row.target))),
            fields: fields, body: HTTPRequest.Body(Array(guarded.filled(row.body).utf8)))
        request.listener = .loopback
        // As over the socket.
        request.peer = HTTPRequest.PeerAddress("127.0.0.1")
        let response = try await guarded.handler.respond(to: request)
        guard case .bytes(let content) = response.body else { throw UnexpectedStream() }
        return RowAnswer(
            response.status.code, response.fields.pairs.map { "\($0.name): \($0.value)" },
            // The server sends no content in these cases.
            row.method == "HEAD" || response.status.code == 304 || response.status.code == 204
                ? "" : String(decoding: content, as: UTF8.self))
    }

    private struct UnexpectedStream: Error {}

    // MARK: Over a socket

    func overSocket(_ row: RowRequest, _ port: UInt16) async throws -> RowAnswer {
        let body = guarded.filled(row.body)
        var text = "\(row.method) \(guarded.filled(row.target)) HTTP/1.1\r\nConnection: close\r\n"
        for (name, value) in guarded.lines(of: row) { text += "\(name): \(value)\r\n" }
        if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
        return try Self.parse(await RawExchange.answer(to: Array((text + "\r\n" + body).utf8), on: port))
    }

    /// Parses a response without the code under test.
    static func parse(_ bytes: [UInt8]) throws -> RowAnswer {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = try #require(parts.first).split(separator: "\r\n").map(String.init)
        let words = try #require(lines.first).split(separator: " ")
        try #require(words.count >= 2)
        try #require(words[0] == "HTTP/1.1")
        let own = ["Date: ", "Content-Length: ", "Connection: "]
        return RowAnswer(
            try #require(Int(words[1])),
            lines.dropFirst().filter { line in !own.contains { line.hasPrefix($0) } },
            parts.count == 2 ? String(parts[1]) : "")
    }
}
