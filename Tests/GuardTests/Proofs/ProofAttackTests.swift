import HTTPMessages
import JOSE
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

/// What an attacker or a careless client writes, beyond the one-defect table: in process and through the real server,
/// with the whole answer and the reason code.
@Suite("RFC 9449: hostile proofs, request by request", .serialized, .timeLimit(.minutes(5)))
struct ProofAttackTests {
    @Test("JSON, keys and claims that readers disagree about, and requests of every form")
    func table() async throws {
        let tables = [
            Self.jsonRows, Self.headerRows, Self.keyRows, Self.timeRows, Self.claimRows, Self.targetRows,
            Self.slashRows, Self.requestRows, Self.credentialRows,
        ]
        try await ProofGuard(.required).check(tables.flatMap { $0 })
    }

    @Test("RFC 9449 §4.3: every defect of the test kit over a socket")
    func defects() async throws {
        let key = DPoPKey(clock: WallClock { GuardUnderTest.now })
        let token = GuardUnderTest.issuer.token { $0.bind(to: key) }
        let rows = DPoPProof.Defect.allCases.map { defect -> ProofRow in
            ProofRow(
                "the defect \(defect)", defect.rejection.code,
                defect.rejection == .otherKey ? .invalidTokenByProof : .invalidProof
            ) {
                $0.token = token
                $0.fields = key.proofs(with: defect, .post, GuardUnderTest.resource, token: token)
            }
        }
        try await ProofGuard(.required).check(rows)
    }

    // MARK: JSON and the header

    private static func bad(
        _ title: String, _ code: String, header: @escaping @Sendable (String) -> String = { $0 },
        claims: @escaping @Sendable (String) -> String = { $0 }
    ) -> ProofRow {
        .bad(title, code) { $0.fields = [$0.proof.text(header: header, claims: claims)] }
    }

    /// Puts a member behind the others of an object.
    private static func adding(_ member: String) -> @Sendable (String) -> String {
        { String($0.dropLast()) + "," + member + "}" }
    }

    static let jsonRows: [ProofRow] = [
        bad("a claim twice", "dpop_payload_json", claims: adding(#""htm":"POST""#)),
        bad("a claim twice, once escaped", "dpop_payload_json", claims: adding(#""ht\u006d":"POST""#)),
        bad("a claim twice inside another one", "dpop_payload_json", claims: adding(#""x":{"a":1,"a":2}"#)),
        bad("jwk twice", "dpop_header_json", header: adding(#""jwk":{}"#)),
        bad("kty twice in jwk", "dpop_header_json") {
            $0.replacing(#""kty":"EC""#, with: #""kty":"EC","kty":"EC""#)
        },
        bad("a byte order mark", "dpop_payload_json", claims: { "\u{FEFF}" + $0 }),
        bad("a NUL behind the claims", "dpop_payload_json", claims: { $0 + "\0" }),
        bad("two objects", "dpop_payload_json", claims: { $0 + $0 }),
        bad("a comma at the end", "dpop_payload_json", claims: { $0.dropLast() + ",}" }),
        bad("a lone surrogate", "dpop_payload_json", claims: adding(#""x":"\ud800""#)),
        bad("half a number", "dpop_payload_json", claims: adding(#""x":01"#)),
        bad(
            "deep nesting", "dpop_payload_json",
            claims: adding(#""x":"# + String(repeating: "[", count: 200) + String(repeating: "]", count: 200))),
        .good("escapes in claims") {
            $0.fields = [
                $0.proof.text(claims: { text in
                    text.replacing(#""POST""#, with: #""PO\u0053T""#).replacing("https:", with: #"https\u003a"#)
                        .replacing(#""ath":"#, with: #""\u0061th":"#)
                })
            ]
        },
        .good("white space") { $0.fields = [$0.proof.text(header: { " \($0)\n" }, claims: { "\t\($0) " })] },
        .good("the longest size") { request in
            // White space that JSON allows. Base64url has four characters for three bytes, and not every length.
            let proof = request.proof
            let padding = (DPoPVerifier.maximumBytes - proof.signed().utf8.count) * 3 / 4
            let texts = (padding...(padding + 3)).map { count in
                proof.text(claims: { $0 + String(repeating: " ", count: count) })
            }
            request.fields = texts.last { $0.utf8.count <= DPoPVerifier.maximumBytes }.map { [$0] }
        },
    ]

    static let headerRows: [ProofRow] = [
        .bad("crit without a name", "dpop_crit_present") { $0.proof.header["crit"] = [] },
        .bad("crit that is null", "dpop_crit_present") { $0.proof.header["crit"] = .null },
        .bad("b64 false", "dpop_b64_not_true") { $0.proof.header["b64"] = false },
        .bad("b64 that is a text", "dpop_b64_not_true") { $0.proof.header["b64"] = "true" },
        .good("b64 true") { $0.proof.header["b64"] = true },
        .bad("zip", "dpop_token_encrypted") { $0.proof.header["zip"] = "DEF" },
        .bad("enc", "dpop_token_encrypted") { $0.proof.header["enc"] = "A128GCM" },
        .bad("cty that is a number", "dpop_cty_malformed") { $0.proof.header["cty"] = 1 },
        .bad("alg in small letters", "dpop_alg_not_allowed") { $0.proof.header["alg"] = "es256" },
        .bad("alg with a space", "dpop_alg_not_allowed") { $0.proof.header["alg"] = "ES256 " },
        .bad("alg with a NUL", "dpop_alg_not_allowed") { $0.proof.header["alg"] = "ES256\0" },
        .bad("a list of alg", "dpop_alg_missing") { $0.proof.header["alg"] = ["ES256"] },
        .bad("typ with a parameter", "dpop_typ_not_acceptable") { $0.proof.header["typ"] = "dpop+jwt;v=1" },
        .bad("typ with a space", "dpop_typ_not_acceptable") { $0.proof.header["typ"] = "dpop+jwt " },
        .bad("typ with its prefix twice", "dpop_typ_not_acceptable") {
            $0.proof.header["typ"] = "application/application/dpop+jwt"
        },
        .bad("typ with a Kelvin sign", "dpop_typ_not_acceptable") { $0.proof.header["typ"] = "dpop+jwt\u{212A}" },
    ]

    // MARK: The key

    private static let ellipticKey = DPoPKey.client.publicJWK

    static let keyRows: [ProofRow] =
        ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].map { name -> ProofRow in
            .bad("\(name) in jwk", "dpop_jwk_private_material") { $0.proof.changeKey { $0[name] = "AA" } }
        } + [
            .bad("a list of keys", "dpop_jwk_missing") { $0.proof.header["jwk"] = [.object(ellipticKey)] },
            .bad("jwk that is null", "dpop_jwk_missing") { $0.proof.header["jwk"] = .null },
            .bad("a set of keys", "dpop_jwk_key_malformed") {
                $0.proof.header["jwk"] = ["keys": [.object(ellipticKey)]]
            },
            .bad("no member in jwk", "dpop_jwk_key_malformed") { $0.proof.header["jwk"] = [:] },
            .bad("a small RSA key", "dpop_jwk_rsa_too_small") {
                $0.proof.header["alg"] = "RS256"
                $0.proof.header["jwk"] = rsa([UInt8](repeating: 0xFF, count: 128), "AQAB")
            },
            .bad("a huge RSA key", "dpop_jwk_rsa_too_large") {
                $0.proof.header["alg"] = "RS256"
                $0.proof.header["jwk"] = rsa([UInt8](repeating: 0xFF, count: 2_048), "AQAB")
            },
            .bad("an even RSA modulus", "dpop_jwk_rsa_modulus_even") {
                $0.proof.header["alg"] = "RS256"
                $0.proof.header["jwk"] = rsa([UInt8](repeating: 0xFE, count: 256), "AQAB")
            },
            .bad("the RSA exponent 1", "dpop_jwk_rsa_exponent") {
                $0.proof.header["alg"] = "RS256"
                $0.proof.header["jwk"] = rsa([UInt8](repeating: 0xFF, count: 256), "AQ")
            },
            .bad("a huge RSA exponent", "dpop_jwk_rsa_exponent") {
                $0.proof.header["alg"] = "RS256"
                $0.proof.header["jwk"] = rsa([UInt8](repeating: 0xFF, count: 256), String(repeating: "_", count: 342))
            },
            .bad("a coordinate with padding", "dpop_jwk_key_malformed") {
                $0.proof.changeKey { jwk in jwk["x"] = .string((jwk["x"]?.string ?? "") + "=") }
            },
            .bad("another curve", "dpop_jwk_crv_unsupported") { $0.proof.changeKey { $0["crv"] = "secp256k1" } },
            .bad("a key that may not verify", "dpop_jwk_key_ops_without_verify") {
                $0.proof.changeKey { $0["key_ops"] = ["sign"] }
            },
            .bad("a key for another algorithm", "dpop_jwk_alg_unsupported") {
                $0.proof.changeKey { $0["alg"] = "ES384" }
            },
            .good("further members of jwk, which the thumbprint leaves out") {
                $0.proof.changeKey {
                    $0["kid"] = "other"
                    $0["x5c"] = ["AA"]
                    $0["note"] = .string(String(repeating: "a", count: 2_000))
                }
            },
            // The token names the thumbprint of this key, so that its import is reached.
            .bad("a point that is not on the curve", "dpop_jwk_ec_point") { request in
                let coordinate = Base64URL.encode([UInt8](repeating: 1, count: 32))
                let members = #"{"crv":"P-256","kty":"EC","x":"\#(coordinate)","y":"\#(coordinate)"}"#
                let thumbprint = Base64URL.encode(Digest.sha256(Array(members.utf8)))
                request.present(ProofRequest.token(cnf: ["jkt": .string(thumbprint)]))
                request.proof.changeKey { jwk in
                    jwk["x"] = .string(coordinate)
                    jwk["y"] = .string(coordinate)
                }
            },
        ]

    private static func rsa(_ modulus: [UInt8], _ exponent: String) -> JSONValue {
        ["kty": "RSA", "n": .string(Base64URL.encode(modulus)), "e": .string(exponent)]
    }

    // MARK: Claims

    private static func iat(_ text: String) -> @Sendable (String) -> String {
        { $0.replacing(#""iat":1800000000"#, with: #""iat":\#(text)"#) }
    }

    /// Acceptable times are 1799999700 to 1800000300, both ends included.
    static let timeRows: [ProofRow] =
        ["1799999700", "1799999700.0", "1799999700.001", "1800000300", "1800000299.999", "18e8", "1.8e9"].map {
            text -> ProofRow in
            .good("iat \(text)") { $0.fields = [$0.proof.text(claims: iat(text))] }
        }
        + [
            "1799999699.999", "1799999699", "1800000300.001", "0", "-0", "-1800000000", "9007199254740991", "1e-400",
        ].map { text -> ProofRow in bad("iat \(text)", "dpop_iat_not_recent", claims: iat(text)) }
        + [
            "9007199254740992", "1e16", "-9007199254740992", "true", "null", #""1800000000""#, "[1800000000]", "{}",
        ].map { text -> ProofRow in bad("iat \(text)", "dpop_iat_malformed", claims: iat(text)) }

    static let claimRows: [ProofRow] =
        [
            .good("a jti of 256 bytes") { request in
                let own = request.proof.claims["jti"]?.string ?? ""
                request.proof.claims["jti"] = .string(own + String(repeating: "j", count: 256 - own.utf8.count))
            },
            .bad("a jti of 256 characters and 257 bytes", "dpop_jti_malformed") {
                $0.proof.claims["jti"] = .string(String(repeating: "j", count: 255) + "é")
            },
            .good("a jti with a NUL") {
                $0.proof.claims["jti"] = .string("\0" + ($0.proof.claims["jti"]?.string ?? ""))
            },
            .bad("htm with a space", "dpop_htm_mismatch") { $0.proof.claims["htm"] = "POST " },
            .bad("an empty htm", "dpop_htm_mismatch") { $0.proof.claims["htm"] = "" },
            .bad("two methods", "dpop_htm_mismatch") { $0.proof.claims["htm"] = "POST,GET" },
            .bad("a list of htm", "dpop_htm_malformed") { $0.proof.claims["htm"] = ["POST"] },
            .bad("a list of htu", "dpop_htu_malformed") { $0.proof.claims["htu"] = [.string(GuardUnderTest.resource)] },
            .bad("ath with padding", "dpop_ath_mismatch") { $0.proof.changeTokenHash { $0 + "=" } },
            .bad("ath with unused bits", "dpop_ath_mismatch") { request in
                // The last of 43 characters has two bits that must be zero. The next character sets one.
                let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
                request.proof.changeTokenHash { text in
                    let last = alphabet.firstIndex { $0 == text.last } ?? 0
                    return text.dropLast() + String(alphabet[last + 1])
                }
            },
            .bad("ath in small letters", "dpop_ath_mismatch") { $0.proof.changeTokenHash { $0.lowercased() + "a" } },
            .bad("ath with a space", "dpop_ath_mismatch") { $0.proof.changeTokenHash { " " + $0 } },
            .bad("an empty ath", "dpop_ath_mismatch") { $0.proof.changeTokenHash { _ in "" } },
            .bad("ath in hexadecimal", "dpop_ath_mismatch") { request in
                let digest = Digest.sha256(Array(request.token.utf8))
                let digits = digest.map { String(256 + Int($0), radix: 16).dropFirst() }.joined()
                request.proof.changeTokenHash { _ in digits }
            },
            .bad("ath of the token with its scheme", "dpop_ath_mismatch") {
                $0.proof.claims["ath"] = DPoPKey.client.draft(for: "DPoP " + $0.token).claims["ath"]
            },
        ]
        + ([1, .null, [:], ["a"], ""] as [JSONValue]).enumerated().map { number, nonce -> ProofRow in
            .good("a nonce while none is needed, \(number)") { $0.proof.claims["nonce"] = nonce }
        }

    // MARK: The target

    static let targetRows: [ProofRow] =
        [
            "https://mcp.example:0443/mcp", "https://mcp.example:/mcp", "https://mcp.example./mcp",
            "https://mcp.exämple/mcp", "https://xn--mcp.example/mcp", "https://mcp。example/mcp",
            "https://mcp.example/mcp%00", "https://mcp.example/mcp\0", "https://mcp.example/mcp%", "//mcp.example/mcp",
            "https:\\\\mcp.example\\mcp", " https://mcp.example/mcp", "https://mcp.example/mcp ",
            "https://mcp.example/mcp\n", "https:/mcp.example/mcp", "https:mcp.example/mcp", "https://mcp.example/mcp;a",
            "https://[::1%25eth0]/mcp", "https://[::1%eth0]/mcp", "https://[::1]/mcp", "https://mcp.example/mcp//",
            "https://mcp.example/%4dcp", "https://mcp.example/%256dcp", "https://mcp.example/mcp%2F",
            "https://mcp.example@evil.example/mcp", "https://evil.example/mcp#https://mcp.example/mcp",
            "ftp://mcp.example/mcp", "urn:mcp", "https://mcp.example/mc\u{FF50}", "https://mcp.example/\u{6D}cp\u{301}",
            "https://mcp.example/mcp" + String(repeating: "/.", count: 1_500),
        ].enumerated().map { number, htu -> ProofRow in
            .bad("hostile htu \(number)", "dpop_htu_mismatch") { $0.proof.claims["htu"] = .string(htu) }
        }
        + [
            "https://mcp.example/mcp/%2e%2e/mcp", "https://mcp.example/./mcp/.", "https://mcp.example/mcp/x/..",
            "https://mcp.example/../%6D%63%70/", "hTTPs://MCP.EXAMPLE/mcp",
        ].enumerated().map { number, htu -> ProofRow in
            .good("an unusual spelling of htu, \(number)") { $0.proof.claims["htu"] = .string(htu) }
        }

    /// Two slashes at the end of a path are not one, for the target and for `htu`.
    static let slashRows: [ProofRow] = [
        ("/mcp//", "/mcp//", true), ("/mcp//", "/mcp/", false), ("/mcp//", "/mcp", false), ("/mcp/", "/mcp//", false),
        ("/mcp///", "/mcp//", false), ("/mcp//", "/mcp///", false), ("/mcp//.", "/mcp/", false),
        ("/mcp//x/..", "/mcp/", false), ("/mcp/", "/mcp", true), ("/mcp", "/mcp/", true), ("/mcp/.", "/mcp/", true),
    ].map { (target: String, path: String, isGood: Bool) -> ProofRow in
        let edit: @Sendable (inout ProofRequest) -> Void = {
            $0.target = target
            $0.proof.claims["htu"] = .string("https://mcp.example" + path)
        }
        let title = "\(target) with a proof for \(path)"
        return isGood ? .good(title, edit) : .bad(title, "dpop_htu_mismatch", edit)
    }

    static let requestRows: [ProofRow] =
        ["GET", "OPTIONS", "DELETE", "PUT", "PATCH"].flatMap { method -> [ProofRow] in
            [
                .good("\(method) with its proof") {
                    $0.method = method
                    $0.proof.claims["htm"] = .string(method)
                },
                .bad("\(method) with the proof of a POST", "dpop_htm_mismatch") { $0.method = method },
            ]
        } + [
            ProofRow("HEAD with its proof", nil, RowAnswer.passed().bodiless) {
                $0.method = "HEAD"
                $0.proof.claims["htm"] = "HEAD"
            },
            ProofRow("HEAD with the proof of a GET", "dpop_htm_mismatch", RowAnswer.invalidProof.bodiless) {
                $0.method = "HEAD"
                $0.proof.claims["htm"] = "GET"
            },
            .good("the absolute form of the target") { $0.target = "https://mcp.example/mcp" },
            .good("the absolute form with a query") { $0.target = "http://mcp.example/mcp?a=b" },
            .good("the absolute form of another server: its name does not count") {
                $0.target = "http://localhost/mcp"
                $0.lines = [("Host", "localhost")]
            },
            .bad("the absolute form and the proof of another server", "dpop_htu_mismatch") {
                $0.target = "http://localhost/mcp"
                $0.lines = [("Host", "localhost")]
                $0.proof.claims["htu"] = "http://localhost/mcp"
            },
            .bad("white space inside the proof", "dpop_token_base64url") {
                $0.fields = [$0.proof.signed().replacing(".", with: " .")]
            },
            .bad("an empty line before the proof", "dpop_several") { $0.fields = ["", $0.proof.signed()] },
            .bad("three dots", "dpop_token_parts") { $0.fields = ["..."] },
            .bad("quotes", "dpop_token_base64url") { $0.fields = ["\"\($0.proof.signed())\""] },
            .bad("the access token as its own proof", "dpop_typ_not_acceptable") { $0.fields = [$0.token] },
        ]

    // MARK: The credentials

    private static let severalCredentials = RowAnswer.invalidRequestByProof(
        "The request carries more than one Authorization value.")

    static let credentialRows: [ProofRow] = [
        .good("the scheme in mixed case") { $0.scheme = "dPoP" },
        ProofRow("the scheme and a letter", "other_scheme", unauthorized) { $0.scheme = "DPoPs" },
        ProofRow("a proof as the token", "typ_not_acceptable", .invalidTokenByProof) { $0.token = $0.proof.signed() },
        ProofRow("two fields of one credential", "repeated_credentials", severalCredentials) {
            $0.lines = [("Authorization", "DPoP \($0.token)")]
        },
        ProofRow("DPoP and Bearer in two fields", "repeated_credentials", severalCredentials) {
            $0.lines = [("authorization", "Bearer \($0.token)")]
        },
        ProofRow("two credentials in one field", "repeated_credentials", severalCredentials) {
            $0.token += ", DPoP \($0.token)"
        },
        ProofRow(
            "the token in the query too", "token_in_two_places",
            .invalidRequestByProof("The access token must be sent in the Authorization header only.")
        ) { $0.target = "/mcp?access_token=\($0.token)" },
        ProofRow("a token of padding alone", "token_syntax", .invalidTokenByProof) { $0.token = "=" },
        ProofRow("a tab behind the scheme", "token_syntax", .invalidTokenByProof) { $0.scheme = "DPoP\t" },
    ]

    private static let unauthorized = RowAnswer(
        401, [RowAnswer.json, RowAnswer.noStore, RowAnswer.proofOffer],
        #"{"error":"unauthorized","error_description":"An access token is required."}"#)
}

extension DPoPProof {
    /// Changes the text of `ath`.
    fileprivate mutating func changeTokenHash(_ change: (String) -> String) {
        claims["ath"] = .string(change(claims["ath"]?.string ?? ""))
    }
}
