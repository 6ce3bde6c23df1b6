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
        message.reserveCapacity(3 * 8 + purpose.rawValue.utf8.count + owner.utf8.count + id.utf8.count)
        append(purpose.rawValue, to: &message)
        append(owner, to: &message)
        append(id, to: &message)
        digest = SHA256Digest(of: message)
    }

    /// The digest. It reveals nothing of the identifier.
    public var description: String { text }
}

/// Appends the length as 8 bytes, the highest first, and the text.
private func append(_ text: String, to message: inout [UInt8]) {
    let count = text.utf8.count
    for shift in stride(from: 56, through: 0, by: -8) { message.append(UInt8(truncatingIfNeeded: count >> shift)) }
    message.append(contentsOf: text.utf8)
}
