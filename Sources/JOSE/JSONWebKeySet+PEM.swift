extension JSONWebKeySet {
    /// Makes a set of all public keys of a PEM text (RFC 7468 §2): each `PUBLIC KEY`, `RSA PUBLIC KEY` and
    /// `CERTIFICATE`.
    ///
    /// Text around the blocks, and white space at the ends of lines and between them, are ignored. A block that is not
    /// usable is in ``skipped``, with its position among the blocks; a private key is one of these.
    ///
    /// **Does not check** the signature, validity or names of a certificate: the operator vouches for it. In a file
    /// with the chain of a certificate, the authorities are keys too.
    /// - Parameters:
    ///   - pem: The text.
    ///   - issuer: The issuer identifier of the authorization server that owns the keys.
    ///   - keyID: The `kid` of each key, because PEM has none; nil for none. Without a `kid`, a token must have none
    ///     either, and exactly one key must fit it.
    /// - Throws: ``ParseError/noPEMBlock``.
    public init(pem: String, issuer: String, keyID: String? = nil) throws(ParseError) {
        let blocks = PEMText(pem).blocks
        guard !blocks.isEmpty else { throw .noPEMBlock }
        var keys: [JSONWebKey] = []
        var skipped: [Skipped] = []
        for (index, block) in blocks.prefix(Self.maximumKeys).enumerated() {
            do throws(JSONWebKey.Defect) {
                let block = try block.get()
                keys.append(try JSONWebKey(der: block.der, block.encoding, keyID: keyID))
            } catch {
                skipped.append(Skipped(index: index, reason: error))
            }
        }
        if blocks.count > Self.maximumKeys { skipped.append(Skipped(index: Self.maximumKeys, reason: .beyondLimit)) }
        self.init(keys, skipped: skipped, issuer: issuer)
    }
}
