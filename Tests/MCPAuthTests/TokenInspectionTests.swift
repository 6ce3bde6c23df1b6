import Testing
import WireFormat

@testable import mcp_auth

@Suite("mcp-auth token inspect", .serialized)
struct TokenInspectionTests {
    private func inspect(_ token: [UInt8], usesColour: Bool = false) async -> Outcome {
        var session = CommandSession(standardInput: token)
        session.usesColour = usesColour
        return await session.run("token", "inspect")
    }

    @Test("header, claims and times are shown, and that nothing was verified; never the signature")
    func whole() async {
        let token = TokenPress.es256.token()
        let outcome = await inspect(token)
        #expect(outcome.status == .good && outcome.faults.isEmpty)
        #expect(
            outcome.output == """
                NOT VERIFIED: decoded only. Anybody can write such a token.
                Use mcp-auth token verify to check whether it is good.

                Header
                {
                  "alg": "ES256",
                  "kid": "key-1",
                  "typ": "at+jwt"
                }

                Claims
                {
                  "iss": "https://issuer.example",
                  "sub": "alice",
                  "aud": "https://mcp.example/mcp",
                  "exp": 1800000300,
                  "iat": 1799992800
                }

                Times
                exp  2027-01-15 08:05:00 UTC (in 5 min)
                iat  2027-01-15 06:00:00 UTC (2 h ago)

                  |---------------------------------------------------------o---|
                  iat                                                       now exp

                Nature
                It says that it is an access token (RFC 9068).

                Signature
                64 bytes, not checked

                """)
        for part in String(decoding: token.dropLast(), as: UTF8.self).split(separator: ".") {
            #expect(!outcome.output.contains(part))
        }
    }

    @Test("one line break behind the token is taken off, CR LF too; other white space is not")
    func lineBreaks() async {
        let token = TokenPress.es256.token().dropLast()
        for ending in ["", "\n", "\r\n"] {
            #expect(await inspect(token + Array(ending.utf8)).status == .good, "\(Array(ending.utf8))")
        }
        for ending in [" ", "\n\n", "\t\n"] {
            let outcome = await inspect(token + Array(ending.utf8))
            #expect(outcome.status == .refused)
            #expect(outcome.output.contains("Signature\nbroken: not base64url: it has white space or line breaks"))
        }
    }

    @Test(
        "what is broken is named, and the rest is shown",
        arguments: [
            ("e30", "broken: it has no dot, so it is not a JWT."),
            ("e30.e30", "broken: two parts instead of three."),
            ("e30.e30", "Header\n{}\n\nClaims\n{}\n\nSignature\nbroken: missing"),
            ("e30.e30.", "Signature\nbroken: empty: the token is unsigned"),
            ("e30.e30.AAAA", "Every verifier refuses its form: alg_missing: "),
            ("e30.e30.A", "Signature\nbroken: not base64url: truncated, or with unused bits that are not zero"),
            ("e30.e30.AB", "Signature\nbroken: not base64url: truncated, or with unused bits that are not zero"),
            ("e30=.e30.AAAA", "Header\nbroken: not base64url: it has padding (=)\n\nClaims\n{}"),
            ("e30.+/==.AAAA", "Claims\nbroken: not base64url: it has padding (=)"),
            ("e30.+/.AAAA", "Claims\nbroken: not base64url: + and / belong to plain base64"),
            ("e30.é.AAAA", "Claims\nbroken: not base64url: it has characters of another alphabet"),
            ("Bearer e30.e30.AAAA", "Header\nbroken: not base64url: it has white space or line breaks"),
            (".e30.AAAA", "Header\nbroken: empty\n\nClaims\n{}"),
            ("W10.e30.AAAA", "Header\nbroken: JSON, but not an object"),
            ("e30.eyJhIjoxLCJhIjoyfQ.AAAA", "Claims\nbroken: not strict JSON (duplicate_member at byte 7)"),
            ("e30.e30x.AAAA", "Claims\nbroken: not strict JSON (trailing_bytes at byte 2)"),
            ("e30.e30.AAAA.AAAA", "broken: 4 parts instead of three.\n\nHeader\n{}\n"),
            ("e30.....AAAA.", "broken: more than five parts instead of three."),
            ("e30.AA.AA.AA.AA", "An encrypted token (JWE, five parts): only its audience can read more"),
        ])
    func broken(token: String, sentence: String) async {
        let outcome = await inspect(Array(token.utf8))
        #expect(outcome.output.contains(sentence), "\(outcome.output)")
        #expect(outcome.output.hasPrefix("NOT VERIFIED"))
        // A header that every verifier refuses is decoded too.
        #expect(outcome.status == (sentence.hasPrefix("Every") ? .good : .refused))
    }

    @Test("an encrypted token shows its header and nothing more")
    func encrypted() async {
        let output = await inspect(Array("eyJlbmMiOiJ4In0.AA.AA.AA.AA".utf8)).output
        #expect(output.contains(#""enc": "x""#) && !output.contains("Claims") && !output.contains("Signature"))
    }

    @Test(
        "a header that no verifier takes is shown, with the reason",
        arguments: [
            (#"{"alg":"RS256","crit":["x"]}"#, "crit_present"), (#"{"alg":"RS256","b64":false}"#, "b64_not_true"),
            (#"{"alg":5}"#, "alg_missing"), (#"{"alg":"RS256","kid":5}"#, "kid_malformed"),
            (#"{"alg":"RS256","cty":5}"#, "cty_malformed"), (#"{"alg":"RS256","enc":"x"}"#, "token_encrypted"),
        ])
    func form(header: String, code: String) async {
        let outcome = await inspect(unsignedToken(header, "{}"))
        #expect(outcome.output.contains("\nEvery verifier refuses its form: \(code): "))
        #expect(outcome.status == .good)
    }

    @Test(
        "a time that is none is said to be none",
        arguments: [
            (#"{"exp":"1800000000"}"#, "exp  is not a number of seconds since 1970"),
            (#"{"nbf":true}"#, "nbf  is not a number of seconds since 1970"),
            (#"{"iat":1800000000000}"#, "iat  lies beyond the year 9999 or before the year 1: are these milliseconds?"),
            (#"{"exp":1e308}"#, "exp  lies beyond the year 9999 or before the year 1: are these milliseconds?"),
            (#"{"exp":1.8e9}"#, "exp  2027-01-15 08:00:00 UTC (now)"),
        ])
    func times(claims: String, line: String) async {
        #expect(await inspect(unsignedToken(#"{"alg":"RS256"}"#, claims)).output.contains("Times\n\(line)\n"))
    }

    @Test(
        "an ID token and the product that it looks like are named",
        arguments: [
            (
                #"{"iss":"https://a.example","at_hash":"x"}"#,
                "It looks like an ID token (at_hash): send the access_token"
            ),
            (#"{"iss":"https://a.example","auth_time":1}"#, "It may be an ID token (auth_time): compare it"),
            (
                #"{"iss":"https://login.microsoftonline.com/x/v2.0"}"#,
                "It looks like Microsoft Entra ID: scopes are in scp"
            ),
            (#"{"iss":"https://a.example/realms/one"}"#, "It looks like Keycloak: roles are in realm_access"),
            (#"{"iss":"https://dev-1.eu.auth0.com/"}"#, "It looks like Auth0: aud is the API's identifier"),
        ])
    func nature(claims: String, line: String) async {
        let output = await inspect(unsignedToken(#"{"alg":"RS256"}"#, claims)).output
        #expect(output.contains("\nNature\n\(line)"), "\(output)")
    }

    @Test("nothing is said of a token that looks like no product and no ID token")
    func plainNature() async {
        #expect(
            await !inspect(unsignedToken(#"{"alg":"RS256"}"#, #"{"iss":"https://a.example"}"#)).output.contains(
                "Nature"))
    }

    @Test("THREATS J16: no byte of a token controls the terminal; a kid is cut after 64 bytes")
    func hostileText() async {
        let kid = String(repeating: "k", count: 65)
        let outcome = await inspect(
            unsignedToken(#"{"alg":"RS256","kid":"\#(kid)","\u001b":0}"#, #"{"sub":"\u001b[2J\u202e\u0000","é":1}"#))
        #expect(outcome.output.contains(#""sub": "\u001b[2J\u202e\u0000""#))
        #expect(outcome.output.contains("\"\(String(repeating: "k", count: 64))…\""))
        #expect(!outcome.output.contains(kid))
        #expect(outcome.output.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
    }

    @Test("64 KiB are decoded, one byte more is not; nothing at all is a wrong use")
    func size() async {
        let room = 65_536 - unsignedToken("{}", "{}", signature: "").count
        let signature = String(repeating: "A", count: room)
        #expect(await inspect(unsignedToken("{}", "{}", signature: signature)).output.contains("Header\n{}"))
        for extra in ["A", String(repeating: "A", count: 10)] {
            let outcome = await inspect(unsignedToken("{}", "{}", signature: signature + extra))
            #expect(outcome.status == .refused)
            #expect(outcome.output == "The token is longer than 64 KiB; nothing was decoded.\n")
        }
        for nothing in ["", "\n", "\r\n"] {
            let outcome = await inspect(Array(nothing.utf8))
            #expect(outcome == Outcome(status: .usage, faults: ["standard input: there is no token"]))
        }
    }

    @Test("colours only when asked for, and they change nothing else")
    func colour() async {
        let token = TokenPress.es256.token()
        let (plain, coloured) = (await inspect(token).output, await inspect(token, usesColour: true).output)
        #expect(coloured.contains("\u{1B}[1;33mNOT VERIFIED"))
        let stripped = ["\u{1B}[1;33m", "\u{1B}[1m", "\u{1B}[31m", "\u{1B}[0m"].reduce(coloured) {
            $0.replacing($1, with: "")
        }
        #expect(stripped == plain && !plain.contains("\u{1B}"))
    }
}
