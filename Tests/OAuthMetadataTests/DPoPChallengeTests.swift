import OAuthMetadata
import Testing
import WireFormat

@Suite("DPoP challenges (RFC 9449 §7.1)")
struct DPoPChallengeTests {
    @Test("The parameters of a Bearer challenge come first, and algs last")
    func order() throws {
        let parameters = BearerChallenge(
            realm: "notes", error: .invalidDPoPProof, errorDescription: .invalidProof,
            scope: ScopeSet(keepingValid: ["b", "a"]), resourceMetadata: "https://mcp.example/metadata",
            acrValues: ["phr"], maximumAge: 60)
        let challenge = DPoPChallenge(parameters, algorithms: ["ES256", "EdDSA"])
        #expect(
            challenge.fieldValue == #"DPoP realm="notes", error="invalid_dpop_proof", error_description=""#
                + #"The DPoP proof is missing, malformed, not recent, used before or for another request.", "#
                + #"scope="a b", resource_metadata="https://mcp.example/metadata", acr_values="phr", max_age="60", "#
                + #"algs="ES256 EdDSA""#)
        let read = try AuthenticationChallenges(parsing: [Array(challenge.fieldValue.utf8)]).dpop
        #expect(read.map(\.algorithms) == [["ES256", "EdDSA"]])
        #expect(read.first?.parameters.error == "invalid_dpop_proof")
        #expect(read.first?.parameters.scope?.tokens == ["a", "b"])
        #expect(read.first?.parameters.resourceMetadata?.text == "https://mcp.example/metadata")
    }

    @Test("Without parameters, the scheme alone; names that no list can hold are left out")
    func empty() {
        #expect(DPoPChallenge(BearerChallenge(), algorithms: []).fieldValue == "DPoP")
        #expect(
            DPoPChallenge(BearerChallenge(), algorithms: ["", "a b", "\"", "é", "ES256"]).fieldValue
                == #"DPoP algs="ES256""#)
    }

    @Test("Two fields, one for each scheme, are read each by its own name")
    func both() throws {
        let lines = [#"Bearer scope="a""#, #"dpop error="use_dpop_nonce", algs="ES256 PS256""#]
        let challenges = try AuthenticationChallenges(parsing: lines.map { Array($0.utf8) })
        #expect(try challenges.bearer.map(\.scope) == [ScopeSet(keepingValid: ["a"])])
        #expect(try challenges.dpop.map(\.parameters.error) == ["use_dpop_nonce"])
        #expect(try challenges.dpop.map(\.algorithms) == [["ES256", "PS256"]])
        // RFC 9449 §7.1: algs may be absent.
        let bare = try AuthenticationChallenges(parsing: [Array("DPoP realm=x".utf8)])
        #expect(try bare.dpop.map(\.algorithms) == [[]])
    }

    @Test(
        "A malformed list of algorithms, and another scheme, are refused",
        arguments: [#"DPoP algs="""#, #"DPoP algs="ES256  PS256""#, #"DPoP algs=" ES256""#])
    func malformed(text: String) throws {
        let challenges = try AuthenticationChallenges(parsing: [Array(text.utf8)])
        #expect(throws: AuthenticationChallenges.ParseError.invalidParameter("algs")) { try challenges.dpop }
        let bearer = try AuthenticationChallenges(parsing: [Array("Bearer algs=ES256".utf8)])
        #expect(try bearer.dpop.isEmpty)
        #expect(throws: AuthenticationChallenges.ParseError.invalidParameter("scheme")) {
            try AuthenticationChallenge.DPoP(#require(bearer.challenges.first))
        }
    }
}
