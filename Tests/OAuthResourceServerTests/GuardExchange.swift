import HTTPMessages
import OAuthResourceServer
import Synchronization
import Testing

/// Sends one request through both entries of a guard, which must agree. Records the principal and the answer.
struct GuardExchange {
    /// The principal that the handler got; nil if it was not called.
    let principal: Principal?
    let response: HTTPResponse

    /// The subject of a verified principal, or the name of an anonymous one in angle brackets; nil if the handler was
    /// not called.
    var served: String? {
        principal.map { $0.anonymousName.map { "<\($0)>" } ?? $0.subject ?? "" }
    }

    init(
        _ server: ResourceServer, _ method: HTTPMethod = .post, _ target: String = "/mcp", token: String? = nil,
        fields: [(String, String)] = [], body: String? = nil, listener: HTTPRequest.ListenerKind = .unknown,
        answer: HTTPResponse = .text("handled")
    ) async throws {
        let target = try #require(HTTPRequest.Target(target))
        var all = HTTPFields()
        if let token { all.append(.authorization, try #require(HTTPFields.Value("Bearer " + token))) }
        for (name, value) in fields {
            all.append(try #require(HTTPFields.Name(name)), try #require(HTTPFields.Value(value)))
        }
        let seen = Mutex<Principal?>(nil)
        let handler = server.protecting { _, principal in
            seen.withLock { $0 = principal }
            return answer
        }
        var request = HTTPRequest(method: method, target: target, fields: all)
        request.listener = listener
        if let body { request.body = HTTPRequest.Body(Array(body.utf8)) }
        response = try await handler.respond(to: request)
        principal = seen.withLock { $0 }
        try response.requireReadableChallenges()

        let decision = await server.decide(
            method: method, target: target, fields: all, body: body.map { Array($0.utf8) }, listener: listener)
        switch decision {
        case .respond(let refusal):
            #expect(principal == nil)
            #expect(refusal.summary == response.summary)
        case .proceed(let admission):
            #expect(admission.principal.subject == principal?.subject)
            #expect(admission.principal.anonymousName == principal?.anonymousName)
            var finished = answer
            admission.finish(status: finished.status, fields: &finished.fields)
            #expect(finished.summary == response.summary)
        }
    }
}

extension HTTPResponse {
    /// Status, fields and content, one line each.
    var summary: [String] { ["\(status.code)"] + fields.pairs.map { "\($0.name): \($0.value)" } + [bodyText] }
}
