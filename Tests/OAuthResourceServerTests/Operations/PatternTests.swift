import Testing

@testable import OAuthResourceServer

@Suite("Patterns of scope rules", .serialized)
struct PatternTests {
    private func matches(_ pattern: String, _ text: String, _ segments: GlobPattern.Segments = .slashes) -> Bool {
        GlobPattern(Array(pattern.utf8), segments).matches(GlobText(Array(text.utf8)))
    }

    @Test(
        "Literals, * within a segment, ** across",
        arguments: [
            ("", ["": true, "a": false]),
            ("a", ["a": true, "A": false, "aa": false, "": false, "a/": false]),
            (
                "delete_*",
                ["delete_": true, "delete_x": true, "delete": false, "xdelete_a": false, "delete_a/b": false]
            ),
            (
                "*_admin",
                ["_admin": true, "a_admin": true, "a_admin_admin": true, "a_admins": false, "a/_admin": false]
            ),
            ("a*b*c", ["abc": true, "a_b_c": true, "abbbcc": true, "acb": false, "ab/c": false, "abcb": false]),
            ("**", ["": true, "a": true, "a/b//c": true]),
            ("a/**", ["a/": true, "a/b/c": true, "a": false, "ab/c": false]),
            ("a/**/z", ["a//z": true, "a/b/z": true, "a/b/c/z": true, "a/z": false, "a/b/zz": false]),
            ("a/*/z", ["a//z": true, "a/b/z": true, "a/b/c/z": false]),
            ("***", ["a/b": true]),
            ("*/**", ["a/b/c": true, "/": true, "a": false]),
            ("resources/*", ["resources/read": true, "resources/templates/list": false]),
            // No other byte is special.
            ("a.c[x]?(+)\\{}^$|", ["a.c[x]?(+)\\{}^$|": true, "abc[x]?(+)\\{}^$|": false]),
            // A wildcard matches bytes, not characters.
            ("*\u{301}", ["e\u{301}": true]),
            ("a*", ["a*": true]),
        ])
    func grammar(pattern: String, texts: [String: Bool]) {
        for (text, isMatch) in texts {
            #expect(matches(pattern, text) == isMatch, "\(pattern) and \(text)")
        }
    }

    @Test("Names have no segments")
    func names() {
        #expect(matches("delete_*", "delete_a/b", .none))
        #expect(matches("*", "a/b/c", .none))
        #expect(!matches("delete_*", "create_a", .none))
    }

    @Test("A pattern made to blow up costs its size times that of the text")
    func blowUp() {
        let text = String(repeating: "a", count: 1_000)
        let hostile = String(repeating: "*a", count: 100)
        #expect(!matches(hostile + "b", text))
        #expect(matches(hostile, text))
        #expect(!matches(String(repeating: "**a*", count: 50) + "b", text))
        #expect(!matches(String(repeating: "a", count: 250) + "b" + "**", text))
    }

    @Test("Against a matcher that tries everything, on all short texts")
    func exhaustive() {
        func reference(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            let rest = pattern.dropFirst()
            guard first == UInt8(ascii: "*") else {
                return text.first == first && reference(rest, text.dropFirst())
            }
            let isAcross = rest.first == UInt8(ascii: "*")
            let behind = rest.drop { $0 == UInt8(ascii: "*") }
            var tail = text
            while true {
                if reference(behind, tail) { return true }
                guard let next = tail.first, isAcross || next != UInt8(ascii: "/") else { return false }
                tail = tail.dropFirst()
            }
        }
        func texts(_ alphabet: [UInt8], _ longest: Int) -> [[UInt8]] {
            var all: [[UInt8]] = [[]]
            var last = all
            for _ in 0..<longest {
                last = last.flatMap { text in alphabet.map { text + [$0] } }
                all += last
            }
            return all
        }
        let subjects = texts(Array("a/b".utf8), 4)
        for pattern in texts(Array("a/*".utf8), 5) {
            let compiled = GlobPattern(pattern, .slashes)
            for subject in subjects where compiled.matches(GlobText(subject)) != reference(pattern[...], subject[...]) {
                Issue.record(
                    "\(String(decoding: pattern, as: UTF8.self)) and \(String(decoding: subject, as: UTF8.self))")
            }
        }
    }

    // MARK: URIs and paths

    @Test(
        "A URI that a handler may take for a private one needs what the private one needs",
        arguments: [
            "file:///private/key", "file:///private/", "file:///private", "file:///private/a/b?x#y",
            // Other spellings of the same URI.
            "FILE:///private/key", "file:///Private/KEY", "file://localhost/private/key",
            "file://LOCALHOST/private/key",
            "file:/private/key", "file:private/key", "file:////private//key", "file:///./private/key",
            "file:///public/../private/key", "file:///public/%2e%2e/private/key", "file:///public/..%2fprivate/key",
            "file:///public/.%252e/private/key", "file:///%70rivate/key", "file:///%2570rivate/key",
            "file:///public\\..\\private\\key", "file:///private;x=1/key", "file:///private%2Fkey",
            "file:///../../private/key", "file://x@/private/key", " file:///private/key",
            "file:///public/x?/../../private/k",
            "file:///private%3Fx", "file:///private#x",
            // Code that opens only the path of a URL ignores the host.
            "file://other/private/key", "file://other/x/../private",
            // Characters that String treats as equal to others.
            "file:///\u{212A}ey", "file:///%E2%84%AAey",
            // URIs that cannot be interpreted reliably.
            "/private/key", "private/key", "//private/key", "", "%66ile:%00", "file:///public/%00",
            "file:///public/%0a",
            "file:///%2525252525252570ublic",
        ])
    func privateURIs(uri: String) {
        let pattern = ResourceURIPattern("file:///private/**")
        #expect(pattern.matches(ResourceURIReadings(Array(uri.utf8), .uri)))
    }

    @Test(
        "A URI that nobody takes for a private one does not",
        arguments: [
            "file:///public/private/key", "file:///privately/key", "file:///public/key",
            "file:///private/../public/key",
            "http://private/key", "note:private", "file://other/public/key", "file:///public?x=file:///private/key",
            "file:///public/é", "file:///public/%C3%A9",
        ])
    func publicURIs(uri: String) {
        let pattern = ResourceURIPattern("file:///private/**")
        // A URI that is in the pattern's folder as sent matches too, since a handler may leave dot segments in place.
        let isAsSent = uri.utf8.starts(with: "file:///private/".utf8)
        #expect(pattern.matches(ResourceURIReadings(Array(uri.utf8), .uri)) == isAsSent)
    }

    @Test(
        "Patterns may be spelled in other ways too",
        arguments: [
            ("file:///my%20notes/*", "file:///my notes/a"), ("file:///my notes/*", "file:///my%20notes/a"),
            ("FILE://localhost/a/**", "file:///A/b"), ("https://x.example:443/a", "https://X.example./a"),
            ("https://x.example/a", "https://user:pw@x.example:/a"), ("http://x.example/a", "http://x.example:80/a"),
            ("secret:*", "SECRET:x"), ("secret:*", "secret:%78"), ("**/private/**", "db://h/private/x"),
            ("*://h/private/**", "db://h/private/x"), ("db://h/*", "db://h/"), ("db://h/**", "db://h"),
            // A reader that splits the path before it decodes the segments.
            ("db://h/*", "DB://h/a%2Fb"), ("db://h/*", "db://h//a%2Fb"), ("db://h/*", "DB://h/a%252Fb"),
            ("file://other/a/**", "file://other/a/b"),
        ])
    func otherPatterns(pattern: String, uri: String) {
        #expect(ResourceURIPattern(pattern).matches(ResourceURIReadings(Array(uri.utf8), .uri)))
    }

    @Test("A host in a pattern for files is that host")
    func fileHost() {
        #expect(!ResourceURIPattern("file://other/a/**").matches(ResourceURIReadings(Array("file:///a/b".utf8), .uri)))
    }

    @Test(
        "A path that a handler may take for an administrative one",
        arguments: [
            ("/admin", true), ("/admin/", true), ("/admin/x", true), ("//admin/x", true), ("/x/../admin/y", true),
            ("/%61dmin", true), ("/%2561dmin", true), ("/ADMIN/x", true), ("/admin;v=1/x", true), ("/./admin", true),
            ("/x/..;/admin", true), ("/x%2f..%2fadmin", true), ("*", false), ("/", false), ("/adminx", false),
            ("/x/admin", false), ("/mcp", false),
        ])
    func paths(path: String, isMatch: Bool) {
        #expect(ResourceURIPattern("/admin/**").matches(ResourceURIReadings(Array(path.utf8), .path)) == isMatch)
    }
}
