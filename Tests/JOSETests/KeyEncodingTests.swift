import CLibcrypto
import Testing
import WireFormat

@testable import JOSE

@Suite("Keys from PEM, DER and certificates", .serialized)
struct KeyEncodingTests {
    private func defect(_ pem: String, _ algorithm: SignatureAlgorithm? = nil) -> JSONWebKey.Defect? {
        do throws(JSONWebKey.Defect) {
            _ = try JSONWebKey(pem: pem, algorithm: algorithm)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "A SubjectPublicKeyInfo and a certificate give the key and all algorithms that fit",
        arguments: [
            (PEMExamples.rsa, "RSA 2048", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
            (PEMExamples.ec, "P-256", ["ES256"]), (PEMExamples.ecCompressed, "P-256", ["ES256"]),
            (PEMExamples.certificate, "P-256", ["ES256"]), (PEMExamples.ed25519, "Ed25519", ["EdDSA"]),
        ])
    func accepted(pem: String, type: String, algorithms: [String]) throws {
        let key = try JSONWebKey(pem: pem, keyID: "k")
        #expect(key.typeDescription == type)
        #expect(key.algorithms.map(\.name) == algorithms)
        #expect(key.keyID == "k")
        #expect(lcrypto_error_queue_length() == 0)
        // Windows line ends and a final line break are not part of the content.
        var windows = ""
        for scalar in pem.unicodeScalars { windows += scalar == "\n" ? "\r\n" : String(scalar) }
        #expect(try JSONWebKey(pem: windows + "\r\n").thumbprint == key.thumbprint)
    }

    @Test("The same key in three encodings has one thumbprint")
    func sameKey() throws {
        let thumbprints = try [PEMExamples.ec, PEMExamples.ecCompressed, PEMExamples.certificate].map {
            try JSONWebKey(pem: $0).thumbprint
        }
        #expect(Set(thumbprints).count == 1)
    }

    @Test("A key imported from PEM verifies")
    func verifies() throws {
        // The JWK and the PEM contain the same key: thumbprint and signature show it.
        let mint = TokenMint.es256
        let x = Base64URL.decode(mint.key.publicJWK["x"]?.string ?? "") ?? []
        let y = Base64URL.decode(mint.key.publicJWK["y"]?.string ?? "") ?? []
        // RFC 5480 §2: SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING point }
        let prefix: [UInt8] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
            0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
        ]
        let der = prefix + x + y
        let key = try JSONWebKey(der: der, .subjectPublicKeyInfo, keyID: "key-1")
        let keys = JSONWebKeySet([key], issuer: TokenMint.issuer)
        #expect(TokenMint.refusal(of: mint.token(), keys: keys) == nil)
        for spoilt in [
            der + [0], Array(der.dropLast()), prefix + y + x, [], [0x30], [UInt8](repeating: 0x30, count: 65_537),
        ] {
            #expect(throws: JSONWebKey.Defect.malformed) { try JSONWebKey(der: spoilt, .subjectPublicKeyInfo) }
        }
        #expect(throws: JSONWebKey.Defect.malformed) { try JSONWebKey(der: der, .certificate) }
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("A named algorithm must fit, and is then the only one")
    func algorithm() throws {
        #expect(try JSONWebKey(pem: PEMExamples.rsa, algorithm: .ps256).algorithms == [.ps256])
        #expect(defect(PEMExamples.rsa, .es256) == .unsupportedAlgorithm)
        #expect(defect(PEMExamples.ec, .es384) == .unsupportedAlgorithm)
        #expect(defect(PEMExamples.ed25519, .rs256) == .unsupportedAlgorithm)
    }

    @Test(
        "What no JWK may be, no PEM may be either",
        arguments: [
            (PEMExamples.rsa1024, JSONWebKey.Defect.modulusTooSmall), (PEMExamples.secp256k1, .unsupportedKeyType),
            (PEMExamples.x25519, .unsupportedKeyType), (PEMExamples.rsaPSS, .unsupportedKeyType),
            (PEMExamples.explicitCurve, .unsupportedKeyType), (PEMExamples.ed448, .unsupportedKeyType),
            (PEMExamples.brainpool, .unsupportedKeyType),
        ])
    func unusable(pem: String, reason: JSONWebKey.Defect) {
        #expect(defect(pem) == reason)
        #expect(lcrypto_error_queue_length() == 0)
    }

    private static func der(_ pem: String) -> [UInt8] {
        let text = pem.utf8.split(separator: UInt8(ascii: "\n")).dropFirst().dropLast().flatMap { Array($0) }
        return Base64.decode(text.span) ?? []
    }

    @Test("A kind of the C shim that the library does not know has no shape: it never becomes another kind of key")
    func unknownKinds() {
        let known: [(lcrypto_kind, SignatureAlgorithm.KeyShape)] = [
            (LCRYPTO_KIND_RSA, .rsa), (LCRYPTO_KIND_P256, .ec(.p256)), (LCRYPTO_KIND_P384, .ec(.p384)),
            (LCRYPTO_KIND_P521, .ec(.p521)), (LCRYPTO_KIND_ED25519, .ed25519),
        ]
        for (kind, shape) in known { #expect(SignatureAlgorithm.KeyShape(kind) == shape) }
        #expect(SignatureAlgorithm.KeyShape(LCRYPTO_OTHER) == nil)
        let values = Set(known.map(\.0.rawValue))
        for value in (UInt32(0)...32).map({ $0 }) + [.max] where !values.contains(value) {
            #expect(SignatureAlgorithm.KeyShape(lcrypto_kind(rawValue: value)) == nil)
        }
    }

    @Test(
        "The C shim gives no numbers of a key of another kind, and verifies with it under no scheme",
        arguments: [
            PEMExamples.secp256k1, PEMExamples.x25519, PEMExamples.rsaPSS, PEMExamples.explicitCurve, PEMExamples.ed448,
            PEMExamples.brainpool,
        ])
    func otherKinds(pem: String) throws {
        let der = Self.der(pem)
        let key = unsafe try #require(lcrypto_spki_read(der, der.count))
        defer { unsafe lcrypto_key_free(key) }
        #expect(unsafe lcrypto_key_kind(key) == LCRYPTO_OTHER)
        var first = [UInt8](repeating: 0, count: 1_024)
        var second = first
        var firstCount = first.count
        var secondCount = second.count
        #expect(unsafe lcrypto_key_public(key, &first, &firstCount, &second, &secondCount) == -1)
        for scheme in [LCRYPTO_RSA_PKCS1, LCRYPTO_RSA_PSS, LCRYPTO_ECDSA, LCRYPTO_EDDSA] {
            let verifier = unsafe lcrypto_verifier_new(key, scheme, LCRYPTO_SHA256)
            #expect(unsafe verifier == nil)
        }
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("The C shim verifies with a key only under a scheme of its kind")
    func schemesOfKinds() throws {
        let schemes: [lcrypto_scheme] = [LCRYPTO_RSA_PKCS1, LCRYPTO_RSA_PSS, LCRYPTO_ECDSA, LCRYPTO_EDDSA]
        let fitting: [(String, [lcrypto_scheme])] = [
            (PEMExamples.rsa, [LCRYPTO_RSA_PKCS1, LCRYPTO_RSA_PSS]), (PEMExamples.ec, [LCRYPTO_ECDSA]),
            (PEMExamples.ed25519, [LCRYPTO_EDDSA]),
        ]
        for (pem, own) in fitting {
            let der = Self.der(pem)
            let key = unsafe try #require(lcrypto_spki_read(der, der.count))
            defer { unsafe lcrypto_key_free(key) }
            for scheme in schemes + [lcrypto_scheme(rawValue: 0), lcrypto_scheme(rawValue: 5)] {
                let verifier = unsafe lcrypto_verifier_new(key, scheme, LCRYPTO_SHA256)
                #expect(unsafe (verifier != nil) == own.contains(scheme), "\(scheme)")
                if let verifier = unsafe verifier { unsafe lcrypto_verifier_free(verifier) }
            }
            let unknownHash = unsafe lcrypto_verifier_new(key, own[0], lcrypto_hash(rawValue: 9))
            #expect(unsafe unknownHash == nil)
        }
        #expect(lcrypto_error_queue_length() == 0)
    }

    private static let ed25519: JSONDocument.Object = TokenMint.edDSA.key.publicJWK

    private static func point(_ bytes: [UInt8]) -> JSONDocument.Object {
        var key = ed25519
        key["x"] = .string(Base64URL.encode(bytes))
        return key
    }

    private static func bytes(_ first: UInt8, _ middle: UInt8, _ last: UInt8) -> [UInt8] {
        [first] + [UInt8](repeating: middle, count: 30) + [last]
    }

    @Test(
        "RFC 8032 §5.1.3, RFC 8037 §2: Ed25519 keys of the wrong size, of small order, or in a second spelling",
        arguments: [
            (point([UInt8](repeating: 1, count: 31)), JSONWebKey.Defect.point),
            (point([UInt8](repeating: 1, count: 33)), .point),
            (point(bytes(2, 0, 0)), .point), (point(bytes(7, 0, 0)), .point), (point(bytes(7, 0, 0x80)), .point),
            (point(bytes(0, 0, 0)), .point), (point(bytes(0, 0, 0x80)), .point), (point(bytes(1, 0, 0)), .point),
            (point(bytes(1, 0, 0x80)), .point), (point(bytes(0xEC, 0xFF, 0x7F)), .point),
            (point(bytes(0xED, 0xFF, 0x7F)), .point), (point(bytes(0xEE, 0xFF, 0xFF)), .point),
            (point(bytes(0xFF, 0xFF, 0xFF)), .point), (["kty": "OKP", "crv": "Ed448", "x": "AA"], .unsupportedCurve),
            (["kty": "OKP", "crv": "X25519", "x": "AA"], .unsupportedCurve), (["kty": "OKP", "x": "AA"], .malformed),
            (["kty": "OKP", "crv": "Ed25519"], .malformed),
        ] as [(JSONDocument.Object, JSONWebKey.Defect)])
    func ed25519Points(key: JSONDocument.Object, reason: JSONWebKey.Defect) {
        #expect(TokenMint.keySet([key]).skipped.map(\.reason) == [reason])
    }

    /// The y coordinates of the four points of order 8, little-endian. The top bit is the sign of x.
    private static let orderEight: [[UInt8]] = [
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
    ]

    @Test(
        "RFC 8032 §5.1: no Ed25519 key of order 8, with either sign of x", arguments: orderEight,
        [0x00, 0x80] as [UInt8])
    func orderEightPoints(y: [UInt8], sign: UInt8) {
        var encoding = y
        encoding[31] |= sign
        #expect(TokenMint.keySet([Self.point(encoding)]).skipped.map(\.reason) == [.point])
    }

    @Test("RFC 8032 §5.1.3: only y ≥ p is a second spelling; a y that merely begins and ends like p is none")
    func nearP() {
        #expect(TokenMint.keySet([Self.point(Self.bytes(0xEE, 0x00, 0x7F))]).skipped.isEmpty)
        #expect(TokenMint.keySet([Self.point(Self.bytes(0xFF, 0xFE, 0xFF))]).skipped.isEmpty)
    }

    @Test("RFC 8032 §5.1.7: an Ed25519 signature whose second half is not below the group order is refused")
    func malleableSignature() throws {
        let mint = TokenMint.edDSA
        let token = mint.token()
        let dot = try #require(token.lastIndex(of: UInt8(ascii: ".")))
        var signature = try #require(Base64URL.decode(String(decoding: token[(dot + 1)...], as: UTF8.self)))
        // L = 2^252 + 27742317777372353535851937790883648493, little-endian; adding it gives the other solution.
        let order: [UInt8] = [
            0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ]
        var carry = 0
        for index in 0..<32 {
            let sum = Int(signature[32 + index]) + Int(order[index]) + carry
            signature[32 + index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        #expect(carry == 0)
        let forged = Array(token[...dot]) + Array(Base64URL.encode(signature).utf8)
        #expect(TokenMint.refusal(of: forged, keys: mint.keySet) == .badSignature)
    }
}
