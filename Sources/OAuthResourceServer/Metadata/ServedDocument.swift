internal import HTTPMessages
internal import JOSE
internal import WireFormat

/// A public JSON document with a strong entity-tag. Every web page may read it, and caches may keep it.
struct ServedDocument: Sendable {
    private let content: [UInt8]
    private let entityTag: HTTPFields.Value
    private let maximumAge: Int

    /// - Parameter maximumAge: How long caches may keep it, in seconds.
    init(_ object: JSONDocument.Object, maximumAge: Int = 3_600) {
        content = JSONValue.object(object).encoded()
        // Base64url text between quotes is a strong entity-tag (RFC 9110 §8.8.3).
        let tag = "\"" + Base64URL.encode(Array(Digest.sha256(content).prefix(16))) + "\""
        entityTag = HTTPFields.Value(validated: Array(tag.utf8))
        self.maximumAge = maximumAge
    }

    /// The response to a request for the document.
    func response(method: HTTPMethod, fields: HTTPFields) -> HTTPResponse {
        Self.answerWithoutDocument(to: method) ?? document(for: fields)
    }

    /// The response to methods that need no document; nil for GET and HEAD.
    static func answerWithoutDocument(to method: HTTPMethod) -> HTTPResponse? {
        var response: HTTPResponse
        switch method {
        case .get, .head: return nil
        case .options:
            response = HTTPResponse(status: .noContent)
            response.fields.append(.allow, "GET, HEAD, OPTIONS")
            response.fields.append(.accessControlAllowOrigin, "*")
            response.fields.append(.accessControlAllowMethods, "GET, HEAD, OPTIONS")
            response.fields.append(.accessControlAllowHeaders, "*")
            response.fields.append(.accessControlMaxAge, "7200")
        default:
            response = Answers.documentMethodNotAllowed(allow: "GET, HEAD, OPTIONS")
            response.fields.append(.accessControlAllowOrigin, "*")
        }
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
