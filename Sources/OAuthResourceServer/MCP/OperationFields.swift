internal import HTTPMessages
internal import WireFormat

/// `Mcp-Method` and `Mcp-Name`, which repeat in the head what the body says (MCP 2026-07-28, Streamable HTTP, "Server
/// Validation").
///
/// An intermediary may have routed, charged or let through by them: acting on another body would be a confused deputy.
/// Clients of older revisions send none, so that missing ones are the handler's business.
enum OperationFields {
    /// Checks that the fields, where they are sent, agree with every message of the body.
    static func check(_ fields: HTTPFields, agreeWith calls: [JSONRPCCalls.Call]) throws(ResourceServer.Refusal) {
        let method = fields.occurrence(of: .mcpMethod)
        let name = fields.occurrence(of: .mcpName)
        guard method != .absent || name != .absent else { return }
        let mismatch = ResourceServer.Refusal.malformedRequest(.headerMismatch)
        // A field beside a response mirrors nothing.
        guard method != .repeated, name != .repeated, !calls.isEmpty else { throw mismatch }
        for call in calls {
            if case .once(let value) = method, value.bytes != call.method { throw mismatch }
            if case .once(let value) = name {
                guard let decoded = decode(value.bytes), isName(decoded, of: call) else { throw mismatch }
            }
        }
    }

    /// Whether the text is what the field mirrors: for the methods of MCP the name or the URI, for others any text of the
    /// params, since extensions choose.
    private static func isName(_ text: [UInt8], of call: JSONRPCCalls.Call) -> Bool {
        switch String(decoding: call.method, as: UTF8.self) {
        case "tools/call", "prompts/get": return text == call.name
        case "resources/read": return text == call.uri
        default:
            var isThere = false
            call.params?.forEachMember { _, value in
                isThere = value.isString(text.span)
                return !isThere
            }
            return isThere
        }
    }

    /// "Value Encoding": what stands between `=?base64?` and `?=`, else the value itself; nil when that is no base64.
    private static func decode(_ value: [UInt8]) -> [UInt8]? {
        let prefix = Array("=?base64?".utf8)
        let suffix = Array("?=".utf8)
        guard value.count >= prefix.count + suffix.count, value.starts(with: prefix),
            value.suffix(suffix.count).elementsEqual(suffix)
        else { return value }
        return Base64.decode(String(decoding: value[prefix.count..<(value.count - suffix.count)], as: UTF8.self))
    }
}
