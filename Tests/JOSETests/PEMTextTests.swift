import CLibcrypto
import Testing
import WireFormat

@testable import JOSE

@Suite("PEM as people have it: RFC 7468 §2", .serialized)
struct PEMTextTests {
    private func defect(_ pem: String) -> JSONWebKey.Defect? {
        do throws(JSONWebKey.Defect) {
            _ = try JSONWebKey(pem: pem)
            return nil
        } catch {
            return error
        }
    }

    private static let ec = PEMExamples.ec

    private static func lines(_ pem: String, _ edit: (String) -> String, end: String = "\n") -> String {
        pem.split(separator: "\n").map { edit(String($0)) }.joined(separator: end)
    }

    /// The RSA key of the examples as PKCS #1, and other content under the same label.
    private static func pkcs1(_ edit: ([UInt8]) -> [UInt8] = { $0 }) -> String {
        let text = PEMExamples.rsa.utf8.split(separator: UInt8(ascii: "\n")).dropFirst().dropLast().flatMap {
            Array($0)
        }
        // RFC 5280 §4.1.2.7: the RSAPublicKey is the content of the bit string.
        let der = edit(Array((Base64.decode(text.span) ?? []).dropFirst(24)))
        return "-----BEGIN RSA PUBLIC KEY-----\n\(Base64.encode(der))\n-----END RSA PUBLIC KEY-----\n"
    }

    private static let accepted: [(String, String)] = [
        ("spaces at the ends of the lines", lines(ec) { $0 + "  " }),
        ("tabs at the ends of the lines", lines(ec) { $0 + "\t" }),
        ("indented, as in YAML", lines(ec) { "    " + $0 }),
        ("empty lines between", lines(ec, { $0 }, end: "\n\n")),
        ("lines of white space between", lines(ec, { $0 }, end: "\n \t\n")),
        ("Windows line ends and white space", lines(ec, { $0 + " " }, end: "\r\n")),
        ("line ends of CR alone", lines(ec, { $0 }, end: "\r")),
        (
            "one long line",
            "-----BEGIN PUBLIC KEY-----\n"
                + ec.split(separator: "\n").dropFirst().dropLast().joined() + "\n-----END PUBLIC KEY-----"
        ),
        ("text in front, as openssl pkcs12 writes it", "Bag Attributes\n    friendlyName: k1\nsubject=CN = t\n\n" + ec),
        ("text behind", ec + "\nThis is the key of the staging tenant.\n"),
        ("a byte order mark", "\u{FEFF}" + ec),
        ("a comment in front", "# --- key ---\n" + ec),
    ]

    @Test("Text around, and white space at line ends and between lines, are ignored", arguments: accepted)
    func ignored(name: String, pem: String) throws {
        #expect(try JSONWebKey(pem: pem).thumbprint == JSONWebKey(pem: Self.ec).thumbprint)
        #expect(try JSONWebKeySet(pem: pem, issuer: "i").keys.count == 1)
    }

    @Test("RFC 8017 A.1.1: RSA PUBLIC KEY is the same key as in SubjectPublicKeyInfo")
    func rsaPublicKey() throws {
        #expect(try JSONWebKey(pem: Self.pkcs1()).thumbprint == JSONWebKey(pem: PEMExamples.rsa).thumbprint)
        #expect(try JSONWebKey(pem: Self.pkcs1()).algorithms.map(\.name).contains("PS256"))
        #expect(defect(Self.pkcs1 { $0 + [0] }) == .malformed)
        #expect(defect(Self.pkcs1 { Array($0.dropLast()) }) == .malformed)
        #expect(defect(Self.pkcs1 { _ in [0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03] }) == .modulusTooSmall)
        let wrongLabel = PEMExamples.rsa.replacing("BEGIN PUBLIC", by: "BEGIN RSA PUBLIC")
            .replacing("END PUBLIC", by: "END RSA PUBLIC")
        #expect(defect(wrongLabel) == .malformed)
        #expect(defect(Self.pkcs1().replacing("BEGIN RSA", by: "BEGIN").replacing("END RSA", by: "END")) == .malformed)
        #expect(lcrypto_error_queue_length() == 0)
    }

    private static let notAccepted: [(String, String, JSONWebKey.Defect)] = [
        ("nothing", "", .malformed),
        ("no block", "hello", .malformed),
        ("two blocks where one is expected", ec + "\n" + ec, .malformed),
        ("another label at the end", ec.replacing("END PUBLIC KEY", by: "END CERTIFICATE"), .malformed),
        ("another label at the begin", ec.replacing("BEGIN PUBLIC", by: "BEGIN RSA PUBLIC"), .malformed),
        ("no end line", ec.replacing("-----END PUBLIC KEY-----", by: ""), .malformed),
        ("no begin line", ec.replacing("-----BEGIN PUBLIC KEY-----", by: ""), .malformed),
        ("four dashes at the end", ec.replacing("-----END", by: "----END"), .malformed),
        ("four dashes behind the label", ec.replacing("BEGIN PUBLIC KEY-----", by: "BEGIN PUBLIC KEY----"), .malformed),
        ("a label in lower case", lines(ec) { $0.hasPrefix("-") ? $0.lowercased() : $0 }, .malformed),
        (
            "an unknown label", lines(ec) { $0.hasPrefix("-") ? $0.replacing("PUBLIC KEY", by: "SSH2 KEY") : $0 },
            .malformed
        ),
        ("text in front on the same line", "key: " + ec, .malformed),
        ("text behind the end on the same line", ec + " x", .malformed),
        ("white space inside a line", ec.replacing("MFkw", by: "MF kw"), .malformed),
        ("base64url", ec.replacing("/Q==", by: "_Q=="), .malformed),
        ("padding short", ec.replacing("/Q==", by: "/Q="), .malformed),
        ("unused bits set", ec.replacing("/Q==", by: "/R=="), .malformed),
        ("a byte of DER changed", ec.replacing("PUBLIC KEY-----\nM", by: "PUBLIC KEY-----\nN"), .malformed),
        ("an empty body", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", .malformed),
        ("a body of white space", "-----BEGIN PUBLIC KEY-----\n \n\t\n-----END PUBLIC KEY-----", .malformed),
        (
            "RFC 1421 headers",
            ec.replacing("KEY-----\nM", by: "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nM"),
            .malformed
        ),
        (
            "a second begin inside", ec.replacing("KEY-----\nM", by: "KEY-----\n-----BEGIN PUBLIC KEY-----\nM"),
            .malformed
        ),
        ("a private key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", .privateMaterial),
        ("an EC private key", "-----BEGIN EC PRIVATE KEY-----\nAA\n-----END EC PRIVATE KEY-----", .privateMaterial),
        ("an encrypted private key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END X-----", .privateMaterial),
        ("a private key without end", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n", .privateMaterial),
        ("a private key beside its public key", ec + "\n-----BEGIN PRIVATE KEY-----\n", .privateMaterial),
        ("a private key under a public label", lines(PEMTextTests.privateInfo) { $0 }, .malformed),
        ("more than 128 KiB", ec + String(repeating: "\n", count: 131_072), .malformed),
    ]

    /// RFC 5958: the start of a PrivateKeyInfo.
    private static let privateInfo = "-----BEGIN PUBLIC KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PUBLIC KEY-----"

    @Test("Everything else is refused with its reason", arguments: notAccepted)
    func refused(name: String, pem: String, reason: JSONWebKey.Defect) {
        #expect(defect(pem) == reason)
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("Several blocks are several keys, and an unusable one is skipped with its reason")
    func several() throws {
        let text = [
            "first", Self.ec, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----", PEMExamples.rsa1024,
            PEMExamples.certificate, Self.ec.replacing("-----END PUBLIC KEY-----", by: ""), Self.pkcs1(), "last",
        ].joined(separator: "\n")
        let set = try JSONWebKeySet(pem: text, issuer: "i", keyID: "k")
        #expect(set.keys.map(\.typeDescription) == ["P-256", "P-256", "RSA 2048"])
        #expect(set.keys.allSatisfy { $0.keyID == "k" })
        #expect(
            set.skipped == [
                .init(index: 1, reason: .privateMaterial), .init(index: 2, reason: .modulusTooSmall),
                .init(index: 4, reason: .malformed),
            ])
        #expect(throws: JSONWebKeySet.ParseError.noPEMBlock) { try JSONWebKeySet(pem: "{}", issuer: "i") }
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("At most 1000 blocks are looked at")
    func limit() throws {
        let text = String(repeating: "-----BEGIN X-----\n-----END X-----\n", count: 1_002)
        let set = try JSONWebKeySet(pem: text, issuer: "i")
        #expect(set.skipped.count == 1_001)
        #expect(set.skipped.last == .init(index: 1_000, reason: .beyondLimit))
    }
}
