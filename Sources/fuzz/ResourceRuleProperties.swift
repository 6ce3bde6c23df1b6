import HTTPMessages
import OAuthResourceServer
import WireFormat

/// URIs of resources and the rules for them: a URI that RFC 3986 reads as a protected one meets the rule, and so does
/// every other spelling of it.
enum ResourceRuleProperties {
    private static let guarded = GuardUnderFuzz(scope: "") {
        $0.requirements.operations = [
            .resource("https://internal.example/**/secret/*", requires: "admin"),
            .resource("db://prod/**", requires: "admin"), .resource("file:///private/**", requires: "admin"),
        ]
    }

    static func check(_ input: [UInt8]) throws(Violation) {
        // A JSON string holds no other bytes.
        guard let uri = String(validating: input, as: UTF8.self) else { return }
        let isRefused = try isRefused(uri)
        if isProtected(input) { try require(isRefused, "what RFC 3986 reads as protected meets the rule") }
        guard isRefused, let spelled = Self.spelledOtherwise(input) else { return }
        try require(try Self.isRefused(spelled), "another spelling of the same URI meets the same rule")
    }

    /// Whether the guard refuses to let a caller without scopes read the resource.
    static func isRefused(_ uri: String) throws(Violation) -> Bool {
        let message: JSONValue = [
            "jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": ["uri": .string(uri)],
        ]
        guard let authorization = HTTPFields.Value("Bearer " + GuardUnderFuzz.token) else { return true }
        switch guarded.decide(fields: [(.authorization, authorization)], body: message.encoded()) {
        case .proceed: return false
        case .respond(let response):
            let status = response.status
            try require(status == .forbidden || status == .badRequest, "scopes are missing, or the body is malformed")
            return true
        }
    }

    /// RFC 3986 appendix B and §5.2.4, written again.
    private static func isProtected(_ uri: [UInt8]) -> Bool {
        guard let colon = uri.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let scheme = ASCII.lowercased(String(decoding: uri[..<colon], as: UTF8.self))
        var rest = uri[(colon + 1)...]
        var host = ""
        if rest.starts(with: "//".utf8) {
            let authority = rest.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
            rest = rest.dropFirst(2 + authority.count)
            let place = authority.lastIndex(of: UInt8(ascii: "@")).map { authority[($0 + 1)...] } ?? authority
            let port = place.drop { $0 != UInt8(ascii: ":") }
            if scheme == "https", !["", ":", ":443"].contains(String(decoding: port, as: UTF8.self)) { return false }
            host = ASCII.lowercased(
                String(decoding: place.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self))
        }
        var segments: [ArraySlice<UInt8>] = []
        let path = rest.prefix { !"?#".utf8.contains($0) }
        guard path.first == UInt8(ascii: "/") else { return scheme == "db" && host == "prod" && path.isEmpty }
        for segment in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if segment.elementsEqual("..".utf8) {
                _ = segments.popLast()
            } else if !segment.elementsEqual(".".utf8) {
                segments.append(segment)
            }
        }
        switch (scheme, host) {
        case ("https", "internal.example"):
            return segments.count >= 3 && segments[segments.count - 2].elementsEqual("secret".utf8)
        case ("db", "prod"): return true
        case ("file", ""), ("file", "localhost"):
            return segments.count >= 2 && segments[0].elementsEqual("private".utf8)
        default: return false
        }
    }

    /// The URI with a scheme in the other case, and with its path percent-encoded once more where that is possible; nil
    /// when it becomes longer than a URI may be.
    private static func spelledOtherwise(_ uri: [UInt8]) -> String? {
        guard let colon = uri.firstIndex(of: UInt8(ascii: ":")), uri[..<colon].allSatisfy(ASCII.isLetter) else {
            return nil
        }
        var spelled = uri[..<colon].map { $0 ^ 0x20 } + [UInt8(ascii: ":")]
        var slashes = 0
        for byte in uri[(colon + 1)...] {
            if byte == UInt8(ascii: "/") { slashes += 1 }
            if slashes > 2, ASCII.isLetter(byte) {
                let digits = [ASCII.hexDigit(byte >> 4), ASCII.hexDigit(byte & 15)]
                spelled += [UInt8(ascii: "%")] + digits
            } else {
                spelled.append(byte)
            }
        }
        return spelled.count <= 2_048 ? String(decoding: spelled, as: UTF8.self) : nil
    }
}
