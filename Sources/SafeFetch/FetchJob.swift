internal import HTTPMessages
internal import WireFormat

/// A fetch that the policy has admitted.
struct FetchJob: Sendable {
    let url: AbsoluteURL
    let fieldLines: [String]
    /// A token that is read from its file when the transfer is made; nil for none.
    let bearer: FetchBearer?
    let exchange: ClientExchange.Method
    let route: FetchPolicy.Route
    let maximumBodyBytes: Int
    let deadline: ContinuousClock.Instant
    let ticket: FetchTicket

    /// The server that is connected to: the proxy, if there is one.
    var peer: AbsoluteURL { route.proxy ?? url }

    /// The addresses of the peer's name, in libcurl's spelling.
    func resolution(_ addresses: NameLookUps.Answer) -> String {
        "\(peer.hostWithPort):" + addresses.map(\.text).joined(separator: ",")
    }
}

/// The request fields of the caller, in libcurl's spelling.
struct RequestFieldLines {
    let lines: [String]

    /// Fields that frame, route or code the message. Only libcurl and this module set them.
    private static let reserved = [
        "host", "content-length", "content-type", "transfer-encoding", "connection", "te", "trailer", "upgrade",
        "expect", "accept-encoding", "user-agent", "cookie", "proxy-authorization", "proxy-connection",
    ]

    /// The only fields that are sent to an untrusted URL. None of them can hold a credential.
    private static let harmless = ["accept", "cache-control", "if-modified-since", "if-none-match"]

    /// Nil when a field must not be sent to a URL of this source, or a value is not UTF-8.
    init?(_ fields: HTTPFields, for source: FetchPolicy.Source) {
        var lines: [String] = []
        for line in fields.lines {
            let name = fields.buffer[line.name]
            let isAdmitted =
                switch source {
                case .operatorNamed: !Self.reserved.contains { ASCII.equalsIgnoringCase($0.utf8, name) }
                case .untrusted: Self.harmless.contains { ASCII.equalsIgnoringCase($0.utf8, name) }
                }
            guard isAdmitted,
                let text = String(validating: fields.buffer[line.value], as: UTF8.self)
            else { return nil }
            // In libcurl's spelling "Name:" removes a field, and "Name;" sends it empty.
            lines.append(String(decoding: name, as: UTF8.self) + (text.isEmpty ? ";" : ": " + text))
        }
        self.lines = lines
    }
}
