internal import JOSE
internal import WireFormat

extension FakeIssuer.Draft {
    /// Binds the token to a key: sets `cnf.jkt` (RFC 9449 §6.1). Another member of `cnf` stays.
    public mutating func bind(to key: DPoPKey) {
        bind(toThumbprint: key.thumbprint)
    }

    /// Binds the token to the key with this thumbprint.
    mutating func bind(toThumbprint thumbprint: String) {
        setConfirmation("jkt", .string(thumbprint))
    }

    /// Binds the token to a client certificate: sets `cnf.x5t#S256` (RFC 8705 §3.1). Another member of `cnf` stays.
    ///
    /// - Parameter der: The certificate in DER.
    public mutating func bind(toCertificate der: [UInt8]) {
        setConfirmation("x5t#S256", .string(Base64URL.encode(Digest.sha256(der))))
    }

    /// Replaces `cnf` by one that no resource server may accept.
    public mutating func spoilConfirmation(with defect: FakeIssuer.ConfirmationDefect) {
        let thumbprint = claims["cnf"]?["jkt"]?.string ?? Base64URL.encode(Digest.sha256([]))
        claims["cnf"] = defect.confirmation(thumbprint)
    }

    private mutating func setConfirmation(_ name: String, _ value: JSONValue) {
        var confirmation = claims["cnf"]?.object ?? [:]
        confirmation[name] = value
        claims["cnf"] = .object(confirmation)
    }
}

extension FakeIssuer {
    /// One defect of a `cnf` claim (RFC 7800 §3). A resource server must refuse the token with any proof, because it
    /// cannot know what the issuer demands.
    public enum ConfirmationDefect: String, Sendable, Hashable, CaseIterable {
        /// `cnf` is null.
        case null
        /// `cnf` is the thumbprint itself.
        case text
        /// `cnf` is an array.
        case array
        /// `cnf` is an empty object.
        case empty
        /// The thumbprint is null.
        case nullThumbprint
        /// The thumbprint is a number.
        case thumbprintNotText
        /// The thumbprint is empty.
        case emptyThumbprint
        /// The thumbprint is one character too short.
        case shortThumbprint
        /// The thumbprint is one character too long.
        case longThumbprint
        /// The thumbprint is padded with `=`.
        case paddedThumbprint
        /// The thumbprint has a character that is not in the alphabet of base64url.
        case foreignCharacter
        /// The thumbprint of a certificate is malformed.
        case malformedCertificateThumbprint
        /// `jkt` is good, and the thumbprint of a certificate beside it is malformed.
        case malformedBesideGood
        /// `jkt` is good, and there is a `jwk` beside it.
        case keyBesideThumbprint
        /// `jkt` is good, and there is a member beside it that no specification knows.
        case unknownMember
        /// There is only a member that no specification knows.
        case onlyUnknownMember

        func confirmation(_ thumbprint: String) -> JSONValue {
            switch self {
            case .null: .null
            case .text: .string(thumbprint)
            case .array: [.string(thumbprint)]
            case .empty: [:]
            case .nullThumbprint: ["jkt": .null]
            case .thumbprintNotText: ["jkt": 1]
            case .emptyThumbprint: ["jkt": ""]
            case .shortThumbprint: ["jkt": .string(String(thumbprint.dropLast()))]
            case .longThumbprint: ["jkt": .string(thumbprint + "A")]
            case .paddedThumbprint: ["jkt": .string(thumbprint + "=")]
            case .foreignCharacter: ["jkt": .string("+" + thumbprint.dropFirst())]
            case .malformedCertificateThumbprint: ["x5t#S256": "AAAA"]
            case .malformedBesideGood: ["jkt": .string(thumbprint), "x5t#S256": "AAAA"]
            case .keyBesideThumbprint: ["jkt": .string(thumbprint), "jwk": ["kty": "oct", "k": "AAAA"]]
            case .unknownMember: ["jkt": .string(thumbprint), "other": "AAAA"]
            case .onlyUnknownMember: ["other": "AAAA"]
            }
        }
    }
}
