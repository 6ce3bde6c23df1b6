import OAuthMetadata
import Testing
import WireFormat

@Suite("AuthorizationServerMetadata.OpenID")
struct OpenIDMetadataTests {
    /// Every member that OpenID Connect adds.
    private static let full = #"""
        {"issuer":"https://as.example","authorization_endpoint":"https://as.example/authorize","token_endpoint":"https://as.example/token","jwks_uri":"https://as.example/jwks","scopes_supported":["email","openid"],"response_types_supported":["code"],"userinfo_endpoint":"https://as.example/userinfo","end_session_endpoint":"https://as.example/logout","check_session_iframe":"https://as.example/session","subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"],"id_token_encryption_alg_values_supported":["RSA-OAEP"],"id_token_encryption_enc_values_supported":["A128GCM"],"userinfo_signing_alg_values_supported":["RS256"],"userinfo_encryption_alg_values_supported":["RSA-OAEP"],"userinfo_encryption_enc_values_supported":["A128GCM"],"request_object_signing_alg_values_supported":["RS256"],"request_object_encryption_alg_values_supported":["RSA-OAEP"],"request_object_encryption_enc_values_supported":["A128GCM"],"acr_values_supported":["urn:mace:incommon:iap:silver"],"display_values_supported":["page"],"claim_types_supported":["normal"],"claims_supported":["sub","email"],"claims_locales_supported":["de"],"claims_parameter_supported":true,"request_parameter_supported":false,"request_uri_parameter_supported":false,"require_request_uri_registration":true,"x_extra":1}
        """#

    private static func parse(_ text: String) throws -> AuthorizationServerMetadata {
        try AuthorizationServerMetadata(
            parsing: Array(text.utf8), expecting: IssuerIdentifier("https://as.example"))
    }

    @Test("OpenID Connect Discovery §3: every member is read and written")
    func roundTrip() throws {
        let metadata = try Self.parse(Self.full)
        #expect(String(decoding: JSONValue.object(metadata.json).encoded(), as: UTF8.self) == Self.full)
        #expect(metadata.extra.members.map(\.name) == ["x_extra"])
        #expect(metadata.unusableMembers.isEmpty)
        #expect(metadata.openID.claimsSupported == ["sub", "email"])
        #expect(metadata.openIDFaults.isEmpty)
    }

    @Test("An unusable member counts as absent, and the document names it")
    func unusable() throws {
        for (name, value) in [
            ("userinfo_endpoint", #""/userinfo""#), ("end_session_endpoint", "null"),
            ("subject_types_supported", #""public""#), ("claims_supported", "[1]"),
            ("claims_parameter_supported", #""true""#),
        ] {
            let metadata = try Self.parse(#"{"issuer":"https://as.example","\#(name)":\#(value)}"#)
            #expect(metadata.unusableMembers == [name])
            #expect(metadata.openID == AuthorizationServerMetadata.OpenID())
        }
    }

    @Test("OpenID Connect Discovery §3: each required member that is missing is named")
    func faults() throws {
        typealias Fault = AuthorizationServerMetadata.OpenIDFault
        let good = try Self.parse(Self.full)
        let cases: [([Fault], (inout AuthorizationServerMetadata) throws -> Void)] = [
            ([], { $0.scopesSupported = ScopeSet() }), ([], { $0.openID.claimsSupported = [] }),
            ([], { $0.openID.userInfoEndpoint = nil }),
            ([], { $0.openID.idTokenSigningAlgorithms = ["ES256", "RS256"] }),
            ([.authorizationEndpoint], { $0.authorizationEndpoint = nil }),
            ([.tokenEndpoint], { $0.tokenEndpoint = nil }), ([.keySetURL], { $0.jwksURI = nil }),
            ([.openIDScope], { $0.scopesSupported = try #require(ScopeSet(["email", "OpenID"])) }),
            ([.responseTypes], { $0.responseTypesSupported = [] }),
            ([.subjectTypes], { $0.openID.subjectTypesSupported = [] }),
            ([.idTokenAlgorithms], { $0.openID.idTokenSigningAlgorithms = [] }),
            ([.rs256], { $0.openID.idTokenSigningAlgorithms = ["ES256", "rs256"] }),
            (
                Fault.allCases.filter { $0 != .openIDScope && $0 != .rs256 },
                { $0 = AuthorizationServerMetadata(issuer: $0.issuer) }
            ),
        ]
        for (expected, edit) in cases {
            var metadata = good
            try edit(&metadata)
            #expect(metadata.openIDFaults == expected)
        }
        #expect(Set(Fault.allCases.map(\.sentence)).count == Fault.allCases.count)
        #expect(Set(Fault.allCases.map(\.code)).count == Fault.allCases.count)
    }
}
