import JOSE
import WireFormat

/// A token, the keys and the policy that judge it, and the expected verdict.
struct TokenWorkload: Sendable {
    let name: String
    let token: [UInt8]
    let keys: JSONWebKeySet
    let validation: JWTValidation
    /// The code of the expected refusal; nil for a good token.
    let expectedCode: String?

    static let issuer = "https://login.example.com/realms/main"
    static let resource = "https://mcp.example.com/mcp"
    static let now = 1_800_000_000.0
    /// The limit for tokens in bytes. It is longer than an `Authorization` field may be.
    static let limit = 16_384

    /// Verifies `count` times, from the bytes to the checked claims. Returns how many verdicts were as expected.
    @inline(never)
    func verifyTokens(_ count: Int) -> Int {
        var right = 0
        for _ in 0..<count {
            do throws(JOSEError) {
                let jwt = try UnverifiedJWT(parsing: token, limit: Self.limit)
                _ = try validation.verify(jwt, keys: keys, now: Self.now)
                if expectedCode == nil { right += 1 }
            } catch {
                if error.code == expectedCode { right += 1 }
            }
        }
        return right
    }
}

extension TokenWorkload {
    /// Parses the token `count` times without verifying it. Returns how often that succeeded.
    func parseTokens(_ count: Int) -> Int {
        repeated(count) { (try? UnverifiedJWT(parsing: token, limit: Self.limit)) != nil }
    }
}

/// Runs an operation `count` times and returns how often it was true.
@inline(__always)
func repeated(_ count: Int, _ body: () -> Bool) -> Int {
    var right = 0
    for _ in 0..<count where body() { right += 1 }
    return right
}

/// Makes the workloads of one algorithm.
struct TokenMint {
    let key: SigningKey
    let validation: JWTValidation
    let issuer: String
    let keyID = "2027-01-a3f1c9"

    init(_ algorithm: SignatureAlgorithm, issuer: String = TokenWorkload.issuer) throws {
        key = try SigningKey.generate(algorithm, keyID: keyID)
        self.issuer = issuer
        validation = try JWTValidation(issuer: issuer, resource: TokenWorkload.resource)
    }

    var header: String { #"{"alg":"\#(key.algorithm.name)","typ":"at+jwt","kid":"\#(keyID)"}"# }

    /// The claims of RFC 9068 as a typical large authorization server sends them: about 270 bytes.
    func claims(expiring: Int = 1_800_000_600, more: Int = 0) -> String {
        let others = (0..<more).map { #","https://example.com/claims/c\#($0)":"value \#($0)""# }.joined()
        return """
            {"iss":"\(issuer)","sub":"8c2f6f1e-5d0b-4a53","aud":"\(TokenWorkload.resource)",\
            "exp":\(expiring),"nbf":1799999990,"iat":1799999990,"jti":"f0a1b2c3d4e5f607","client_id":"mcp-client-7",\
            "scope":"mcp:use files:read files:write","azp":"mcp-client-7"\(others)}
            """
    }

    func token(header: String? = nil, claims: String? = nil) throws -> [UInt8] {
        let input =
            Base64URL.encode(Array((header ?? self.header).utf8)) + "."
            + Base64URL.encode(Array((claims ?? self.claims()).utf8))
        return try Array((input + "." + Base64URL.encode(key.sign(Array(input.utf8)))).utf8)
    }

    /// A set of `count` keys, with the signing key last.
    func keys(_ count: Int = 1) throws -> JSONWebKeySet {
        let entries = (0..<count).map { index -> JSONValue in
            var jwk = key.publicJWK
            if index < count - 1 { jwk["kid"] = .string("other-\(index)") }
            return .object(jwk)
        }
        let document = JSONValue.object(["keys": .array(entries)]).encoded()
        return try JSONWebKeySet(parsing: document, issuer: issuer)
    }

    func workload(_ name: String, _ token: [UInt8], keys: JSONWebKeySet, code: String? = nil) -> TokenWorkload {
        TokenWorkload(name: name, token: token, keys: keys, validation: validation, expectedCode: code)
    }

    func good() throws -> TokenWorkload {
        try workload("\(key.algorithm.name) good", token(), keys: keys())
    }

    /// Refused tokens, each with one defect.
    func refused() throws -> [TokenWorkload] {
        let keys = try keys()
        let good = try token()
        func filled(_ size: Int, _ byte: (Int) -> UInt8) -> [UInt8] { (0..<size).map(byte) }
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let noise = filled(TokenWorkload.limit) { letters[($0 &* 2_654_435_761 >> 7) & 63] }
        // The header and the dots of a good token, with noise between them.
        var framed = Array(Base64URL.encode(Array(header.utf8)).utf8) + [UInt8(ascii: ".")]
        // Base64url text whose length is a multiple of four is always canonical.
        framed += noise.prefix((TokenWorkload.limit - framed.count - 400) / 4 * 4) + [UInt8(ascii: ".")]
        framed += noise.prefix(343)
        let otherKey = header.replacing(keyID, with: "nobody-knows-it")
        return [
            workload("bad signature", forged(good), keys: keys, code: "bad_signature"),
            workload("expired", try token(claims: claims(expiring: 1_700_000_000)), keys: keys, code: "exp_expired"),
            workload("unknown kid", try token(header: otherKey), keys: keys, code: "key_unknown"),
            workload(
                "wrong alg", try token(header: header.replacing(key.algorithm.name, with: "HS256")), keys: keys,
                code: "alg_not_allowed"),
            workload("garbage of its size", Array(noise.prefix(good.count)), keys: keys, code: "token_parts"),
            workload("16 KiB of garbage", noise, keys: keys, code: "token_parts"),
            workload("16 KiB of dots", filled(TokenWorkload.limit) { _ in 0x2E }, keys: keys, code: "token_parts"),
            workload("16 KiB, good header, claims garbage", framed, keys: keys, code: "payload_json"),
            workload("17 KiB", noise + noise.prefix(1_024), keys: keys, code: "token_too_large"),
            workload(
                "1,210 claims, unknown kid", try token(header: otherKey, claims: tinyClaims), keys: keys,
                code: "key_unknown"),
            workload(
                "1,210 claims, bad signature", forged(try token(claims: tinyClaims)), keys: keys,
                code: "bad_signature"),
        ]
    }

    /// A good token with this number of claims.
    func manyClaims(_ count: Int) throws -> TokenWorkload {
        try workload("\(count) claims", token(claims: claims(more: max(0, count - 10))), keys: keys())
    }

    /// A good token as large as the refused tokens that are most expensive to parse.
    func manyTinyClaims() throws -> TokenWorkload {
        try workload("1,210 claims, good", token(claims: tinyClaims), keys: keys())
    }

    /// The claims that are most expensive to parse: as many small ones as fit into a token.
    private var tinyClaims: String {
        String(claims().dropLast()) + (0..<1_200).map { #","\#($0)":0"# }.joined() + "}"
    }

    /// The same token with another signature of the right form.
    private func forged(_ token: [UInt8]) -> [UInt8] {
        var token = token
        let place = token.count - 20
        token[place] = token[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        return token
    }
}
