import ResourceServerKit

/// The revisions of the Model Context Protocol spoken here, newest first.
enum MCPRevision: String, CaseIterable {
    /// Stateless: version and capabilities travel with every request, mirrored in header fields.
    case v2026July28 = "2026-07-28"
    /// Begins with `initialize`.
    case v2025November25 = "2025-11-25"
    /// Begins with `initialize`.
    case v2025June18 = "2025-06-18"

    /// The newest revision that `initialize` can agree on.
    static let newestWithHandshake = MCPRevision.v2025November25

    /// Whether requests carry their own metadata instead of following an `initialize`.
    var isStateless: Bool { self == .v2026July28 }

    /// The revision with this name, or nil.
    init?(named name: String) {
        guard let revision = Self.allCases.first(where: { $0.rawValue.hasSameBytes(as: name) }) else { return nil }
        self = revision
    }

    /// The revision that a message is written in: its `MCP-Protocol-Version` field, which must agree with the body.
    init(of request: HTTPRequest, params: JSONDocument.Object) throws(JSONRPCError) {
        let declared: String?
        switch request.fields.occurrence(of: .mcpProtocolVersion) {
        case .absent: declared = nil
        case .repeated: throw JSONRPCError(.headerMismatch, "MCP-Protocol-Version must stand once.")
        case .once(let value): declared = value.string ?? ""
        }
        if let inBody = params["_meta"]?[RequestMetadata.protocolVersionKey] {
            guard let inBody = inBody.string else {
                throw JSONRPCError(.invalidParams, "_meta: the protocol version must be a string.")
            }
            // MCP 2026-07-28, Streamable HTTP: the field is required and equals the body's version. This comes before
            // the question whether we speak it, so that a client that disagrees with itself learns that first.
            guard declared?.hasSameBytes(as: inBody) == true else {
                throw JSONRPCError(
                    .headerMismatch, "MCP-Protocol-Version does not match the protocol version in _meta.")
            }
        }
        // MCP 2025-06-18, Transports: without the field, an old revision is assumed. Here that is the oldest spoken.
        guard let declared else {
            self = .v2025June18
            return
        }
        guard let revision = MCPRevision(named: declared) else {
            throw JSONRPCError(
                .unsupportedProtocolVersion, "Unsupported protocol version",
                data: ["supported": Self.supported, "requested": .string(declared)])
        }
        self = revision
    }

    /// The names of all revisions.
    static var supported: JSONValue { .array(allCases.map { .string($0.rawValue) }) }
}

/// The rules for the metadata that every request carries since 2026-07-28.
enum RequestMetadata {
    static let protocolVersionKey = "io.modelcontextprotocol/protocolVersion"
    static let clientCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities"
    static let serverInfoKey = "io.modelcontextprotocol/serverInfo"

    /// Checks that the required members are there and that the mirroring header fields agree with the body.
    ///
    /// An intermediary may route or charge by these fields: acting on another body would be a confused deputy.
    static func validate(_ request: HTTPRequest, method: String, params: JSONDocument.Object) throws(JSONRPCError) {
        guard let metadata = params["_meta"]?.object, metadata[protocolVersionKey] != nil,
            metadata[clientCapabilitiesKey]?.object != nil
        else {
            throw JSONRPCError(.invalidParams, "_meta must carry \(protocolVersionKey) and \(clientCapabilitiesKey).")
        }
        guard case .once(let methodField) = request.fields.occurrence(of: .mcpMethod),
            methodField.bytes.elementsEqual(method.utf8)
        else {
            throw JSONRPCError(.headerMismatch, "Mcp-Method must stand once and match the method of the body.")
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
            throw JSONRPCError(.headerMismatch, "Mcp-Name must stand once and match params.\(nameKey) of the body.")
        }
    }

    /// The bytes that a field value stands for: itself, or what is inside `=?base64?…?=`; nil when that is malformed.
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
