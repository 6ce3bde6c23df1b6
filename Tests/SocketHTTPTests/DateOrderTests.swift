import HTTPMessages
import SocketHTTP
import Testing

struct DateOrderTests {
    @Test(
        "RFC 9110 §6.6.1: Date does not step back from one event loop to another, also where a second ends",
        .timeLimit(.minutes(5)))
    func order() async throws {
        try await withServer(echo, limits: { $0.eventLoops = 3 }) { port in
            var connections: [TestConnection] = []
            for _ in 0..<3 {
                let connection = try await TestConnection.open(port)
                try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await connection.readResponse()
                connections.append(connection)
                // Loops that look at the clock at different times would renew their dates at different times.
                try await Task.sleep(for: .milliseconds(130))
            }
            var (latest, changes) = (-1, 0)
            while changes < 3 {
                for connection in connections {
                    try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let date = try #require(try await connection.readResponse()["date"])
                    let digits = date.utf8.filter { (0x30...0x39).contains($0) }.suffix(6)
                    let number = try #require(Int(String(decoding: digits, as: UTF8.self)))
                    // At midnight the number begins again.
                    #expect(number >= latest || latest >= 235_900 && number < 100)
                    if number != latest { changes += 1 }
                    latest = number
                }
            }
        }
    }
}
