import OAuthMetadata
import WireFormat

/// The options of `login`.
struct LoginOptions {
    /// How the client is known to the authorization server.
    enum Client: Equatable {
        /// A client ID metadata document if the server takes one, else registration.
        case registered
        /// A client that the server knows.
        case known(id: String, hasSecret: Bool)
        /// The URL of a client ID metadata document.
        case document(ClientIdentifierURL)
    }

    var client = Client.registered
    /// The scopes to ask for; nil for those of the challenge.
    var scope: ScopeSet?
    /// The redirect URI. Without a port, a free one is chosen.
    var redirectURI = "http://127.0.0.1/callback"
    /// Whether to open a browser, or only to print the URL.
    var opensBrowser = true
    /// The file for the token; nil for standard output.
    var output: String?
    /// Whether to refresh the token once, to see that it works.
    var refreshes = false
    /// A tool to call with the token, with its arguments as JSON.
    var call: (tool: String, arguments: JSONValue)?
    /// How long to wait for the person, in seconds.
    var patience = 300

    static let flags = [
        "--client-id", "--client-id-url", "--scope", "--redirect-uri", "--output", "--call", "--arguments", "--timeout",
    ]
    static let switches = ["--no-browser", "--refresh", "--client-secret-stdin"]

    /// The defaults.
    init() {}

    /// Reads the flags, and adds their faults to the list.
    init(_ list: inout ArgumentList) {
        let document = list.value("--client-id-url", "an https URL with a path, in its normal form") { text in
            try? ClientIdentifierURL(text, loopback: .dangerouslyAccepted)
        }
        if let document { client = .document(document) }
        if let id = list["--client-id"] {
            client = .known(id: id, hasSecret: list.contains("--client-secret-stdin"))
            if document != nil { list.faults.append("--client-id and --client-id-url exclude each other") }
        } else if list.contains("--client-secret-stdin") {
            list.faults.append("--client-secret-stdin needs --client-id")
        }
        scope = list.value("--scope", "scopes of printable ASCII, separated by spaces") { ScopeSet(parsing: $0) }
        if let uri = list.value("--redirect-uri", "an http URL of a loopback host", { Self.isLoopback($0) ? $0 : nil })
        {
            redirectURI = uri
        }
        opensBrowser = !list.contains("--no-browser")
        refreshes = list.contains("--refresh")
        output = list["--output"]
        let arguments = list.value("--arguments", "a JSON object") { text in
            (try? JSONValue(parsing: Array(text.utf8))).flatMap { $0.object == nil ? nil : $0 }
        }
        if let tool = list["--call"] {
            call = (tool, arguments ?? [:])
        } else if list.contains("--arguments") {
            list.faults.append("--arguments needs --call")
        }
        patience = list.number("--timeout", 1...3_600) ?? patience
    }

    private static func isLoopback(_ text: String) -> Bool {
        guard let url = try? AbsoluteURL(parsing: text) else { return false }
        return url.scheme == .http && url.isLoopback && url.query == nil && url.fragment == nil
    }
}
