import HTTPMessages
import OAuthMetadata
import OAuthResourceServer
import Synchronization
import Testing
import WireFormat

@testable import mcp_quickstart

/// One request to the handler, and its response.
struct Exchange {
    var response: HTTPResponse
    /// The whole content, also of a stream.
    var content: [UInt8]

    var status: Int { response.status.code }
    var json: JSONValue {
        get throws { try JSONValue(parsing: content) }
    }
    var text: String { String(decoding: content, as: UTF8.self) }
    var errorCode: Int64? {
        get throws { try json["error"]?["code"]?.number?.int64 }
    }

    /// The messages of an event stream.
    var events: [JSONValue] {
        get throws {
            try text.split(separator: "\n").filter { $0.utf8.starts(with: "data: ".utf8) }.map {
                try JSONValue(parsing: Array($0.utf8.dropFirst(6)))
            }
        }
    }

    init(
        _ body: String, method: HTTPMethod = .post, target: String = "/mcp", fields: [(String, String)] = [],
        contentType: String? = "application/json", principal: Principal? = nil,
        handler: MCPHandler = MCPHandler()
    ) async throws {
        var request = HTTPRequest(
            method: method, target: try #require(HTTPRequest.Target(target)),
            body: HTTPRequest.Body(Array(body.utf8)))
        if let contentType { request.fields[.contentType] = HTTPFields.Value(contentType) }
        for (name, value) in fields {
            request.fields.append(try #require(HTTPFields.Name(name)), try #require(HTTPFields.Value(value)))
        }
        response = try await handler.respond(to: request, principal: try principal ?? .alice)
        switch response.body {
        case .bytes(let bytes):
            content = bytes
        case .stream(let write):
            let sink = Mutex<[UInt8]>([])
            try await write(HTTPResponse.Body.Writer { bytes in sink.withLock { $0 += bytes } })
            content = sink.withLock { $0 }
        }
    }

    /// A request of revision 2026-07-28 with all its metadata.
    static func stateless(
        _ method: String, params: String = "", id: String = "1", fields: [(String, String)]? = nil,
        meta: String =
            #""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}"#
    ) async throws -> Exchange {
        let params = params.isEmpty ? "" : params + ","
        return try await Exchange(
            #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(params)"_meta":{\#(meta)}}}"#,
            fields: fields ?? [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)])
    }

    /// A request of revision 2025-11-25.
    static func afterHandshake(_ method: String, params: String = "{}", id: String = "1") async throws -> Exchange {
        try await Exchange(
            #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#,
            fields: [("MCP-Protocol-Version", "2025-11-25")])
    }
}
