import Testing

@testable import OAuthResourceServer

/// The rules for URIs against URL parsers in use: a rule that matches what one of them reads must apply.
@Suite("Resource rules and other URL parsers")
struct ResourceURIDifferentialTests {
    /// A rule, and what it protects, written without the code under test.
    struct Rule: Sendable, CustomTestStringConvertible {
        let pattern: String
        let scheme: String
        let host: String
        let protects: @Sendable (_ segments: [Substring]) -> Bool

        var testDescription: String { pattern }

        func protects(_ reading: ForeignURLParsers.Reading) -> Bool {
            guard reading.scheme.lowercased() == scheme else { return false }
            if scheme == "file" { return protectsPath(reading.path) }
            let name = reading.host.hasSuffix(".") ? String(reading.host.dropLast()) : reading.host
            guard name.lowercased() == host else { return false }
            // Another port is another server for schemes whose default port every parser knows.
            if scheme == "https", let port = reading.port, port != 443 { return false }
            return protectsPath(reading.path)
        }

        private func protectsPath(_ path: String) -> Bool {
            path.first == "/"
                && [path, Self.withoutDotSegments(path)].contains {
                    protects($0.dropFirst().split(separator: "/", omittingEmptySubsequences: false))
                }
        }

        private static func withoutDotSegments(_ path: String) -> String {
            var kept: [Substring] = []
            for segment in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
                if segment == ".." { _ = kept.popLast() } else if segment != "." { kept.append(segment) }
            }
            return "/" + kept.joined(separator: "/")
        }
    }

    static let rules = [
        Rule(
            pattern: "https://internal.example/**/secret/*", scheme: "https", host: "internal.example",
            protects: { $0.count >= 3 && $0.dropFirst().dropLast().last == "secret" }),
        Rule(
            pattern: "https://127.0.0.1/admin/**", scheme: "https", host: "127.0.0.1",
            protects: { $0.count >= 2 && $0.first == "admin" }),
        Rule(
            pattern: "https://[fd00::1]/admin/**", scheme: "https", host: "[fd00::1]",
            protects: { $0.count >= 2 && $0.first == "admin" }),
        Rule(pattern: "db://prod/**", scheme: "db", host: "prod", protects: { _ in true }),
        Rule(pattern: "db://[fd00::1]/**", scheme: "db", host: "[fd00::1]", protects: { _ in true }),
        Rule(
            pattern: "file:///private/**", scheme: "file", host: "",
            protects: { $0.count >= 2 && $0.first == "private" }),
    ]

    private static let schemes = [
        "https", "HTTPS", "http", "db", "DB", "file", "File", "ｈttps", "https ", " https", "", "wss", "%68ttps",
    ]
    private static let slashes = [
        "://", "://", "://", ":/", ":///", ":////", ":", ":\\\\", ":/\\", "://\\", "%3A//", "",
    ]
    private static let userinfos = ["", "", "", "", "u@", "u:p@", "@", "a@b@", "internal.example@", "u:p%40x@", "x\\@"]
    private static let hosts = [
        "https://internal.example/**/secret/*": [
            "internal.example", "INTERNAL.example", "internal.example.", "internal.example..", "internal。example",
            "internal．example", "internal｡example", "ｉnternal.example", "internal%2Eexample", "%69nternal.example",
            "internal%E3%80%82example", "inter\u{AD}nal.example", "internal.example%20", " internal.example",
        ],
        "https://127.0.0.1/admin/**": [
            "127.0.0.1", "127.1", "0x7f.1", "0x7F000001", "2130706433", "017700000001", "127.0.0.1.", "①②⑦.0.0.1",
            "127.0.0.%31", "127.0.0.01",
        ],
        "https://[fd00::1]/admin/**": [
            "[fd00::1]", "[FD00:0:0:0:0:0:0:1]", "[fd00:0::1]", "[fd00::0.0.0.1]", "[fd00::1%25eth0]", "[fd00::01]",
        ],
        "db://prod/**": [
            "prod", "PROD", "prod.", "ｐrod", "%70rod", "pr%6Fd", "prod..", "[prod]", "prod;x", "other,prod", "prod:1:2",
        ],
        "db://[fd00::1]/**": ["[fd00::1]", "[FD00:0::1]", "[fd00::1%25eth0]", "[fd00::1%eth0]", "[fd00::0:1]"],
        "file:///private/**": ["", "localhost", "other", "127.0.0.1", "größe"],
    ]
    private static let ports = [
        "", "", "", ":443", ":0443", ":00443", ":", ":1", ":443x", ":80", ":99999", ":-1", ": 443",
    ]
    private static let paths = [
        "/a/secret/b", "/a/secret/", "/a//secret/b", "/a/./secret/b", "/a/x/../secret/b", "/a/x/%2e%2e/secret/b",
        "/a/x/..%2fsecret/b", "/a%2fx/%2e%2e/%2e%2e/a/secret/b", "\\a\\secret\\b", "/a\\secret\\b", "/a/s%65cret/b",
        "/a/s%2565cret/b", "/a/secret/b?x", "/a/secret/b#x", "/a/secret/b;v=1", "/a/secret;v=1/b", "/a/b?/secret/c",
        "/admin/x", "//admin/x", "/x//../admin/x", "/x/..//admin/x", "/admin%2fx", "/%61dmin/x", "/x", "/", "",
        "/private/key", "/./private/key", "/public/../private/key", "/public//../../private/key", "/private",
        "/public/x", "/private/key ", "/%70rivate/key", "/C:/../private/x", "/c|/private/x",
    ]

    /// The URIs of the test: products of parts, and products with one byte added.
    private static func uris(_ count: Int, for rule: Rule) -> [String] {
        var random = SplitMix(seed: 20_261_128)
        let noise = Array("\\/:@%?#;.[]~^|{}\u{3002}\u{FF0F}\u{200B}é ".unicodeScalars)
        let others = hosts.values.joined().sorted()
        return (0..<count).map { index in
            func pick(_ parts: [String]) -> String { parts[Int(random.next() % UInt64(parts.count))] }
            let host = pick(index % 3 == 0 ? others : hosts[rule.pattern] ?? others)
            let scheme = index % 2 == 0 ? rule.scheme : pick(schemes)
            var uri = scheme + pick(slashes) + pick(userinfos) + host + pick(ports) + pick(paths)
            if index % 4 == 0 {
                let place = Int(random.next() % UInt64(uri.unicodeScalars.count + 1))
                let scalar = noise[Int(random.next() % UInt64(noise.count))]
                let start = uri.unicodeScalars.startIndex
                uri.unicodeScalars.insert(scalar, at: uri.unicodeScalars.index(start, offsetBy: place))
            }
            return uri
        }
    }

    @Test("POLICY §11: what Foundation or libcurl reads as a protected URI meets the rule", arguments: rules)
    func differential(rule: Rule) {
        let pattern = ResourceURIPattern(rule.pattern)
        var protected = 0
        var unprotected = 0
        for uri in Self.uris(2_500, for: rule) {
            let applies = pattern.matches(ResourceURIReadings(Array(uri.utf8), .uri))
            if !applies { unprotected += 1 }
            for reading in ForeignURLParsers.readings(of: uri) where rule.protects(reading) {
                protected += 1
                if !applies { Issue.record("\(uri.debugDescription) is read as \(reading)") }
            }
        }
        // Otherwise the test would show nothing.
        #expect(protected > 20)
        #expect(unprotected > 100)
    }

    @Test("The other parsers are there")
    func parsers() {
        let expected = ForeignURLParsers.Reading(scheme: "https", host: "a.example", port: nil, path: "/b")
        #expect(ForeignURLParsers.readings(of: "https://a.example/b").contains(expected))
        #expect(LibcurlURL.shared?.readings(of: "https://a.example/b").contains(expected) == true)
    }

    @Test(
        "POLICY §11: a URI that these parsers read differently meets the rule of each reading",
        arguments: [
            ("https://internal.example/**/secret/*", "https://internal.example:0443/a/secret/b"),
            ("https://internal.example/**/secret/*", "https://internal。example/a/secret/b"),
            ("https://internal.example/**/secret/*", "https://internal．example/a/secret/b"),
            ("https://internal.example/**/secret/*", "https://ｉnternal.example/a/secret/b"),
            ("https://internal.example/**/secret/*", "https:/internal.example/a/secret/b"),
            ("https://internal.example/**/secret/*", "https:///internal.example/a/secret/b"),
            ("https://internal.example/**/secret/*", "https:internal.example/a/secret/b"),
            ("https://internal.example/**/secret/*", "https:\\\\internal.example\\a\\secret\\b"),
            ("https://internal.example/**/secret/*", "https://internal.example\\a\\secret\\b"),
            ("https://internal.example/**/secret/*", "internal.example:443/a/secret/b"),
            ("https://internal.example/**/secret/*", "u:p@internal.example/a/secret/b"),
            ("https://internal.example/a/*", "https://internal.example/a//../b"),
            ("https://internal.example/private/key", "https://internal.example/x%2fy/%2e%2e/private%2fkey"),
            ("https://größe.example/**", "https://xn--gre-6ka8i.example/a"),
            ("https://127.0.0.1/**", "https://127.1/a"), ("https://127.0.0.1/**", "https://0x7f000001/a"),
            ("https://[fd00::1]/**", "https://[fd00:0:0::1]/a"), ("https://[FD00:0::1]/**", "https://[fd00::1]/a"),
            ("https://[::ffff:10.0.0.1]/**", "https://[::ffff:a00:1]/a"),
            ("wss://x.example/**", "wss://x.example:443/a"),
            ("db://prod/**", "db://prod:1/x"), ("db://prod/**", "db://u:p@prod:9/x"), ("db://prod/**", "db://u@prod/x"),
            ("db://prod/**", "db://prod.:9/x"), ("db://prod/**", "db://ｐrod/x"), ("db://10.0.0.1/**", "db://10.1/x"),
            ("db://[fd00::1]/**", "db://[fd00:0::1]:9/x"), ("db://prod:9/**", "db://u@prod:9/x"),
            ("db://prod/**", "db://[prod]/x"), ("db://prod/**", "db://u@[prod]:9/x"), ("db://prod/**", "db://prod;x/y"),
            ("db://prod/**", "db://prod^x/y"), ("db://prod/**", "db://prod'x/y"), ("db://prod/**", "db://other,prod/x"),
            ("db://[fd00::1]/**", "db://[fd00::1%25eth0]/x"), ("db://[fd00::1]/**", "db://[fd00::1%eth0]:9/x"),
            ("db://prod/**", "db:/x/../prod/x"), ("db://prod/**", "db:///./prod/x"),
            ("db://prod/**", "db://prod:1:2/x"),
            ("ftp://ftp.internal.example/**", "ftp.internal.example:21/x"),
            ("ftp://ftp.internal.example/**", "u:p@ftp.internal.example/x"),
            ("imap://imap.x.example/**", "imap.x.example:143/a"), ("http://127.0.0.1/**", "x:1@127.1/a"),
            ("https://internal.example/**/secret/*", "url:https://internal.example/a/secret/b"),
            ("https://internal.example/**/secret/*", "URL:https://internal.example/a/secret/b"),
            ("https://internal.example/**/secret/*", "view-source:https://internal.example/a/secret/b"),
            ("file:///private/**", "URL:file:/private/key"), ("file:///private/**", "jar:file:/private/x.jar!/y"),
            // File systems that ignore case.
            ("file:///secret/**", "file:///\u{17F}ecret/x"), ("file:///größe/**", "file:///GRÖßE/x"),
            ("file:///C:/private/**", "file:///C|/private/x"), ("file:///C:/private/**", "file://C:/private/x"),
            ("file:///C:/private/**", "file:///C:/../private/x"), ("file:///C:/private/**", "file:c:/private/x"),
            // The same file in another normalization form.
            ("file:///größe/*", "file:///gro\u{308}ße/x"), ("file:///gro\u{308}ße/*", "file:///gr%C3%B6%C3%9Fe/x"),
        ])
    func differingReadings(pattern: String, uri: String) {
        #expect(ResourceURIPattern(pattern).matches(ResourceURIReadings(Array(uri.utf8), .uri)))
    }

    @Test("A rule for an international host concerns other spellings of hosts only")
    func internationalHosts() {
        func matches(_ pattern: String, _ uri: String) -> Bool {
            ResourceURIPattern(pattern).matches(ResourceURIReadings(Array(uri.utf8), .uri))
        }
        #expect(matches("https://xn--mnchen-3ya.example/**", "https://münchen.example/a"))
        for uri in ["note:日本", "file:///home/é", "https://other.example/é"] {
            #expect(!matches("https://xn--mnchen-3ya.example/**", uri), "\(uri)")
        }
        #expect(!matches("file:///größe/**", "https://xn--mnchen-3ya.example/a"))
    }

    @Test(
        "Clear URIs of other resources need nothing",
        arguments: [
            "https://internal.example/a/public/b", "https://internal.example:8443/a/secret/b",
            "https://public.example/a/secret/b", "https://internal.example/a%20b?q=%2Fpublic", "note:1", "note://42/a",
            "memo://team/größe", "memo:größe", "urn:isbn:0451450523", "urn:ietf:rfc:2648", "memo:a:größe",
            "ticket://7/secret/x", "https://[fd00::1]/a",
            "https://xn--gre-6ka8i.example/a", "file:///C:/notes/a:b.txt", "custom-scheme.v1:/a/b", "db://prod2/x",
            "screen://localhost:5000/display1", "postgres://reader@db.example:5432/table/schema",
        ])
    func clearURIs(uri: String) {
        for rule in Self.rules {
            let applies = ResourceURIPattern(rule.pattern).matches(ResourceURIReadings(Array(uri.utf8), .uri))
            #expect(!applies, "\(rule.pattern)")
        }
    }
}

/// A small generator with a seed, so that a failure can be repeated.
private struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
