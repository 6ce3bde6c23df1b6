internal import JOSE
package import OAuthMetadata
internal import WireFormat

/// A new static token, and the line for the list that recognises it.
package struct StaticToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// How every such token begins, so that scanners for lost secrets can find it: `mcpstatic_[A-Za-z0-9_-]{43}`.
    package static let prefix = "mcpstatic_"

    /// The token: the prefix, and 32 random bytes in base64url.
    package let text: String
    /// The line for the list. Holds no secret.
    package let line: String

    /// A new token; nil when the name is none that a list may hold.
    package init?(name: String, scopes: ScopeSet) {
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(StaticTokenList.isNameByte) else { return nil }
        text = Self.prefix + Base64URL.encode(RandomBytes.make(32))
        let digits = Array("0123456789abcdef".utf8)
        let hash = Digest.sha256(Array(text.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        line = "\(name):\(String(decoding: hash, as: UTF8.self))" + (scopes.isEmpty ? "" : ":\(scopes)")
    }

    /// Says nothing about the token.
    package var description: String { "<static token>" }
    /// Shows no member.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
