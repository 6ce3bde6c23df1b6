import OAuthClientMetadata
import OAuthMetadata
import Testing

@Suite("ClientTrustPolicy")
struct ClientTrustPolicyTests {
    private static let rows: [(String, String, Bool)] = [
        ("app.example", "https://app.example/c", true), ("APP.Example", "https://app.example/c", true),
        ("app.example", "https://app.example:8443/c", true), ("app.example", "https://x.app.example/c", false),
        ("app.example", "https://evilapp.example/c", false),
        ("app.example", "https://app.example.evil.example/c", false),
        ("app.example", "https://app.exampl/c", false), ("*.app.example", "https://x.app.example/c", true),
        ("*.app.example", "https://x.y.app.example/c", true), ("*.app.example", "https://app.example/c", false),
        ("*.app.example", "https://evilapp.example/c", false), ("*.app.example", "https://xapp.example/c", false),
        ("*.app.example", "https://x.app.example.evil.example/c", false),
        ("203.0.113.7", "https://203.0.113.7/c", true),
        ("203.0.113.7", "https://203.0.113.70/c", false), ("app.example", "https://[2001:db8::1]/c", false),
    ]

    @Test("domains are compared label by label, never by a suffix of the text")
    func labels() throws {
        for (rule, url, expected) in Self.rows {
            #expect(try DomainRule(rule).matches(ClientIdentifierURL(url)) == expected, "\(rule) \(url)")
        }
    }

    @Test(
        "what is not a host, or holds a whole top-level domain, is refused",
        arguments: [
            ("", .notAHost), ("https://app.example", .notAHost), ("app.example:443", .notAHost),
            ("app.example/", .notAHost), (".example", .notAHost), ("app.example.", .notAHost),
            ("b\u{fc}.example", .notAHost),
            ("*", .wildcard), ("a.*.example", .wildcard), ("*app.example", .wildcard), ("*.*.example", .wildcard),
            ("*.com", .tooWide), ("*.203.0.113.7", .wildcard), ("*.", .notAHost), ("[::1]", .notAHost),
        ] as [(String, DomainRule.Fault)])
    func refused(text: String, fault: DomainRule.Fault) {
        #expect(throws: fault) { try DomainRule(text) }
    }

    @Test("a denied host is denied by every policy; a list admits what it holds and what is verified")
    func decisions() throws {
        let url = try ClientIdentifierURL("https://app.example/c")
        let rule = try DomainRule("app.example")
        let other = try DomainRule("other.example")
        #expect(ClientTrustPolicy().trust(in: url) == .unverified)
        #expect(ClientTrustPolicy(verified: [rule]).trust(in: url) == .verified)
        #expect(ClientTrustPolicy(denied: [rule], verified: [rule]).trust(in: url) == .denied)
        #expect(ClientTrustPolicy(admission: .only([other])).trust(in: url) == .denied)
        #expect(ClientTrustPolicy(admission: .only([])).trust(in: url) == .denied)
        #expect(ClientTrustPolicy(admission: .only([rule])).trust(in: url) == .unverified)
        #expect(ClientTrustPolicy(admission: .only([other]), verified: [rule]).trust(in: url) == .verified)
    }
}
