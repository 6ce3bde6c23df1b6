public import WireFormat

/// An imported public key for signatures (RFC 7517), bound to the algorithms that it may verify.
///
/// **Checks** that the key is public, usable for verification, of a supported type, and within the bounds of RFC 7518.
/// **Does not check** `x5c` and `x5t`: certificates in a key set are ignored.
public struct JSONWebKey: Sendable {
    /// The `kid`, compared byte for byte; nil when the key has none.
    public let keyID: String?
    let keyIDBytes: [UInt8]?
    let publicKey: PublicKey
    let verification: VerificationKey

    init(keyID: String?, _ publicKey: PublicKey, algorithms: [SignatureAlgorithm]) throws(JSONWebKey.Defect) {
        self.keyID = keyID
        keyIDBytes = keyID.map { Array($0.utf8) }
        self.publicKey = publicKey
        verification = try VerificationKey(publicKey, algorithms: algorithms)
    }

    /// Reads and imports one JWK. An optional member that is null counts as absent: many issuers publish `"alg": null`
    /// or `"d": null`. Null in a member that the key type needs (`kty`, `n`, `e`, `crv`, `x`, `y`) is a defect.
    public init(_ node: JSONDocument.Node) throws(JSONWebKey.Defect) {
        guard node.kind == .object else { throw .malformed }
        try Self.checkPurpose(of: node)
        let keyID = try Self.optionalString(node["kid"])
        let publicKey = try Self.publicKey(node)
        let algorithms = try Self.algorithms(of: node, shape: publicKey.shape)
        try self.init(keyID: keyID, publicKey, algorithms: algorithms)
    }

    /// Reads one JWK for one algorithm only, without an import into libcrypto.
    ///
    /// - Throws: ``JSONWebKey/Defect/unsupportedAlgorithm`` when the key may not verify it.
    static func publicKey(
        _ node: JSONDocument.Node, for algorithm: SignatureAlgorithm
    ) throws(JSONWebKey.Defect) -> PublicKey {
        guard node.kind == .object else { throw .malformed }
        try checkPurpose(of: node)
        let publicKey = try publicKey(node)
        guard try algorithms(of: node, shape: publicKey.shape).contains(algorithm) else {
            throw .unsupportedAlgorithm
        }
        return publicKey
    }

    /// The algorithms that the key may verify: its `alg`, or all that fit the key when it has none. Each token is
    /// decided by its own `alg`: the first algorithm that was used does not exclude the others.
    public var algorithms: [SignatureAlgorithm] { verification.algorithms }

    /// The type and size: `RSA 2048`, `P-256` or `Ed25519`, for example.
    public var typeDescription: String {
        switch publicKey {
        case .rsa: "RSA \(publicKey.bits)"
        case .ec(let curve, _, _): curve.rawValue
        case .ed25519: "Ed25519"
        }
    }

    /// The SHA-256 thumbprint (RFC 7638 §3), base64url.
    public var thumbprint: String { publicKey.thumbprint.base64URL }

    private static func checkPurpose(of node: JSONDocument.Node) throws(JSONWebKey.Defect) {
        // RFC 7517 §9.2: the secret members are d, p, q, dp, dq, qi and oth (RSA), d (EC, OKP) and k (oct).
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] where present(node[member]) != nil {
            // `kty: oct` is a shared secret by design, so the reason is the key type.
            throw node["kty"]?.isString("oct") == true ? .unsupportedKeyType : .privateMaterial
        }
        // RFC 7517 §4.2.
        if let use = try optionalString(node["use"]), !use.hasSameBytes(as: "sig") { throw .notForSignatures }
        // RFC 7517 §4.3.
        if let operations = present(node["key_ops"]) {
            guard operations.kind == .array else { throw .malformed }
            var canVerify = false
            var allStrings = true
            operations.forEachElement { element in
                canVerify = canVerify || element.isString("verify")
                allStrings = allStrings && element.kind == .string
                return true
            }
            guard allStrings else { throw .malformed }
            guard canVerify else { throw .notForVerification }
        }
    }

    /// RFC 7518 §6.2 and §6.3, RFC 8037 §2: `kty` and `crv` select the members.
    private static func publicKey(_ node: JSONDocument.Node) throws(JSONWebKey.Defect) -> PublicKey {
        guard let type = node["kty"], type.kind == .string else { throw .malformed }
        if type.isString("RSA") {
            return try .checkedRSA(
                modulus: number(node["n"], limit: 1_024, orThrow: .modulusTooLarge),
                exponent: number(node["e"], limit: 16, orThrow: .exponent))
        }
        guard type.isString("EC") || type.isString("OKP") else { throw .unsupportedKeyType }
        guard let curveName = try optionalString(node["crv"]) else { throw .malformed }
        if type.isString("OKP") {
            guard curveName.hasSameBytes(as: "Ed25519") else { throw .unsupportedCurve }
            return try .checkedEd25519(x: number(node["x"], limit: 32, orThrow: .point))
        }
        guard let curve = EllipticCurve.allCases.first(where: { $0.rawValue.hasSameBytes(as: curveName) }) else {
            throw .unsupportedCurve
        }
        return try .checkedEC(
            curve, x: number(node["x"], limit: curve.coordinateBytes, orThrow: .point),
            y: number(node["y"], limit: curve.coordinateBytes, orThrow: .point))
    }

    /// RFC 7517 §4.4: the `alg` of the key, which must fit the key. Without `alg`: every row that fits.
    private static func algorithms(
        of node: JSONDocument.Node, shape: SignatureAlgorithm.KeyShape
    ) throws(JSONWebKey.Defect) -> [SignatureAlgorithm] {
        let fitting = SignatureAlgorithm.all.filter { $0.keyShape == shape }
        guard let name = try optionalString(node["alg"]) else { return fitting }
        guard let name = ShortText(name), let algorithm = fitting.first(where: { $0.isNamed(name) }) else {
            throw .unsupportedAlgorithm
        }
        return [algorithm]
    }

    private static func optionalString(_ node: JSONDocument.Node?) throws(JSONWebKey.Defect) -> String? {
        guard let node = present(node) else { return nil }
        guard let string = node.string else { throw .malformed }
        return string
    }

    /// The value of an optional member; nil when it is absent or null.
    private static func present(_ node: JSONDocument.Node?) -> JSONDocument.Node? {
        node?.kind == .null ? nil : node
    }

    /// Reads a Base64urlUInt member (RFC 7518 §2). Its size is checked before it is decoded.
    private static func number(
        _ node: JSONDocument.Node?, limit: Int, orThrow tooLong: JSONWebKey.Defect
    ) throws(JSONWebKey.Defect) -> [UInt8] {
        guard let node, let length = node.stringByteCount else { throw .malformed }
        // Some issuers send a leading zero byte before an RSA number: one byte more than the limit is decoded.
        guard length <= (limit + 1) * 4 / 3 + 1 else { throw tooLong }
        guard let text = node.string, let bytes = Base64URL.decode(text), !bytes.isEmpty else { throw .malformed }
        return bytes
    }
}
