internal import WireFormat

extension SelfSignedJWT {
    /// The header, read and checked, with the key that it carries. For one `typ` and one list of algorithms it depends
    /// on its text alone, so that a JWT with the same text needs no second check.
    package final class Header: Sendable {
        /// The SHA-256 thumbprint of the key (RFC 7638).
        package let thumbprint: SHA256Digest
        let algorithm: SignatureAlgorithm
        let key: PublicKey
        private let text: [UInt8]
        private let jose: JOSEHeader

        init(of jws: CompactJWS, type: String, algorithms: [SignatureAlgorithm]) throws(Failure) {
            let document = jws.header.document
            // RFC 8725 §3.11: explicit typing keeps tokens of other kinds out.
            guard let typ = document.root["typ"]?.string, CompactJWS.isMediaType(typ, type) else {
                throw .jwt(.header(.type))
            }
            do throws(JOSEError) { algorithm = try jws.algorithm(among: algorithms) } catch { throw .jwt(error) }
            key = try Self.key(in: document, algorithm)
            thumbprint = key.thumbprint
            text = Array(jws.headerText)
            jose = jws.header
        }

        /// The header as one of a JWS, when the JWS has the same text; otherwise nil.
        func jose(ofSame text: Span<UInt8>) -> JOSEHeader? {
            let own = self.text
            return own.span.hasSameBytes(as: text) ? jose : nil
        }

        private static func key(
            in header: JSONDocument, _ algorithm: SignatureAlgorithm
        ) throws(Failure) -> PublicKey {
            guard let node = header.root["jwk"], node.kind == .object else { throw .keyMissing }
            do throws(JSONWebKey.Defect) {
                return try JSONWebKey.publicKey(node, for: algorithm)
            } catch {
                throw .key(error)
            }
        }
    }
}
