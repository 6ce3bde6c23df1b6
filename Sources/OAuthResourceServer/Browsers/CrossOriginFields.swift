internal import HTTPMessages
internal import WireFormat

/// The CORS fields of a response (Fetch §3.2).
struct CrossOriginFields: Sendable {
    /// The allowed origin of the calling page, or `*`; nil when there is none, in which case the response still needs
    /// `Vary`.
    let origin: HTTPFields.Value?
    /// The request headers that every preflight allows.
    let preflightHeaders: HTTPFields.Value

    /// Replaces the CORS fields of the handler.
    func set(on fields: inout HTTPFields) {
        for name in Self.names where fields.contains(name) { fields.remove(name) }
        if let origin {
            fields.append(.accessControlAllowOrigin, origin)
            // Without this field a page cannot read the challenge, which tells where to log in.
            fields.append(.accessControlExposeHeaders, "WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce")
        }
        // RFC 9110 §12.5.5, Fetch §3.2.6: the response depends on `Origin`, so caches must use it in their keys.
        if !Self.variesByOrigin(fields) { fields.append(.vary, "Origin") }
    }

    /// The response to a preflight of the origin (Fetch §3.2.2), for every method and path.
    func preflightResponse(to fields: HTTPFields) -> HTTPResponse {
        var response = HTTPResponse(status: .noContent)
        if let origin { response.fields.append(.accessControlAllowOrigin, origin) }
        response.fields.append(.accessControlAllowMethods, "GET, POST, DELETE")
        response.fields.append(.accessControlAllowHeaders, allowedHeaders(for: fields))
        response.fields.append(.accessControlMaxAge, "7200")
        response.fields.append(.vary, "Origin")
        return response
    }

    private static let names: [HTTPFields.Name] = [
        .accessControlAllowOrigin, .accessControlExposeHeaders, .accessControlAllowCredentials,
        .accessControlAllowMethods, .accessControlAllowHeaders, .accessControlMaxAge,
    ]

    private static let headers =
        "Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, "
        + "Last-Event-ID"

    /// The headers of OAuth and MCP, and further ones.
    static func preflightHeaders(and further: [HTTPFields.Name]) -> HTTPFields.Value {
        HTTPFields.Value(validated: Array(([headers] + further.map(\.description)).joined(separator: ", ").utf8))
    }

    /// The fixed list, and the first 32 requested names that are `mcp-param-` and 1…64 letters, digits, `-` and `_`, in
    /// lower case. No other text of the request is returned.
    private func allowedHeaders(for fields: HTTPFields) -> HTTPFields.Value {
        var allowed = preflightHeaders.bytes
        var count = 0
        for value in fields.values(of: .accessControlRequestHeaders) {
            for element in value.bytes.split(separator: UInt8(ascii: ",")) {
                guard let name = Self.parameterName(element), count < 32 else { continue }
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

    /// Whether the handler's own `Vary` includes `Origin` already.
    private static func variesByOrigin(_ fields: HTTPFields) -> Bool {
        fields.values(of: .vary).contains { value in
            value.bytes.split(separator: UInt8(ascii: ",")).contains { element in
                let name = OptionalWhiteSpace.trimmed(element)
                return name.elementsEqual("*".utf8) || ASCII.equalsIgnoringCase(name, "origin".utf8)
            }
        }
    }
}
