import OAuthMetadata
import Testing
import WireFormat

@Suite("ClientIDMetadataDocument")
struct ClientIDMetadataDocumentTests {
    private typealias Fault = ClientIDMetadataDocument.Fault

    private static let url = "https://app.example/client.json"
    /// A document with every member that is needed, to which one thing is done.
    private static let base: [(String, String)] = [
        ("client_id", "\"\(url)\""), ("client_name", #""App""#), ("redirect_uris", #"["https://app.example/cb"]"#),
    ]
    private static let publicKey = #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"1"}"#

    /// The base with members replaced or added; a nil removes one.
    private static func document(_ changes: [(String, String?)] = []) -> [UInt8] {
        var members = base.map { ($0.0, Optional($0.1)) }
        for change in changes {
            if let index = members.firstIndex(where: { $0.0 == change.0 }) {
                members[index] = change
            } else {
                members.append(change)
            }
        }
        let text = members.compactMap { member in member.1.map { "\"\(member.0)\":\($0)" } }.joined(separator: ",")
        return Array("{\(text)}".utf8)
    }

    private static func faults(_ bytes: [UInt8], from text: String = url) throws -> [Fault] {
        let url = try ClientIdentifierURL(text)
        do throws(ClientIDMetadataDocument.Invalid) {
            _ = try ClientIDMetadataDocument(parsing: bytes, from: url)
            return []
        } catch {
            return error.faults
        }
    }

    private static let good: [[(String, String?)]] = [
        [], [("client_name", #""Ä""#)], [("token_endpoint_auth_method", #""none""#)],
        [("token_endpoint_auth_method", "null")], [("grant_types", #"["authorization_code","refresh_token"]"#)],
        [("grant_types", #"["implicit","authorization_code","urn:x"]"#)], [("grant_types", "null")],
        [("response_types", #"["code","token"]"#)], [("response_types", #"["code"]"#)], [("scope", #""a b""#)],
        [("scope", #""""#)], [("client_uri", #""https://app.example/""#)],
        [("client_uri", #""https://app.example/""#), ("client_uri#de", #""https://app.example/de""#)],
        [("client_name#de", #""Anwendung""#)], [("logo_uri", "null"), ("tos_uri", "null")],
        [("contacts", #"["a@app.example"]"#)], [("software_id", #""x""#), ("unknown", "{}")],
        [("jwks", "{\"keys\":[\(publicKey)]}")],
        [("token_endpoint_auth_method", #""private_key_jwt""#), ("jwks", "{\"keys\":[\(publicKey)]}")],
        [
            ("token_endpoint_auth_method", #""private_key_jwt""#), ("jwks_uri", #""https://keys.example/k""#),
            ("jwks", "null"),
        ],
        [("redirect_uris", #"["http://localhost:1/cb","cursor://x/cb","com.example:/cb"]"#)],
        [("client_secret", "null")],
        [("token_endpoint_auth_signing_alg", #""ES256""#)],
    ]

    private static let refused: [([(String, String?)], [ClientIDMetadataDocument.Fault])] = [
        ([("client_id", nil)], [.clientIDMissing]), ([("client_id", "null")], [.clientIDMissing]),
        ([("client_id", "1")], [.clientIDMissing]), ([("client_id", "[\"\(url)\"]")], [.clientIDMissing]),
        ([("client_id", #""https://app.example/Client.json""#)], [.clientIDMismatch(.letterCase)]),
        ([("client_id", #""HTTPS://app.example/client.json""#)], [.clientIDMismatch(.letterCase)]),
        ([("client_id", #""https://app.example/client.json/""#)], [.clientIDMismatch(.trailingSlash)]),
        ([("client_id", #""https://app.example:443/client.json""#)], [.clientIDMismatch(.defaultPort)]),
        ([("client_id", #""https://app.example/%63lient.json""#)], [.clientIDMismatch(.percentEncoding)]),
        ([("client_id", #""https://evil.example/client.json""#)], [.clientIDMismatch(.other)]),
        ([("client_id", #""https://app.example/client.json?x""#)], [.clientIDMismatch(.other)]),
        ([("client_id", #""https://app.example/client.json#""#)], [.clientIDMismatch(.other)]),
        ([("client_id", #""""#)], [.clientIDMismatch(.other)]), ([("client_name", nil)], [.clientNameMissing]),
        ([("client_name", #""""#)], [.clientNameMissing]), ([("client_name", #"" \t ""#)], [.clientNameMissing]),
        ([("client_name", #""\u202e\u200b""#)], [.clientNameMissing]),
        ([("client_name", "7")], [.member("client_name"), .clientNameMissing]),
        ([("redirect_uris", nil)], [.redirectURIsMissing]), ([("redirect_uris", "[]")], [.redirectURIsMissing]),
        ([("redirect_uris", #""https://app.example/cb""#)], [.redirectURIsMissing]),
        ([("redirect_uris", #"["https://app.example/cb",1]"#)], [.redirectURIsMissing]),
        (
            [("redirect_uris", "[" + Array(repeating: #""app:/x""#, count: 33).joined(separator: ",") + "]")],
            [.tooManyRedirectURIs(limit: 32)]
        ),
        ([("redirect_uris", #"["https://a.example/#f"]"#)], [.redirectURI(index: 0, .fragment)]),
        ([("redirect_uris", #"["app:/x","http://a.example/"]"#)], [.redirectURI(index: 1, .insecure)]),
        ([("redirect_uris", #"["javascript:x"]"#)], [.redirectURI(index: 0, .forbiddenScheme)]),
        ([("redirect_uris", #"["https://u@a.example/"]"#)], [.redirectURI(index: 0, .userinfo)]),
        ([("redirect_uris", #"["https://*.a.example/"]"#)], [.redirectURI(index: 0, .url(.invalidHost))]),
        ([("redirect_uris", #"["*"]"#)], [.redirectURI(index: 0, .notAbsolute)]),
        (
            [("redirect_uris", #"["data:,x","file:///x"]"#)],
            [.redirectURI(index: 0, .forbiddenScheme), .redirectURI(index: 1, .forbiddenScheme)]
        ),
        ([("client_secret", #""s""#)], [.sharedSecret("client_secret")]),
        ([("client_secret", #""""#)], [.sharedSecret("client_secret")]),
        ([("client_secret_expires_at", "0")], [.sharedSecret("client_secret_expires_at")]),
        ([("token_endpoint_auth_method", #""client_secret_basic""#)], [.sharedSecretMethod]),
        ([("token_endpoint_auth_method", #""client_secret_post""#)], [.sharedSecretMethod]),
        ([("token_endpoint_auth_method", #""client_secret_jwt""#)], [.sharedSecretMethod]),
        ([("token_endpoint_auth_method", #""tls_client_auth""#)], [.authenticationMethod]),
        ([("token_endpoint_auth_method", #""NONE""#)], [.authenticationMethod]),
        ([("token_endpoint_auth_method", "1")], [.authenticationMethod]),
        ([("token_endpoint_auth_method", #""private_key_jwt""#)], [.keysMissing]),
        ([("jwks", "{\"keys\":[\(publicKey)]}"), ("jwks_uri", #""https://k.example/k""#)], [.keysTwice]),
        ([("token_endpoint_auth_method", #""private_key_jwt""#), ("jwks", "[]")], [.keysMalformed]),
        ([("jwks", #"{"keys":{}}"#)], [.keysMalformed]), ([("jwks", #"{"keys":["x"]}"#)], [.keysMalformed]),
        ([("jwks", "{\"keys\":[\(publicKey),{\"kty\":\"oct\",\"k\":\"AA\"}]}")], [.secretKey(index: 1)]),
        ([("jwks", #"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}]}"#)], [.secretKey(index: 0)]),
        ([("jwks", #"{"keys":[{"kty":"RSA","n":"AA","e":"AQAB","p":"AA"}]}"#)], [.secretKey(index: 0)]),
        ([("jwks_uri", #""http://k.example/k""#)], [.keysURL]), ([("jwks_uri", #""/k""#)], [.keysURL]),
        ([("jwks_uri", #""https://k.example/k#f""#)], [.keysURL]), ([("jwks_uri", "{}")], [.keysURL]),
        ([("jwks_uri", #""http://127.0.0.1/k""#)], [.keysURL]), ([("grant_types", "[]")], [.grantTypes]),
        ([("grant_types", #"["client_credentials"]"#)], [.grantTypes]),
        ([("grant_types", #"["refresh_token"]"#)], [.grantTypes]),
        ([("grant_types", #""authorization_code""#)], [.grantTypes]), ([("response_types", "[]")], [.responseTypes]),
        ([("response_types", #"["token"]"#)], [.responseTypes]), ([("response_types", #""code""#)], [.responseTypes]),
        ([("scope", #"["a"]"#)], [.member("scope")]), ([("scope", #""a\"b""#)], [.member("scope")]),
        ([("logo_uri", #""javascript:alert(1)""#)], [.member("logo_uri")]),
        ([("logo_uri", #""data:image/png;base64,AA""#)], [.member("logo_uri")]),
        ([("client_uri#de", "1")], [.member("client_uri#de")]), ([("tos_uri", #""/tos""#)], [.member("tos_uri")]),
        (
            [("client_id", nil), ("client_name", nil), ("redirect_uris", nil), ("client_secret", #""s""#)],
            [.clientIDMissing, .clientNameMissing, .redirectURIsMissing, .sharedSecret("client_secret")]
        ),
    ]

    @Test("POLICY §14: a document is good, or every fault is named")
    func table() throws {
        #expect(Self.good.count + Self.refused.count >= 50)
        for changes in Self.good { #expect(try Self.faults(Self.document(changes)) == [], "\(changes)") }
        for (changes, faults) in Self.refused {
            #expect(try Self.faults(Self.document(changes)) == faults, "\(changes)")
        }
    }

    @Test("what is not one JSON object in the size limit is refused before anything is read")
    func outerForm() throws {
        let good = Self.document()
        #expect(try Self.faults([]) == [.notJSON(.unexpectedEnd)])
        #expect(try Self.faults(Array("<html>".utf8)) == [.notJSON(.unexpectedByte)])
        #expect(try Self.faults([0xEF, 0xBB, 0xBF] + good) == [.notJSON(.byteOrderMark)])
        #expect(try Self.faults(good + good) == [.notJSON(.trailingBytes)])
        #expect(try Self.faults(Array("[]".utf8)) == [.notAnObject])
        #expect(try Self.faults(Array("null".utf8)) == [.notAnObject])
        let twice = Self.document().dropLast() + Array(",\"client_id\":\"x\"}".utf8)
        #expect(try Self.faults(Array(twice)) == [.notJSON(.duplicateMember)])
        let padded = Self.document([("pad", "\"" + String(repeating: "x", count: 5_120) + "\"")])
        #expect(try Self.faults(padded) == [.tooLarge(limit: 5_120)])
        var rules = ClientIDMetadataDocument.Rules()
        rules.maximumBytes = 65_536
        #expect(throws: Never.self) {
            try ClientIDMetadataDocument(parsing: padded, from: ClientIdentifierURL(Self.url), rules: rules)
        }
    }

    @Test("what an author reads is one sentence for each kind of fault, and codes are of each kind")
    func remedies() {
        let all = Self.refused.flatMap(\.1) + [.tooLarge(limit: 1), .notJSON(.unexpectedEnd), .notAnObject]
        #expect(all.allSatisfy { $0.remedy.hasSuffix(".") && $0.remedy.utf8.count < 160 })
        #expect(Set(all.map(\.code)).count == 25)
    }

    @Test("unsupported grant types are left out, and a parsed document is written and read again unchanged")
    func roundTrip() throws {
        let bytes = Self.document([
            ("grant_types", #"["implicit","refresh_token","authorization_code"]"#), ("scope", #""b a""#),
            ("token_endpoint_auth_method", #""private_key_jwt""#), ("jwks", "{\"keys\":[\(Self.publicKey)]}"),
            ("client_name#de", #""Anwendung""#), ("software_id", #""x""#),
        ])
        let url = try ClientIdentifierURL(Self.url)
        let document = try ClientIDMetadataDocument(parsing: bytes, from: url)
        #expect(document.grantTypes == ["authorization_code", "refresh_token"])
        #expect(document.scope?.tokens == ["a", "b"])
        #expect(document.clientName.translations.map(\.language) == ["de"])
        #expect(document.extra["software_id"] == "x")
        let again = try ClientIDMetadataDocument(parsing: JSONValue.object(document.json).encoded(), from: url)
        #expect(again == document)
    }

    @Test("the redirect URI of a request is a registered one; without one, the only registered one")
    func redirectURI() throws {
        let url = try ClientIdentifierURL(Self.url)
        let one = try ClientIDMetadataDocument(parsing: Self.document(), from: url)
        #expect(one.redirectURI(for: nil)?.text == "https://app.example/cb")
        #expect(one.redirectURI(for: "https://app.example/cb")?.text == "https://app.example/cb")
        #expect(one.redirectURI(for: "https://app.example/cb/") == nil)
        let two = try ClientIDMetadataDocument(
            parsing: Self.document([("redirect_uris", #"["http://localhost/cb","app:/x"]"#)]), from: url)
        #expect(two.redirectURI(for: nil) == nil)
        #expect(two.redirectURI(for: "http://localhost:4/cb")?.text == "http://localhost:4/cb")
    }

    @Test(
        "THREATS R16: a name that is shown is one short line without invisible and turning characters",
        arguments: [
            ("App", "App"), ("  A \n\t B  ", "A B"), ("a\u{202E}b\u{200B}c\u{2066}", "abc"), ("\u{0}A\u{7F}", "A"),
            ("e\u{301}", "e\u{301}"), ("<b>x</b>", "<b>x</b>"), ("A\u{FEFF}\u{AD}B", "AB"), ("A\u{2028}B", "A B"),
            ("\u{E000}A\u{E0041}", "A"), ("A\u{20DD}", "A"),
            // Marks upon marks would cover the lines that show the host; and a mark needs a letter.
            ("A" + String(repeating: "\u{301}", count: 60) + "B", "A\u{301}\u{301}\u{301}\u{301}B"),
            ("\u{301}A \u{301}B", "A B"), ("\u{5D0}\u{5B0}\u{5BC}\u{591}", "\u{5D0}\u{5B0}\u{5BC}\u{591}"),
            ("\u{301}\u{301}", ""),
        ])
    func displayName(text: String, shown: String) throws {
        var document = ClientIDMetadataDocument(clientID: try ClientIdentifierURL("https://app.example:8443/c"))
        document.clientName.value = text
        #expect(document.displayName.utf8.elementsEqual(shown.utf8))
        #expect(document.displayHost == "app.example:8443")
        document.clientName.value = String(repeating: "x", count: 10_000)
        #expect(document.displayName.count == ClientIDMetadataDocument.maximumDisplayNameLength)
    }

    @Test("a client is on loopback only when every redirection stays on the user's machine")
    func loopbackOnly() throws {
        var document = ClientIDMetadataDocument(clientID: try ClientIdentifierURL(Self.url))
        document.redirectURIs = try ["http://localhost/cb", "https://127.0.0.1/cb"].map { try RedirectURI($0) }
        #expect(document.redirectsToLoopbackOnly)
        document.redirectURIs.append(try RedirectURI("app:/cb"))
        #expect(!document.redirectsToLoopbackOnly)
    }
}
