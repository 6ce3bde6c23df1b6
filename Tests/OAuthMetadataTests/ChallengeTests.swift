import OAuthMetadata
import Testing

@Suite("Challenge", .serialized)
struct ChallengeTests {
    private let metadata: BearerChallenge.QuotableText = "https://mcp.example/.well-known/oauth-protected-resource/mcp"

    @Test("POLICY §3: without credentials there is no error, and no empty scope")
    func withoutCredentials() throws {
        let scope = try #require(ScopeSet(["files:read"]))
        #expect(
            BearerChallenge(scope: scope, resourceMetadata: metadata).fieldValue
                == #"Bearer scope="files:read", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp""#
        )
        #expect(
            BearerChallenge(resourceMetadata: metadata).fieldValue
                == #"Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp""#)
        #expect(BearerChallenge().fieldValue == "Bearer")
    }

    @Test("POLICY §3: the order is realm, error, error_description, scope, resource_metadata")
    func order() throws {
        let challenge = BearerChallenge(
            realm: "mcp", error: .insufficientScope, errorDescription: .insufficientScope,
            scope: try #require(ScopeSet(["b", "a", "b"])), resourceMetadata: metadata)
        #expect(
            challenge.fieldValue
                == #"Bearer realm="mcp", error="insufficient_scope", "#
                + #"error_description="The operation needs scopes that the access token does not carry.", "#
                + #"scope="a b", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp""#)
    }

    @Test("RFC 9470 §3: acr_values and max_age follow the others")
    func stepUp() throws {
        var challenge = BearerChallenge(
            error: .insufficientUserAuthentication, errorDescription: .insufficientAuthentication,
            scope: try #require(ScopeSet(["pay"])), resourceMetadata: metadata, acrValues: ["phr", "urn:b"],
            maximumAge: 0)
        let begin =
            #"Bearer error="insufficient_user_authentication", "#
            + #"error_description="The operation needs a more recent or another authentication of the user.", "#
            + #"scope="pay", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp""#
        #expect(challenge.fieldValue == begin + #", acr_values="phr urn:b", max_age="0""#)
        challenge.acrValues = ["a b", "", "\"", "\u{E9}", "c"]
        challenge.maximumAge = -1
        #expect(challenge.fieldValue == begin + #", acr_values="c", max_age="0""#)
        challenge.acrValues = []
        challenge.maximumAge = nil
        #expect(challenge.fieldValue == begin)
    }

    @Test("RFC 9110 §5.6.4: quotes and backslashes are escaped")
    func escaping() {
        #expect(BearerChallenge(realm: #"a"b\c"#).fieldValue == #"Bearer realm="a\"b\\c""#)
    }

    @Test(
        "CTL and non-ASCII cannot be represented",
        arguments: ["a\r\nb", "a\nb", "a\u{0}b", "a\tb", "ä", "\u{7F}", "\u{2028}"])
    func unrepresentable(text: String) {
        #expect(BearerChallenge.QuotableText(text) == nil)
    }

    @Test(
        "RFC 6750 §3: every sentence is within the characters of error_description",
        arguments: BearerChallenge.ErrorDescription.allCases)
    func sentences(sentence: BearerChallenge.ErrorDescription) {
        #expect(sentence.rawValue.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
    }
}

@Suite("ScopeSet", .serialized)
struct ScopeSetTests {
    @Test("Sorted, each once, separated by one space")
    func canonical() {
        #expect(ScopeSet(parsing: "  b a  b ")?.description == "a b")
        #expect(ScopeSet(parsing: "")?.isEmpty == true)
    }

    @Test(
        "RFC 6749 §3.3: what is no scope-token is refused, or left out of a token's scopes",
        arguments: ["a\"", "a\\", "a\tb", "ä", "a\u{7F}", "a\u{301}"])
    func grammar(text: String) {
        #expect(ScopeSet([text]) == nil)
        #expect(ScopeSet(keepingValidOf: "ok " + text).tokens == ["ok"])
    }

    @Test("Whole tokens, case-sensitive: read is not in read_all")
    func wholeTokens() {
        let scopes: ScopeSet = ScopeSet(keepingValidOf: "read_all Write")
        #expect(!scopes.contains("read"))
        #expect(!scopes.contains("write"))
        #expect(scopes.contains("Write"))
        #expect(scopes.isSuperset(of: ScopeSet()))
        #expect(!scopes.isSuperset(of: ScopeSet(keepingValidOf: "read_all x")))
        #expect(scopes.union(ScopeSet(keepingValidOf: "x")).description == "Write read_all x")
        #expect(scopes.subtracting("Write").description == "read_all")
    }
}
