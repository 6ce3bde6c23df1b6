import CLibcrypto
import JOSE
import OAuthClientMetadata
import OAuthMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

/// POLICY §9 and §14: what this library makes as a client, it accepts as a server.
@Suite("ClientAssertionKey", .serialized)
struct ClientAssertionKeyTests {
    private typealias Examples = PrivateKeyExamples
    private static let clientID = "https://mcp.example.com/client"
    private static let issuer = "https://login.example.com"
    private static let usable: [(pem: String, algorithms: [SignatureAlgorithm])] = [
        (Examples.rsa, [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]), (Examples.p256, [.es256]),
        (Examples.p384, [.es384]), (Examples.p521, [.es512]), (Examples.ed25519, [.edDSA]),
    ]
    private let clock = FakeClock(1_800_000_000)

    private func verifier() throws -> ClientAssertionVerifier {
        try ClientAssertionVerifier(
            issuer: IssuerIdentifier(Self.issuer),
            tokenEndpoint: AbsoluteURL(parsing: Self.issuer + "/token"), clock: clock.wallClock)
    }

    /// The keys as the authorization server has them after the registration.
    private func registered(_ key: ClientAssertionKey) throws -> StaticKeySource {
        let keys = JSONValue.object(key.publicKeySet).encoded()
        return StaticKeySource(try JSONWebKeySet(parsing: keys, issuer: Self.clientID))
    }

    private func verify(
        _ assertion: String, _ key: ClientAssertionKey, by verifier: ClientAssertionVerifier
    ) async throws -> ClientAssertionError? {
        let keys = try registered(key)
        do throws(ClientAssertionError) {
            let parsed = try ClientAssertion(assertion, type: ClientAssertion.type, clientID: Self.clientID)
            try await verifier.verify(parsed, by: keys)
            return nil
        } catch {
            return error
        }
    }

    /// The lines of the faults; empty for a key.
    private func faults(
        _ pem: String, keyID: String? = nil, algorithm: SignatureAlgorithm? = nil
    ) -> [String] {
        do throws(ConfigurationError) {
            _ = try ClientAssertionKey(pem: pem, keyID: keyID, algorithm: algorithm)
            return []
        } catch {
            return error.lines
        }
    }

    @Test("RFC 7523 §3: an assertion of every key and algorithm is accepted, once, and every one is another")
    func accepted() async throws {
        let verifier = try verifier()
        var tried: [SignatureAlgorithm] = []
        for (pem, algorithms) in Self.usable {
            for algorithm in algorithms {
                let key = try ClientAssertionKey(pem: pem, algorithm: algorithm)
                #expect(key.algorithm == algorithm)
                let first = try key.assertion(by: Self.clientID, to: Self.issuer, at: clock.now)
                let second = try key.assertion(by: Self.clientID, to: Self.issuer, at: clock.now)
                #expect(first != second)
                #expect(try await verify(first, key, by: verifier) == nil)
                #expect(try await verify(second, key, by: verifier) == nil)
                #expect(try await verify(first, key, by: verifier) == .invalid(.replayed))
                tried.append(algorithm)
            }
        }
        #expect(tried == SignatureAlgorithm.all)
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("its neighbours are refused: another audience, another client's key, a minute later, another type of key")
    func refusedAssertions() async throws {
        let key = try ClientAssertionKey(pem: Examples.p256)
        let verifier = try verifier()
        let elsewhere = try key.assertion(by: Self.clientID, to: "https://other.example", at: clock.now)
        #expect(try await verify(elsewhere, key, by: verifier) == .invalid(.jwt(.claim(.aud, .mismatch))))
        let good = try key.assertion(by: Self.clientID, to: Self.issuer, at: clock.now)
        let other = try ClientAssertionKey(pem: Examples.p384)
        #expect(try await verify(good, other, by: verifier) == .invalid(.jwt(.key(.unknown))))
        // The lifetime and the skew of the verifier.
        clock.advance(by: .seconds(120))
        #expect(try await verify(good, key, by: verifier) == .invalid(.jwt(.claim(.exp, .expired))))
        // A clock out of range makes an assertion that is refused, and does not end the program.
        for time in [Double.nan, .infinity, -.infinity, 1e300] {
            let odd = try key.assertion(by: Self.clientID, to: Self.issuer, at: time)
            #expect(try await verify(odd, key, by: verifier) == .invalid(.jwt(.claim(.exp, .expired))))
        }
    }

    @Test("OpenID Connect Core §9: header and claims are what a server needs, and nothing else")
    func content() throws {
        let key = try ClientAssertionKey(pem: Examples.ed25519, keyID: "key-1")
        let text = try key.assertion(by: Self.clientID, to: Self.issuer, at: 1_800_000_000.9)
        let parts = text.utf8.split(separator: UInt8(ascii: "."))
        let header = try JSONValue(parsing: #require(Base64URL.decode(String(decoding: parts[0], as: UTF8.self))))
        var claims = try JSONValue(parsing: #require(Base64URL.decode(String(decoding: parts[1], as: UTF8.self))))
            .object
        let jti = try #require(claims?["jti"]?.string)
        claims?["jti"] = nil
        #expect(header == ["alg": "EdDSA", "kid": "key-1", "typ": "JWT"])
        #expect(Base64URL.decode(jti)?.count == 16)
        #expect(
            claims.map(JSONValue.object) == [
                "iss": .string(Self.clientID), "sub": .string(Self.clientID), "aud": .string(Self.issuer),
                "iat": 1_800_000_000, "exp": 1_800_000_060,
            ])
    }

    @Test("RFC 7638: without a kid it is the thumbprint; the published key is public, and names the chosen algorithm")
    func published() throws {
        for (pem, algorithms) in Self.usable {
            let key = try ClientAssertionKey(pem: pem)
            #expect(key.algorithm == algorithms[0])
            let set = try JSONWebKeySet(parsing: JSONValue.object(key.publicKeySet).encoded(), issuer: "x")
            #expect(set.keys.map(\.thumbprint) == [key.keyID] && set.keys.map(\.keyID) == [key.keyID])
            #expect(set.keys[0].algorithms == algorithms)
            let chosen = try ClientAssertionKey(pem: pem, keyID: "k", algorithm: algorithms.last)
            let other = try JSONWebKeySet(parsing: JSONValue.object(chosen.publicKeySet).encoded(), issuer: "x")
            #expect(other.keys.map(\.keyID) == ["k"] && other.keys[0].algorithms == algorithms.suffix(1))
        }
    }

    private static let convert =
        "assertionKey is not a private key in the format PKCS #8; convert it with openssl pkcs8 "
        + "-topk8 -nocrypt"
    private static let make = "make an Ed25519, P-256, P-384 or P-521 key, or an RSA key of 2048 bits"
    private static let kind = "assertionKey is a key of a kind that no accepted algorithm uses; \(make)"
    private static let incomplete = "assertionKey is not a complete PEM private key; copy the whole file again"
    private static let encrypted =
        "assertionKey is an encrypted private key; decrypt it with openssl pkcs8, and protect "
        + "the file"
    private static let several = "assertionKey holds several PEM blocks; keep only the block PRIVATE KEY"
    private static let noBlock =
        "assertionKey has no PEM block; set it to a text that begins with -----BEGIN PRIVATE "
        + "KEY-----"

    private static func block(_ label: String, _ content: String) -> String {
        "-----BEGIN \(label)-----\n\(content)\n-----END \(label)-----\n"
    }

    private static func der(_ pem: String) -> [UInt8] {
        let lines = pem.utf8.split(separator: 0x0A).dropFirst().dropLast()
        return Base64.decode(String(decoding: lines.joined(), as: UTF8.self)) ?? []
    }

    private static let refused: [(name: String, pem: String, line: String)] = [
        ("encrypted PKCS #8", Examples.encrypted, encrypted),
        ("SEC 1", Examples.sec1, convert), ("parameters in front of SEC 1", Examples.parametersAndSEC1, convert),
        ("encrypted PKCS #1", Examples.encryptedPKCS1, convert),
        ("OpenSSH", block("OPENSSH PRIVATE KEY", "AAAA"), convert), ("another block", block("X", "AAAA"), convert),
        (
            "a public key", Examples.publicKey,
            "assertionKey is a public key or a certificate; set it to the private key that belongs to it"
        ),
        (
            "a certificate", block("CERTIFICATE", "AAAA"),
            "assertionKey is a public key or a certificate; set it to the private key that belongs to it"
        ),
        ("RSA of 1024 bits", Examples.rsa1024, "assertionKey is an RSA key of fewer than 2048 bits; \(make)"),
        ("RSA-PSS", Examples.rsaPSS, kind), ("secp256k1", Examples.secp256k1, kind), ("Ed448", Examples.ed448, kind),
        ("X25519", Examples.x25519, kind), ("explicit curve parameters", Examples.explicitParameters, kind),
        (
            "the public half of another key", Examples.foreignHalf,
            "assertionKey has a public half that does not belong to its private half; make a new key"
        ),
        ("nothing", "", noBlock), ("no PEM", "MC4CAQAwBQYDK2VwBCIEIA", noBlock),
        ("two keys", Examples.p256 + "\n" + Examples.ed25519, several),
        ("the key and its public key", Examples.p256 + "\n" + Examples.publicKey, several),
        ("no end line", String(Examples.p256.dropLast(10)), incomplete),
        ("an empty block", block("PRIVATE KEY", ""), incomplete),
        ("no base64", block("PRIVATE KEY", "****"), incomplete), ("no key", block("PRIVATE KEY", "AAAA"), incomplete),
        ("bytes behind the key", block("PRIVATE KEY", Base64.encode(der(Examples.p256) + [0])), incomplete),
        ("a missing byte", block("PRIVATE KEY", Base64.encode(der(Examples.p256).dropLast())), incomplete),
        ("a public key under another label", block("PRIVATE KEY", Base64.encode(der(Examples.publicKey))), incomplete),
        (
            "an encrypted key under another label", block("PRIVATE KEY", Base64.encode(der(Examples.encrypted))),
            incomplete
        ),
        ("headers", block("PRIVATE KEY", "A: b\n\nAAAA"), incomplete),
    ]

    @Test("POLICY §9: each text that is not one unencrypted PKCS #8 key of an accepted kind has its reason")
    func refusedKeys() {
        for (name, pem, line) in Self.refused {
            #expect(faults(pem) == [line], "\(name)")
            #expect(lcrypto_error_queue_length() == 0, "\(name)")
        }
    }

    @Test("RFC 7468 §2: other line endings and text around the block change nothing")
    func spellings() throws {
        let pem = Examples.p256
        let lines = pem.utf8.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        let keyID = try ClientAssertionKey(pem: pem).keyID
        for text in [
            lines.joined(separator: "\r\n") + "\r\n", "\u{FEFF}" + pem, "Key of rs\n\(pem)\nend\n",
            lines.map { "  \($0)\t" }.joined(separator: "\n"),
        ] {
            #expect(try ClientAssertionKey(pem: text).keyID == keyID)
        }
    }

    @Test("a kid and an algorithm that cannot be used are named")
    func settings() {
        let long = String(repeating: "k", count: 256)
        #expect(faults(Examples.p256, keyID: long) == [])
        for keyID in ["", long + "k", "a\nb", "\u{7F}"] {
            #expect(
                faults(Examples.p256, keyID: keyID) == [
                    "assertionKey.keyID is empty, longer than 256 bytes, or holds control characters; copy the kid "
                        + "that the authorization server shows for the key"
                ])
        }
        for algorithm in SignatureAlgorithm.all where algorithm != .es256 {
            #expect(
                faults(Examples.p256, algorithm: algorithm) == [
                    "assertionKey.algorithm does not fit the key; remove it, or choose one for this type of key"
                ])
        }
    }

    @Test("no description, dump or fault shows the key")
    func redaction() throws {
        for (pem, _) in Self.usable {
            let key = try ClientAssertionKey(pem: pem)
            let configuration = IntrospectionConfiguration(
                endpoint: Self.issuer, issuer: Self.issuer, resource: "https://mcp.example.com",
                credentials: .privateKeyJWT(clientID: "rs", key))
            var text = "\(key) \(String(reflecting: key)) \(configuration) \(configuration.credentials) "
            dump(key, to: &text)
            dump(configuration, to: &text)
            #expect(Mirror(reflecting: key).children.isEmpty)
            #expect(text.contains("<client assertion key>"))
            // The first of the lines is the algorithm of the key, which is public.
            for line in pem.utf8.split(separator: 0x0A).dropFirst().dropLast() {
                #expect(!text.contains(String(decoding: line, as: UTF8.self)))
            }
            #expect(!text.contains(key.keyID))
            let published = JSONValue.object(key.publicKeySet).encoded()
            let members = try #require(JSONValue(parsing: published).object?["keys"]?.array?.first?.object)
            let secret: Set = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
            #expect(secret.isDisjoint(with: members.members.map(\.name)))
        }
        for (_, pem, _) in Self.refused where pem.utf8.count > 100 {
            let shown = faults(pem).joined()
            for line in pem.utf8.split(separator: 0x0A) where line.count > 20 && line.first != UInt8(ascii: "-") {
                #expect(!shown.contains(String(decoding: line, as: UTF8.self)))
            }
        }
    }
}
