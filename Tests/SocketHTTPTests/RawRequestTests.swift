import SocketHTTP
import Testing

/// The table of raw requests over a socket: the answer, and whether the connection stays open.
@Suite(.timeLimit(.minutes(5)))
struct RawRequestTests {
    enum Manner: String, CaseIterable, Sendable {
        case whole
        case byteByByte
        case pipelined
    }

    @Test("Every row of the table is read")
    func tableIsRead() {
        #expect(RawRequest.all.count >= 300)
        #expect(RawRequest.all.count == RawRequest.rowCount)
        #expect(Set(RawRequest.all.map(\.name)).count == RawRequest.all.count)
    }

    @Test("RFC 9112 over a socket: answer and fate of the connection", arguments: Manner.allCases)
    func table(_ manner: Manner) async throws {
        let counters = try await withListener(echo) { listening in
            let port = listening.port
            // Some rows wait for a time-out of the server, so several run at once.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, raw) in RawRequest.all.enumerated() {
                    if index >= 8 { try await group.next() }
                    group.addTask { try await Self.check(raw, manner, port) }
                }
                try await group.waitForAll()
            }
            return listening.counters
        }
        // Each request was refused for the reason of its row.
        let expected = RawRequest.all.compactMap(\.fault).reduce(into: [:]) { $0[$1.rawValue, default: 0] += 1 }
        #expect(counters.rejections == expected)
        let served = RawRequest.all.count { $0.fault == nil } + RawRequest.all.count { $0.isKept }
        #expect(counters.responses[2] == served + (manner == .pipelined ? RawRequest.all.count : 0))
    }

    private static func check(_ raw: RawRequest, _ manner: Manner, _ port: UInt16) async throws {
        let connection = try await TestConnection.open(port)
        switch manner {
        case .whole: try? await connection.send(raw.bytes)
        case .byteByByte: try await connection.trickle(raw.bytes)
        case .pipelined:
            try? await connection.send(Array("GET /first HTTP/1.1\r\nHost: a\r\n\r\n".utf8) + raw.bytes)
            #expect(try await connection.readResponse().text == "GET /first ", "\(raw.name)")
        }
        let response = try await connection.readResponse(
            toHEAD: raw.bytes.starts(with: "HEAD ".utf8) && raw.fault == nil)
        #expect(response.status == raw.status, "\(raw.name)")
        #expect((response["connection"] == "close") == !raw.isKept, "\(raw.name)")
        if raw.fault == nil { #expect(response.body == raw.answer, "\(raw.name)") }
        if raw.isKept {
            try await connection.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await connection.readResponse().text == "GET /next ", "\(raw.name)")
        } else {
            // Bytes after the request get no answer.
            #expect(try await connection.isClosed(), "\(raw.name)")
        }
    }
}
