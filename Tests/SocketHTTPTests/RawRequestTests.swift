import Testing

/// The table of raw requests over a socket: the status, and whether the connection lives on.
struct RawRequestTests {
    enum Manner: String, CaseIterable, Sendable {
        case whole
        case byteByByte
        case pipelined
    }

    @Test(
        "RFC 9112 over a socket: answer and fate of the connection", .timeLimit(.minutes(3)),
        arguments: Manner.allCases)
    func table(_ manner: Manner) async throws {
        try await withServer(echo) { port in
            for raw in RawRequest.all {
                let connection = try await TestConnection.open(port)
                switch manner {
                case .whole: try? await connection.send(raw.bytes)
                case .byteByByte: try await connection.trickle(raw.bytes)
                case .pipelined:
                    try? await connection.send(Array("GET /first HTTP/1.1\r\nHost: a\r\n\r\n".utf8) + raw.bytes)
                    #expect(try await connection.readResponse().text == "GET /first ")
                }
                let response = try await connection.readResponse()
                #expect(response.status == raw.status, "\(raw.name)")
                switch raw.fate {
                case .kept:
                    try await connection.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await connection.readResponse().text == "GET /next ", "\(raw.name)")
                case .closed:
                    #expect(response["connection"] == "close", "\(raw.name)")
                    #expect(try await connection.isClosed(), "\(raw.name)")
                }
            }
        }
    }
}
