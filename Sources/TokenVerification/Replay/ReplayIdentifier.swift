package import JOSE
internal import WireFormat

/// The identifier of something that may be used once, as a SHA-256 digest. A store keeps these 32 bytes and no text of
/// the sender.
///
/// Identifiers of different purposes or owners are different, even when their texts are equal.
public struct ReplayIdentifier: Sendable, Hashable, CustomStringConvertible {
    /// What may be used once.
    public enum Purpose: String, Sendable, Hashable {
        /// A client assertion (RFC 7523). Its owner is the client.
        case clientAssertion = "client_assertion"
        /// A DPoP proof (RFC 9449). Its owner is the thumbprint of its key.
        case dpopProof = "dpop_proof"
    }

    /// The digest, for a table.
    package let digest: SHA256Digest
    /// The digest as 43 characters of base64url, for the key of a remote store.
    public var text: String { Base64URL.encode(digest.bytes) }

    /// Makes an identifier.
    ///
    /// - Parameters:
    ///   - purpose: What may be used once.
    ///   - owner: Who must not repeat it, such as the `client_id`. Two owners may use the same `id`.
    ///   - id: The identifier that the owner chose, such as a `jti`.
    public init(_ purpose: Purpose, owner: String, id: String) {
        // Each part is preceded by its length, so that no two lists of parts make one text.
        var message: [UInt8] = []
        for part in [purpose.rawValue, owner, id] {
            let bytes = Array(part.utf8)
            message += lengthPrefix(of: bytes)
            message += bytes
        }
        digest = SHA256Digest(of: message)
    }

    /// The digest. It reveals nothing of the identifier.
    public var description: String { text }
}

/// The length as 8 bytes, the highest first.
private func lengthPrefix(of bytes: [UInt8]) -> [UInt8] {
    stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bytes.count >> $0) }
}
