import HTTPMessages
import Testing

@Suite("Request targets (RFC 9112 §3.2)", .serialized)
struct HTTPRequestTargetTests {
    @Test(
        "A target is taken apart and never decoded, merged or normalised (THREATS H7, H19)",
        arguments: [
            ("/", "/", nil), ("/mcp", "/mcp", nil), ("/mcp/", "/mcp/", nil), ("/mcp?", "/mcp", ""),
            ("/mcp?a=b", "/mcp", "a=b"),
            ("/?a?b/c", "/", "a?b/c"), ("//", "//", nil), ("//host/path", "//host/path", nil), ("/a//b", "/a//b", nil),
            ("/../etc", "/../etc", nil), ("/a/./b/..", "/a/./b/..", nil), ("/%2e%2e/%2F", "/%2e%2e/%2F", nil),
            ("/%6dcp", "/%6dcp", nil),
            ("/%00", "/%00", nil), ("/a;b=c,d", "/a;b=c,d", nil), ("/-._~!$&'()*+,;=:@", "/-._~!$&'()*+,;=:@", nil),
            ("/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource/mcp", nil),
            ("/?%41", "/", "%41"),
            ("*", "*", nil),
            ("http://example.com", "/", nil), ("http://example.com/", "/", nil), ("http://example.com/a?b", "/a", "b"),
            ("https://example.com:8443/a", "/a", nil),
            ("HTTP://EXAMPLE.com/A", "/A", nil), ("http://example.com?q", "/", "q"), ("http://[::1]:80/x", "/x", nil),
            ("http://127.0.0.1", "/", nil),
            ("http://example.com/a@b", "/a@b", nil), ("http://example.com//a", "//a", nil),
            ("/http://x", "/http://x", nil), ("/*", "/*", nil),
        ] as [(String, String, String?)])
    func accept(text: String, path: String, query: String?) throws {
        let target = try #require(HTTPRequest.Target(text))
        #expect(target.path == path)
        #expect(target.query == query)
        #expect(target.text == text)
        #expect(target.description == path)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", " ", "mcp", "?a", "#", "**", "*?a", "*/", "/#", "/a#b", "/a?b#c", "/ ", " /", "/a b", "/a\tb", "/\r\n",
            "/\0", "/\u{7F}", "/\\", "\\",
            "/<", "/>", "/\"", "/{", "/}", "/|", "/^", "/`", "/[", "/]", "/?[", "/é", "/\u{212A}", "/%", "/%4", "/%zz",
            "/a%2", "/?%", "/?%g1", "/%?a",
            "example.com:443", "example.com", "http:", "http:/", "http://", "http:///a", "http://?q", "ftp://a/",
            "ws://a/", "httpx://a/", "://a", "http:\\\\a",
            "http://user@a/", "http://a:b@c/", "http://@a", "http://a:0/", "http://a:99999/", "http://a:/",
            "http://a./", "http://0x7f.1/", "http://a b/", "http://a/ b",
            "http://a#f", "http://a/#f", "http://a?q#f", "http://[::1", "http://[fe80::1%25en0]/", "http://é/",
            "javascript:alert(1)", "/a\u{301}", "ｈttp://a",
        ])
    func refuse(text: String) {
        #expect(HTTPRequest.Target(text) == nil)
    }

    @Test("Every byte of ASCII in a path and in a query: admitted exactly if RFC 3986 §3.3, §3.4 admit it")
    func bytes() {
        let pchar = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/".utf8)
        let question = UInt8(ascii: "?")
        for byte in UInt8(0)..<0x80 {
            let character = String(Unicode.Scalar(byte))
            let admitted = pchar.contains(byte) || byte == question
            #expect((HTTPRequest.Target("/a\(character)b") != nil) == admitted, "\(byte)")
            #expect((HTTPRequest.Target("/?\(character)") != nil) == admitted, "\(byte)")
        }
    }

    @Test("Targets are equal when sent alike: `%6d` is not `m`")
    func equality() throws {
        let target: HTTPRequest.Target = "/mcp"
        #expect(HTTPRequest.Target("/mcp") == target)
        for other in ["/%6dcp", "/MCP", "/mcp/", "//mcp", "/mcp?", "http://a/mcp"] {
            #expect(HTTPRequest.Target(other) != target)
        }
    }

    @Test("THREATS B12: no description shows a query, in which a caller may have put a token")
    func redacted() throws {
        let target: HTTPRequest.Target = "/mcp?access_token=s3cret"
        let request = HTTPRequest(method: .get, target: target)
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(target)", String(reflecting: target), "\(request)", String(reflecting: request), dumped] {
            #expect(text.contains("/mcp") && !text.contains("s3cret"))
        }
    }
}

@Suite("Request targets that are written in the program")
struct HTTPRequestTargetLiteralTests {
    @Test("a literal is the target that it parses to")
    func literal() {
        let target: HTTPRequest.Target = "/mcp?a=b"
        #expect(target.path == "/mcp" && target.query == "a=b")
    }

    @Test("attack: a literal that is no target stops the program")
    func malformed() async {
        await #expect(processExitsWith: .failure) { _ = "/a b" as HTTPRequest.Target }
        await #expect(processExitsWith: .failure) { _ = "/a\r\nX: y" as HTTPRequest.Target }
        await #expect(processExitsWith: .failure) { _ = "" as HTTPRequest.Target }
    }
}
