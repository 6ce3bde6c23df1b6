import OAuthMetadata
import Testing
import WireFormat

@Suite("Parsed challenges", .serialized)
struct ChallengeParserTests {
    private func parse(_ lines: [String], _ limits: AuthenticationChallenges.Limits = AuthenticationChallenges.Limits())
        throws -> [String]
    {
        try AuthenticationChallenges(parsing: lines.map { Array($0.utf8) }, limits: limits).challenges.map(Self.text)
    }

    /// `scheme`, `scheme|token68`, or `scheme{name→value;…}`. This differs from the wire format, so that copied input
    /// is not a correct result.
    private static func text(_ challenge: AuthenticationChallenge) -> String {
        switch challenge.content {
        case .none: challenge.scheme
        case .token68(let text): "\(challenge.scheme)|\(text)"
        case .parameters(let parameters):
            "\(challenge.scheme){\(parameters.map { "\($0.name)→\($0.value)" }.joined(separator: ";"))}"
        }
    }

    @Test(
        "RFC 9110 §11.6.1: schemes, token68, parameters and empty elements",
        arguments: [
            ([], []),
            ([""], []),
            ([" , ,\t,"], []),
            (["Bearer"], ["Bearer"]),
            ([" Bearer "], ["Bearer"]),
            (["Negotiate, NTLM"], ["Negotiate", "NTLM"]),
            (["Negotiate", "NTLM"], ["Negotiate", "NTLM"]),
            (["Negotiate oRQwEq-._~+/=="], ["Negotiate|oRQwEq-._~+/=="]),
            (["Negotiate a"], ["Negotiate|a"]),
            (["Negotiate a=, Basic"], ["Negotiate|a=", "Basic"]),
            (["Negotiate a= ,Basic"], ["Negotiate|a=", "Basic"]),
            (["Basic realm=x"], ["Basic{realm→x}"]),
            (["Basic   realm \t=\t \"x y\""], ["Basic{realm→x y}"]),
            ([#"Bearer a="1", b=2,c = "3""#], ["Bearer{a→1;b→2;c→3}"]),
            ([#"Bearer a="1" ,, , b=2 ,"#], ["Bearer{a→1;b→2}"]),
            // The boundary between two challenges.
            ([#"Bearer a="1", Basic realm="x""#], ["Bearer{a→1}", "Basic{realm→x}"]),
            (
                [#"Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple""#],
                [#"Newauth{realm→apps;type→1;title→Login to "apps"}"#, "Basic{realm→simple}"]
            ),
            (
                [#"Bearer a=1, DPoP algs="ES256 PS256", Negotiate abc==, b"#],
                ["Bearer{a→1}", "DPoP{algs→ES256 PS256}", "Negotiate|abc==", "b"]
            ),
            // RFC 9110 §5.6.4: every character except quote and backslash represents itself.
            ([#"X a="\a\\\"\ ,=b""#], [#"X{a→a\" ,=b}"#]),
            (["X a=\"\""], ["X{a→}"]),
            (["X a=\"\t\""], ["X{a→\t}"]),
            (["X a=\"ä\u{2028}\""], ["X{a→ä\u{2028}}"]),
            (["x!#$%&'*+-.^_`|~9 y=!#$%&'*+-.^_`|~9"], ["x!#$%&'*+-.^_`|~9{y→!#$%&'*+-.^_`|~9}"]),
        ] as [([String], [String])])
    func accepted(lines: [String], challenges: [String]) throws {
        #expect(try parse(lines) == challenges)
    }

    @Test(
        "What is no list of challenges is refused, each with its reason",
        arguments: [
            ("\"a\"", .unexpectedByte(offset: 0)),
            ("=", .unexpectedByte(offset: 0)),
            ("Bearer;", .unexpectedByte(offset: 6)),
            ("Bear\u{E9}r", .unexpectedByte(offset: 4)),
            ("Bearer\ta=b", .unexpectedByte(offset: 6)),
            ("Bearer \ta=b", .unexpectedByte(offset: 7)),
            ("Bearer a b", .unexpectedByte(offset: 9)),
            ("Bearer a=b c=d", .unexpectedByte(offset: 11)),
            ("Bearer a=\"b\"c", .unexpectedByte(offset: 12)),
            ("Bearer a=b, \"c\"", .unexpectedByte(offset: 12)),
            ("Bearer a=(", .unexpectedByte(offset: 9)),
            ("Bearer a=,b=c", .parameterWithoutScheme),
            ("Bearer a==b", .unexpectedByte(offset: 9)),
            ("Bearer a=\"\u{0}\"", .unexpectedByte(offset: 10)),
            ("Bearer a=\"\r\n\"", .unexpectedByte(offset: 10)),
            ("Bearer a=\"\u{7F}\"", .unexpectedByte(offset: 10)),
            ("Bearer a=\"\\\n\"", .unexpectedByte(offset: 11)),
            ("Bearer a=\"b", .unexpectedEnd),
            ("Bearer a=\"b\\", .unexpectedEnd),
            ("Bearer a=\"b\\\"", .unexpectedEnd),
            ("Bearer a=b, c=", .unexpectedEnd),
            ("a=b", .parameterWithoutScheme),
            ("realm = \"x\"", .parameterWithoutScheme),
            ("Bearer, a=b", .parameterWithoutScheme),
            ("Bearer , a=b", .parameterWithoutScheme),
            ("Bearer abc=, a=b", .parameterWithoutScheme),
            ("Bearer ==", .parameterWithoutScheme),
            ("Bearer a=1, a=1", .repeatedParameter),
            ("Bearer scope=\"a\", b=c, SCOPE=\"b\"", .repeatedParameter),
        ] as [(String, AuthenticationChallenges.ParseError)])
    func refused(line: String, reason: AuthenticationChallenges.ParseError) {
        #expect(throws: reason) { try parse([line]) }
        // The same line is refused among several lines too.
        #expect(throws: reason) { try parse(["Basic", line]) }
    }

    @Test("A value that is not UTF-8 is refused")
    func invalidUTF8() throws {
        // A backslash between the bytes of a character: neither what was sent nor a character that it could stand for.
        for bytes in [
            [0xDF, 0x5C, 0x5C, 0xA0], [0xDF, 0x5C, 0xA0], [0x5C, 0xE2, 0x5C, 0x82, 0xAC],
            [0xF0, 0x9F, 0x5C, 0x98, 0x80],
        ]
            as [[UInt8]]
        {
            #expect(throws: AuthenticationChallenges.ParseError.invalidUTF8) {
                try AuthenticationChallenges(parsing: [Array("X a=\"".utf8) + bytes + [0x22]])
            }
        }
        // A backslash before a whole character is an escape like any other.
        let escaped = try AuthenticationChallenges(parsing: [Array("X a=\"b\\é\"".utf8)])
        #expect(escaped.challenges.map(Self.text) == ["X{a→bé}"])
        #expect(throws: AuthenticationChallenges.ParseError.invalidUTF8) {
            try AuthenticationChallenges(parsing: [Array("X a=\"".utf8) + [0xC3, 0x22]])
        }
    }

    @Test("The same name may stand in two challenges, and a challenge does not continue in another line")
    func borders() throws {
        #expect(try parse(["A x=1, B x=2"]) == ["A{x→1}", "B{x→2}"])
        #expect(throws: AuthenticationChallenges.ParseError.parameterWithoutScheme) { try parse(["A x=1", "y=2"]) }
    }

    @Test("Limits: at and one past")
    func limits() throws {
        let limits = AuthenticationChallenges.Limits(maximumBytes: 16, maximumChallenges: 3, maximumParameters: 2)
        #expect(try parse(["A", "B, C"], limits) == ["A", "B", "C"])
        #expect(throws: AuthenticationChallenges.ParseError.tooManyChallenges) {
            try parse(["A", "B", "C, D"], limits)
        }
        #expect(try parse(["A a=1, b=2"], limits) == ["A{a→1;b→2}"])
        #expect(throws: AuthenticationChallenges.ParseError.tooManyParameters) { try parse(["A a=1,b=2,c=3"], limits) }
        #expect(try parse(["12345678", "12345678"], limits).count == 2)
        #expect(throws: AuthenticationChallenges.ParseError.tooLarge) { try parse(["12345678", "123456789"], limits) }
    }

    @Test("Floods of commas, quotes and names are read in one walk")
    func floods() throws {
        let limits = AuthenticationChallenges.Limits(maximumBytes: 1_000_000, maximumChallenges: 1_000_000)
        #expect(try parse([String(repeating: ",", count: 1_000_000)], limits).isEmpty)
        #expect(try parse([String(repeating: "a,", count: 500_000)], limits).count == 500_000)
        #expect(try parse(["A a=b" + String(repeating: " ,", count: 400_000)], limits).count == 1)
        #expect(throws: AuthenticationChallenges.ParseError.unexpectedEnd) {
            try parse(["A a=\"" + String(repeating: "\\\"", count: 400_000)], limits)
        }
    }

    // MARK: Bearer

    private func bearer(_ line: String) throws -> AuthenticationChallenge.Bearer? {
        try AuthenticationChallenges(parsing: [Array(line.utf8)]).bearer.first
    }

    @Test("RFC 6750 §3, RFC 9728 §5.1: the parameters of a Bearer challenge, whatever the case of their names")
    func bearerParameters() throws {
        let challenge = try #require(
            try bearer(
                #"Basic realm="x", bEARER Realm="r\"s", ERROR=invalid_token, error_description="No.", "#
                    + #"scope="b a", Resource_Metadata="https://mcp.example/m", other=1"#))
        #expect(challenge.realm == "r\"s")
        #expect(challenge.error == "invalid_token")
        #expect(challenge.errorDescription == "No.")
        #expect(challenge.scope?.tokens == ["a", "b"])
        #expect(challenge.resourceMetadata?.text == "https://mcp.example/m")
        let bare = try #require(try bearer("Bearer"))
        #expect(bare.scope == nil && bare.error == nil && bare.resourceMetadata == nil)
        #expect(try bearer("Basic realm=x") == nil)
    }

    @Test(
        "A Bearer challenge whose parameters break their grammar is refused by the name of the parameter",
        arguments: [
            ("Bearer abc=", "scheme"),
            ("Bearer error=\"\"", "error"),
            ("Bearer error=\"a\\\"b\"", "error"),
            ("Bearer error_description=\"ä\"", "error_description"),
            ("Bearer scope=\"\"", "scope"),
            ("Bearer scope=\" \"", "scope"),
            ("Bearer scope=\"a  b\"", "scope"),
            ("Bearer scope=\" a\"", "scope"),
            ("Bearer scope=\"a\\\\b\"", "scope"),
            ("Bearer scope=\"a\tb\"", "scope"),
            ("Bearer resource_metadata=\"/relative\"", "resource_metadata"),
            ("Bearer resource_metadata=\"\"", "resource_metadata"),
            ("Bearer resource_metadata=\"javascript:alert(1)\"", "resource_metadata"),
        ])
    func malformedBearer(line: String, name: String) {
        #expect(throws: AuthenticationChallenges.ParseError.invalidParameter(name)) { try bearer(line) }
    }

    @Test("A challenge of another scheme is no Bearer challenge")
    func otherScheme() throws {
        let basic = try #require(try AuthenticationChallenges(parsing: [Array("Basic".utf8)]).challenges.first)
        #expect(throws: AuthenticationChallenges.ParseError.invalidParameter("scheme")) {
            try AuthenticationChallenge.Bearer(basic)
        }
    }

    @Test("Every challenge of ours is read back as it was meant")
    func roundTrip() throws {
        let errors: [BearerChallenge.ErrorCode?] = [nil, .invalidRequest, .invalidToken, .insufficientScope]
        let realms: [BearerChallenge.QuotableText?] = [nil, "mcp", #"a"b\c, Basic realm="x""#, ""]
        let scopes = ["", "a", "b a c", "api://id/read"].map { ScopeSet(keepingValidOf: $0) }
        let metadata: BearerChallenge.QuotableText = "https://mcp.example/.well-known/oauth-protected-resource/mcp"
        for sentence in BearerChallenge.ErrorDescription.allCases {
            for error in errors {
                for realm in realms {
                    for scope in scopes {
                        let sent = BearerChallenge(
                            realm: realm, error: error, errorDescription: error == nil ? nil : sentence, scope: scope,
                            resourceMetadata: metadata)
                        let read = try #require(try bearer(sent.fieldValue))
                        #expect(read.realm == realm?.text)
                        #expect(read.error == error?.rawValue)
                        #expect(read.errorDescription == (error == nil ? nil : sentence.rawValue))
                        #expect(read.scope ?? ScopeSet() == scope)
                        #expect(read.resourceMetadata?.text == metadata.text)
                    }
                }
            }
        }
        #expect(try bearer(BearerChallenge().fieldValue) != nil)
    }

    @Test("RFC 9470 §3: acr_values and max_age are read, in the order of preference")
    func stepUp() throws {
        let read = try #require(
            try bearer(#"Bearer error="insufficient_user_authentication", acr_values="b a", max_age="5""#))
        #expect(read.acrValues == ["b", "a"])
        #expect(read.maximumAge == 5)
        let unquoted = try #require(try bearer("Bearer max_age=0, acr_values=x"))
        #expect(unquoted.acrValues == ["x"] && unquoted.maximumAge == 0)
        let without = try #require(try bearer("Bearer"))
        #expect(without.acrValues == [] && without.maximumAge == nil)
        let sent = BearerChallenge(error: .insufficientUserAuthentication, acrValues: ["b", "a"], maximumAge: 300)
        let back = try #require(try bearer(sent.fieldValue))
        #expect(back.acrValues == sent.acrValues && back.maximumAge == sent.maximumAge)
    }

    @Test(
        "RFC 9470 §3: other values are refused by name",
        arguments: [
            (#"Bearer acr_values="""#, "acr_values"), (#"Bearer acr_values="a  b""#, "acr_values"),
            (#"Bearer acr_values=" a""#, "acr_values"), (#"Bearer acr_values="a\"b""#, "acr_values"),
            (#"Bearer max_age="""#, "max_age"), (#"Bearer max_age="-1""#, "max_age"),
            (#"Bearer max_age="+1""#, "max_age"), (#"Bearer max_age="1.5""#, "max_age"),
            (#"Bearer max_age="x""#, "max_age"), (#"Bearer max_age="99999999999999999999""#, "max_age"),
        ])
    func faultyStepUp(value: String, name: String) {
        #expect(throws: AuthenticationChallenges.ParseError.invalidParameter(name)) { try bearer(value) }
    }

    @Test("Codes are stable and hold nothing of the field")
    func codes() {
        #expect(AuthenticationChallenges.ParseError.unexpectedByte(offset: 3).code == "challenge_unexpected_byte")
        #expect(AuthenticationChallenges.ParseError.invalidParameter("scope").code == "challenge_invalid_scope")
    }
}
