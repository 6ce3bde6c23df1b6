import HTTPMessages
import OAuthResourceServer
import Testing

extension ResourceServer {
    /// Whether the guard lets a request with this token proceed.
    func admits(_ token: String) async throws -> Bool {
        var fields = HTTPFields()
        fields.append(.authorization, try #require(HTTPFields.Value("Bearer \(token)")))
        let target: HTTPRequest.Target = "/mcp"
        // On a busy machine, the first fetch of keys may outlast the wait of a request. Retry, as a client does.
        for _ in 0..<20 {
            switch await decide(method: .post, target: target, fields: fields) {
            case .proceed: return true
            case .respond(let response) where response.status == .serviceUnavailable:
                try await Task.sleep(for: .seconds(1))
            case .respond: return false
            }
        }
        return false
    }
}
