package import WireFormat

/// A public JSON document with a strong entity-tag. Every web page may read it, and caches may keep it.
package struct ServedDocument: Sendable {
    private let content: [UInt8]
    private let entityTag: HTTPFields.Value
    private let maximumAge: Int

    /// Encodes a document.
    ///
    /// - Parameters:
    ///   - maximumAge: How long caches may keep it, in seconds.
    ///   - digest: A cryptographic digest of the document, of which the entity-tag takes the first 16 bytes. This
    ///     target has none.
    package init(_ object: JSONDocument.Object, maximumAge: Int = 3_600, digest: ([UInt8]) -> [UInt8]) {
        content = JSONValue.object(object).encoded()
        // Base64url text between quotes is a strong entity-tag (RFC 9110 §8.8.3).
        let tag = "\"" + Base64URL.encode(Array(digest(content).prefix(16))) + "\""
        entityTag = HTTPFields.Value(validated: Array(tag.utf8))
        self.maximumAge = maximumAge
    }

    /// The response to a request for the document.
    package func response(method: HTTPMethod, fields: HTTPFields) -> HTTPResponse {
        Self.answerWithoutDocument(to: method) ?? document(for: fields)
    }

    /// The response to methods that need no document; nil for GET and HEAD.
    package static func answerWithoutDocument(to method: HTTPMethod) -> HTTPResponse? {
        let allowed: HTTPFields.Value = "GET, HEAD, OPTIONS"
        var response: HTTPResponse
        switch method {
        case .get, .head: return nil
        case .options:
            response = HTTPResponse(status: .noContent)
            response.fields.append(.accessControlAllowMethods, allowed)
            response.fields.append(.accessControlAllowHeaders, "*")
            response.fields.append(.accessControlMaxAge, "7200")
        default:
            response = HTTPResponse.json(["error": "method_not_allowed"], status: .methodNotAllowed)
            response.fields.append(.cacheControl, "no-store")
        }
        response.fields.append(.allow, allowed)
        response.fields.append(.accessControlAllowOrigin, "*")
        return response
    }

    /// The response to a request for a document that does not exist. The status is 404 and not 401, so that a client
    /// that searches for metadata does not start a login because of it.
    package static var notFound: HTTPResponse {
        var response = HTTPResponse.json(["error": "not_found"], status: .notFound)
        response.fields.append(.cacheControl, "no-store")
        return response
    }

    private func document(for fields: HTTPFields) -> HTTPResponse {
        var response = matches(fields) ? HTTPResponse(status: .notModified) : HTTPResponse(status: .ok)
        if response.status == .ok {
            response.fields.append(.contentType, "application/json")
            response.body = .bytes(content)
        }
        response.fields.append(.cacheControl, HTTPFields.Value(validated: Array("public, max-age=\(maximumAge)".utf8)))
        response.fields.append(.eTag, entityTag)
        response.fields.append(.accessControlAllowOrigin, "*")
        return response
    }

    /// RFC 9110 §13.1.2: `*`, or a list of entity-tags of which one matches weakly.
    private func matches(_ fields: HTTPFields) -> Bool {
        fields.values(of: .ifNoneMatch).contains { value in
            value.bytes.split(separator: UInt8(ascii: ",")).contains { element in
                var tag = OptionalWhiteSpace.trimmed(element)
                if tag.elementsEqual("*".utf8) { return true }
                if tag.starts(with: "W/".utf8) { tag = tag.dropFirst(2) }
                return tag.elementsEqual(entityTag.bytes)
            }
        }
    }
}
