import Testing

/// One row of a table: a request, and the complete expected answer.
struct GuardRow: Sendable, CustomTestStringConvertible {
    /// The requirement.
    let title: String
    let request: RowRequest
    let answer: RowAnswer

    init(_ title: String, _ request: RowRequest, _ answer: RowAnswer) {
        self.title = title
        self.request = request
        self.answer = answer
    }

    var testDescription: String { title }
}

/// A request as it is written to a socket. In field values and bodies, `{good}` stands for a good token, `{expired}`
/// for an expired one, and so on: see ``GuardUnderTest/token(_:)``.
struct RowRequest: Sendable {
    var method = "POST"
    var target = "/mcp"
    var lines: [(name: String, value: String)]
    var body = ""

    init(_ method: String = "POST", _ target: String = "/mcp", _ lines: (String, String)..., body: String = "") {
        self.method = method
        self.target = target
        self.lines = lines.map { ($0.0, $0.1) }
        self.body = body
    }

    /// A POST of a JSON-RPC message with a bearer token.
    static func call(_ token: String = "{good}", _ lines: (String, String)..., body: String = "") -> RowRequest {
        var request = RowRequest(body: body)
        request.lines =
            [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")] + lines.map { ($0.0, $0.1) }
        return request
    }
}

/// A response: its status, its content, and every field line except those that the server adds (`Date`,
/// `Content-Length`, `Connection`).
struct RowAnswer: Sendable, Equatable, CustomStringConvertible {
    var status: Int
    /// `Name: value`, sorted.
    var lines: [String]
    var body: String

    init(_ status: Int, _ lines: [String], _ body: String) {
        self.status = status
        self.lines = lines.sorted()
        self.body = body
    }

    /// The answer with more field lines.
    func with(_ more: String...) -> RowAnswer {
        RowAnswer(status, lines + more, body)
    }

    /// The answer to a `HEAD` request.
    var bodiless: RowAnswer { RowAnswer(status, lines, "") }

    var description: String { "\(status)\n\(lines.joined(separator: "\n"))\n\n\(body)" }

    // MARK: The answers of POLICY §1 and §3

    static let json = "Content-Type: application/json"
    static let noStore = "Cache-Control: no-store"
    static let metadata = #"resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp""#

    static func refused(_ status: Int, _ error: String, _ sentence: String, _ challenge: String) -> RowAnswer {
        RowAnswer(
            status, [json, noStore, "WWW-Authenticate: \(challenge)"],
            #"{"error":"\#(error)","error_description":"\#(sentence)"}"#)
    }

    /// The answer to a request without credentials.
    static func unauthorized(scope: String = "mcp:use") -> RowAnswer {
        refused(
            401, "unauthorized", "An access token is required.",
            "Bearer " + (scope.isEmpty ? "" : #"scope="\#(scope)", "#) + metadata)
    }

    private static func described(_ error: String, _ sentence: String, _ scope: String) -> String {
        #"Bearer error="\#(error)", error_description="\#(sentence)", "#
            + (scope.isEmpty ? "" : #"scope="\#(scope)", "#) + metadata
    }

    /// The answer to bad credentials. It is the same for every defect.
    static func invalidToken(scope: String = "mcp:use") -> RowAnswer {
        let sentence = "The access token is malformed, expired or not valid for this resource."
        return refused(401, "invalid_token", sentence, described("invalid_token", sentence, scope))
    }

    static func invalidRequest(_ sentence: String, scope: String = "mcp:use") -> RowAnswer {
        refused(400, "invalid_request", sentence, described("invalid_request", sentence, scope))
    }

    static let twoCredentials = invalidRequest("The request carries more than one Authorization value.")
    static let twoPlaces = invalidRequest("The access token must be sent in the Authorization header only.")

    static func insufficientScope(_ scope: String) -> RowAnswer {
        let sentence = "The operation needs scopes that the access token does not carry."
        return refused(403, "insufficient_scope", sentence, described("insufficient_scope", sentence, scope))
    }

    static func unavailable(retryAfter: Int) -> RowAnswer {
        RowAnswer(503, [json, noStore, "Retry-After: \(retryAfter)"], #"{"error":"temporarily_unavailable"}"#)
    }

    static let serverError = RowAnswer(500, [json, noStore], #"{"error":"server_error"}"#)
    static let notFound = RowAnswer(404, [json, noStore], #"{"error":"not_found"}"#)

    /// The handler's answer, which names the subject of the request.
    static func passed(_ subject: String = "test-user") -> RowAnswer {
        RowAnswer(200, [noStore, "Content-Type: text/plain; charset=utf-8"], "for \(subject)")
    }
}
