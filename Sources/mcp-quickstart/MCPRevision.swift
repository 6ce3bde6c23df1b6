import ResourceServerKit

/// The supported revisions of the Model Context Protocol, newest first.
enum MCPRevision: String, CaseIterable {
    /// Stateless: every request carries version and capabilities, and header fields repeat some of them.
    case v2026July28 = "2026-07-28"
    /// The client sends `initialize` first.
    case v2025November25 = "2025-11-25"
    /// The client sends `initialize` first.
    case v2025June18 = "2025-06-18"
    /// The client sends `initialize` first, and requests need no `MCP-Protocol-Version`. A body may be a batch.
    case v2025March26 = "2025-03-26"

    /// The newest revision that `initialize` can negotiate.
    static let newestWithHandshake = MCPRevision.v2025November25

    /// Whether each request carries its own metadata, without an `initialize` before it.
    var isStateless: Bool { self == .v2026July28 }

    /// The revision with this name; nil if it is not supported.
    init?(named name: String) {
        guard let revision = Self.allCases.first(where: { $0.rawValue.hasSameBytes(as: name) }) else { return nil }
        self = revision
    }

    /// The revision of a message: its `MCP-Protocol-Version` field, which must equal the version in the body.
    init(of request: HTTPRequest, params: JSONDocument.Object) throws(JSONRPCError) {
        let declared: String?
        switch request.fields.occurrence(of: .mcpProtocolVersion) {
        case .absent: declared = nil
        case .repeated: throw JSONRPCError(.headerMismatch, "MCP-Protocol-Version must occur exactly once.")
        case .once(let value): declared = value.string ?? ""
        }
        if let inBody = params["_meta"]?[RequestMetadata.protocolVersionKey] {
            guard let inBody = inBody.string else {
                throw JSONRPCError(.invalidParams, "_meta: the protocol version must be a string.")
            }
            // MCP 2026-07-28, Streamable HTTP: the field is required and equals the version in the body. This is
            // checked before the version is looked up, so that a client with contradictory versions gets that error
            // first.
            guard declared?.hasSameBytes(as: inBody) == true else {
                throw JSONRPCError(
                    .headerMismatch, "MCP-Protocol-Version does not match the protocol version in _meta.")
            }
        }
        // MCP 2025-06-18, Transports: without the field, this revision is assumed.
        guard let declared else {
            self = .v2025March26
            return
        }
        guard let revision = MCPRevision(named: declared) else {
            throw JSONRPCError(
                .unsupportedProtocolVersion, "Unsupported protocol version",
                data: ["supported": Self.supported, "requested": .string(declared)])
        }
        self = revision
    }

    /// The names of all supported revisions.
    static var supported: JSONValue { .array(allCases.map { .string($0.rawValue) }) }
}

/// The rules for the metadata that every request carries since 2026-07-28.
enum RequestMetadata {
    static let protocolVersionKey = "io.modelcontextprotocol/protocolVersion"
    static let clientCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities"
    static let serverInfoKey = "io.modelcontextprotocol/serverInfo"

    /// Checks that the required members are present and that the header fields equal the values in the body.
    ///
    /// An intermediary may route or charge by these fields. If the server acted on different values in the body, the
    /// intermediary would be a confused deputy.
    static func validate(_ request: HTTPRequest, method: String, params: JSONDocument.Object) throws(JSONRPCError) {
        guard let metadata = params["_meta"]?.object, metadata[protocolVersionKey] != nil,
            metadata[clientCapabilitiesKey]?.object != nil
        else {
            throw JSONRPCError(.invalidParams, "_meta must carry \(protocolVersionKey) and \(clientCapabilitiesKey).")
        }
        guard case .once(let methodField) = request.fields.occurrence(of: .mcpMethod),
            methodField.bytes.elementsEqual(method.utf8)
        else {
            throw JSONRPCError(.headerMismatch, "Mcp-Method must occur exactly once and match the method of the body.")
        }
        let nameKey: String
        switch method {
        case "tools/call", "prompts/get": nameKey = "name"
        case "resources/read": nameKey = "uri"
        default: return
        }
        guard let name = params[nameKey]?.string else { return }  // Missing: the method itself answers that.
        guard case .once(let nameField) = request.fields.occurrence(of: .mcpName),
            let decoded = decode(nameField), decoded.elementsEqual(name.utf8)
        else {
            throw JSONRPCError(.headerMismatch, "Mcp-Name must occur exactly once and match params.\(nameKey).")
        }
    }

    /// The bytes that a field value represents: the value itself, or the content of `=?base64?…?=`; nil if that is
    /// malformed.
    static func decode(_ value: HTTPFields.Value) -> [UInt8]? {
        let bytes = value.bytes
        let prefix = Array("=?base64?".utf8)
        let suffix = Array("?=".utf8)
        guard bytes.count >= prefix.count + suffix.count, bytes.starts(with: prefix), bytes.suffix(2) == suffix[...]
        else {
            return bytes
        }
        let encoded = Array(bytes[prefix.count..<(bytes.count - suffix.count)])
        return Base64.decode(encoded.span)
    }
}
