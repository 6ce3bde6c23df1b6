import OAuthMetadata
import Testing
import WireFormat

@Suite("ProtectedResourceMetadata", .serialized)
struct ProtectedResourceMetadataTests {
    private static let resource = "https://mcp.example/mcp"

    /// Every member of RFC 9728 §2, one translation of each localised one, and an extra member.
    private static let full = #"""
        {"resource":"https://mcp.example/mcp","authorization_servers":["https://as.example","https://as2.example/t"],"jwks_uri":"https://mcp.example/jwks","scopes_supported":["a","b"],"bearer_methods_supported":["header"],"resource_signing_alg_values_supported":["ES256"],"resource_name":"Notes","resource_name#de":"Notizen","resource_documentation":"https://mcp.example/docs","resource_documentation#de":"https://mcp.example/de/docs","resource_policy_uri":"https://mcp.example/policy","resource_policy_uri#fr":"https://mcp.example/fr/policy","resource_tos_uri":"https://mcp.example/tos","resource_tos_uri#it":"https://mcp.example/it/tos","tls_client_certificate_bound_access_tokens":false,"authorization_details_types_supported":["payment"],"dpop_signing_alg_values_supported":["ES256"],"dpop_bound_access_tokens_required":true,"signed_metadata":"a.b.c","x_extra":{"n":1}}
        """#

    private func parse(_ text: String) throws(MetadataError) -> ProtectedResourceMetadata {
        guard let resource = try? ResourceIdentifier(Self.resource) else { throw .notAnObject }
        return try ProtectedResourceMetadata(parsing: Array(text.utf8), expecting: resource)
    }

    @Test("RFC 9728 §2: every member is read and written")
    func roundTrip() throws {
        let document = try parse(Self.full)
        #expect(String(decoding: JSONValue.object(document.json).encoded(), as: UTF8.self) == Self.full)
        #expect(document.resourceName.translations.map(\.language) == ["de"])
        #expect(document.extra["x_extra"]?["n"]?.number?.int64 == 1)
    }

    @Test("RFC 9728 §2: absent members are left out, never null or empty")
    func minimal() throws {
        let document = ProtectedResourceMetadata(resource: try ResourceIdentifier(Self.resource))
        #expect(
            String(decoding: JSONValue.object(document.json).encoded(), as: UTF8.self)
                == #"{"resource":"https://mcp.example/mcp","bearer_methods_supported":["header"]}"#)
    }

    @Test("An extra member never overwrites a specified one")
    func extraMembers() throws {
        var document = ProtectedResourceMetadata(resource: try ResourceIdentifier(Self.resource))
        document.extra = ["resource": "https://evil.example", "x": true]
        #expect(document.json["resource"]?.string == Self.resource)
        #expect(document.json["x"]?.bool == true)
    }

    @Test(
        "RFC 9728 §3.3: resource must be what was asked for, byte for byte",
        arguments: [
            "https://mcp.example/mcp/", "https://mcp.example/MCP", "https://mcp.example", "https://evil.example/mcp",
        ])
    func mismatch(resource: String) {
        #expect(throws: MetadataError.identifierMismatch) { try parse(#"{"resource":"\#(resource)"}"#) }
    }

    @Test(
        "A malformed document is refused with its reason",
        arguments: [
            ("", MetadataError.json(.unexpectedEnd)), ("[]", .notAnObject), ("{}", .missing("resource")),
            (#"{"resource":1}"#, .invalid("resource")),
            (#"{"resource":"https://mcp.example/mcp","resource":"https://mcp.example/mcp"}"#, .json(.duplicateMember)),
            (
                #"{"resource":"https://mcp.example/mcp","authorization_servers":"https://as.example"}"#,
                .invalid("authorization_servers")
            ),
            (
                #"{"resource":"https://mcp.example/mcp","authorization_servers":["http://as.example"]}"#,
                .invalid("authorization_servers")
            ),
            (#"{"resource":"https://mcp.example/mcp","jwks_uri":"file:///etc/passwd"}"#, .invalid("jwks_uri")),
            (#"{"resource":"https://mcp.example/mcp","scopes_supported":["a b"]}"#, .invalid("scopes_supported")),
            (
                #"{"resource":"https://mcp.example/mcp","dpop_bound_access_tokens_required":"true"}"#,
                .invalid("dpop_bound_access_tokens_required")
            ),
            (#"{"resource":"https://mcp.example/mcp","resource_name":null}"#, .invalid("resource_name")),
            (#"{"resource":"https://mcp.example/mcp","resource_tos_uri#de":"x"}"#, .invalid("resource_tos_uri#de")),
        ])
    func malformed(text: String, reason: MetadataError) {
        #expect(throws: reason) { try parse(text) }
    }

    @Test("More than 256 KiB is refused before it is parsed")
    func size() {
        let text = #"{"resource":"https://mcp.example/mcp","x":""# + String(repeating: "x", count: 262_144) + #""}"#
        #expect(throws: MetadataError.json(.tooLarge)) { try parse(text) }
    }
}

@Suite("AuthorizationServerMetadata", .serialized)
struct AuthorizationServerMetadataTests {
    /// Every member of RFC 8414 §2 and those of POLICY §5, and an extra member.
    private static let full = #"""
        {"issuer":"https://as.example","authorization_endpoint":"https://as.example/authorize","token_endpoint":"https://as.example/token","jwks_uri":"https://as.example/jwks","registration_endpoint":"https://as.example/register","service_documentation":"https://as.example/docs","op_policy_uri":"https://as.example/policy","op_tos_uri":"https://as.example/tos","revocation_endpoint":"https://as.example/revoke","introspection_endpoint":"https://as.example/introspect","scopes_supported":["a","b"],"response_types_supported":["code"],"response_modes_supported":["query"],"grant_types_supported":["authorization_code"],"token_endpoint_auth_methods_supported":["none"],"token_endpoint_auth_signing_alg_values_supported":["ES256"],"ui_locales_supported":["de"],"revocation_endpoint_auth_methods_supported":["none"],"revocation_endpoint_auth_signing_alg_values_supported":["ES256"],"introspection_endpoint_auth_methods_supported":["client_secret_basic"],"introspection_endpoint_auth_signing_alg_values_supported":["ES256"],"code_challenge_methods_supported":["S256"],"dpop_signing_alg_values_supported":["ES256"],"client_id_metadata_document_supported":true,"authorization_response_iss_parameter_supported":true,"signed_metadata":"a.b.c","x_extra":[1]}
        """#

    private func parse(_ text: String) throws(MetadataError) -> AuthorizationServerMetadata {
        guard let issuer = try? IssuerIdentifier("https://as.example") else { throw .notAnObject }
        return try AuthorizationServerMetadata(parsing: Array(text.utf8), expecting: issuer)
    }

    @Test("RFC 8414 §2: every member is read and written")
    func roundTrip() throws {
        #expect(String(decoding: JSONValue.object(try parse(Self.full).json).encoded(), as: UTF8.self) == Self.full)
    }

    @Test(
        "RFC 8414 §3.3: issuer must be what was asked for, byte for byte",
        arguments: ["https://as.example/", "https://AS.example", "https://as.example:443", "https://evil.example"])
    func mismatch(issuer: String) {
        #expect(throws: MetadataError.identifierMismatch) { try parse(#"{"issuer":"\#(issuer)"}"#) }
    }

    @Test(
        "A malformed document is refused with its reason",
        arguments: [
            ("{}", MetadataError.missing("issuer")), (#"{"issuer":["https://as.example"]}"#, .invalid("issuer")),
            (#"{"issuer":null}"#, .invalid("issuer")), (#"{"issuer":7}"#, .invalid("issuer")),
            (#"{"issuer":""}"#, .identifierMismatch), ("<html>", .json(.unexpectedByte)), ("[]", .notAnObject),
            ("null", .notAnObject), ("", .json(.unexpectedEnd)),
            (#"{"issuer":"https://as.example","issuer":"https://as.example"}"#, .json(.duplicateMember)),
        ])
    func malformed(text: String, reason: MetadataError) {
        #expect(throws: reason) { try parse(text) }
    }

    @Test("A member that is null, of another type or no URL counts as absent, and the document names it")
    func unusable() throws {
        let urls = [
            "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint", "service_documentation",
            "op_policy_uri", "op_tos_uri", "revocation_endpoint", "introspection_endpoint",
        ]
        let noURLs = [
            #""""#, #""/jwks""#, #""as.example/jwks""#, #""https://""#, #""https://as.example:x/""#,
            #""https://user@as.example/""#, #""mailto:a@as.example""#, #""N/A""#, #"["https://as.example/"]"#,
        ]
        let lists = [
            "scopes_supported", "response_types_supported", "ui_locales_supported", "code_challenge_methods_supported",
            "token_endpoint_auth_methods_supported", "introspection_endpoint_auth_methods_supported",
        ]
        let noLists = [#""en""#, #""""#, #"["a",1]"#, "[null]", #"{"a":true}"#]
        let flags = ["client_id_metadata_document_supported", "authorization_response_iss_parameter_supported"]
        let noFlags = [#""true""#, "1", "[]"]
        let anything = ["null", "7", "{}"]
        let kinds = [
            (urls, noURLs + anything), (lists, noLists + anything), (flags, noFlags + anything),
            (["signed_metadata"], ["[]", "true"] + anything),
        ]
        for (names, values) in kinds {
            for name in names {
                for value in values {
                    let document = try parse(#"{"issuer":"https://as.example","\#(name)":\#(value)}"#)
                    #expect(document.unusableMembers == [name], "\(name): \(value)")
                    #expect(document.json.members.map(\.name) == ["issuer"])
                }
            }
        }
    }

    @Test("A usable value is not named, and neither is an absent member or an empty list")
    func usable() throws {
        #expect(try parse(Self.full).unusableMembers.isEmpty)
        #expect(try parse(#"{"issuer":"https://as.example","ui_locales_supported":[]}"#).unusableMembers.isEmpty)
    }
}
