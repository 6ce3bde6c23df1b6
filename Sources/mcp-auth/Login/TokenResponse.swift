import HTTPMessages
import OAuthMetadata
import WireFormat

/// A successful answer of a token endpoint (RFC 6749 §5.1).
///
/// The description is redacted.
struct TokenResponse: CustomStringConvertible {
    let accessToken: String
    let expiresIn: Int?
    let refreshToken: String?
    /// The granted scopes; nil if the server says that they are those of the request.
    let scope: ScopeSet?

    var description: String { "<token response>" }

    /// Reads the answer of a token endpoint.
    ///
    /// - Throws: A fault that names the error of the server, and never a token.
    init(_ answer: FetchedDocument, from url: AbsoluteURL) throws(LoginFault) {
        let place = DisplayText.line(url.text)
        let object = (try? JSONValue(parsing: answer.body))?.object
        guard answer.status == .ok else {
            let error = object?["error"]?.string
            let description = object?["error_description"]?.string.map { ": \(DisplayText.line($0))" } ?? ""
            let said = error.map { " It says \(DisplayText.line($0))\(description)" } ?? ""
            let end = said.hasSuffix(".") || said.isEmpty ? "" : "."
            throw LoginFault(
                "token_refused", "\(place) answered \(answer.status.code).\(said)\(end)", "RFC 6749 §5.2",
                fix: Self.remedy(error))
        }
        guard let object else {
            throw LoginFault(
                "token_response", "\(place) answered 200 without a JSON object.", "RFC 6749 §5.1",
                fix: "Answer with application/json.")
        }
        guard let token = object["access_token"]?.string, HTTPFields.Value("Bearer \(token)") != nil, !token.isEmpty
        else {
            throw LoginFault(
                "token_response", "The answer of \(place) has no usable access_token.", "RFC 6749 §5.1",
                fix: "Put the token into access_token.")
        }
        guard let type = object["token_type"]?.string, ASCII.equalsIgnoringCase(type.utf8, "bearer".utf8) else {
            throw LoginFault(
                "token_type", "token_type is missing, or is not Bearer.", "RFC 6749 §5.1; §7.1",
                fix: "Answer with token_type=Bearer. This program does not speak DPoP.")
        }
        accessToken = token
        expiresIn = object["expires_in"]?.number?.int64.map { Int($0) }
        refreshToken = object["refresh_token"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        scope = object["scope"]?.string.map { ScopeSet(keepingValidOf: $0) }
    }

    private static func remedy(_ error: String?) -> String {
        switch error {
        case "invalid_client":
            "Register the client for the authentication method none, or give the client that the server knows "
                + "(--client-id, --client-secret-stdin)."
        case "invalid_grant": "Check that the server compares redirect_uri and code_verifier with those of this login."
        case "invalid_target": "Let the server know the resource of the metadata (RFC 8707)."
        case "invalid_scope": "Ask for other scopes with --scope."
        default: "Read the log of the authorization server at this time."
        }
    }
}
