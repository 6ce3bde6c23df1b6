import HTTPMessages
import OAuthMetadata
import WireFormat

/// Examines a protected MCP server as a client sees it, and explains what keeps clients from using it.
///
/// It sends only requests that change nothing: `initialize` without a token and with a made-up one, and requests for
/// documents. With a token, it sends `initialize` with it.
struct Doctor {
    let client: MCPClient
    /// The current time in seconds since 1970.
    let now: Double
    var report: DoctorReport
    /// The authorization servers whose metadata is acceptable, with their keys.
    var servers: [Server] = []
    /// The metadata of the resource, if it is acceptable.
    var resource: ProtectedResourceMetadata?
    /// The challenge of the first refusal, if it is well formed.
    var challenge: AuthenticationChallenge.Bearer?

    /// An authorization server, and what it publishes.
    struct Server {
        let metadata: AuthorizationServerMetadata
        let keys: KeyDocument?
    }

    init(_ client: MCPClient, now: Double) {
        self.client = client
        self.now = now
        report = DoctorReport(subject: DisplayText.line(client.endpoint.text))
    }

    /// The URL that is examined.
    var endpoint: AbsoluteURL { client.endpoint }
    var network: ClientNetwork { client.network }

    /// Whether URLs of this machine may be fetched: only when the examined server is on it, too. Otherwise a document
    /// could make this program call services of its user's machine.
    var insecureHTTP: InsecureHTTP { endpoint.isLoopback ? .loopback : .never }

    /// Runs all checks without a token.
    mutating func examine() async {
        guard admitsEndpoint() else { return }
        guard let first = await examineFirstAnswer() else { return }
        examineChallenge(of: first)
        await examineFurtherCalls(after: first)
        await examineBrowsers()
        guard let resource = await examineResourceMetadata() else { return }
        self.resource = resource
        await examineAuthorizationServers(of: resource)
    }

    /// Whether a client may send a token to the URL.
    private mutating func admitsEndpoint() -> Bool {
        let allowed = network.permissions
        let isPrivate = allowed.privateHosts.contains(HTTPHost(endpoint))
        if endpoint.fragment != nil {
            report.fault(.urlAcceptable, "The URL has a fragment (#…), which no server sees.")
            return false
        }
        guard allowed.admitsScheme(of: endpoint) else {
            report.fault(
                .urlAcceptable,
                "It is http, and \(DisplayText.line(endpoint.host)) is another machine: everyone on the way reads the "
                    + "token.")
            return false
        }
        if endpoint.scheme == .http, isPrivate {
            report.warn(.urlAcceptable, "It is http: everyone on the way to this host reads the token.")
        } else {
            report.good(.urlAcceptable)
        }
        return true
    }

    /// A method and a URL, for a finding.
    static func place(_ method: String, _ url: AbsoluteURL) -> String { "\(method) \(DisplayText.line(url.text))" }

    /// Why a request had no answer.
    func explain(_ error: FetchError, _ url: AbsoluteURL) -> String {
        let host = DisplayText.line(url.host)
        return switch error {
        case .notResolved: "The name \(host) has no address."
        case .blockedAddress: "\(host) has a private address, and this program was not allowed to connect to it."
        case .connectionFailed: "Nothing listens at \(host) port \(url.effectivePort), or it closed the connection."
        case .timedOut: "No answer came within \(ClientNetwork.patience.components.seconds) seconds."
        case .notAllowed: "It is a plain http URL of another machine."
        case .unknownAuthority, .certificateExpired, .certificateForOtherName, .tls, .tooLarge, .unsupportedEncoding,
            .malformedResponse, .credentialsUnreadable, .cancelled, .unavailable:
            "The request failed: \(error.explanation) (\(error.code))."
        }
    }
}
