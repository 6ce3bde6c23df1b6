internal import HTTPMessages
internal import WireFormat

/// The CORS fields of a response (Fetch §3.2). The origin is the configured text, never the one that was sent.
struct CrossOriginFields: Sendable {
    /// The allowed origin that asked; nil when none did, which caches have to know too.
    let origin: HTTPFields.Value?

    /// Puts the fields in place of what a handler wrote.
    func set(on fields: inout HTTPFields) {
        for name in Self.names where fields.contains(name) { fields.remove(name) }
        if let origin {
            fields.append(.accessControlAllowOrigin, origin)
            // Without this a page cannot read where to log in.
            fields.append(.accessControlExposeHeaders, "WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce")
        }
        // RFC 9110 §12.5.5, Fetch §3.2.6: the response to another origin, or to none, differs.
        if !Self.variesByOrigin(fields) { fields.append(.vary, "Origin") }
    }

    /// The answer to a preflight of the origin (Fetch §3.2.2), whichever method and path it asks about.
    func preflightResponse(to fields: HTTPFields) -> HTTPResponse {
        var response = HTTPResponse(status: .noContent)
        if let origin { response.fields.append(.accessControlAllowOrigin, origin) }
        response.fields.append(.accessControlAllowMethods, "GET, POST, DELETE")
        response.fields.append(.accessControlAllowHeaders, Self.allowedHeaders(for: fields))
        response.fields.append(.accessControlMaxAge, "7200")
        response.fields.append(.vary, "Origin")
        return response
    }

    private static let names: [HTTPFields.Name] = [
        .accessControlAllowOrigin, .accessControlExposeHeaders, .accessControlAllowCredentials,
        .accessControlAllowMethods, .accessControlAllowHeaders, .accessControlMaxAge,
    ]

    private static let headers =
        "Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID"

    /// The fixed list, and of what is asked for the first 32 names `mcp-param-` and 1…64 letters, digits, `-` and `_`, in
    /// lower case: nothing else of the request can come back.
    private static func allowedHeaders(for fields: HTTPFields) -> HTTPFields.Value {
        var allowed = Array(headers.utf8)
        var count = 0
        for value in fields.values(of: .accessControlRequestHeaders) {
            for element in value.bytes.split(separator: UInt8(ascii: ",")) {
                guard let name = parameterName(element), count < 32 else { continue }
                count += 1
                allowed += Array(", ".utf8) + name
            }
        }
        return HTTPFields.Value(validated: allowed)
    }

    private static func parameterName(_ element: ArraySlice<UInt8>) -> [UInt8]? {
        let name = OptionalWhiteSpace.trimmed(element)
        let prefix = "mcp-param-".utf8
        let suffix = name.dropFirst(prefix.count)
        guard ASCII.equalsIgnoringCase(name.prefix(prefix.count), prefix), (1...64).contains(suffix.count),
            suffix.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2D || $0 == 0x5F })
        else { return nil }
        return name.map { ASCII.lowercased($0) }
    }

    /// Whether a handler's own `Vary` says so already.
    private static func variesByOrigin(_ fields: HTTPFields) -> Bool {
        fields.values(of: .vary).contains { value in
            value.bytes.split(separator: UInt8(ascii: ",")).contains { element in
                let name = OptionalWhiteSpace.trimmed(element)
                return name.elementsEqual("*".utf8) || ASCII.equalsIgnoringCase(name, "origin".utf8)
            }
        }
    }
}
