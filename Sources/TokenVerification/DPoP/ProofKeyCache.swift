internal import JOSE
internal import Synchronization

/// Keeps the headers of recent proofs, with their imported public keys, by the thumbprints of the keys. A client signs
/// all its proofs with one key and sends the same header each time. To import a key costs about as much as to verify
/// a signature.
///
/// Only a key that made a good signature is kept. The table is bounded: the least recently used key is evicted.
final class ProofKeyCache: Sendable {
    /// A header, and its key.
    struct Known: Sendable {
        let header: SelfSignedJWT.Header
        let key: SelfSignedJWT.ImportedKey
    }

    /// The largest number of keys.
    static let capacity = 4_096
    /// The longest proof whose key is kept, in bytes: a bound for the header.
    static let maximumProofBytes = 4_096

    private let table = Mutex(DigestTable<Known>(capacity: ProofKeyCache.capacity))

    /// What is kept of a key; nil for an unknown one.
    func known(_ thumbprint: SHA256Digest) -> Known? {
        table.withLock { $0.value(for: thumbprint) }
    }

    /// Verifies the signature of a proof with its key, and keeps the key.
    ///
    /// - Parameter known: What ``known(_:)`` returned for the thumbprint of the proof.
    func verify(_ proof: SelfSignedJWT, _ known: Known?) throws(SelfSignedJWT.Failure) {
        // Equal thumbprints are equal keys (RFC 7638 §1), also when the headers differ.
        if let known, known.header.thumbprint == proof.header.thumbprint, proof.admits(known.key) {
            return try proof.verify(with: known.key)
        }
        let key = try proof.importKey()
        try proof.verify(with: key)
        guard proof.byteCount <= Self.maximumProofBytes else { return }
        table.withLock { $0.insert(Known(header: proof.header, key: key), for: proof.header.thumbprint) }
    }

    /// The number of keys.
    var count: Int { table.withLock { $0.count } }
}
