import HTTPMessages
import JOSE
import Testing
import WireFormat

@testable import mcp_auth

@Suite("mcp-auth jwks inspect", .serialized)
struct KeySetInspectionTests {
    private func inspect(_ text: [UInt8], usesColour: Bool = false) async -> Outcome {
        var session = CommandSession(files: ["keys": text])
        session.usesColour = usesColour
        return await session.run("jwks", "inspect", "keys")
    }

    private func inspect(_ text: String) async -> Outcome { await inspect(Array(text.utf8)) }

    private func inspect(entry: String) async -> Outcome { await inspect(#"{"keys":[\#(entry)]}"#) }

    /// The cells of each row of the table.
    private func rows(_ outcome: Outcome) -> [[String]] {
        outcome.output.split(separator: "\n").dropFirst().prefix {
            $0.first?.isNumber == true && !$0.contains(" usable")
        }
        .map { line in line.split(separator: "  ").map { $0.drop { $0 == " " } }.map(String.init) }
    }

    @Test("RFC 7517 A.1, RFC 8037 A.2: kid, type, alg, use, thumbprint and verdict of each key")
    func table() async {
        let outcome = await inspect(
            """
            {"keys":[
            {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
             "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","kid":"1"},
            {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"EdDSA"},
            {"kty":"oct","k":"AAAA","kid":"1"}]}
            """)
        #expect(outcome.status == .good && outcome.faults.isEmpty)
        #expect(
            outcome.output == """
                #  kid  type     alg    use  thumbprint (SHA-256)                         usable
                0  1    P-256    -      sig  cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s  yes
                1  -    Ed25519  EdDSA  -    kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k  yes
                2  1    oct      -      -    -                                            \
                no: kty_unsupported: the key type is not RSA, EC or OKP

                3 keys, 2 usable
                several keys have the kid 1

                """)
    }

    @Test(
        "an unusable key has its code and a sentence: exit 1 when there is no other",
        arguments: [
            ("5", "key_malformed"), ("{}", "key_malformed"), (#"{"kty":"DSA"}"#, "kty_unsupported"),
            (#"{"kty":"EC","crv":"secp256k1"}"#, "crv_unsupported"),
            (#"{"kty":"RSA","use":"enc"}"#, "use_not_sig"),
            (#"{"kty":"RSA","key_ops":["sign"]}"#, "key_ops_without_verify"),
            (#"{"kty":"RSA","d":"AA"}"#, "private_material"),
            (#"{"kty":"RSA","n":"\#(String(repeating: "_", count: 171))","e":"AQAB"}"#, "key_malformed"),
            (#"{"kty":"RSA","n":"\#(String(repeating: "____", count: 42))","e":"AQAB"}"#, "rsa_too_small"),
            (#"{"kty":"RSA","n":"\#(String(repeating: "____", count: 341))_w","e":"Ag"}"#, "rsa_exponent"),
            (#"{"kty":"RSA","n":"\#(String(repeating: "____", count: 341))_g","e":"AQAB"}"#, "rsa_modulus_even"),
            (
                #"{"kty":"RSA","n":"\#(String(repeating: "____", count: 341))","e":"AQAB","alg":"ES256"}"#,
                "alg_unsupported"
            ),
            (#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, "ec_point"),
        ])
    func unusable(entry: String, code: String) async {
        let outcome = await inspect(entry: entry)
        #expect(outcome.status == .refused && outcome.faults.isEmpty)
        let verdict = rows(outcome).first?.last ?? ""
        #expect(verdict.hasPrefix("no: \(code): "), "\(outcome.output)")
        #expect(verdict.utf8.count > "no: \(code): ".utf8.count)
        #expect(outcome.output.hasSuffix("\n1 key, 0 usable\n"))
    }

    @Test("POLICY §6: the reasons are those that a server reports for a set without a usable key")
    func sameReasons() async throws {
        let document = """
            {"keys":[null,{"kty":"oct","k":"AA"},{"kty":"RSA","use":"enc"},{"kty":"EC","crv":"secp256k1"},
            {"kty":"RSA","d":"","n":"AQAB","e":"AQAB"},{"kty":"RSA","alg":null,"d":null,"n":null,"e":"AQAB"}]}
            """
        let set = try JSONWebKeySet(parsing: Array(document.utf8), issuer: "")
        #expect(set.keys.isEmpty && set.skipped.count == 6)
        let verdicts = rows(await inspect(document)).map { $0.last ?? "" }
        #expect(verdicts.count == 6)
        for (verdict, skipped) in zip(verdicts, set.skipped) {
            #expect(verdict.hasPrefix("no: \(skipped.reason.rawValue): "))
        }
    }

    @Test("what can be seen of an unusable key is shown: bits, curve, use")
    func partial() async {
        let small = await inspect(
            entry: #"{"kty":"RSA","n":"\#(String(repeating: "____", count: 42))","e":"AQAB","use":"enc","alg":"X"}"#)
        #expect(rows(small).first?.prefix(5) == ["0", "-", "RSA 1008", "X", "enc"])
        #expect(rows(await inspect(entry: #"{"kty":"EC","crv":"P-192"}"#)).first?[2] == "EC P-192")
        #expect(rows(await inspect(entry: #"{"kty":"RSA","n":""}"#)).first?[2] == "RSA 0")
    }

    @Test("THREATS J16: no byte of a key controls the terminal; names are cut after 64 bytes")
    func hostileText() async {
        let long = String(repeating: "k", count: 65)
        for member in ["kid", "alg", "use", "kty", "crv"] {
            let start = member == "kty" ? "" : #""kty":"EC","#
            let outcome = await inspect(entry: #"{\#(start)"\#(member)":"\u001b[2J\u202e\n\#(long)"}"#)
            #expect(outcome.output.contains(#"\u001b[2J\u202e\u000akkk"#), "\(member)")
            #expect(!outcome.output.contains(long))
            #expect(outcome.output.utf8.filter { $0 == 0x0A }.count == 4)
        }
    }

    @Test("a JWK by itself, a PEM key and a certificate are sets of one", arguments: ["jwk", "pem", "certificate"])
    func single(kind: String) async throws {
        let text: String
        switch kind {
        case "jwk": text = String(decoding: JSONValue.object(TokenPress.es256.key.publicJWK).encoded(), as: UTF8.self)
        case "pem": text = "\n" + PEMKeys.es256 + "\n"
        default: text = PEMKeys.certificate
        }
        let outcome = await inspect(text)
        #expect(outcome.status == .good)
        #expect(rows(outcome).first?[2] == "P-256")
        #expect(outcome.output.contains("1 key, 1 usable"))
    }

    @Test("several PEM blocks with text around are several keys, each with its verdict")
    func severalPEM() async {
        let text = "Bag Attributes\n" + PEMKeys.es256 + "\nand\n" + PEMKeys.certificate
        let outcome = await inspect(text + "\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        #expect(outcome.status == .good)
        #expect(rows(outcome).map { $0[2] } == ["P-256", "P-256", "-"])
        #expect(rows(outcome).last?.last?.hasPrefix("no: private_material") == true)
        #expect(outcome.output.contains("3 keys, 2 usable"))
    }

    @Test("a PEM private key is refused as one")
    func privateKey() async {
        let outcome = await inspect("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        #expect(outcome.status == .refused)
        #expect(outcome.output.contains("no: private_material: it holds a private key"))
    }

    @Test(
        "a text without keys: exit 2, and why",
        arguments: [
            ("", "unexpected_end at byte 0"), ("nope", "unexpected_byte at byte 1"), ("{}", "it has no array keys"),
            ("[]", "it has no array keys"), (#"{"keys":{}}"#, "it has no array keys"),
            (#"{"keys":[],"keys":[]}"#, "duplicate_member at byte 11"),
            ("\u{FEFF}{}", "byte_order_mark at byte 0"),
        ])
    func noKeySet(text: String, why: String) async {
        let outcome = await inspect(text)
        #expect(outcome.status == .usage && outcome.output.isEmpty)
        #expect(outcome.faults == ["the key set is not a JWK Set, a JWK or a PEM public key (\(why))"])
    }

    @Test("an empty set has no usable key")
    func empty() async {
        let outcome = await inspect(#"{"keys":[]}"#)
        #expect(outcome.status == .refused && outcome.output.hasSuffix("\n0 keys, 0 usable\n"))
    }

    @Test("1000 entries are looked at, what follows is one line")
    func many() async {
        let outcome = await inspect(#"{"keys":["# + String(repeating: "0,", count: 1_001) + "0]}")
        #expect(outcome.output.contains("\n1000  -    -     -    -    -                     no: too_many_keys: "))
        #expect(outcome.output.hasSuffix("\n1001 keys, 0 usable\n"))
    }

    @Test("1 MiB is read, one byte more is not; what is not there is no key set")
    func size() async {
        let set = TokenPress.es256.keySet
        let padding = [UInt8](repeating: 0x20, count: 1_048_576 - set.count)
        #expect(await inspect(set + padding).status == .good)
        let tooLong = await inspect(set + padding + [0x20])
        #expect(tooLong == Outcome(status: .usage, faults: ["keys: the key set is longer than 1 MiB"]))
        let missing = await CommandSession().run("jwks", "inspect", "keys")
        #expect(missing == Outcome(status: .usage, faults: ["keys: cannot be read"]))
    }

    @Test("from standard input and from a URL")
    func otherPlaces() async {
        var session = CommandSession(standardInput: TokenPress.rs256.keySet)
        #expect(await session.run("jwks", "inspect", "-").output.contains("RSA 2048"))
        session.standardInput = []
        session.fetcher.answer = .success(FetchedDocument(status: .ok, body: TokenPress.edDSA.keySet))
        #expect(await session.run("jwks", "inspect", "http://localhost/k").output.contains("Ed25519"))
    }

    @Test("colours only when asked for")
    func colour() async {
        let text = Array(
            #"{"keys":[5,\#(String(decoding: JSONValue.object(TokenPress.es256.key.publicJWK).encoded(), as: UTF8.self))]}"#
                .utf8)
        let coloured = await inspect(text, usesColour: true).output
        #expect(coloured.contains("\u{1B}[32myes\u{1B}[0m") && coloured.contains("\u{1B}[31mno: key_malformed"))
        #expect(await inspect(text).output.utf8.allSatisfy { $0 != 0x1B })
    }
}

/// Public keys made with `openssl pkey` and `openssl req -x509`.
enum PEMKeys {
    static let es256 = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE42OFwFpZdJMA/pl6Tg55oJInWlxu
        A3zeIrZZs9APyEN35nlCo4Wk3jhZD8GPEG0WuBJvRx4vgME2LBPUY/br/Q==
        -----END PUBLIC KEY-----
        """

    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBbjCCARWgAwIBAgIUfyd0FVrrqs8FeHZb6gDjBTa8U3swCgYIKoZIzj0EAwIw
        DDEKMAgGA1UEAwwBdDAgFw0yNjExMjAxNzI0MTNaGA8yMTI2MTAyNzE3MjQxM1ow
        DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABONjhcBaWXST
        AP6Zek4OeaCSJ1pcbgN83iK2WbPQD8hDd+Z5QqOFpN44WQ/BjxBtFrgSb0ceL4DB
        NiwT1GP26/2jUzBRMB0GA1UdDgQWBBQ62pKnNd7/SLVNqacsmLSD0DrODTAfBgNV
        HSMEGDAWgBQ62pKnNd7/SLVNqacsmLSD0DrODTAPBgNVHRMBAf8EBTADAQH/MAoG
        CCqGSM49BAMCA0cAMEQCIHSU+DqxUY4f+m+ugGL/+eGl7yTgEnqiN6NB55r1599C
        AiBAlfA0WEcw4iXRozPPQxk0QQgeWiH0JIbCc8szWtUPYQ==
        -----END CERTIFICATE-----
        """
}
