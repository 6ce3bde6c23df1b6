import HTTPMessages
import OAuthTestKit
import Testing
import WireFormat

@Suite("A fetcher in the same process", .serialized)
struct InProcessFetcherTests {
    /// Returns the request in its answer.
    private static let mirror = ClosureHandler { request in
        let body = String(decoding: try await request.body.collect(upTo: 100), as: UTF8.self)
        let type = request.fields[.contentType]?.string ?? "-"
        let accept = request.fields[.accept]?.string ?? "-"
        return .text("\(request.method) \(request.target.text) \(type) \(accept) \(body)")
    }

    private func answer(_ method: DocumentRequest.Method, _ url: String) async throws -> String {
        let fetcher = InProcessFetcher(["https://a.example": Self.mirror])
        var request = DocumentRequest(url: try AbsoluteURL(parsing: url), method: method, maximumBodyBytes: 1_000)
        request.fields[.accept] = "text/plain"
        return String(decoding: try await fetcher.fetch(request).body, as: UTF8.self)
    }

    @Test("The handler sees the method, the target, the fields and the form of the request")
    func request() async throws {
        #expect(try await answer(.get, "https://a.example/x?y") == "GET /x?y - text/plain ")
        #expect(try await answer(.get, "https://a.example") == "GET / - text/plain ")
        #expect(
            try await answer(.postForm(Array("token=t".utf8)), "https://a.example/introspect")
                == "POST /introspect application/x-www-form-urlencoded text/plain token=t")
    }

    @Test("An origin that no handler has cannot be reached")
    func unknownOrigin() async {
        await #expect(throws: FetchError.connectionFailed) { _ = try await answer(.get, "https://b.example/") }
    }
}
