import OAuthMetadata
import Testing
import WireFormat

@Suite("AuthorizationServerMetadata.MCPFault")
struct MCPFaultTests {
    typealias Fault = AuthorizationServerMetadata.MCPFault

    private static func metadata(
        _ issuer: String = "https://as.example", _ edit: (inout AuthorizationServerMetadata) throws -> Void = { _ in }
    ) throws -> AuthorizationServerMetadata {
        var metadata = AuthorizationServerMetadata(
            issuer: try IssuerIdentifier(issuer, insecureHTTP: .dangerouslyAnyHost))
        metadata.authorizationEndpoint = try AbsoluteURL(parsing: issuer + "/authorize")
        metadata.tokenEndpoint = try AbsoluteURL(parsing: issuer + "/token")
        metadata.registrationEndpoint = try AbsoluteURL(parsing: issuer + "/register")
        metadata.responseTypesSupported = ["code"]
        metadata.grantTypesSupported = ["authorization_code", "refresh_token"]
        metadata.codeChallengeMethodsSupported = ["S256"]
        metadata.clientIDMetadataDocumentSupported = true
        metadata.authorizationResponseIssuerParameterSupported = true
        try edit(&metadata)
        return metadata
    }

    private struct Case: Sendable {
        let name: String
        let faults: [Fault]
        let edit: @Sendable (inout AuthorizationServerMetadata) throws -> Void

        init(
            _ name: String, _ faults: [Fault],
            _ edit: @escaping @Sendable (inout AuthorizationServerMetadata) throws -> Void
        ) {
            self.name = name
            self.faults = faults
            self.edit = edit
        }
    }

    private static let cases = [
        Case("everything", []) { _ in },
        Case("documents only", []) { $0.registrationEndpoint = nil },
        Case("registration only", []) { $0.clientIDMetadataDocumentSupported = nil },
        Case("registration, documents denied", []) { $0.clientIDMetadataDocumentSupported = false },
        Case("no way to a client_id", [.clientRegistrationMissing]) {
            $0.registrationEndpoint = nil
            $0.clientIDMetadataDocumentSupported = false
        },
        Case("nothing about clients", [.clientRegistrationMissing]) {
            $0.registrationEndpoint = nil
            $0.clientIDMetadataDocumentSupported = nil
        },
        // RFC 8414 §2: the default is the authorization code grant and the implicit grant.
        Case("no grant types", []) { $0.grantTypesSupported = [] },
        Case("the code grant alone", []) { $0.grantTypesSupported = ["authorization_code"] },
        Case("other grants", [.authorizationCodeGrantMissing]) { $0.grantTypesSupported = ["client_credentials"] },
        Case("a grant in another case", [.authorizationCodeGrantMissing]) {
            $0.grantTypesSupported = ["Authorization_Code"]
        },
        Case("no response types", [.codeResponseTypeMissing]) { $0.responseTypesSupported = [] },
        Case("other response types", [.codeResponseTypeMissing]) {
            $0.responseTypesSupported = ["token", "code id_token", "CODE"]
        },
        Case("several response types", []) { $0.responseTypesSupported = ["token", "code"] },
        Case("no PKCE", [.codeChallengeMethodsMissing]) { $0.codeChallengeMethodsSupported = [] },
        Case("plain PKCE", [.s256Missing]) { $0.codeChallengeMethodsSupported = ["plain"] },
        Case("PKCE in another case", [.s256Missing]) { $0.codeChallengeMethodsSupported = ["s256", "S256 ", "S512"] },
        Case("both PKCE methods", []) { $0.codeChallengeMethodsSupported = ["plain", "S256"] },
        Case("no iss parameter", [.issuerParameterMissing]) {
            $0.authorizationResponseIssuerParameterSupported = nil
        },
        Case("iss parameter denied", [.issuerParameterMissing]) {
            $0.authorizationResponseIssuerParameterSupported = false
        },
        Case("no authorization endpoint", [.endpointMissing(.authorization)]) { $0.authorizationEndpoint = nil },
        Case("no token endpoint", [.endpointMissing(.token)]) { $0.tokenEndpoint = nil },
        Case("no revocation endpoint", []) { $0.revocationEndpoint = nil },
        Case("http authorization endpoint", [.endpointInsecure(.authorization)]) {
            $0.authorizationEndpoint = try AbsoluteURL(parsing: "http://as.example/authorize")
        },
        Case("http token endpoint", [.endpointInsecure(.token)]) {
            $0.tokenEndpoint = try AbsoluteURL(parsing: "http://127.0.0.1/token")
        },
        Case("http registration endpoint", [.endpointInsecure(.registration)]) {
            $0.registrationEndpoint = try AbsoluteURL(parsing: "http://as.example/register")
        },
        Case("http revocation endpoint", [.endpointInsecure(.revocation)]) {
            $0.revocationEndpoint = try AbsoluteURL(parsing: "http://as.example/revoke")
        },
        Case("an endpoint on another host", []) {
            $0.tokenEndpoint = try AbsoluteURL(parsing: "https://tokens.example/token")
        },
        Case(
            "nothing",
            [
                .endpointMissing(.authorization), .endpointMissing(.token), .codeResponseTypeMissing,
                .codeChallengeMethodsMissing, .clientRegistrationMissing, .issuerParameterMissing,
            ]
        ) { $0 = AuthorizationServerMetadata(issuer: $0.issuer) },
    ]

    @Test("MCP, authorization: what a client refuses is named, all of it and in a fixed order")
    func table() throws {
        for row in Self.cases {
            let metadata = try Self.metadata { try row.edit(&$0) }
            #expect(metadata.mcpFaults() == row.faults, "\(row.name)")
            // The same for a client, which reads the document.
            let parsed = try AuthorizationServerMetadata(
                parsing: JSONValue.object(metadata.json).encoded(), expecting: metadata.issuer)
            #expect(parsed.mcpFaults() == row.faults, "\(row.name), parsed")
        }
    }

    @Test("A member that is unusable counts as absent")
    func unusable() throws {
        let issuer = try IssuerIdentifier("https://as.example")
        var object = try Self.metadata().json
        object["code_challenge_methods_supported"] = "S256"
        object["token_endpoint"] = "/token"
        object["authorization_response_iss_parameter_supported"] = "true"
        let parsed = try AuthorizationServerMetadata(parsing: JSONValue.object(object).encoded(), expecting: issuer)
        #expect(
            parsed.mcpFaults() == [.endpointMissing(.token), .codeChallengeMethodsMissing, .issuerParameterMissing])
    }

    @Test("OAuth 2.1 §1.5: http needs permission, and only for hosts that have it")
    func insecureHTTP() throws {
        let loopback = try Self.metadata("http://127.0.0.1:9000")
        #expect(loopback.mcpFaults(insecureHTTP: .loopback).isEmpty)
        #expect(
            loopback.mcpFaults() == [
                .issuerInsecure, .endpointInsecure(.authorization), .endpointInsecure(.token),
                .endpointInsecure(.registration),
            ])
        #expect(try Self.metadata("http://as.example").mcpFaults(insecureHTTP: .loopback).count == 4)
    }

    @Test("Each fault has a code of its own and one sentence; only the iss parameter is no reason to refuse")
    func texts() {
        let endpoints = Fault.Endpoint.allCases
        let all: [Fault] =
            endpoints.map { .endpointMissing($0) } + endpoints.map { .endpointInsecure($0) } + [
                .issuerInsecure, .codeResponseTypeMissing, .authorizationCodeGrantMissing,
                .codeChallengeMethodsMissing, .s256Missing, .clientRegistrationMissing, .issuerParameterMissing,
            ]
        #expect(Set(all.map(\.code)).count == all.count)
        #expect(Set(all.map(\.sentence)).count == all.count)
        for fault in all {
            #expect(fault.code.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") })
            #expect(fault.sentence.utf8.first == UInt8(ascii: "A") && fault.sentence.utf8.last == UInt8(ascii: "."))
            #expect(fault.consequence == (fault == .issuerParameterMissing ? .isLessProtected : .refuses))
        }
    }
}
