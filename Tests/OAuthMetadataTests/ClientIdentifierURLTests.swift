import OAuthMetadata
import Testing
import WireFormat

@Suite("ClientIdentifierURL")
struct ClientIdentifierURLTests {
    private static let good = [
        "https://app.example/client.json", "https://app.example/c", "https://app.example/a/b/c",
        "https://app.example/client/", "https://app.example//c", "https://app.example/c?v=1",
        "https://app.example:8443/c", "https://sub.app.example/c", "https://a_b.example/c", "https://app.example/%20c",
        "https://app.example/%E2%82%AC", "https://app.example/~user", "https://app.example/c;v=1",
        "https://app.example/.well-known/client", "https://app.example/...", "https://app.example/a..b",
        "https://203.0.113.7/c", "https://[2001:db8::1]/c", "https://xn--bcher-kva.example/c",
    ]

    private static let refused: [(String, ClientIdentifierURL.Fault)] = [
        ("", .url(.empty)), ("client", .url(.unsupportedScheme)), ("app.example/c", .url(.unsupportedScheme)),
        ("//app.example/c", .url(.unsupportedScheme)), ("ftp://app.example/c", .url(.unsupportedScheme)),
        ("javascript:alert(1)", .url(.unsupportedScheme)), ("data:,x", .url(.unsupportedScheme)),
        ("https:app.example/c", .url(.missingHost)), ("https:/app.example/c", .url(.missingHost)),
        ("https:///c", .url(.missingHost)), ("https://:443/c", .url(.missingHost)),
        ("https://u@app.example/c", .url(.userinfo)), ("https://u:p@app.example/c", .url(.userinfo)),
        ("https://@app.example/c", .url(.userinfo)), ("https://app.example@evil.example/c", .url(.userinfo)),
        ("https://app.example\\@evil.example/c", .url(.invalidByte)), ("https://app.example/ c", .url(.invalidByte)),
        ("https://app.example/c\n", .url(.invalidByte)), ("https://app.example/c\u{0}", .url(.invalidByte)),
        ("https://b\u{fc}cher.example/c", .url(.invalidByte)), ("https://app.example/\u{20ac}", .url(.invalidByte)),
        ("https://app\u{3002}example/c", .url(.invalidByte)), ("https://app.example./c", .url(.invalidHost)),
        ("https://app..example/c", .url(.invalidHost)), ("https://-app.example/c", .url(.invalidHost)),
        ("https://%61pp.example/c", .url(.invalidHost)), ("https://127.1/c", .url(.invalidHost)),
        ("https://0177.0.0.1/c", .url(.invalidHost)), ("https://0x7f000001/c", .url(.invalidHost)),
        ("https://2130706433/c", .url(.invalidHost)), ("https://[fe80::1%25eth0]/c", .url(.invalidHost)),
        ("https://app.example:0/c", .url(.invalidPort)), ("https://app.example:65536/c", .url(.invalidPort)),
        ("https://app.example:/c", .url(.invalidPort)), ("https://app.example:0443/c", .url(.invalidPort)),
        ("https://app.example/%", .url(.invalidPath)), ("https://app.example/%4", .url(.invalidPath)),
        ("https://app.example/%zz", .url(.invalidPath)), ("https://app.example/[x]", .url(.invalidPath)),
        ("https://app.example/c?[x]", .url(.invalidQuery)),
        ("https://app.example/" + String(repeating: "c", count: 2_048), .url(.tooLong)),
        ("http://app.example/c", .notHTTPS), ("HTTP://app.example/c", .notHTTPS), ("http://localhost/c", .notHTTPS),
        ("http://127.0.0.1:8080/c", .notHTTPS), ("https://app.example/c#", .fragment),
        ("https://app.example/c#f", .fragment), ("https://app.example#f", .fragment), ("https://app.example", .noPath),
        ("https://app.example/", .noPath), ("https://app.example?c", .noPath), ("https://app.example/?c", .noPath),
        ("https://app.example:8443/", .noPath), ("https://app.example/.", .dotSegments),
        ("https://app.example/..", .dotSegments), ("https://app.example/a/../c", .dotSegments),
        ("https://app.example/./c", .dotSegments), ("https://app.example/%2e/c", .dotSegments),
        ("https://app.example/%2E%2e/c", .dotSegments), ("https://app.example/.%2e/c", .dotSegments),
        ("https://APP.example/c", .notNormalized(.letterCase)), ("HTTPS://app.example/c", .notNormalized(.letterCase)),
        ("https://app.example:443/c", .notNormalized(.defaultPort)),
        ("https://app.example/%63", .notNormalized(.percentEncoding)),
        ("https://app.example/%7Euser", .notNormalized(.percentEncoding)),
        ("https://app.example/%e2%82%ac", .notNormalized(.percentEncoding)),
        ("https://app.example/c?%41", .notNormalized(.percentEncoding)),
    ]

    @Test("the draft §3: https, host, path; no fragment, userinfo and dot segments; one spelling")
    func table() {
        #expect(Self.good.count + Self.refused.count >= 60)
        for text in Self.good { #expect((try? ClientIdentifierURL(text))?.text == text, "\(text)") }
        for (text, fault) in Self.refused {
            #expect(throws: fault, "\(text)") { try ClientIdentifierURL(text) }
        }
    }

    @Test("each fault has a code of its own kind, without the URL")
    func codes() {
        #expect(Set(Self.refused.map(\.1.code)).count == 7)
        #expect(Self.refused.allSatisfy { $0.1.code.utf8.starts(with: "client_id_".utf8) })
    }

    @Test("loopback URLs are accepted only by the dangerous exception, and nothing else becomes acceptable by it")
    func loopback() throws {
        for text in ["http://127.0.0.1:8080/c", "http://localhost/c", "https://localhost:8443/c", "http://[::1]:1/c"] {
            #expect(try ClientIdentifierURL(text, loopback: .dangerouslyAccepted).text == text)
        }
        for (text, fault) in Self.refused where fault != .notHTTPS {
            #expect(throws: fault, "\(text)") { try ClientIdentifierURL(text, loopback: .dangerouslyAccepted) }
        }
        for text in ["http://app.example/c", "http://10.0.0.1/c", "http://localhost.evil.example/c"] {
            #expect(throws: ClientIdentifierURL.Fault.notHTTPS) {
                try ClientIdentifierURL(text, loopback: .dangerouslyAccepted)
            }
        }
    }

    @Test("a client identifier is meant as a URL when it begins with https:// or http://")
    func isURL() {
        for text in ["https://app.example/c", "HTTPS://", "http://x"] { #expect(ClientIdentifierURL.isURL(text)) }
        for text in ["", "https", "https:/x", "client", "s6BhdRkqt3", " https://x"] {
            #expect(!ClientIdentifierURL.isURL(text))
        }
    }
}
