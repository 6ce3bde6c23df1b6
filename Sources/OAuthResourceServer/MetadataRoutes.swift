internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// Serves the protected resource metadata (RFC 9728 §3) and answers for the rest of `/.well-known/`.
struct MetadataRoutes: Sendable {
    /// Where the document stands, without a slash at the end.
    let paths: [[UInt8]]
    let handlerPaths: [[UInt8]]
    private let document: [UInt8]
    private let entityTag: HTTPFieldValue

    /// Without a document nothing is served, and everything that the handler does not claim is 404.
    init(_ metadata: ProtectedResourceMetadata?, alias: ResourceServerConfiguration.RootAlias, handlerPaths: [String]) {
        var served: [String] = []
        if let metadata {
            served.append(metadata.resource.metadataPath)
            if alias == .served { served.append(WellKnown.protectedResource) }
        }
        // One trailing slash more or less is tolerated.
        paths = served.map { path in
            Array(path.utf8.last == UInt8(ascii: "/") ? path.utf8.dropLast() : path.utf8[...])
        }
        self.handlerPaths = handlerPaths.map { Array($0.utf8) }
        document = metadata.map { JSONValue.object($0.json).encoded() } ?? []
        // Base64url text between quotes is a strong entity-tag (RFC 9110 §8.8.3).
        let tag = "\"" + Base64URL.encode(Array(Digest.sha256(document).prefix(16))) + "\""
        entityTag = HTTPFieldValue(validated: Array(tag.utf8))
    }

    /// Whether the path is one of the document's or of the handler's.
    func claims(_ path: String) -> Bool {
        let path = Array(path.utf8)
        let trimmed = path.last == UInt8(ascii: "/") ? Array(path.dropLast()) : path
        return paths.contains(trimmed) || handlerPaths.contains(path)
    }

    /// The answer for a path below `/.well-known/`; nil when the request goes on to the guard.
    func response(method: HTTPMethod, path: String, fields: HTTPFields) -> HTTPResponse? {
        guard path.utf8.starts(with: WellKnown.prefix.utf8) else { return nil }
        let path = Array(path.utf8)
        let trimmed = path.last == UInt8(ascii: "/") ? Array(path.dropLast()) : path
        guard paths.contains(trimmed) else {
            if handlerPaths.contains(path) { return nil }
            // 404 and not 401: a client probing for other documents must not take the answer for a login prompt.
            return RefusalResponse.json(.notFound, error: "not_found", description: nil)
        }
        switch method {
        case .get, .head:
            var response = matches(fields) ? HTTPResponse(status: .notModified) : HTTPResponse(status: .ok)
            if response.status == .ok {
                response.fields.append(.contentType, "application/json")
                response.body = .bytes(document)
            }
            response.fields.append(.cacheControl, "public, max-age=3600")
            response.fields.append(.eTag, entityTag)
            response.fields.append(.accessControlAllowOrigin, "*")
            return response
        case .options:
            var response = HTTPResponse(status: .noContent)
            response.fields.append(.allow, "GET, HEAD, OPTIONS")
            response.fields.append(.accessControlAllowOrigin, "*")
            response.fields.append(.accessControlAllowMethods, "GET, HEAD, OPTIONS")
            response.fields.append(.accessControlAllowHeaders, "*")
            response.fields.append(.accessControlMaxAge, "7200")
            return response
        default:
            var response = RefusalResponse.json(.methodNotAllowed, error: "method_not_allowed", description: nil)
            response.fields.append(.allow, "GET, HEAD, OPTIONS")
            response.fields.append(.accessControlAllowOrigin, "*")
            return response
        }
    }

    /// RFC 9110 §13.1.2: `*`, or a list of entity-tags of which one matches weakly.
    private func matches(_ fields: HTTPFields) -> Bool {
        fields.values(of: .ifNoneMatch).contains { value in
            value.bytes.split(separator: UInt8(ascii: ",")).contains { element in
                var tag = element.drop { $0 == 0x20 || $0 == 0x09 }
                while let last = tag.last, last == 0x20 || last == 0x09 { tag.removeLast() }
                if tag.elementsEqual("*".utf8) { return true }
                if tag.starts(with: "W/".utf8) { tag = tag.dropFirst(2) }
                return tag.elementsEqual(entityTag.bytes)
            }
        }
    }
}
