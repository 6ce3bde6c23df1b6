import OAuthMetadata
import Testing

@Suite("Issuers of tokens")
struct TokenIssuerTests {
    @Test(
        "RFC 7519 §4.1.1: an issuer is any StringOrURI, kept byte for byte",
        arguments: [
            "kubernetes/serviceaccount", "acme.com", "Acme Corp", "urn:example:issuer", "a", "-", "..",
            "http://adfs.example.com/adfs/services/trust", "https://login.example.com/?x=1#y", "HTTPS://LOGIN.example",
            "stytch.com/project-live-c60c0abe", "spiffe://example.org/ns/default", "did:example:123#key-1", "a:b",
            "api://00001111-aaaa-2222-bbbb-3333cccc4444", "urn:a%2Fb", "localhost:8080/realms/notes",
            String(repeating: "a", count: 2_048),
        ])
    func accepted(text: String) throws {
        let issuer = try TokenIssuer(text)
        #expect(issuer.text.utf8.elementsEqual(text.utf8))
        #expect(issuer.description.utf8.elementsEqual(text.utf8))
    }

    @Test(
        "Refused issuers, each with its reason",
        arguments: [
            ("", TokenIssuer.Fault.empty), (String(repeating: "a", count: 2_049), .tooLong),
            ("a\nb", .invalidByte), ("a\u{0}", .invalidByte), ("a\u{7F}", .invalidByte), ("a\tb", .invalidByte),
            (" a", .invalidByte), ("a ", .invalidByte), ("\u{212A}ubernetes", .invalidByte), ("é", .invalidByte),
            ("a\u{85}", .invalidByte), (":", .notAURI), (":a", .notAURI), ("a:", .notAURI), ("1a:b", .notAURI),
            ("a/b:c", .notAURI), ("a b:c", .notAURI), ("urn:a b", .notAURI), ("urn:a%2", .notAURI),
            ("urn:a#b#c", .notAURI), ("urn:a[b]", .notAURI), (#"urn:a"b"#, .notAURI), (#"urn:a\b"#, .notAURI),
            ("http:", .notAURI), ("https://", .notAURI), ("https://user@login.example", .notAURI),
            ("http://login.example:0/", .notAURI), ("https:login.example", .notAURI),
        ])
    func refused(text: String, reason: TokenIssuer.Fault) {
        #expect(throws: reason) { try TokenIssuer(text) }
    }

    @Test("A URL that clients can use is an issuer of tokens too")
    func identifier() throws {
        let identifier = try IssuerIdentifier("https://login.example.com/")
        #expect(TokenIssuer(identifier).text == "https://login.example.com/")
    }
}
