internal import HTTPMessages
internal import WireFormat

/// A fetch that was admitted and waits for its turn.
struct FetchJob: Sendable {
    let url: AbsoluteURL
    let fieldLines: [String]
    /// The content of a POST; nil for a GET.
    let form: [UInt8]?
    let route: FetchPolicy.Route
    let maximumBodyBytes: Int
    let deadline: ContinuousClock.Instant
    let ticket: FetchTicket

    /// Whom the connection is made to.
    var peer: AbsoluteURL { route.proxy ?? url }

    /// What the peer's name resolved to, as libcurl takes it.
    func resolution(_ addresses: NameLookUps.Answer) -> String {
        "\(peer.hostWithPort):" + addresses.map(\.text).joined(separator: ",")
    }
}

/// The caller's request fields in libcurl's spelling.
struct RequestFieldLines {
    let lines: [String]

    /// Fields that decide how a message is framed, routed or coded are libcurl's or this module's business.
    private static let reserved = [
        "host", "content-length", "content-type", "transfer-encoding", "connection", "te", "trailer", "upgrade",
        "expect", "accept-encoding", "user-agent", "cookie", "proxy-authorization", "proxy-connection",
    ]

    /// The only fields for a URL that somebody else named: none of them can hold a credential.
    private static let harmless = ["accept", "cache-control", "if-modified-since", "if-none-match"]

    /// Nil when there is a field that the URL's source does not admit, or a value that is not UTF-8.
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
