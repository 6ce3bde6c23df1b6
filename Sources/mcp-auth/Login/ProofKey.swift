import JOSE
import WireFormat

/// A proof key for one authorization request (RFC 7636), by the method S256.
struct ProofKey {
    /// The secret for the token request: 43 characters from 256 random bits.
    let verifier: String

    init() {
        verifier = Base64URL.encode(RandomBytes.make(32))
    }

    /// The value of `code_challenge`.
    var challenge: String { Base64URL.encode(Digest.sha256(Array(verifier.utf8))) }
}
