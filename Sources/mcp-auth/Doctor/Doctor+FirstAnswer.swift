import HTTPMessages
import OAuthMetadata
import WireFormat

extension Doctor {
    /// Calls the endpoint without a token. Nil when there is no answer to look at.
    mutating func examineFirstAnswer() async -> FetchedDocument? {
        switch await client.post(MCPClient.initialize) {
        case .failure(let error):
            examineFailure(error)
            return nil
        case .success(let answer):
            report.good(.reachable)
            if endpoint.scheme == .https { report.good(.certificate) }
            examineClock(answer)
            examineStatus(answer)
            return answer
        }
    }

    private var place: String { Self.place("POST", endpoint) }

    private mutating func examineFailure(_ error: FetchError) {
        let cause = explain(error, endpoint)
        switch error {
        case .unknownAuthority, .certificateExpired, .certificateForOtherName:
            let why: String =
                switch error {
                case .certificateExpired: "The certificate has expired, or is not valid yet."
                case .certificateForOtherName:
                    "The certificate is for other names than \(DisplayText.line(endpoint.host))."
                default: "No trusted authority has issued the certificate, or an intermediate certificate is missing."
                }
            report.fault(.certificate, at: place, why)
        case .tls:
            report.fault(.scheme, at: place, "TLS failed at port \(endpoint.effectivePort): it may speak plain http.")
        case .malformedResponse:
            report.fault(
                .scheme, at: place, "The answer is not HTTP: port \(endpoint.effectivePort) may speak TLS.")
        case .notResolved, .blockedAddress, .connectionFailed, .timedOut, .tooLarge, .unsupportedEncoding, .notAllowed,
            .credentialsUnreadable, .cancelled, .unavailable:
            report.fault(.reachable, at: place, cause)
        }
    }

    /// Compares the `Date` of the answer. It may be a second old, and the answer took some time.
    private mutating func examineClock(_ answer: FetchedDocument) {
        guard let date = answer.fields[.date]?.string.flatMap(ServerDate.seconds) else {
            report.note(.clock, "the answer has no Date")
            return
        }
        let difference = Double(date) - now
        let seconds = Int(difference.magnitude.rounded())
        let direction = difference > 0 ? "ahead of" : "behind"
        let cause = "The server's clock is \(seconds) seconds \(direction) the clock of this machine."
        switch seconds {
        case ...15: report.good(.clock)
        case ...60: report.warn(.clock, cause)
        default: report.fault(.clock, cause)
        }
    }

    private mutating func examineStatus(_ answer: FetchedDocument) {
        let code = answer.status.code
        switch code {
        case 401: report.good(.unauthenticated)
        case 200..<300: examineSuccess(answer)
        case 300..<400: examineRedirect(answer)
        case 403:
            report.fault(
                .forbidden, at: place, "The answer is 403. A client takes it for a missing scope, and begins no login.")
        case 404, 410:
            report.fault(.endpointExists, at: place, "The answer is \(code): the server knows no such path.")
        case 405:
            let allowed = answer.fields[.allow]?.string.map { " Allow names \(DisplayText.line($0))." } ?? ""
            report.fault(.endpointExists, at: place, "The answer is 405: this path does not take POST.\(allowed)")
        case 406, 415:
            report.fault(
                .authorizationFirst, at: place,
                "The answer is \(code) although Accept names JSON and event streams: content is negotiated before the "
                    + "token is looked at.")
        case 400 where Self.isPlainHTTPToTLS(answer):
            report.fault(.scheme, at: place, "The port speaks TLS, and got plain http.")
        case 421:
            report.fault(
                .unauthenticated, at: place, "The answer is 421: the server does not serve this host name.",
                fix: "Add the name to the server's allowed hosts (OAUTH_ALLOWED_HOSTS), and let the proxy keep Host.")
        case 500...:
            report.fault(.serverWorks, at: place, "The answer is \(answer.status).")
        default:
            report.fault(.unauthenticated, at: place, "The answer is \(answer.status) instead of 401.")
        }
    }

    private mutating func examineSuccess(_ answer: FetchedDocument) {
        let body = try? JSONValue(parsing: answer.body)
        if let error = body?["error"], error != .null {
            report.fault(
                .errorStatus, at: place,
                "The answer is \(answer.status.code), and its body says that there was an error.")
        } else if Self.isPage(answer) {
            report.fault(
                .endpointExists, at: place,
                "The answer is \(answer.status.code) with a page: a web application answers at this path.")
        } else {
            report.fault(
                .protected, at: place,
                "The answer is \(answer.status.code): the server did what was asked, without a "
                    + "token.")
        }
    }

    private mutating func examineRedirect(_ answer: FetchedDocument) {
        let location = answer.fields[.location]?.string ?? ""
        var cause =
            "The answer is \(answer.status.code) to \(location.isEmpty ? "nowhere" : DisplayText.line(location))"
        if let target = try? AbsoluteURL(parsing: location) {
            if target.path.hasSameBytes(as: endpoint.path + "/") {
                cause += ", with a slash at the end"
            } else if target.scheme != endpoint.scheme {
                cause += ", with another scheme"
            } else if target.path != endpoint.path {
                cause += ", perhaps a login page"
            }
        } else if location.hasSameBytes(as: endpoint.path + "/") {
            cause += ", with a slash at the end"
        }
        report.fault(.noRedirect, at: place, cause + ".")
    }

    /// Whether the body is a page.
    static func isPage(_ answer: FetchedDocument) -> Bool {
        answer.fields.contentIs("text/html")
            || ["<!doctype", "<html"].contains { start in
                ASCII.equalsIgnoringCase(answer.body.drop { $0 <= 0x20 }.prefix(start.utf8.count), start.utf8)
            }
    }

    /// The sentences of nginx and Apache, and of Go's server.
    private static func isPlainHTTPToTLS(_ answer: FetchedDocument) -> Bool {
        let text = String(decoding: answer.body.prefix(2_000), as: UTF8.self)
        return ["HTTPS port", "HTTPS server", "SSL-enabled server"].contains { text.contains($0) }
    }
}
