import HTTPMessages
import OAuthMetadata
import WireFormat

extension Doctor {
    /// A token that no issuer has made. It is not a JWT, so that no server looks for keys.
    static let madeUpToken = "mcp-auth-doctor-made-this-up"

    /// GET and HEAD without a token, and a call with a made-up one if the server refused the one without.
    mutating func examineFurtherCalls(after first: FetchedDocument) async {
        switch await client.send(.get, fields: [(.accept, "text/event-stream")]) {
        case .success(let answer) where answer.status.code < 300 && answer.fields.contentIs("text/event-stream"):
            report.fault(
                .streamNeedsToken, at: Self.place("GET", endpoint),
                "The answer is \(answer.status.code) with an event "
                    + "stream.")
        case .success: report.good(.streamNeedsToken)
        // A stream that stays open looks like an answer that never comes.
        case .failure(.timedOut):
            report.warn(
                .streamNeedsToken, at: Self.place("GET", endpoint), "The answer did not end: it may be an open stream.")
        case .failure(let error): report.note(.streamNeedsToken, explain(error, endpoint))
        }
        switch await client.send(.head) {
        case .success(let answer) where answer.status.code >= 500:
            report.warn(.head, at: Self.place("HEAD", endpoint), "The answer is \(answer.status).")
        case .success: report.good(.head)
        case .failure(let error): report.warn(.head, at: Self.place("HEAD", endpoint), explain(error, endpoint))
        }
        guard first.status == .unauthorized else { return }
        if case .success(let answer) = await client.post(MCPClient.initialize, token: .bearer(Self.madeUpToken)) {
            examineMadeUp(answer)
        }
    }

    private mutating func examineMadeUp(_ answer: FetchedDocument) {
        let place = "\(Self.place("POST", endpoint)) with a made-up token"
        switch answer.status.code {
        case 401:
            report.good(.madeUpToken)
            let values = answer.fields.values(of: .wwwAuthenticate).map(\.bytes)
            let challenges = (try? AuthenticationChallenges(parsing: values))?.challenges ?? []
            if challenges.contains(where: { $0.value(of: "error") == "invalid_token" }) {
                report.good(.invalidTokenError)
            } else {
                report.warn(.invalidTokenError, at: place, "The challenge does not say error=\"invalid_token\".")
            }
        case 200..<300:
            report.fault(.madeUpToken, at: place, "The answer is \(answer.status.code): every token is accepted.")
        case 503:
            report.warn(
                .madeUpToken, at: place, "The answer is 503: the server cannot decide about tokens now.",
                fix: "Read its log: the keys or the introspection endpoint of the issuer are not available to it.")
        default:
            report.fault(
                .madeUpToken, at: place,
                "The answer is \(answer.status) instead of 401, so that a client neither refreshes nor logs in.")
        }
    }

    // MARK: Pages

    /// The origin of MCP Inspector, which people use on their own machine.
    private static let inspector: HTTPFields.Value = "http://localhost:6274"
    private static let stranger: HTTPFields.Value = "https://stranger.example"
    private static let wantedFields = ["authorization", "content-type", "mcp-protocol-version"]

    /// A preflight, and a call by a page.
    mutating func examineBrowsers() async {
        let wanted: [(HTTPFields.Name, HTTPFields.Value)] = [
            (.origin, Self.inspector), (.accessControlRequestMethod, "POST"),
            (.accessControlRequestHeaders, "authorization,content-type,mcp-protocol-version"),
        ]
        guard case .success(let answer) = await client.send(.options, fields: wanted) else { return }
        let place = Self.place("OPTIONS", endpoint)
        if answer.status == .unauthorized {
            report.warn(.preflight, at: place, "The answer is 401, and a browser then does not send the call itself.")
            await examineForeignOrigin()
            return
        }
        guard answer.fields.contains(.accessControlAllowOrigin), answer.status.code < 300 else {
            report.note(.preflight, "pages may not call this server (no CORS), which is right without such clients")
            await examineForeignOrigin()
            return
        }
        report.good(.preflight)
        let allowed = Self.list(answer.fields, .accessControlAllowHeaders)
        let missing = Self.wantedFields.filter { !allowed.contains($0) }
        if missing.isEmpty {
            report.good(.preflightFields)
        } else {
            report.warn(
                .preflightFields, at: place, "Access-Control-Allow-Headers lacks \(missing.joined(separator: ", ")).")
        }
        if case .success(let refusal) = await client.post(MCPClient.initialize, fields: [(.origin, Self.inspector)]) {
            examineExposure(refusal)
        }
        await examineForeignOrigin()
    }

    private mutating func examineExposure(_ refusal: FetchedDocument) {
        guard refusal.status == .unauthorized else { return }
        let exposed = Self.list(refusal.fields, .accessControlExposeHeaders)
        let cause: String
        if !refusal.fields.contains(.accessControlAllowOrigin) {
            cause = "The 401 has no Access-Control-Allow-Origin, so that a page sees only a network error."
        } else if !exposed.contains("www-authenticate") {
            cause = "Access-Control-Expose-Headers does not name WWW-Authenticate."
        } else {
            report.good(.challengeExposed)
            return
        }
        report.warn(.challengeExposed, at: "\(Self.place("POST", endpoint)) with an Origin", cause)
    }

    private mutating func examineForeignOrigin() async {
        guard case .success(let answer) = await client.post(MCPClient.initialize, fields: [(.origin, Self.stranger)])
        else { return }
        let place = "\(Self.place("POST", endpoint)) with Origin: \(Self.stranger.string ?? "")"
        if answer.fields[.accessControlAllowOrigin] == Self.stranger,
            answer.fields[.accessControlAllowCredentials] == "true"
        {
            report.warn(.credentialedOrigins, at: place, "A page of any host may call with the cookies of its visitor.")
        }
        guard endpoint.isLoopback else { return }
        if answer.status == .forbidden {
            report.good(.foreignOrigin)
        } else {
            report.warn(.foreignOrigin, at: place, "The answer is \(answer.status.code) instead of 403.")
        }
    }

    /// Whether a page may read a document. Many servers send the fields of CORS only to a page.
    func isReadable(_ url: AbsoluteURL, _ document: FetchedDocument) async -> Bool {
        if document.fields.contains(.accessControlAllowOrigin) { return true }
        guard case .success(let answer) = await network.document(at: url, origin: Self.inspector) else { return false }
        return answer.fields.contains(.accessControlAllowOrigin)
    }

    /// The elements of a list field, in lower case.
    private static func list(_ fields: HTTPFields, _ name: HTTPFields.Name) -> [String] {
        fields.values(of: name).flatMap { value in
            value.bytes.split(separator: UInt8(ascii: ",")).map { part in
                String(decoding: OptionalWhiteSpace.trimmed(part).map { ASCII.lowercased($0) }, as: UTF8.self)
            }
        }
    }
}
