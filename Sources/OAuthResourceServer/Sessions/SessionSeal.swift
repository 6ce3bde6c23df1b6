internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// Makes the session identifiers of callers from those of the handler, and back. It stores nothing.
///
/// It is a class, so that its use costs each request one reference count.
final class SessionSeal: Sendable, CustomReflectable {
    /// The acceptable lengths of a handler's identifier in bytes.
    static let handlerLengths = 1...256
    /// The code of a caller's identifier: 128 bits, in base64url.
    static let codeBytes = 16
    static let codeCharacters = 22

    private let keys: [[UInt8]]
    private let context: [UInt8]

    /// Shows no key.
    var customMirror: Mirror { Mirror(self, children: []) }

    /// - Parameter resource: Sessions of one resource are unknown to the guards of all others with the same keys: their
    ///   handlers may use the same identifiers.
    init(_ keys: SessionKeys, resource: ResourceIdentifier) {
        self.keys = keys.all
        // The purpose separates these codes from all others that may be made with the keys.
        context = Array("oauth-resource-server/session/1".utf8) + [0] + Digest.sha256(Array(resource.text.utf8))
    }

    /// MCP: a session identifier is visible ASCII, 0x21 to 0x7E.
    static func isAcceptable(_ identifier: [UInt8]) -> Bool {
        handlerLengths.contains(identifier.count) && identifier.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// The identifier that the owner gets for a handler's identifier; nil when that is not acceptable.
    func sealed(_ identifier: [UInt8], for owner: SessionOwner) -> [UInt8]? {
        guard Self.isAcceptable(identifier), let current = keys.first else { return nil }
        return identifier + [UInt8(ascii: ".")] + code(of: identifier, owner, current)
    }

    /// The handler's identifier in a caller's; nil unless a guard with one of the keys gave it to this owner.
    func opened(_ sealed: [UInt8], by owner: SessionOwner) -> [UInt8]? {
        // The code contains no dot and has a fixed length, so that the handler's identifier may contain dots.
        let end = sealed.count - Self.codeCharacters - 1
        guard Self.handlerLengths.contains(end), sealed[end] == UInt8(ascii: ".") else { return nil }
        let (identifier, presented) = (Array(sealed[..<end]), Array(sealed[(end + 1)...]))
        guard Self.isAcceptable(identifier) else { return nil }
        // Compares the base64url texts, not the decoded bytes, because each code has exactly one text. Every key is
        // tried, so that the time does not show which key matched.
        var isGenuine = false
        for key in keys where ConstantTime.equals(presented, code(of: identifier, owner, key)) { isGenuine = true }
        return isGenuine ? identifier : nil
    }

    private func code(of identifier: [UInt8], _ owner: SessionOwner, _ key: [UInt8]) -> [UInt8] {
        // The parts before the identifier have fixed lengths, so that no two inputs are the same bytes.
        let code = HMACSHA256.code(of: context + owner.digest + identifier, key: key)
        return Array(Base64URL.encode(Array(code.prefix(Self.codeBytes))).utf8)
    }
}
