import HTTPMessages
import JOSE
import Testing
import TokenVerification
import WireFormat

@testable import mcp_auth

@Suite("mcp-auth token verify", .serialized)
struct TokenVerifyCommandTests {
    private let press = TokenPress.es256

    private func verify(
        _ token: [UInt8]? = nil, keys: [UInt8]? = nil, _ arguments: [String] = ["--issuer", CommandSession.issuer],
        audience: String = CommandSession.audience
    ) async -> Outcome {
        let session = CommandSession(
            standardInput: token ?? press.token(), files: ["jwks.json": keys ?? press.keySet])
        return await session.run(["token", "verify", "--jwks", "jwks.json", "--audience", audience] + arguments)
    }

    private func json(_ outcome: Outcome) throws -> JSONValue {
        // One line, so that programs can read it.
        #expect(outcome.output.utf8.filter { $0 == 0x0A }.count == 1 && outcome.output.hasSuffix("\n"))
        #expect(outcome.faults.isEmpty)
        return try JSONValue(parsing: Array(outcome.output.utf8.dropLast()))
    }

    @Test("a good token: exit 0, and what was verified")
    func good() async throws {
        let token = press.token()
        let outcome = await verify(token)
        #expect(outcome.status == .good)
        #expect(
            try json(outcome) == [
                "valid": true, "alg": "ES256", "kid": "key-1", "issuer": .string(CommandSession.issuer),
                "audience": .string(CommandSession.audience), "profile": "default",
                "expires": "2027-01-15 08:05:00 UTC (in 5 min)",
                "claims": JSONValue(parsing: Array(TokenPress.claims.utf8)), "issuer_from": "--issuer",
                "fingerprint": .string(PresentedToken(Array(token.dropLast())).fingerprint),
            ])
    }

    @Test("without --issuer the token's own is taken, and the answer says so")
    func ownIssuer() async throws {
        let answer = try json(await verify([UInt8]?.none, []))
        #expect(answer["valid"] == true && answer["issuer_from"] == "token")
        #expect(answer["issuer"]?.string == CommandSession.issuer)
        #expect(answer["note"]?.string?.contains("not checked") == true)
    }

    @Test(
        "without --issuer a token that names none is refused as that",
        arguments: [
            (#"{"aud":"https://mcp.example/mcp","exp":1800000300}"#, "iss_missing"),
            (#"{"iss":5,"aud":"https://mcp.example/mcp","exp":1800000300}"#, "iss_wrong_type"),
            (#"{"iss":"","aud":"https://mcp.example/mcp","exp":1800000300}"#, "iss_mismatch"),
        ])
    func noIssuer(claims: String, code: String) async throws {
        let outcome = await verify(press.token(claims: claims), [])
        #expect(outcome.status == .refused)
        #expect(try json(outcome)["code"]?.string == code)
    }

    @Test(
        "one defect each: exit 1, its code, and a sentence",
        arguments: [
            (#"{"alg":"none","kid":"key-1"}"#, nil, [], "alg_not_allowed", "Allowed here: RS256, ES256; see --alg."),
            (nil, nil, ["--alg", "RS256,PS512"], "alg_not_allowed", "Allowed here: RS256, PS512; see --alg."),
            (#"{"alg":"ES256","kid":"other"}"#, nil, [], "key_unknown", "no usable key"),
            (#"{"alg":"ES256","kid":"key-1","crit":[]}"#, nil, [], "crit_present", "crit"),
            (#"{"alg":"ES256","kid":"key-1","typ":"JWE"}"#, nil, [], "typ_not_acceptable", "typ"),
            (#"{"alg":"ES256","kid":"key-1"}"#, nil, ["--profile", "rfc9068"], "typ_not_acceptable", "at+jwt"),
            (nil, nil, ["--profile", "rfc9068"], "client_id_missing", "client_id"),
            (nil, nil, ["--now", "1800000360"], "exp_expired", "exp is 2027-01-15 08:05:00 UTC (1 min ago)"),
            (nil, nil, ["--now", "1800000300", "--skew", "0"], "exp_expired", "(now); clocks may differ by 0 s."),
            (nil, nil, ["--now", "1799992739"], "iat_issued_in_future", "iat is 2027-01-15 06:00:00 UTC (in 1 min)"),
            (nil, #""nbf":1800000061,"#, [], "nbf_not_yet_valid", "nbf is 2027-01-15 08:01:01 UTC (in 1 min)"),
            (nil, #""cnf":{},"#, [], "cnf_unsatisfied", "cnf"),
            (nil, #""jti":5,"#, [], "jti_wrong_type", "jti"),
            (nil, nil, ["--issuer", "https://issuer.example/"], "iss_mismatch", "only by a trailing slash"),
            (nil, nil, ["--issuer", "https://Issuer.example"], "iss_mismatch", "only by upper and lower case"),
            (nil, nil, ["--issuer", "https://issuer.example:443"], "iss_mismatch", "only by the default port"),
            (nil, nil, ["--issuer", "http://issuer.example"], "iss_mismatch", "only by the scheme"),
        ] as [(String?, String?, [String], String, String)])
    func refused(header: String?, claim: String?, arguments: [String], code: String, words: String) async throws {
        let claims = claim.map { "{" + $0 + TokenPress.claims.dropFirst() } ?? TokenPress.claims
        let arguments = arguments.contains("--issuer") ? arguments : arguments + ["--issuer", CommandSession.issuer]
        let outcome = await verify(press.token(header: header, claims: claims), arguments)
        #expect(outcome.status == .refused)
        let answer = try json(outcome)
        #expect(answer["valid"] == false && answer["claims"] == nil)
        #expect(answer["code"]?.string == code)
        #expect(answer["explanation"]?.string?.contains(words) == true, "\(outcome.output)")
    }

    @Test("the audience is compared exactly; a trailing slash is explained, not forgiven")
    func audience() async throws {
        for (audience, isHinted) in [
            (CommandSession.audience + "/", true), ("https://mcp.example", false), ("https://MCP.example/mcp", false),
        ] {
            let outcome = await verify(nil, audience: audience)
            #expect(outcome.status == .refused)
            let answer = try json(outcome)
            #expect(answer["code"]?.string == "aud_mismatch")
            #expect((answer["explanation"]?.string?.contains("trailing slash") == true) == isHinted)
        }
        let list = TokenPress.claims.replacing(
            #""https://mcp.example/mcp""#, with: #"["https://other.example","https://mcp.example/mcp/"]"#)
        #expect(try json(await verify(press.token(claims: list)))["code"]?.string == "aud_mismatch")
        #expect(await verify(press.token(claims: list), audience: "https://other.example").status == .good)
    }

    @Test("a changed token is refused as changed, and nothing of it is repeated")
    func changed() async throws {
        var token = press.token()
        // A character in the middle of the signature.
        token[token.count - 20] = token[token.count - 20] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        let outcome = await verify(token)
        #expect(outcome.status == .refused)
        #expect(try json(outcome)["code"]?.string == "bad_signature")
        #expect(!outcome.output.contains("alice"))
    }

    @Test(
        "what is no JWT is refused with its own code",
        arguments: [
            ("abc", "token_parts"), ("a.b.c.d.e", "token_encrypted"), ("e30.e30.A", "alg_missing"),
            ("e30.e30.", "token_parts"), ("!.e30.AAAA", "token_base64url"), ("W10.e30.AAAA", "header_json"),
            ("eyJhbGciOiJSUzI1NiJ9.W10.AAAA", "payload_json"), ("Bearer e30.e30.AAAA", "alg_missing"),
            ("Basic e30.e30.AAAA", "token_base64url"),
            (String(repeating: "a", count: 65_537), "token_too_large"),
            (String(repeating: "a", count: 70_000), "token_too_large"),
            (String(repeating: "a", count: 65_536), "token_parts"),
        ])
    func malformed(token: String, code: String) async throws {
        let outcome = await verify(Array(token.utf8))
        #expect(outcome.status == .refused)
        #expect(try json(outcome)["code"]?.string == code)
    }

    @Test("keys that are not used are named, with their reasons")
    func unusable() async throws {
        var secret = press.key.publicJWK
        secret["d"] = "AA"
        let outcome = await verify(keys: TokenPress.keySet([secret, ["kty": "oct", "k": "AA"]]))
        #expect(outcome.status == .refused)
        let answer = try json(outcome)
        #expect(answer["code"]?.string == "key_unknown")
        let keys = try #require(answer["unusable_keys"]?.array)
        #expect(keys.map { $0["reason"]?.string } == ["private_material", "kty_unsupported"])
        #expect(keys.map { $0["index"]?.number?.int64 } == [0, 1])
        #expect(keys.map { $0["kid"] } == ["key-1", .null])
        #expect(keys.allSatisfy { $0["explanation"]?.string?.isEmpty == false })
    }

    @Test("POLICY §6: a key verifies for its own algorithm only")
    func algorithms() async throws {
        let tokens = [TokenPress.rs256, .es256, .edDSA]
        for signer in tokens {
            for holder in tokens {
                let outcome = await verify(signer.token(), keys: holder.keySet, ["--alg", "RS256,ES256,EdDSA"])
                let isSame = signer.key.algorithm == holder.key.algorithm
                #expect((outcome.status == .good) == isSame)
                if !isSame { #expect(try json(outcome)["code"]?.string == "key_algorithm_mismatch") }
            }
        }
    }

    @Test("a PEM key has no kid: it is tried whatever kid the token names, and none")
    func pemKey() async throws {
        let pem = Array(press.pem.utf8)
        #expect(await verify(keys: pem).status == .good)
        #expect(await verify(press.token(header: #"{"alg":"ES256","kid":"any"}"#), keys: pem).status == .good)
        #expect(await verify(press.token(header: #"{"alg":"ES256"}"#), keys: pem).status == .good)
        let foreign = await verify(keys: Array(PEMKeys.es256.utf8))
        #expect(foreign.status == .refused)
        #expect(try json(foreign)["code"]?.string == "bad_signature")
        let noKey = await verify(keys: Array("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----".utf8))
        #expect(noKey.status == .refused)
        #expect(try json(noKey)["unusable_keys"]?.array?.first?["reason"] == "key_malformed")
    }

    @Test("on a terminal the answer is indented, without colours")
    func terminal() async throws {
        var session = CommandSession(standardInput: press.token(), files: ["k": press.keySet])
        session.outputIsTerminal = true
        session.usesColour = true
        let outcome = await session.run("token", "verify", "--jwks=k", "--audience=\(CommandSession.audience)")
        #expect(outcome.output.hasPrefix("{\n  \"valid\": true,\n  \"alg\": \"ES256\",\n"))
        #expect(!outcome.output.contains("\u{1B}"))
    }

    @Test("the key set from standard input, and the token from a file")
    func keysFromStandardInput() async {
        let session = CommandSession(standardInput: press.keySet, files: ["t": press.token()])
        let arguments = ["token", "verify", "--jwks", "-", "--audience", CommandSession.audience]
        #expect(await session.run(arguments + ["--token-file", "t"]).status == .good)
        for wrong in [[], ["--token-file", "-"]] {
            let outcome = await session.run(arguments + wrong)
            #expect(outcome.status == .usage)
            #expect(
                outcome.faults == [
                    "--jwks - reads the key set from standard input; name the token's file with --token-file"
                ])
        }
        let missing = await session.run(arguments + ["--token-file", "no\u{1B}"])
        #expect(missing == Outcome(status: .usage, faults: [#"no\u001b: cannot be read"#]))
    }

    @Test("the key set from a URL; what cannot be fetched decides nothing: exit 2")
    func keysFromURL() async {
        var session = CommandSession(standardInput: press.token())
        let arguments = [
            "token", "verify", "--jwks", "https://issuer.example/jwks?secret", "--audience", CommandSession.audience,
        ]
        session.fetcher.answer = .success(FetchedDocument(status: .ok, body: press.keySet))
        #expect(await session.run(arguments).status == .good)

        session.fetcher.answer = .success(FetchedDocument(status: .found, body: press.keySet))
        let redirected = await session.run(arguments)
        #expect(redirected.faults == ["the key set cannot be fetched: status 302 instead of 200"])
        #expect(redirected.status == .usage && redirected.output.isEmpty)

        let errors: [FetchError] = [
            .notAllowed, .notResolved, .blockedAddress, .connectionFailed, .timedOut, .tls, .tooLarge(limit: 1),
            .malformedResponse, .cancelled, .unavailable,
        ]
        for error in errors {
            session.fetcher.answer = .failure(error)
            let outcome = await session.run(arguments)
            #expect(outcome.status == .usage && outcome.output.isEmpty)
            #expect(outcome.faults == ["the key set cannot be fetched: \(error.explanation) (\(error.code))"])
            #expect(!outcome.faults[0].contains("secret"))
        }
    }
}
