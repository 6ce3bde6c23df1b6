internal import HTTPMessages
internal import WireFormat

/// A fetch that was admitted and waits for its turn.
struct FetchJob: Sendable {
    let url: AbsoluteURL
    let fieldLines: [String]
    /// The content of a POST; nil for a GET.
    let form: [UInt8]?
    let addresses: AddressPolicy
    let maximumBodyBytes: Int
    let deadline: ContinuousClock.Instant
    let ticket: FetchTicket
}

/// The caller's request fields in libcurl's spelling.
struct RequestFieldLines {
    let lines: [String]

    /// Fields that decide how a message is framed, routed or coded are libcurl's or this module's business.
    private static let reserved = [
        "host", "content-length", "content-type", "transfer-encoding", "connection", "te", "trailer", "upgrade",
        "expect",
        "accept-encoding", "user-agent", "cookie", "proxy-authorization", "proxy-connection",
    ]

    /// Nil when there is a reserved field, or a value that is not UTF-8.
    init?(_ fields: HTTPFields) {
        var lines: [String] = []
        for line in fields.lines {
            let name = fields.buffer[line.name]
            guard !Self.reserved.contains(where: { ASCII.equalsIgnoringCase($0.utf8, name) }),
                let text = String(validating: fields.buffer[line.value], as: UTF8.self)
            else { return nil }
            // In libcurl's spelling "Name:" removes a field, and "Name;" sends it empty.
            lines.append(String(decoding: name, as: UTF8.self) + (text.isEmpty ? ";" : ": " + text))
        }
        self.lines = lines
    }
}
