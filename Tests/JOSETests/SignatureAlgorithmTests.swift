import CLibcrypto
import JOSE
import Testing
import WireFormat

@Suite("SignatureAlgorithm", .serialized)
struct SignatureAlgorithmTests {
    @Test("POLICY §6: the table, and what is allowed by default")
    func table() {
        #expect(
            SignatureAlgorithm.all.map(\.name)
                == ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"])
        #expect(SignatureAlgorithm.allowedByDefault == [.rs256, .es256])
        #expect(JWTPolicy(issuer: "i", resource: "r").algorithms == [.rs256, .es256])
        for row in SignatureAlgorithm.all { #expect(SignatureAlgorithm(name: row.name) == row) }
        #expect(SignatureAlgorithm(name: "Ed25519") == .edDSA)
    }

    @Test(
        "HMAC, none and other spellings are not representable",
        arguments: [
            "none", "None", "", "HS256", "HS384", "HS512", "rs256", "RS256 ", "RS1", "ES256K", "Ed448", "eddsa",
        ])
    func notRepresentable(name: String) {
        #expect(SignatureAlgorithm(name: name) == nil)
    }

    @Test(
        "RFC 9864 §2.2: the header may call EdDSA Ed25519; a key too", arguments: ["EdDSA", "Ed25519"],
        ["EdDSA", "Ed25519"])
    func edDSANames(inHeader: String, inKey: String) {
        let mint = TokenMint.edDSA
        var key = mint.key.publicJWK
        key["alg"] = .string(inKey)
        let token = mint.token(header: #"{"alg":"\#(inHeader)","kid":"key-1"}"#)
        #expect(TokenMint.refusal(of: token, keys: TokenMint.keySet([key])) == nil)
    }

    /// Pairs of different algorithms that use the same kind of key.
    private static let confusions: [(TokenMint, SignatureAlgorithm)] = TokenMint.all.flatMap { mint in
        SignatureAlgorithm.all.filter { $0 != mint.key.algorithm && $0.keyShape == mint.key.algorithm.keyShape }
            .map { (mint, $0) }
    }

    @Test(
        "RFC 7518 §3.5: padding and hash are those of the header's algorithm, on a key that may verify both",
        arguments: confusions)
    func confusion(mint: TokenMint, other: SignatureAlgorithm) {
        var key = mint.key.publicJWK
        key["alg"] = nil
        let keys = TokenMint.keySet([key])
        let header = #"{"alg":"\#(other.name)","kid":"key-1"}"#
        let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(TokenMint.payload.utf8))
        // If another algorithm than that of the header signed the token, it is refused. Otherwise it is accepted.
        #expect(TokenMint.refusal(of: mint.sign(input), keys: keys) == .badSignature)
        #expect(TokenMint.refusal(of: mint.sign(input, as: other), keys: keys) == nil)
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("RFC 7517 §4.4: a key with alg verifies nothing else", arguments: confusions)
    func boundKey(mint: TokenMint, other: SignatureAlgorithm) {
        let header = #"{"alg":"\#(other.name)","kid":"key-1"}"#
        let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(TokenMint.payload.utf8))
        #expect(TokenMint.refusal(of: mint.sign(input, as: other), keys: mint.keySet) == .key(.algorithmMismatch))
    }

    @Test("RFC 7518 §3.4: a curve fits its own algorithm only")
    func curves() {
        for mint in TokenMint.all {
            for other in SignatureAlgorithm.all where other.keyShape != mint.key.algorithm.keyShape {
                var key = mint.key.publicJWK
                key["alg"] = nil
                let token = mint.token(header: #"{"alg":"\#(other.name)","kid":"key-1"}"#)
                #expect(TokenMint.refusal(of: token, keys: TokenMint.keySet([key])) == .key(.algorithmMismatch))
            }
        }
    }

    // A key and signatures made with `openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:…`.

    private static let pssKey =
        #"{"keys":[{"kty":"RSA","kid":"k","e":"AQAB","n":"ktvBgCHBC67q6UsVnrge1sQWgqJyDkUXVJDJ9j9NKifJ6L0TFDE5wQI0uJN0gZNLt8EU6ED4XK6HC0SaGnN5CHPnuX9tWCbTQrrrIyA82F4ERdj5Ab8VX43SOxrS5QrX-GArApa2Gce06D6LRA0RDHMwn_PeD6k0yxtfGyLbGKrMNDCqu_T4qhRWpO6oUwueTtrTpC6zj1H9eIxeSf8Xr7rK7Rfad7Iltkz6po9w59HmNiwgy2m0VDnxDcUTty2_csycbCvK_08lah5aM5sxp7XZvn_SOcdERU59SQ5wawQA_VjrzfxM5widGpZB62p49_1VwAQEMy_K7HmNNJig_w"}]}"#
    private static let pssInput =
        "eyJhbGciOiJQUzI1NiIsImtpZCI6ImsifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjoia"
        + "HR0cHM6Ly9tY3AuZXhhbXBsZS9tY3AiLCJleHAiOjE4MDAwMDA2MDB9"

    @Test(
        "RFC 7518 §3.5: PS256 takes the salt of 32 bytes only",
        arguments: [
            (
                32,
                "ZtLdfJilcFo2xK3zpUVkjsj0Wo7cVzBx2G6UMyaOAsXcYSJ4NOh2V4r6y2zucKr2AVlJYfHeStlKCrR-zSvQbgwR"
                    + "q0i7EXRJ6ztWCZleTuLNNg96LJkplsfp3QEjMjhgmod90e0sx4gfe5vm7xeHk66zRqLbskf40Ve60SrVXkSU-j3R"
                    + "uEc5rJN-LHhQroBaNvlEYr27UNvPcwrm7e_CIujUVefxrC7NePnPedRlUQaKcoqMGHjbt3h6Adfq4SL39Pzxms_1"
                    + "5BpNMtCWUhYf3C-n1_jowjW8fBkz4iAU0jDslZymtRlcq6vAMoyBtWhhsaJClENPeT2lNtCUrS15RA", true
            ),
            (
                0,
                "RUJK6TM7FWqN8oJ5QcQmxfvh2zKfzlxXs63ScUoIZ4I9nChS82qb3YDWeocwUpfyQqp7HsUNGYp4GryelLSpQxah"
                    + "U6m8ThYg3GR0xmDC3Lj8pjfBZGhyjfI_oKIjyjYJx918swHe2ret9c_PFQ0sclwMCes74OqLqQqBEzY0MsXJbCeM"
                    + "-w5Uu3z5OQEQKgCCPhLa2S9YuqFIZCERvYp34uqtM5h_FnzskYgtHeKDhbkiKVpyGCkJWJsbXM-mOsmHh16_bGgy"
                    + "w0Ef3yhF00sIHPYUsg-75qiQDNDfuX1r5MSCmdED7INvFb1CgJ9t0nS2d-Q8K31gdQJpdOgXPKZgIw", false
            ),
            (
                20,
                "c6Dq1GSkETi6m_M11SLgEfFMs18XPXj9cdlU8rH1qa6IEZUsGro-lyFVvjC_BobJOFZuae1pil6PHiyn0ZsrJ4Rx"
                    + "ef6NC6MWvy1ujvMTJj-1JkwSa07Z5UIipAvXqZSywnz0dPKNV9igULkPQmgWtkLtKk8zzoZ6igjZRhpzXFHw9u_5"
                    + "OMIFoNpBou0B62m8G_Yn0VU5snqlPsjCayiSKSnw3rDqs76xGvyV9Rj0mcVUBIY0-TPBaZHxmlshtL8LvJrNawXC"
                    + "nDDhHnCkgtX0sMSupb21CJw1V-TjCK-BrbqEcM8EC_cccfRBU3uEkvn79D2IFMBdDuHAMLoy0qQs_Q", false
            ),
            (
                222,
                "jrqQy6C2QZjz4oLdURLgJaclPg1NLHmTUElgpg8CGC9vaLqQIf3ZmQ11QmDPGx3zokpVEWy80ZoxKiI_tb31ee63"
                    + "yyZ_o9o4ciRuzEh1NxLOqlzht9TY9mglyFxI4R9kC-P1jhbLT2JjE4h1PTU7NB09auzXWoarsQYBblRX9V8ugpx7"
                    + "9M1Spt8VttNRGHxGGpSega9e8uH00i9x4rmyAhPEMy5iOBHsCR8KH43xfTkspxucbCsWy7tLBHbkYOrOuH7S1cRX"
                    + "egZXgP4dDb1vr29_uOcz9s0QVCKjojfr83nWIy6YZ0hcpEhcq0NneNaXDiXhvEv5xHVf1axs0rXiJg", false
            ),
        ])
    func saltLength(salt: Int, signature: String, accepted: Bool) throws {
        #expect(try pss(signature) == (accepted ? nil : .badSignature))
    }

    @Test("RFC 7518 §3.5: MGF1 uses the same hash")
    func maskGeneration() throws {
        let withSHA1 =
            "KRChsnPvWDSG63BLLUz8yWsn4kw1XcX6ESSCQ8gDKllD52Gd25vf9A_C_vjCJyXWO5JWKOwntddc_JmLWMLN7463"
            + "VX3mTv0xYTn6SqnYix6c97_qRaEtlHBSysRvgLiG-vSrvOtpeY5RM405HePR8aVXqK-gr-Egtj9scqM4pvWtlApA"
            + "RufWDWqsqnk8g-P2HCMIR19dgiEplrezfw3G5gWx3Rbaf2ZIhrID_KrLgROABsVx_ozX6uX9ZUZnX_ca7TO63Mg9"
            + "ZVPbQj52Ph9i8I0mNbKHb5eQfqvrQSmO-MR23U29lljvKQR5sALLAGJXWg9VyopPsW3xdN-ACt0QsA"
        #expect(try pss(withSHA1) == .badSignature)
    }

    private func pss(_ signature: String) throws -> JOSEError? {
        let keys = try JSONWebKeySet(parsing: Array(Self.pssKey.utf8), issuer: TokenMint.issuer)
        return TokenMint.refusal(of: Array("\(Self.pssInput).\(signature)".utf8), keys: keys)
    }
}
