public import JOSE
public import WireFormat

/// The private key with which this server authenticates to an authorization server (`private_key_jwt`: RFC 7523 §2.2,
/// OpenID Connect Core §9). It signs client assertions and nothing else. Its descriptions do not contain it.
///
/// Register ``publicKeySet`` at the authorization server. Make a key with `openssl genpkey -algorithm ed25519`, or with
/// `openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256`.
public struct ClientAssertionKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The largest file in bytes.
    public static let maximumBytes = 65_536
    /// The longest `kid` in bytes.
    public static let maximumKeyIDBytes = 256
    /// How long an assertion is valid, in seconds.
    public static let lifetime = 60

    /// The algorithm of the assertions.
    public internal(set) var algorithm: SignatureAlgorithm
    /// The `kid` in the header of the assertions.
    public let keyID: String
    /// The public half as a JWK Set (RFC 7517 §5), for the registration of this client.
    public var publicKeySet: JSONDocument.Object { ["keys": [.object(key.publicJWK)]] }
    private let key: SigningKey
    private let isAlgorithmChosen: Bool

    /// Reads a private key from PEM: one block `PRIVATE KEY` (PKCS #8), not encrypted; RSA of 2048 to 8192 bits, P-256,
    /// P-384, P-521 or Ed25519.
    ///
    /// - Parameters:
    ///   - pem: The text.
    ///   - keyID: The `kid` under which the authorization server knows the key; nil for its thumbprint (RFC 7638).
    ///   - algorithm: The algorithm of the assertions; nil for RS256, ES256, ES384, ES512 or EdDSA, as it fits the key,
    ///     or for another one that fits if the metadata of the authorization server lists only that one.
    /// - Throws: ``ConfigurationError``. It does not contain the text.
    public init(pem: String, keyID: String? = nil, algorithm: SignatureAlgorithm? = nil) throws(ConfigurationError) {
        if let keyID, !Self.isUsable(keyID: keyID) {
            throw ConfigurationError([
                .init(
                    Self.setting + "keyID",
                    "is empty, longer than \(String(Self.maximumKeyIDBytes)) bytes, or holds control characters",
                    "copy the kid that the authorization server shows for the key")
            ])
        }
        do throws(SigningKey.ImportDefect) {
            key = try SigningKey(pem: pem, keyID: keyID, algorithm: algorithm)
        } catch {
            throw ConfigurationError([Self.fault(error)])
        }
        self.algorithm = key.algorithm
        self.keyID = key.publicJWK["kid"]?.string ?? ""
        isAlgorithmChosen = algorithm != nil
    }

    /// Reads a private key from a PEM file: see ``init(pem:keyID:algorithm:)``.
    ///
    /// The file must be a regular file that neither its group nor others can write, and root or the user of this
    /// program must own it. If others can write its folder, the folder must have the sticky bit. A file or folder that
    /// is a mount point, as in containers, may have another owner, and the folder may be writable.
    ///
    /// - Throws: ``ConfigurationError`` when the file cannot be read, or when its content is not such a key.
    public init(
        file path: String, keyID: String? = nil, algorithm: SignatureAlgorithm? = nil
    ) throws(ConfigurationError) {
        let bytes = try OperatorFile.read(path, setting: Self.setting, limit: Self.maximumBytes)
        try self.init(pem: String(decoding: bytes, as: UTF8.self), keyID: keyID, algorithm: algorithm)
    }

    /// A fixed text, `<client assertion key>`.
    public var description: String { "<client assertion key>" }
    /// A fixed text, `<client assertion key>`.
    public var debugDescription: String { description }
    /// A mirror without members, so that a dump does not show the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension ClientAssertionKey {
    /// Makes an assertion. No two are the same: `jti` has 128 random bits.
    ///
    /// - Parameters:
    ///   - clientID: `iss` and `sub`.
    ///   - audience: `aud`, one string.
    ///   - now: `iat`, in seconds since 1970.
    /// - Throws: ``JOSE/JOSEError/cryptographyUnavailable``.
    package func assertion(by clientID: String, to audience: String, at now: Double) throws(JOSEError) -> String {
        // A clock out of range makes an assertion of 1970, which is refused.
        let issuedAt = Int64(exactly: now.rounded(.down)) ?? 0
        let header: JSONDocument.Object = [
            "alg": .string(algorithm.name), "kid": .string(keyID), "typ": "JWT",
        ]
        // RFC 7523 §3, OpenID Connect Core §9.
        let claims: JSONDocument.Object = [
            "iss": .string(clientID), "sub": .string(clientID), "aud": .string(audience),
            "jti": .string(Base64URL.encode(RandomBytes.make(16))), "iat": .number(.init(issuedAt)),
            "exp": .number(.init(issuedAt.addingReportingOverflow(Int64(Self.lifetime)).partialValue)),
        ]
        let input = [header, claims].map { Base64URL.encode(JSONValue.object($0).encoded()) }.joined(separator: ".")
        let signature = try key.sign(Array(input.utf8), as: algorithm)
        return input + "." + Base64URL.encode(signature)
    }

    /// The key for a server that accepts these algorithms; nil when none of them fits. An empty list says nothing.
    func fitting(_ names: [String]) -> ClientAssertionKey? {
        let listed = names.compactMap { SignatureAlgorithm(name: $0) }
        if names.isEmpty || listed.contains(algorithm) { return self }
        let others = SignatureAlgorithm.all.filter { $0.keyShape == algorithm.keyShape && listed.contains($0) }
        guard !isAlgorithmChosen, let other = others.first else { return nil }
        var copy = self
        copy.algorithm = other
        return copy
    }

    private static let setting: ConfigurationError.Path = "assertionKey"

    private static func isUsable(keyID: String) -> Bool {
        (1...maximumKeyIDBytes).contains(keyID.utf8.count) && keyID.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    private static func fault(_ defect: SigningKey.ImportDefect) -> ConfigurationError.Fault {
        let convert: ConfigurationError.Text = "convert it with openssl pkcs8 -topk8 -nocrypt"
        let make: ConfigurationError.Text = "make an Ed25519, P-256, P-384 or P-521 key, or an RSA key of 2048 bits"
        func fault(_ reason: ConfigurationError.Text, _ remedy: ConfigurationError.Text) -> ConfigurationError.Fault {
            .init(setting, reason, remedy)
        }
        return switch defect {
        case .noPEMBlock: fault("has no PEM block", "set it to a text that begins with -----BEGIN PRIVATE KEY-----")
        case .severalBlocks: fault("holds several PEM blocks", "keep only the block PRIVATE KEY")
        case .encrypted: fault("is an encrypted private key", "decrypt it with openssl pkcs8, and protect the file")
        case .publicKey: fault("is a public key or a certificate", "set it to the private key that belongs to it")
        case .otherFormat: fault("is not a private key in the format PKCS #8", convert)
        case .malformed: fault("is not a complete PEM private key", "copy the whole file again")
        case .key(.unsupportedKeyType): fault("is a key of a kind that no accepted algorithm uses", make)
        case .key(.modulusTooSmall): fault("is an RSA key of fewer than 2048 bits", make)
        case .key(.modulusTooLarge): fault("is an RSA key of more than 8192 bits", make)
        case .key(let other): fault("is not an acceptable key (\(other.rawValue))", make)
        case .algorithm:
            .init(setting + "algorithm", "does not fit the key", "remove it, or choose one for this type of key")
        case .halvesDiffer: fault("has a public half that does not belong to its private half", "make a new key")
        case .cryptographyUnavailable: fault("could not be tried, because libcrypto failed", "start again")
        }
    }
}
