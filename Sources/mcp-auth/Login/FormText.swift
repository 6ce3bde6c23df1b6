import WireFormat

/// Parameters as `application/x-www-form-urlencoded`: the query of an authorization request, and a token request.
enum FormText {
    /// Writes parameters in order. A parameter that is nil is left out.
    static func encoded(_ parameters: [(String, String?)]) -> String {
        parameters.compactMap { name, value in
            value.map { "\(PercentEncoding.encode(name))=\(PercentEncoding.encode($0))" }
        }.joined(separator: "&")
    }

    /// The values of a parameter in a query. Parts that are malformed are left out.
    static func values(of name: String, in query: String) -> [String] {
        query.utf8.split(separator: UInt8(ascii: "&")).compactMap { pair in
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let found = decoded(parts[0]), found.hasSameBytes(as: name) else { return nil }
            return parts.count == 2 ? decoded(parts[1]) : ""
        }
    }

    private static func decoded(_ text: some Collection<UInt8>) -> String? {
        PercentEncoding.decode(text, plus: .space).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
