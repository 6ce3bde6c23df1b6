import Testing
import WireFormat

@testable import JOSE

/// Examples from the RFCs whose payload is not a claims set. They test signature and key only.
@Suite("RFC vectors", .serialized)
struct VectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let key: String
        let algorithm: SignatureAlgorithm
        let header: String
        let payload: String
        let signature: String
        var testDescription: String { name }
    }

    private static let frodo =
        "It\u{2019}s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep your feet, "
        + "there\u{2019}s no knowing where you might be swept off to."
    private static let bilboRSA = """
        {"kty":"RSA","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMa\
        JMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpP\
        I9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQ\
        kqgc5gHdrNP5zw","e":"AQAB","kid":"bilbo.baggins@hobbiton.example","use":"sig"}
        """
    private static let bilboEC = """
        {"kty":"EC","kid":"bilbo.baggins@hobbiton.example","use":"sig","crv":"P-521",\
        "x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",\
        "y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"}
        """

    static let vectors: [Vector] = [
        Vector(
            name: "RFC 7515 A.4 (ES512)",
            key: """
                {"kty":"EC","crv":"P-521",\
                "x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",\
                "y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}
                """,
            algorithm: .es512, header: #"{"alg":"ES512"}"#, payload: "Payload",
            signature: """
                AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgo\
                XD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn
                """),
        Vector(
            name: "RFC 7520 §4.1 (RS256)", key: bilboRSA, algorithm: .rs256,
            header: #"{"alg":"RS256","kid":"bilbo.baggins@hobbiton.example"}"#, payload: frodo,
            signature: """
                MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB\
                -BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxn\
                t8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcI\
                e8u9ipH84ogoree7vjbU5y18kDquDg
                """),
        Vector(
            name: "RFC 7520 §4.2 (PS384)", key: bilboRSA, algorithm: .ps384,
            header: #"{"alg":"PS384","kid":"bilbo.baggins@hobbiton.example"}"#, payload: frodo,
            signature: """
                cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6\
                _1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3\
                lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6G\
                YmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw
                """),
        Vector(
            name: "RFC 7520 §4.3 (ES512)", key: bilboEC, algorithm: .es512,
            header: #"{"alg":"ES512","kid":"bilbo.baggins@hobbiton.example"}"#, payload: frodo,
            signature: """
                AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDy\
                YjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2
                """),
        Vector(
            name: "RFC 8037 A.4 (EdDSA)",
            key: #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            algorithm: .edDSA, header: #"{"alg":"EdDSA"}"#, payload: "Example of Ed25519 signing",
            signature: "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"),
    ]

    @Test("Signatures of the RFCs verify, and not over another text", arguments: vectors)
    func signature(vector: Vector) throws {
        let key = try JSONWebKey(JSONDocument(parsing: Array(vector.key.utf8)).root)
        let signature = try #require(Base64URL.decode(vector.signature))
        let text = "\(Base64URL.encode(Array(vector.header.utf8))).\(Base64URL.encode(Array(vector.payload.utf8)))"
        let input = Array(text.utf8)
        func verifies(_ input: [UInt8], _ algorithm: SignatureAlgorithm) throws -> Bool {
            try key.verification.verifies(signature, over: input, count: input.count, algorithm: algorithm)
        }
        #expect(try verifies(input, vector.algorithm))
        #expect(try !verifies(input + [0x41], vector.algorithm))
        #expect(try !verifies(Array(input.dropLast()), vector.algorithm))
        for other in SignatureAlgorithm.all where other != vector.algorithm {
            #expect(try !verifies(input, other))
        }
    }

    @Test("No byte behind the token is hashed, although the memory may still hold the right ones", arguments: vectors)
    func signedBytesWithinToken(vector: Vector) throws {
        let key = try JSONWebKey(JSONDocument(parsing: Array(vector.key.utf8)).root)
        let signature = try #require(Base64URL.decode(vector.signature))
        let text = "\(Base64URL.encode(Array(vector.header.utf8))).\(Base64URL.encode(Array(vector.payload.utf8)))"
        var input = Array(text.utf8)
        let count = input.count
        // Shortened in place: the removed bytes are still in memory after the end.
        input.removeLast(8)
        let algorithm = vector.algorithm
        #expect(try !key.verification.verifies(signature, over: input, count: count, algorithm: algorithm))
    }

    @Test(
        "RFC 7638 §3.1, RFC 8037 A.3: thumbprints",
        arguments: [
            (
                """
                {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
                BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAta\
                Sqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBn\
                iIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
                """,
                "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "RSA 2048"
            ),
            (
                #"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
                "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "Ed25519"
            ),
        ])
    func thumbprints(key: String, thumbprint: String, type: String) throws {
        let key = try JSONWebKey(JSONDocument(parsing: Array(key.utf8)).root)
        #expect(key.thumbprint == thumbprint)
        #expect(key.typeDescription == type)
    }

    @Test("RFC 9068 §2.3: the example's header and claims pass the profile once signed")
    func rfc9068() throws {
        let mint = TokenMint.rs256
        let payload = """
            {"iss":"https://authorization-server.example.com/","sub":"5ba552d67","aud":"https://rs.example.com/",\
            "exp":1639528912,"iat":1618354090,"jti":"dbe39bf3a3ba4238a513f51d6e1691c4","client_id":"s6BhdRkqt3",\
            "scope":"openid profile reademail"}
            """
        let token = mint.token(header: #"{"typ":"at+JWT","alg":"RS256","kid":"key-1"}"#, payload: payload)
        let issuer = "https://authorization-server.example.com/"
        var policy = JWTPolicy(issuer: issuer, resource: "https://rs.example.com/")
        policy.profile = .rfc9068
        let verified = try JWTValidation(policy).verify(
            UnverifiedJWT(parsing: token, limit: 16_384), keys: JSONWebKeySet(mint.keySet.keys, issuer: issuer),
            now: 1_618_354_100)
        let claims = try #require(verified.rfc9068)
        #expect(claims.subject == "5ba552d67")
        #expect(claims.clientID == "s6BhdRkqt3")
        #expect(claims.tokenID == "dbe39bf3a3ba4238a513f51d6e1691c4")
        #expect(claims.issuedAt == 1_618_354_090)
        #expect(verified.audience == ["https://rs.example.com/"])
        #expect("\(verified)" == "<verified JWT>")
        #expect(Mirror(reflecting: verified).children.isEmpty)
        #expect(Mirror(reflecting: claims).children.isEmpty)
    }
}
