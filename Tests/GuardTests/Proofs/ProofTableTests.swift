import JOSE
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

/// A good request with exactly one thing different, in process and through the real server, with the whole answer and
/// the reason code.
@Suite("RFC 9449: proofs, request by request", .serialized, .timeLimit(.minutes(5)))
struct ProofTableTests {
    @Test("RFC 9449 §4.3 and §7.1: one defect each, where every request needs a bound token")
    func table() async throws {
        let tables = [
            Self.fieldRows, Self.headerRows, Self.absentClaimRows, Self.claimRows, Self.spellingRows,
            Self.foreignTargetRows, Self.targetRows,
        ]
        try await ProofGuard(.required).check(tables.flatMap { $0 })
    }

    @Test("RFC 9449 §7.1 and §7.2, RFC 7800 §3.1: the token, its binding and the scheme")
    func bindings() async throws {
        try await ProofGuard(.required).check(Self.confirmationRows + Self.requiredRows)
        try await ProofGuard(.optional).check(Self.optionalRows)
        try await ProofGuard(.off).check(Self.offRows)
    }

    // MARK: Rules 1 and 2: the field

    static let fieldRows: [ProofRow] = [
        .good("a good request"),
        .good("the scheme in capitals") { $0.scheme = "DPOP" },
        .good("the scheme in small letters") { $0.scheme = "dpop" },
        .good("several spaces") { $0.scheme = "DPoP   " },
        .bad("no proof", "dpop_missing") { $0.fields = [] },
        .bad("an empty proof", "dpop_missing") { $0.fields = [""] },
        .bad("two proofs", "dpop_several") {
            $0.fields = [$0.proof.signed(), DPoPKey.client.draft(for: $0.token).signed()]
        },
        .bad("the same proof twice", "dpop_several") { $0.fields = [$0.proof.signed(), $0.proof.signed()] },
        .bad("two proofs with a comma", "dpop_several") {
            $0.fields = [$0.proof.signed() + ", " + DPoPKey.client.draft(for: $0.token).signed()]
        },
        .bad("a comma behind the proof", "dpop_several") { $0.fields = [$0.proof.signed() + ","] },
        .bad("not a JWS", "dpop_token_parts") { $0.fields = ["proof"] },
        .bad("two parts", "dpop_token_parts") { $0.fields = ["a.b"] },
        .bad("an encrypted proof", "dpop_token_encrypted") { $0.fields = ["a.b.c.d.e"] },
        .bad("padding", "dpop_token_base64url") { $0.fields = [$0.proof.signed() + "="] },
        .bad("the longest size and a byte", "dpop_token_too_large") {
            $0.fields = [$0.proof.signed() + String(repeating: "A", count: 8_193 - $0.proof.signed().utf8.count)]
        },
        .bad("claims that are not JSON", "dpop_payload_json") {
            let parts = $0.proof.signed().split(separator: ".")
            $0.fields = ["\(parts[0]).\(Base64URL.encode(Array("[]".utf8))).\(parts[2])"]
        },
        .bad("a header with a member twice", "dpop_header_json") {
            let parts = $0.proof.signed().split(separator: ".")
            let header = #"{"typ":"dpop+jwt","typ":"dpop+jwt","alg":"ES256"}"#
            $0.fields = ["\(Base64URL.encode(Array(header.utf8))).\(parts[1]).\(parts[2])"]
        },
    ]

    // MARK: Rules 4 to 7: the header and the signature

    static let headerRows: [ProofRow] = [
        .bad("no typ", "dpop_typ_not_acceptable") { $0.proof.header["typ"] = nil },
        .bad("typ JWT", "dpop_typ_not_acceptable") { $0.proof.header["typ"] = "JWT" },
        .bad("typ at+jwt", "dpop_typ_not_acceptable") { $0.proof.header["typ"] = "at+jwt" },
        .bad("typ of another kind", "dpop_typ_not_acceptable") { $0.proof.header["typ"] = "dpop+jwts" },
        .bad("typ that is not a string", "dpop_typ_not_acceptable") { $0.proof.header["typ"] = ["dpop+jwt"] },
        .good("typ in capitals and with its prefix: a media type") { $0.proof.header["typ"] = "application/DPoP+JWT" },
        .bad("no alg", "dpop_alg_missing") { $0.proof.header["alg"] = nil },
        .bad("alg none", "dpop_alg_not_allowed") { $0.proof.header["alg"] = "none" },
        .bad("alg HS256", "dpop_alg_not_allowed") { $0.proof.header["alg"] = "HS256" },
        .bad("alg that does not fit the key", "dpop_jwk_alg_unsupported") { $0.proof.header["alg"] = "RS256" },
        .bad("alg of another curve", "dpop_jwk_alg_unsupported") { $0.proof.header["alg"] = "ES384" },
        .bad("crit", "dpop_crit_present") { $0.proof.header["crit"] = ["exp"] },
        .bad("no jwk", "dpop_jwk_missing") { $0.proof.header["jwk"] = nil },
        .bad("jwk that is a text", "dpop_jwk_missing") { $0.proof.header["jwk"] = "key" },
        .bad("kid instead of jwk", "dpop_jwk_missing") {
            $0.proof.header["jwk"] = nil
            $0.proof.header["kid"] = .string(DPoPKey.client.thumbprint)
        },
        .bad("jku instead of jwk", "dpop_jwk_missing") {
            $0.proof.header["jwk"] = nil
            $0.proof.header["jku"] = "https://evil.example/keys"
        },
        .bad("x5c instead of jwk", "dpop_jwk_missing") {
            $0.proof.header["jwk"] = nil
            $0.proof.header["x5c"] = ["MIIB"]
        },
        .good("jku, x5c and x5u beside jwk are never read") {
            $0.proof.header["jku"] = "https://evil.example/keys"
            $0.proof.header["x5c"] = ["MIIB"]
            $0.proof.header["x5u"] = "https://evil.example/certificate"
        },
        .bad("a private key in jwk", "dpop_jwk_private_material") { $0.proof.changeKey { $0["d"] = "AA" } },
        .bad("k in jwk", "dpop_jwk_private_material") { $0.proof.changeKey { $0["k"] = "AA" } },
        .bad("a shared key", "dpop_jwk_kty_unsupported") {
            $0.proof.header["jwk"] = ["kty": "oct", "k": "AA"]
        },
        .bad("a key for encryption", "dpop_jwk_use_not_sig") { $0.proof.changeKey { $0["use"] = "enc" } },
        .bad("a coordinate of another size", "dpop_jwk_ec_point") { $0.proof.changeKey { $0["x"] = "AAAA" } },
        .bad("an altered signature", "dpop_bad_signature") {
            var text = Array($0.proof.signed().utf8)
            text[text.count - 20] = text[text.count - 20] == 0x41 ? 0x42 : 0x41
            $0.fields = [String(decoding: text, as: UTF8.self)]
        },
        .bad("the client's jwk, signed by a stranger", "dpop_bad_signature") {
            $0.proof = DPoPKey.stranger.draft(for: $0.token)
            $0.proof.header["jwk"] = .object(DPoPKey.client.publicJWK)
        },
        ProofRow("a good proof of another key", "dpop_other_key", .invalidTokenByProof) {
            $0.proof = DPoPKey.stranger.draft(for: $0.token)
        },
    ]

    // MARK: Rules 3, 8 and 11: the claims

    static let absentClaimRows: [ProofRow] = ["jti", "htm", "htu", "iat", "ath"].flatMap { name -> [ProofRow] in
        let code = "dpop_\(name)_malformed"
        return [
            ProofRow.bad("no \(name)", code) { $0.proof.claims[name] = nil },
            ProofRow.bad("\(name) that is null", code) { $0.proof.claims[name] = .null },
        ]
    }

    static let claimRows: [ProofRow] = [
        .bad("an empty jti", "dpop_jti_malformed") { $0.proof.claims["jti"] = "" },
        .bad("a jti of 257 bytes", "dpop_jti_malformed") {
            $0.proof.claims["jti"] = .string(String(repeating: "j", count: 257))
        },
        .bad("a jti that is a number", "dpop_jti_malformed") { $0.proof.claims["jti"] = 1 },
        .bad("htm of another method", "dpop_htm_mismatch") { $0.proof.claims["htm"] = "GET" },
        .bad("htm in small letters", "dpop_htm_mismatch") { $0.proof.claims["htm"] = "post" },
        .good("htm of the method") { request in
            request.method = "DELETE"
            request.proof.claims["htm"] = "DELETE"
        },
        .bad("iat that is a text", "dpop_iat_malformed") { $0.proof.claims["iat"] = "1800000000" },
        .good("the oldest iat") { $0.proof.claims["iat"] = 1_799_999_700 },
        .bad("an iat that is a second too old", "dpop_iat_not_recent") { $0.proof.claims["iat"] = 1_799_999_699 },
        .good("the latest iat") { $0.proof.claims["iat"] = 1_800_000_300 },
        .bad("an iat that is a second too late", "dpop_iat_not_recent") { $0.proof.claims["iat"] = 1_800_000_301 },
        .bad("ath of another token", "dpop_ath_mismatch") {
            $0.proof.claims["ath"] = DPoPKey.client.draft(for: "other").claims["ath"]
        },
        .bad("ath that is the token", "dpop_ath_mismatch") { $0.proof.claims["ath"] = .string($0.token) },
        .good("a nonce that was not asked for") { $0.proof.claims["nonce"] = "anything" },
        .good("further claims") { $0.proof.claims["exp"] = 1 },
    ]

    // MARK: Rule 9: the target

    static let spellingRows: [ProofRow] = [
        ("another case of scheme and host", "HTTPS://MCP.Example/mcp"),
        ("the default port", "https://mcp.example:443/mcp"), ("a slash at the end", "https://mcp.example/mcp/"),
        ("dot segments", "https://mcp.example/a/../mcp"), ("percent-encoding", "https://mcp.example/%6dcp"),
    ].map { (title: String, htu: String) -> ProofRow in
        ProofRow.good("htu with \(title)") { $0.proof.claims["htu"] = .string(htu) }
    }

    static let foreignTargetRows: [ProofRow] = [
        ("a query", "https://mcp.example/mcp?a=b"), ("an empty query", "https://mcp.example/mcp?"),
        ("a fragment", "https://mcp.example/mcp#a"), ("another scheme", "http://mcp.example/mcp"),
        ("another host", "https://evil.example/mcp"), ("another port", "https://mcp.example:8443/mcp"),
        ("another path", "https://mcp.example/other"), ("another case of the path", "https://mcp.example/MCP"),
        ("an escaped slash", "https://mcp.example%2Fmcp"), ("two slashes", "https://mcp.example//mcp"),
        ("user information", "https://a@mcp.example/mcp"), ("only the path", "/mcp"), ("nothing", ""),
    ].map { (title: String, htu: String) -> ProofRow in
        ProofRow.bad("htu with \(title)", "dpop_htu_mismatch") { $0.proof.claims["htu"] = .string(htu) }
    }

    static let targetRows: [ProofRow] = [
        .good("the query of the request does not count") { $0.target = "/mcp?a=b" },
        .good("a path below the resource") {
            $0.target = "/mcp/x%2fy"
            $0.proof.claims["htu"] = "https://mcp.example/mcp/x%2Fy"
        },
        .bad("the proof for another path", "dpop_htu_mismatch") { $0.target = "/mcp/x" },
        .good("another Host does not count") { $0.lines = [("Host", "localhost")] },
        .bad("htu of the Host field", "dpop_htu_mismatch") {
            $0.lines = [("Host", "localhost")]
            $0.proof.claims["htu"] = "https://localhost/mcp"
        },
        .bad("htu of the X-Forwarded-Host field", "dpop_htu_mismatch") {
            $0.lines = [("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")]
            $0.proof.claims["htu"] = "https://evil.example/mcp"
        },
    ]

    // MARK: The token

    private static let thumbprint = DPoPKey.client.thumbprint

    /// Values of `cnf` that are refused, with their codes.
    private static let badConfirmations: [(String, JSONValue, String)] = [
        ("null", .null, "cnf_wrong_type"), ("a text", .string(thumbprint), "cnf_wrong_type"),
        ("no member", [:], "cnf_malformed"), ("an empty jkt", ["jkt": ""], "cnf_malformed"),
        ("jkt that is null", ["jkt": .null], "cnf_wrong_type"),
        ("jkt with padding", ["jkt": .string(thumbprint + "=")], "cnf_malformed"),
        ("an unknown member", ["jkt": .string(thumbprint), "jwk": [:]], "cnf_unsupported"),
        ("the certificate", ["x5t#S256": .string(thumbprint)], "cnf_unsatisfied"),
        ("both", ["jkt": .string(thumbprint), "x5t#S256": .string(thumbprint)], "cnf_unsatisfied"),
    ]

    /// The verifier refuses what cannot be read. The guard refuses what it does not check.
    static let confirmationRows: [ProofRow] = badConfirmations.map { title, value, code -> ProofRow in
        ProofRow("cnf with \(title)", code, .invalidTokenByProof) { $0.present(ProofRequest.token(cnf: value)) }
    }

    static let requiredRows: [ProofRow] = [
        ProofRow("a bound token as Bearer", "dpop_bound_token_as_bearer", .invalidTokenByProof) {
            $0.scheme = "Bearer"
        },
        ProofRow("a bound token as Bearer without a proof", "dpop_bound_token_as_bearer", .invalidTokenByProof) {
            $0.scheme = "Bearer"
            $0.fields = []
        },
        ProofRow("an unbound token as DPoP", "dpop_unbound_token", .invalidTokenByProof) {
            $0.present(GuardUnderTest.issuer.token())
        },
        ProofRow("an unbound token as Bearer", "dpop_binding_required", .invalidTokenByProof) {
            $0.scheme = "Bearer"
            $0.present(GuardUnderTest.issuer.token())
        },
        ProofRow("an expired token with a good proof", "exp_expired", .invalidTokenByProof) {
            $0.present(ProofRequest.boundToken { TokenDefect.expired.spoil(&$0) })
        },
        ProofRow("a token without the scope", "insufficient_scope", .insufficientScopeByProof) {
            $0.present(ProofRequest.boundToken { $0.claims["scope"] = nil })
        },
        .bad("a bad proof, and no scope: 401 and not 403", "dpop_htm_mismatch") {
            $0.present(ProofRequest.boundToken { $0.claims["scope"] = nil })
            $0.proof.claims["htm"] = "GET"
        },
        ProofRow("a token that is not a token68", "token_syntax", .invalidTokenByProof) { $0.token = "a!b" },
        ProofRow(
            "credentials of another scheme", "other_scheme",
            RowAnswer(
                401, [RowAnswer.json, RowAnswer.noStore, RowAnswer.proofOffer],
                #"{"error":"unauthorized","error_description":"An access token is required."}"#)
        ) { $0.scheme = "Basic" },
    ]

    /// The Bearer challenge with an error, and the DPoP challenge without, or the other way round.
    private static func both(_ error: RowAnswer, offering other: String) -> RowAnswer { error.with(other) }

    static let optionalRows: [ProofRow] = [
        .good("a bound token with its proof"),
        .good("an unbound token as Bearer") {
            $0.scheme = "Bearer"
            $0.present(GuardUnderTest.issuer.token())
            $0.fields = []
        },
        .good("RFC 9449 §7.2: a proof beside an unbound token as Bearer is ignored") {
            $0.scheme = "Bearer"
            $0.present(GuardUnderTest.issuer.token())
            $0.fields = ["garbage", "garbage"]
        },
        ProofRow(
            "downgrade: a bound token as Bearer", "dpop_bound_token_as_bearer",
            both(.invalidToken(), offering: RowAnswer.proofOffer)
        ) { $0.scheme = "Bearer" },
        ProofRow(
            "upgrade: an unbound token as DPoP", "dpop_unbound_token",
            both(.invalidTokenByProof, offering: RowAnswer.bearerOffer)
        ) { $0.present(GuardUnderTest.issuer.token()) },
        .bad("a bad proof: DPoP alone is challenged", "dpop_htm_mismatch") { $0.proof.claims["htm"] = "GET" },
        ProofRow(
            "a bad token as DPoP", "token_parts", both(.invalidTokenByProof, offering: RowAnswer.bearerOffer)
        ) { $0.token = "bad" },
        ProofRow(
            "a bad token as Bearer", "token_parts", both(.invalidToken(), offering: RowAnswer.proofOffer)
        ) {
            $0.scheme = "Bearer"
            $0.token = "bad"
        },
        ProofRow("no scope, as DPoP: 403 for DPoP alone", "insufficient_scope", .insufficientScopeByProof) {
            $0.present(ProofRequest.boundToken { $0.claims["scope"] = nil })
        },
        ProofRow("no scope, as Bearer: 403 for Bearer alone", "insufficient_scope", .insufficientScope("mcp:use")) {
            $0.scheme = "Bearer"
            $0.present(GuardUnderTest.issuer.token { $0.claims["scope"] = nil })
        },
        ProofRow(
            "credentials of another scheme: both are offered", "other_scheme",
            both(.unauthorized(), offering: RowAnswer.proofOffer)
        ) { $0.scheme = "Basic" },
        ProofRow(
            "both schemes in two fields", "repeated_credentials",
            both(.twoCredentials, offering: RowAnswer.proofOffer)
        ) {
            $0.scheme = "Bearer"
            $0.lines = [("Authorization", "DPoP \($0.token)")]
        },
    ]

    static let offRows: [ProofRow] = [
        ProofRow("DPoP is another scheme", "other_scheme", .unauthorized()) { _ in },
        ProofRow("a bound token as Bearer", "cnf_unsatisfied", .invalidToken()) { $0.scheme = "Bearer" },
        ProofRow("a bound token as Bearer without a proof", "cnf_unsatisfied", .invalidToken()) {
            $0.scheme = "Bearer"
            $0.fields = []
        },
        .good("an unbound token with a proof that is ignored") {
            $0.scheme = "Bearer"
            $0.present(GuardUnderTest.issuer.token())
        },
    ]
}

extension DPoPProof {
    /// Changes the members of `jwk`.
    mutating func changeKey(_ change: (inout JSONDocument.Object) -> Void) {
        var jwk = header["jwk"]?.object ?? [:]
        change(&jwk)
        header["jwk"] = .object(jwk)
    }
}
