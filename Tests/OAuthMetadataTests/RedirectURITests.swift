import OAuthMetadata
import Testing
import WireFormat

@Suite("RedirectURI")
struct RedirectURITests {
    @Test(
        "RFC 8252 §7: https, loopback http and schemes of the client's own are acceptable",
        arguments: [
            "https://app.example/cb", "https://app.example:8443/cb?x=1", "http://127.0.0.1/cb", "http://127.0.0.1:1/cb",
            "http://[::1]:8080/", "http://localhost:3000", "com.example.app:/oauth", "cursor://oauth/callback",
            "vscode://vscode.github-authentication/did-authenticate", "HTTPS://app.example/cb", "x-app+1.y:cb",
        ])
    func acceptable(text: String) throws {
        #expect(try RedirectURI(text).text == text)
    }

    @Test(
        "what must never be redirected to is refused, each with its reason",
        arguments: [
            ("", .notAbsolute), ("cb", .notAbsolute), ("/cb", .notAbsolute), ("//app.example/cb", .notAbsolute),
            ("1a:/x", .notAbsolute), (":x", .notAbsolute), ("http://app.example/cb", .insecure),
            ("http://10.0.0.1/cb", .insecure), ("http://localhost.evil.example/cb", .insecure),
            ("http://127.0.0.1.evil.example/cb", .insecure), ("http://[::ffff:127.0.0.1]/cb", .insecure),
            ("https://a.example/#", .fragment), ("com.example.app:/x#f", .fragment), ("javascript:x#y", .fragment),
            ("https://u:p@a.example/", .userinfo), ("https://@a.example/", .userinfo),
            ("cursor://u@host/x", .userinfo), ("javascript:alert(1)", .forbiddenScheme),
            ("JAVASCRIPT:x", .forbiddenScheme), ("jAvAsCrIpT://a.example/%0Ax", .forbiddenScheme),
            ("data:,x", .forbiddenScheme), ("DATA:text/html,x", .forbiddenScheme),
            ("file:///etc/passwd", .forbiddenScheme), ("vbscript:x", .forbiddenScheme),
            ("blob:https://a.example/1", .forbiddenScheme), ("about:blank", .forbiddenScheme),
            ("view-source:https://a.example/", .forbiddenScheme), ("intent://x#Intent;end", .fragment),
            ("intent://x", .forbiddenScheme), ("ftp://a.example/", .forbiddenScheme),
            ("wss://a.example/", .forbiddenScheme), ("mailto:a@b.example", .forbiddenScheme),
            ("https://a.example/\\x", .malformed), ("https://a.example/%zz", .malformed),
            ("https://a.example/\r\nx", .malformed), ("https://ex\u{e4}mple.example/", .malformed),
            ("app:", .malformed), ("com.example.app:/%4", .malformed), (" https://a.example/", .notAbsolute),
            ("https://", .url(.missingHost)), ("https:a.example", .url(.missingHost)),
            ("https://a.example:0/", .url(.invalidPort)), ("https://a.example:99999/", .url(.invalidPort)),
            ("https://a.example./", .url(.invalidHost)), ("http://127.1/cb", .url(.invalidHost)),
            ("http://0x7f.0.0.1/cb", .url(.invalidHost)), ("https://a.example/../x", .dotSegments),
            ("https://a.example/x/%2e%2E/y", .dotSegments), ("http://localhost/./x", .dotSegments),
        ] as [(String, RedirectURI.Fault)])
    func refused(text: String, fault: RedirectURI.Fault) {
        #expect(throws: fault) { try RedirectURI(text) }
    }

    /// Registered, requested, and whether they match.
    private static let pairs: [(String, String, Bool)] = [
        // The same bytes.
        ("https://app.example/cb", "https://app.example/cb", true),
        ("https://app.example/cb?x=1", "https://app.example/cb?x=1", true),
        ("cursor://oauth/callback", "cursor://oauth/callback", true),
        ("com.example.app:/cb", "com.example.app:/cb", true),
        ("http://localhost/cb", "http://localhost/cb", true),
        // Loopback: the port alone may differ.
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:3030/cb?x=1", true),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1/cb?x=1", true),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:65535/cb?x=1", true),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", true),
        ("http://localhost/cb", "http://localhost:1/cb", true), ("http://[::1]/cb", "http://[::1]:9/cb", true),
        ("http://localhost", "http://localhost:3000", true),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:3030/cb", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:3030/cb?x=2", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:3030/cb?x=1&y=2", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:3030/cb?x=1#f", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:3030/CB?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:3030/cb/?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.2:3030/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://localhost:3030/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "https://127.0.0.1:3030/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:99999/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:0/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:080/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://u@127.0.0.1:3030/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:3030@evil.example/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:3030\\@evil.example/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1.evil.example/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "http://evil.example/cb?x=1", false),
        ("http://127.0.0.1:3030/cb?x=1", "", false),
        ("http://localhost/cb", "http://LOCALHOST/cb", false), ("http://localhost/cb", "http://localhost./cb", false),
        ("http://localhost/cb", "http://localhost:1/cb?", false), ("http://localhost/cb", "http://localhost:1", false),
        ("http://localhost/cb", "http://localhost:1/cb/../x", false),
        ("http://localhost/cb", "http://localhost:1/%63b", false), ("http://localhost/cb", "http://[::1]:1/cb", false),
        ("http://localhost", "http://localhost:3000/", false), ("http://[::1]/cb", "http://[0:0::1]:9/cb", false),
        ("http://127.0.0.1/cb", "http://2130706433:1/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb\n", false),
        // Elsewhere the bytes must be the same.
        ("https://app.example/cb", "https://app.example:443/cb", false),
        ("https://app.example/cb", "https://app.example:8443/cb", false),
        ("https://app.example/cb", "https://APP.example/cb", false),
        ("https://app.example/cb", "HTTPS://app.example/cb", false),
        ("https://app.example/cb", "https://app.example/cb/", false),
        ("https://app.example/cb", "https://app.example/cb?", false),
        ("https://app.example/cb", "https://app.example/cb?x=1", false),
        ("https://app.example/cb", "https://app.example/cb#", false),
        ("https://app.example/cb", "https://app.example/%63b", false),
        ("https://app.example/cb", "https://app.example/x/../cb", false),
        ("https://app.example/cb", "http://app.example/cb", false),
        ("https://app.example/cb", "https://app.example/cb%00", false),
        ("https://app.example/cb", "https://app.example.evil.example/cb", false),
        ("https://app.example/cb", "https://evil.example/https://app.example/cb", false),
        ("https://app.example/cb", "https://app.example@evil.example/cb", false),
        ("https://app.example/cb", "https://app.example/cb ", false),
        ("https://app.example", "https://app.example/", false),
        // Https on a loopback host is not a loopback redirection of RFC 8252 §7.3.
        ("https://127.0.0.1:1/cb", "https://127.0.0.1:2/cb", false),
        ("https://localhost/cb", "https://localhost:2/cb", false),
        ("cursor://oauth/callback", "cursor://oauth/callback?x", false),
        ("cursor://oauth/callback", "CURSOR://oauth/callback", false),
        ("cursor://oauth/callback", "cursor://oauth:1/callback", false),
        ("com.example.app:/cb", "com.example.app://cb", false),
    ]

    @Test("OAuth 2.1 §2.3.1: the bytes are the same; RFC 8252 §7.3: only the port of loopback http may differ")
    func matching() throws {
        #expect(Self.pairs.count >= 60)
        for (registered, requested, expected) in Self.pairs {
            #expect(try RedirectURI(registered).matches(requested) == expected, "\(registered) \(requested)")
        }
    }

    @Test("URIs are equal when their bytes are, not when their characters are")
    func bytes() throws {
        #expect(try RedirectURI("app:/x") == RedirectURI("app:/x"))
        #expect(try RedirectURI("app:/x") != RedirectURI("APP:/x"))
    }
}
