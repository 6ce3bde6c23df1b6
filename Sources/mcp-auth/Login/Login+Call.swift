import HTTPMessages
import OAuthMetadata
import WireFormat

extension Login {
    /// The result of a call with a token.
    enum CallResult {
        /// The server accepts the token for the call.
        case accepted(FetchedDocument)
        /// The token lacks these scopes, all that the call needs.
        case needs(ScopeSet)
    }

    /// Begins a session, as every client does before its first call.
    ///
    /// - Returns: The session identifier of the server, if it has sessions.
    func begin(with token: String) async throws(LoginFault) -> HTTPFields.Value? {
        let answer = try await accepted(MCPClient.initialize, token, session: nil)
        guard case .accepted(let document) = answer else {
            throw LoginFault(.tokenScope, "The server asks for further scopes to initialize.")
        }
        say("the server accepts the token: \(document.status)")
        let session = document.fields[.mcpSessionID]
        if session != nil {
            _ = await client.post(
                ["jsonrpc": "2.0", "method": "notifications/initialized"], token: .bearer(token),
                fields: Self.fields(session))
        }
        return session
    }

    /// Calls a tool.
    func call(
        _ tool: String, _ arguments: JSONValue, with token: String, session: HTTPFields.Value?
    ) async throws(LoginFault) -> CallResult {
        try await accepted(MCPClient.call(tool: tool, arguments: arguments), token, session: session)
    }

    private func accepted(
        _ message: JSONValue, _ token: String, session: HTTPFields.Value?
    ) async throws(LoginFault) -> CallResult {
        let fields = session == nil ? [] : Self.fields(session)
        let answer = try await read(client.post(message, token: .bearer(token), fields: fields), client.endpoint)
        guard [401, 403].contains(answer.status.code) else { return .accepted(answer) }
        let values = answer.fields.values(of: .wwwAuthenticate).map(\.bytes)
        let challenge = (try? AuthenticationChallenges(parsing: values).bearer)?.first
        if answer.status == .forbidden, let scope = challenge?.scope { return .needs(scope) }
        let error = challenge?.error.map { " It says \(DisplayText.line($0))" } ?? ""
        let description =
            challenge?.errorDescription.map { $0.contains(token) ? "" : ": \(DisplayText.line($0))" } ?? ""
        throw LoginFault(
            .tokenAccepted,
            "The server answered \(answer.status.code) to the token.\(error)\(error.isEmpty ? "" : description + ".")")
    }

    private static func fields(_ session: HTTPFields.Value?) -> [(HTTPFields.Name, HTTPFields.Value)] {
        var fields: [(HTTPFields.Name, HTTPFields.Value)] = []
        if let version = HTTPFields.Value(MCPClient.revision) { fields.append((.mcpProtocolVersion, version)) }
        if let session { fields.append((.mcpSessionID, session)) }
        return fields
    }
}
