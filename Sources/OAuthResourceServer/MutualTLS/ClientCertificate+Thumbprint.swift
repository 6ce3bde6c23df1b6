public import HTTPMessages
internal import JOSE
internal import WireFormat

extension HTTPRequest.ClientCertificate {
    /// The thumbprint of the certificate as a token names it in `cnf.x5t#S256` (RFC 8705 §3.1): SHA-256 in base64url.
    ///
    /// It is computed at each call.
    public var x5tS256: String { Base64URL.encode(Digest.sha256(der)) }

    /// The SHA-256 of the certificate.
    var thumbprint: SHA256Digest { SHA256Digest(of: der) }
}
