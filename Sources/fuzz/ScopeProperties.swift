import OAuthMetadata
import TokenVerification
import WireFormat

/// The `scope` claim (RFC 6749 §3.3): reading it word by word gives the same scopes as splitting a String and sorting a
/// `Set`, for every value of the claim, and with and without an escape in the JSON text.
enum ScopeProperties {
    /// The largest number of values that the library reads from one claim.
    private static let maximumValues = 1_000

    static func check(_ input: [UInt8]) throws(Violation) {
        // A JSON string holds no other bytes.
        guard let text = String(validating: input, as: UTF8.self) else { return }
        let words = text.utf8.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
        let expected = words.count > maximumValues ? [] : Set(words.filter(isScope)).sorted()
        let claim = JSONValue.object(["scope": .string(text)]).encoded()
        try check(claim, expected, words)
        // The same claim, with one character written as an escape.
        if let last = input.last, last < 0x80 {
            let hex = String(last, radix: 16)
            let escape = #"\u00"# + (hex.utf8.count == 1 ? "0" : "") + hex
            let plain = JSONValue.string(String(decoding: input.dropLast(), as: UTF8.self)).encoded().dropLast()
            try check(Array(#"{"scope":"#.utf8) + plain + Array((escape + "\"}").utf8), expected, words)
        }
        try require(ScopeSet(keepingValidOf: text).tokens == Set(words.filter(isScope)).sorted(), "the parser agrees")
    }

    private static func check(_ claims: [UInt8], _ expected: [String], _ words: [String]) throws(Violation) {
        guard let document = try? JSONDocument(parsing: claims) else {
            throw Violation(property: "a string that was written is JSON")
        }
        let token = AccessToken(issuer: nil, expiresAt: nil, claims: document)
        try require(token.scopes.tokens == expected, "the scopes are the valid words, sorted, each of them once")
        try require(
            token.hasMalformedScopes == (words.count > maximumValues), "only too many words are a malformed claim")
        for scope in expected { try require(token.scopes.contains(scope), "contains finds each scope") }
    }

    private static func isScope(_ word: String) -> Bool {
        word.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
    }
}
