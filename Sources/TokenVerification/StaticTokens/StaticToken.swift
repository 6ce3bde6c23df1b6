internal import JOSE
package import OAuthMetadata
internal import WireFormat

/// A new static token with its line for a ``StaticTokenList``.
package struct StaticToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// The prefix of every static token. Scanners for leaked secrets can search for `mcpstatic_[A-Za-z0-9_-]{43}`.
    package static let prefix = "mcpstatic_"

    /// The token: the prefix and 32 random bytes in base64url.
    package let text: String
    /// The line for the list. It contains the token's hash, not the token.
    package let line: String

    /// Makes a new random token. Returns nil when a list cannot contain the name.
    package init?(name: String, scopes: ScopeSet) {
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(StaticTokenList.isNameByte) else { return nil }
        text = Self.prefix + Base64URL.encode(RandomBytes.make(32))
        let digits = Array("0123456789abcdef".utf8)
        let hash = Digest.sha256(Array(text.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        line = "\(name):\(String(decoding: hash, as: UTF8.self))" + (scopes.isEmpty ? "" : ":\(scopes)")
    }

    /// A fixed text, so that a log does not show the token.
    package var description: String { "<static token>" }
    /// A mirror without members, so that a dump does not show the token.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
