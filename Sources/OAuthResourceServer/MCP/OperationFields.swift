internal import HTTPMessages
internal import WireFormat

/// `Mcp-Method` and `Mcp-Name`, which repeat members of the body in the head (MCP 2026-07-28, Streamable HTTP, "Server
/// Validation").
///
/// An intermediary may have routed, charged or allowed the request by these fields. A server that acts on a different
/// body would be a confused deputy. Clients of older revisions do not send the fields, so the guard does not require
/// them.
enum OperationFields {
    /// Checks that the fields, where they are sent, agree with every message of the body.
    static func check(_ fields: HTTPFields, agreeWith calls: [JSONRPCCalls.Call]) throws(ResourceServer.Refusal) {
        let method = fields.occurrence(of: .mcpMethod)
        let name = fields.occurrence(of: .mcpName)
        guard method != .absent || name != .absent else { return }
        let mismatch = ResourceServer.Refusal.malformedRequest(.headerMismatch)
        // A JSON-RPC response has no method or name for a field to repeat.
        guard method != .repeated, name != .repeated, !calls.isEmpty else { throw mismatch }
        for call in calls {
            if case .once(let value) = method, value.bytes != call.method { throw mismatch }
            if case .once(let value) = name {
                guard let decoded = decode(value.bytes), isName(decoded, of: call) else { throw mismatch }
            }
        }
    }

    /// Whether the text is the value that the field must repeat. For the methods of MCP this is the name or the URI.
    /// For other methods it is any string in the params, since an extension chooses the member.
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

    /// "Value Encoding": the decoded text between `=?base64?` and `?=`, or else the value itself; nil when the text is
    /// not base64.
    private static func decode(_ value: [UInt8]) -> [UInt8]? {
        let prefix = Array("=?base64?".utf8)
        let suffix = Array("?=".utf8)
        guard value.count >= prefix.count + suffix.count, value.starts(with: prefix),
            value.suffix(suffix.count).elementsEqual(suffix)
        else { return value }
        return Base64.decode(String(decoding: value[prefix.count..<(value.count - suffix.count)], as: UTF8.self))
    }
}
