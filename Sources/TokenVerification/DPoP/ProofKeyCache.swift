internal import JOSE
internal import Synchronization

/// Keeps the imported public keys of recent proofs by their thumbprints. A client signs all its proofs with one key,
/// and an import costs about as much as the rest of the work on a proof.
///
/// Only keys that made a good signature are kept, and the table is bounded: the least recently used key is evicted.
final class ProofKeyCache: Sendable {
    /// The largest number of keys.
    static let capacity = 4_096

    private let table = Mutex(DigestTable<SelfSignedJWT.ImportedKey>(capacity: ProofKeyCache.capacity))

    /// Verifies the signature of a proof with its key.
    func verify(_ proof: SelfSignedJWT) throws(SelfSignedJWT.Failure) {
        // The thumbprint is a SHA-256 over the members of the key, so that equal digests are equal keys.
        let digest = SHA256Digest(of: Array(proof.thumbprint.utf8))
        if let known = table.withLock({ $0.value(for: digest) }), proof.admits(known) {
            return try proof.verify(with: known)
        }
        let key = try proof.importKey()
        try proof.verify(with: key)
        table.withLock { $0.insert(key, for: digest) }
    }

    /// The number of keys.
    var count: Int { table.withLock { $0.count } }
}
