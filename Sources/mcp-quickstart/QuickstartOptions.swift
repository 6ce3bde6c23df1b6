import OAuthMetadata
import WireFormat

/// The configuration of the quickstart.
struct QuickstartOptions {
    /// The port of the MCP server; 0 for any free one.
    var port: UInt16 = 8080
    /// The port of the embedded authorization server; 0 for any free one.
    var issuerPort: UInt16 = 9000
    /// A real authorization server, instead of the embedded one.
    var issuer: IssuerIdentifier?
    /// The resource identifier; nil for `http://127.0.0.1:<port>/mcp`.
    var resource: ResourceIdentifier?
    /// The scopes that every MCP request needs.
    var requiredScopes = ScopeSet(keepingValidOf: "mcp:use")
    /// The lifetime of the embedded authorization server's tokens in seconds.
    var tokenLifetime = 3600

    /// The answer to `--help`.
    static let help = """
        Usage: mcp-quickstart [options]

        An MCP server behind OAuth 2.1, with an authorization server for development.

          --port N                    port of the MCP server, 0 for any free one (8080)
          --issuer-port N             port of the authorization server, 0 for any free one (9000)
          --issuer URL                use this authorization server instead of the embedded one
          --resource URL              resource identifier of the MCP server (http://127.0.0.1:<port>/mcp)
          --required-scope S          a scope that every request needs; repeatable (mcp:use)
          --token-lifetime SECONDS    lifetime of the embedded server's tokens, 1 to 86400 (3600)
          --help                      show this text
        """
}

/// Everything that is wrong with a command line, a line each.
struct UsageError: Error {
    var faults: [String]
}

extension QuickstartOptions {
    /// Reads the arguments after the program's name.
    ///
    /// - Throws: ``UsageError`` with every fault at once.
    init(parsing arguments: [String]) throws(UsageError) {
        var flags = CommandLineFlags(parsing: arguments, known: Self.flags)
        if let value = flags.number("--port", 0...65_535) { port = UInt16(value) }
        if let value = flags.number("--issuer-port", 0...65_535) { issuerPort = UInt16(value) }
        if let value = flags.number("--token-lifetime", 1...86_400) { tokenLifetime = value }
        let kindOfURL = "an https URL, or an http URL of a loopback host"
        issuer = flags.value("--issuer", "\(kindOfURL), without query and fragment") {
            try? IssuerIdentifier($0, insecureHTTP: .loopback)
        }
        resource = flags.value("--resource", "\(kindOfURL), without fragment") {
            try? ResourceIdentifier($0, insecureHTTP: .loopback)
        }
        let scopes = flags.all("--required-scope")
        if !scopes.isEmpty {
            if let set = ScopeSet(scopes) {
                requiredScopes = set
            } else {
                flags.faults.append("--required-scope must be one scope (RFC 6749, section 3.3); repeat it for more")
            }
        }
        if flags.contains("--issuer") {
            for flag in ["--issuer-port", "--token-lifetime"] where flags.contains(flag) {
                flags.faults.append("\(flag) is for the embedded authorization server, which --issuer replaces")
            }
        } else if port != 0, port == issuerPort {
            flags.faults.append("--port and --issuer-port must differ; both are \(port)")
        }
        guard flags.faults.isEmpty else { throw UsageError(faults: flags.faults) }
    }

    private static let flags = CommandLineFlags.Known(
        single: ["--port", "--issuer-port", "--issuer", "--resource", "--token-lifetime"],
        repeatable: ["--required-scope"])
}
