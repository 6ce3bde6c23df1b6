@testable import OAuthTestKit
import Testing

@Suite("RedirectURI", .serialized)
struct RedirectURITests {
    @Test(
        "RFC 8252 §7: https, loopback http and schemes of the client's own are acceptable",
        arguments: [
            "https://app.example/cb", "https://app.example:8443/cb?x=1", "http://127.0.0.1/cb", "http://127.0.0.1:1/cb",
            "http://[::1]:8080/", "http://localhost:3000", "com.example.app:/oauth", "cursor://oauth/callback",
        ])
    func acceptable(text: String) {
        #expect(RedirectURI(text)?.text == text)
    }

    @Test(
        "what must never be redirected to is refused",
        arguments: [
            "", "cb", "/cb", "//app.example/cb", "http://app.example/cb", "http://10.0.0.1/cb", "https://a.example/#",
            "https://u:p@a.example/", "com.example.app:/x#f", "javascript:alert(1)", "JAVASCRIPT:x", "data:,x",
            "file:///etc/passwd", "vbscript:x", "blob:https://a.example/1", "about:blank", "https://a.example/\\x",
            "https://a.example/%zz", "https://a.example/\r\nx", "https://ex\u{e4}mple.example/", "app:", "1a:/x", ":x",
            "https://", "https:a.example", "com.example.app:/%4",
        ])
    func refused(text: String) {
        #expect(RedirectURI(text) == nil)
    }

    @Test("RFC 8252 §7.3: on a loopback host any port matches, and nothing else may differ")
    func loopback() throws {
        let uri = try #require(RedirectURI("http://127.0.0.1:3030/cb?x=1"))
        for match in ["http://127.0.0.1:3030/cb?x=1", "http://127.0.0.1/cb?x=1", "http://127.0.0.1:65535/cb?x=1"] {
            #expect(uri.matches(match))
        }
        for other in [
            "http://127.0.0.1:3030/cb", "http://127.0.0.1:3030/cb?x=2", "http://127.0.0.1:3030/cb?x=1#f",
            "http://127.0.0.1:3030/CB?x=1", "http://127.0.0.1:3030/cb/?x=1", "http://127.0.0.2:3030/cb?x=1",
            "http://localhost:3030/cb?x=1", "https://127.0.0.1:3030/cb?x=1", "http://127.0.0.1:99999/cb?x=1",
            "http://u@127.0.0.1:3030/cb?x=1", "http://evil.example/cb?x=1", "",
        ] {
            #expect(!uri.matches(other), "\(other)")
        }
    }

    @Test("elsewhere the bytes must be the same")
    func exact() throws {
        let uri = try #require(RedirectURI("https://app.example/cb"))
        #expect(uri.matches("https://app.example/cb"))
        for other in [
            "https://app.example:443/cb", "https://app.example:8443/cb", "https://APP.example/cb",
            "https://app.example/cb/", "https://app.example/cb?", "https://app.example/%63b", "http://app.example/cb",
        ] {
            #expect(!uri.matches(other), "\(other)")
        }
        // This is not plain http on a loopback host, so that the port must be the same.
        #expect(try !#require(RedirectURI("https://127.0.0.1:1/cb")).matches("https://127.0.0.1:2/cb"))
    }
}
