import HTTPMessages
import SafeFetch
import WireFormat

/// Calls an MCP endpoint over streamable HTTP, as much as `doctor` and `login` need.
struct MCPClient: Sendable {
    /// The revision that `initialize` asks for.
    static let revision = "2025-11-25"

    let endpoint: AbsoluteURL
    let network: ClientNetwork

    /// The access token of a request.
    enum Token: Sendable {
        case none
        case bearer(String)
    }

    /// Sends one JSON-RPC message.
    func post(
        _ message: JSONValue, token: Token = .none, fields: [(HTTPFields.Name, HTTPFields.Value)] = []
    ) async -> Result<FetchedDocument, FetchError> {
        var all = HTTPFields()
        all.append(.accept, "application/json, text/event-stream")
        if case .bearer(let token) = token, let value = HTTPFields.Value("Bearer \(token)") {
            all.append(.authorization, value)
        }
        for (name, value) in fields { all.append(name, value) }
        return await network.answer(
            to: ClientExchange(
                endpoint, .post(message.encoded(), as: .json), fields: all,
                maximumBodyBytes: ClientNetwork.maximumBodyBytes))
    }

    /// Sends a request without content to the endpoint.
    func send(
        _ method: HTTPMethod, fields: [(HTTPFields.Name, HTTPFields.Value)] = []
    ) async -> Result<FetchedDocument, FetchError> {
        var all = HTTPFields()
        for (name, value) in fields { all.append(name, value) }
        return await network.answer(
            to: ClientExchange(
                endpoint, ClientExchange.Method(method), fields: all, maximumBodyBytes: ClientNetwork.maximumBodyBytes))
    }

    /// The message with which a client begins.
    static let initialize: JSONValue = [
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": [
            "protocolVersion": .string(revision), "capabilities": [:],
            "clientInfo": ["name": "mcp-auth", "version": .string(ProgramVersion.text)],
        ],
    ]

    /// A call of a tool.
    static func call(tool: String, arguments: JSONValue) -> JSONValue {
        [
            "jsonrpc": "2.0", "id": 2, "method": "tools/call",
            "params": ["name": .string(tool), "arguments": arguments],
        ]
    }
}

/// The version that `--version` prints and that servers see.
enum ProgramVersion {
    static let text = "0.1.0"
}
