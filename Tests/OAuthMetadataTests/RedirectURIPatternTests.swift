import OAuthMetadata
import Testing

@Suite("RedirectURIPattern")
struct RedirectURIPatternTests {
    /// Pattern, URI, and whether the pattern admits it.
    private static let rows: [(String, String, Bool)] = [
        ("https://app.example/cb", "https://app.example/cb", true),
        ("https://app.example/cb", "https://APP.example/cb", true),
        ("https://app.example/cb", "https://app.example:443/cb", true),
        ("https://app.example/cb", "https://app.example/cb2", false),
        ("https://app.example/cb", "https://app.example/cb?x=1", false),
        ("https://app.example/cb", "https://app.example:444/cb", false),
        ("https://app.example/cb?x=1", "https://app.example/cb?x=1", true),
        ("https://app.example", "https://app.example/any/path?x=1", true),
        ("https://app.example", "https://app.example.evil.example/", false),
        ("https://app.example", "http://localhost/", false),
        ("https://*.app.example/cb", "https://x.app.example/cb", true),
        ("https://*.app.example/cb", "https://app.example/cb", false),
        ("https://*.app.example/cb", "https://x.y.app.example/cb", false),
        ("https://*.app.example/cb", "https://evilapp.example/cb", false),
        ("https://*.app.example/cb", "https://x.app.example.evil.example/cb", false),
        ("https://*.app.example/cb", "https://evil.example/x.app.example/cb", false),
        ("https://*.app.example:*/cb", "https://x.app.example:8443/cb", true),
        ("https://a.*.app.example/cb", "https://a.b.app.example/cb", true),
        ("http://localhost:*", "http://localhost:3000/callback?x=1", true),
        ("http://localhost:*", "http://localhost/callback", true),
        ("http://localhost:*", "http://127.0.0.1:3000/callback", false),
        ("http://localhost:*", "https://localhost:3000/callback", false),
        ("http://localhost:*/callback", "http://localhost:3000/callback", true),
        ("http://localhost:*/callback", "http://localhost:3000/callback/x", false),
        ("http://localhost/callback", "http://localhost:3000/callback", false),
        ("http://127.0.0.1:*/cb", "http://127.0.0.1:1/cb", true),
        ("http://[::1]:*/cb", "http://[::1]:1/cb", true), ("http://[::1]:*/cb", "http://127.0.0.1:1/cb", false),
        ("http://[::1]:1/cb", "http://[::1]:2/cb", false),
        ("cursor://oauth/callback", "cursor://oauth/callback", true),
        ("cursor://oauth/callback", "cursor://oauth/callback2", false),
        ("com.example.app:/cb", "com.example.app:/cb", true), ("com.example.app:/cb", "com.example.app:/cb2", false),
    ]

    @Test("each part is compared with the same part: a wildcard is one label of the host, or the port")
    func admits() throws {
        for (pattern, uri, expected) in Self.rows {
            #expect(try RedirectURIPattern(pattern).admits(RedirectURI(uri)) == expected, "\(pattern) \(uri)")
        }
    }

    @Test(
        "a pattern that is open anywhere else is refused, each with its reason",
        arguments: [
            ("*", .wildcard), ("*://app.example/", .wildcard), ("https://app.example/*", .wildcard),
            ("https://app.example/cb?*", .wildcard), ("https://a*.app.example/", .wildcard),
            ("https://**.app.example/", .wildcard), ("https://app.example:8*/", .wildcard),
            ("https://app.example:**/", .wildcard), ("cursor:*", .wildcard), ("cursor://*/x", .wildcard),
            ("https://*/cb", .tooWide), ("https://*.example/cb", .tooWide), ("https://*.*.example/", .tooWide),
            ("https://*", .tooWide), ("http://*.app.example/", .redirectURI(.insecure)),
            ("", .redirectURI(.notAbsolute)),
            ("https://app.example/#x", .redirectURI(.fragment)),
            ("https://u@app.example/", .redirectURI(.userinfo)),
            ("https://u@*.app.example/", .wildcard),
            ("javascript://*.app.example/", .redirectURI(.forbiddenScheme)),
        ] as [(String, RedirectURIPattern.Fault)])
    func refused(text: String, fault: RedirectURIPattern.Fault) {
        #expect(throws: fault) { try RedirectURIPattern(text) }
    }
}
