import HTTPMessages
import Testing
import WireFormat

@testable import SafeFetch

@Suite("Which URLs are fetched from where", .serialized)
struct URLPolicyTests {
    /// The verdict of a policy about a text: how the host may be reached, or why not.
    enum Verdict: Equatable {
        case addresses(AddressPolicy)
        case refused(FetchError)
        /// `AbsoluteURL` does not accept the text.
        case unreadable(AbsoluteURL.ParseError)
    }

    static func verdict(of policy: FetchPolicy, on text: String) -> Verdict {
        let url: AbsoluteURL
        do throws(AbsoluteURL.ParseError) {
            url = try AbsoluteURL(parsing: text)
        } catch {
            return .unreadable(error)
        }
        do throws(FetchError) {
            return .addresses(try policy.route(to: url).addresses)
        } catch {
            return .refused(error)
        }
    }

    static let untrustedURLs: [(url: String, verdict: Verdict)] = [
        ("https://client.example.com/", .addresses(.globallyReachable)),
        ("https://client.example.com/oauth/client.json", .addresses(.globallyReachable)),
        ("https://client.example.com:443/a?b=c", .addresses(.globallyReachable)),
        ("HTTPS://CLIENT.EXAMPLE.COM/a", .addresses(.globallyReachable)),
        ("https://xn--bcher-kva.example/a", .addresses(.globallyReachable)),
        ("https://a.example/...", .addresses(.globallyReachable)),
        ("https://a.example/a..b/.c/d.", .addresses(.globallyReachable)),
        ("https://1.1.1.1/a", .addresses(.globallyReachable)),
        ("https://[2606:4700:4700::1111]/a", .addresses(.globallyReachable)),
        ("https://localhost.example.com/a", .addresses(.globallyReachable)),
        ("https://127.0.0.1.example.com/a", .addresses(.globallyReachable)),

        // The scheme.
        ("http://client.example.com/a", .refused(.notAllowed)),
        ("http://1.1.1.1/a", .refused(.notAllowed)),
        ("ftp://client.example.com/a", .unreadable(.unsupportedScheme)),
        ("file:///etc/passwd", .unreadable(.unsupportedScheme)),
        ("gopher://127.0.0.1:6379/_x", .unreadable(.unsupportedScheme)),
        ("dict://127.0.0.1:11211/stat", .unreadable(.unsupportedScheme)),
        ("data:text/plain,x", .unreadable(.unsupportedScheme)),
        ("javascript:x", .unreadable(.unsupportedScheme)),
        ("//client.example.com/a", .unreadable(.unsupportedScheme)),
        ("https:/client.example.com/a", .unreadable(.missingHost)),
        ("https:client.example.com/a", .unreadable(.missingHost)),
        ("https:///a", .unreadable(.missingHost)),
        ("", .unreadable(.empty)),

        // The port.
        ("https://client.example.com:80/a", .refused(.notAllowed)),
        ("https://client.example.com:8443/a", .refused(.notAllowed)),
        ("https://client.example.com:22/a", .refused(.notAllowed)),
        ("https://client.example.com:25/a", .refused(.notAllowed)),
        ("https://client.example.com:6379/a", .refused(.notAllowed)),
        ("https://client.example.com:0/a", .unreadable(.invalidPort)),
        ("https://client.example.com:65536/a", .unreadable(.invalidPort)),
        ("https://client.example.com:0443/a", .unreadable(.invalidPort)),
        ("https://client.example.com:/a", .unreadable(.invalidPort)),

        // User information, fragment, path.
        ("https://user@client.example.com/a", .unreadable(.userinfo)),
        ("https://user:secret@client.example.com/a", .unreadable(.userinfo)),
        ("https://@client.example.com/a", .unreadable(.userinfo)),
        ("https://client.example.com@127.0.0.1/a", .unreadable(.userinfo)),
        ("https://client.example.com#@127.0.0.1/", .refused(.notAllowed)),
        ("https://client.example.com/a#b", .refused(.notAllowed)),
        ("https://client.example.com/a#", .refused(.notAllowed)),
        ("https://client.example.com", .refused(.notAllowed)),
        ("https://client.example.com?a=b", .refused(.notAllowed)),
        ("https://client.example.com/.", .refused(.notAllowed)),
        ("https://client.example.com/..", .refused(.notAllowed)),
        ("https://client.example.com/a/../b", .refused(.notAllowed)),
        ("https://client.example.com/a/./b", .refused(.notAllowed)),
        ("https://client.example.com/%2e/b", .refused(.notAllowed)),
        ("https://client.example.com/a/%2E%2e/b", .refused(.notAllowed)),
        ("https://client.example.com/a/.%2e", .refused(.notAllowed)),
        ("https://client.example.com/a%", .unreadable(.invalidPath)),
        ("https://client.example.com\\@127.0.0.1/", .unreadable(.invalidByte)),
        ("https://client.example.com/a\\b", .unreadable(.invalidByte)),
        ("https://client.example.com/a b", .unreadable(.invalidByte)),
        ("https://client.example.com/\u{0}", .unreadable(.invalidByte)),
        ("https://client.example.com/\r\nHost: x", .unreadable(.invalidByte)),
        ("https://client.example.com\t/a", .unreadable(.invalidByte)),
        ("https://bücher.example/a", .unreadable(.invalidByte)),
        ("https://ⓛocalhost/a", .unreadable(.invalidByte)),
        ("https://127。0。0。1/a", .unreadable(.invalidByte)),

        // Special-use names (RFC 6761 and others).
        ("https://localhost/a", .refused(.notAllowed)),
        ("https://LOCALHOST/a", .refused(.notAllowed)),
        ("https://app.localhost/a", .refused(.notAllowed)),
        ("https://printer.local/a", .refused(.notAllowed)),
        ("https://metadata.google.internal/computeMetadata/v1/", .refused(.notAllowed)),
        ("https://a.INTERNAL/a", .refused(.notAllowed)),
        ("https://router.home.arpa/a", .refused(.notAllowed)),
        ("https://1.0.0.127.in-addr.arpa/a", .refused(.notAllowed)),
        ("https://a.test/a", .refused(.notAllowed)),
        ("https://a.invalid/a", .refused(.notAllowed)),
        ("https://abcdef.onion/a", .refused(.notAllowed)),
        ("https://a.alt/a", .refused(.notAllowed)),
        ("https://wiki.corp/a", .refused(.notAllowed)),
        ("https://nas.home/a", .refused(.notAllowed)),
        ("https://nas.lan/a", .refused(.notAllowed)),
        ("https://a.intranet/a", .refused(.notAllowed)),
        ("https://a.private/a", .refused(.notAllowed)),
        ("https://intranet/a", .refused(.notAllowed)),
        ("https://kubernetes/a", .refused(.notAllowed)),
        ("https://client.example.com./a", .unreadable(.invalidHost)),
        ("https://localhost./a", .unreadable(.invalidHost)),
        ("https://./a", .unreadable(.invalidHost)),
        ("https://a..example/a", .unreadable(.invalidHost)),
        ("https://%6cocalhost/a", .unreadable(.invalidHost)),
        ("https://127.0.0.1%2f.example.com/a", .unreadable(.invalidHost)),

        // Addresses, and other spellings of them.
        ("https://127.0.0.1/a", .refused(.blockedAddress)),
        ("https://10.0.0.1/a", .refused(.blockedAddress)),
        ("https://172.16.0.1/a", .refused(.blockedAddress)),
        ("https://192.168.1.1/a", .refused(.blockedAddress)),
        ("https://169.254.169.254/latest/meta-data/", .refused(.blockedAddress)),
        ("https://100.100.100.200/a", .refused(.blockedAddress)),
        ("https://0.0.0.0/a", .refused(.blockedAddress)),
        ("https://255.255.255.255/a", .refused(.blockedAddress)),
        ("https://224.0.0.1/a", .refused(.blockedAddress)),
        ("https://127.1/a", .unreadable(.invalidHost)),
        ("https://2130706433/a", .unreadable(.invalidHost)),
        ("https://0x7f000001/a", .unreadable(.invalidHost)),
        ("https://0x7f.0.0.1/a", .unreadable(.invalidHost)),
        ("https://0177.0.0.1/a", .unreadable(.invalidHost)),
        ("https://127.0.0.01/a", .unreadable(.invalidHost)),
        ("https://127.0.0.1./a", .unreadable(.invalidHost)),
        ("https://256.0.0.1/a", .unreadable(.invalidHost)),
        ("https://1.2.3.4.5/a", .unreadable(.invalidHost)),
        ("https://a.0x1/a", .unreadable(.invalidHost)),
        ("https://a.1/a", .unreadable(.invalidHost)),
        ("https://[::1]/a", .refused(.blockedAddress)),
        ("https://[::]/a", .refused(.blockedAddress)),
        ("https://[::ffff:127.0.0.1]/a", .refused(.blockedAddress)),
        ("https://[::ffff:7f00:1]/a", .refused(.blockedAddress)),
        ("https://[::ffff:1.1.1.1]/a", .addresses(.globallyReachable)),
        ("https://[::127.0.0.1]/a", .refused(.blockedAddress)),
        ("https://[64:ff9b::a9fe:a9fe]/a", .refused(.blockedAddress)),
        ("https://[2002:7f00:1::]/a", .refused(.blockedAddress)),
        ("https://[fe80::1]/a", .refused(.blockedAddress)),
        ("https://[fe80::1%25eth0]/a", .unreadable(.invalidHost)),
        ("https://[fd00:ec2::254]/a", .refused(.blockedAddress)),
        ("https://[ff02::1]/a", .refused(.blockedAddress)),
        ("https://[v1.a]/a", .unreadable(.invalidHost)),
        ("https://::1/a", .unreadable(.invalidHost)),
        ("https://[::1/a", .unreadable(.invalidHost)),
        ("https://[::1]a/a", .unreadable(.invalidHost)),
    ]

    @Test("POLICY §13: what a URL that somebody else named may be", arguments: untrustedURLs)
    func untrusted(url: String, verdict: Verdict) {
        #expect(Self.verdict(of: .untrusted(), on: url) == verdict)
    }

    @Test("POLICY §13: another port only when it was allowed, and then not 443")
    func ports() {
        let policy = FetchPolicy.untrusted(ports: [8443])
        #expect(Self.verdict(of: policy, on: "https://a.example:8443/a") == .addresses(.globallyReachable))
        #expect(Self.verdict(of: policy, on: "https://a.example/a") == .refused(.notAllowed))
    }

    static let operatorURLs: [(url: String, never: Verdict, loopback: Verdict, anyHost: Verdict)] = [
        (
            "https://a.example/", .addresses(.globallyReachable), .addresses(.globallyReachable),
            .addresses(.globallyReachable)
        ),
        (
            "https://a.example:8443?x=../", .addresses(.globallyReachable), .addresses(.globallyReachable),
            .addresses(.globallyReachable)
        ),
        (
            "https://issuer/", .addresses(.globallyReachable), .addresses(.globallyReachable),
            .addresses(.globallyReachable)
        ),
        ("https://localhost/", .addresses(.loopback), .addresses(.loopback), .addresses(.loopback)),
        ("https://LocalHost:8443/", .addresses(.loopback), .addresses(.loopback), .addresses(.loopback)),
        ("https://127.8.9.1/", .addresses(.loopback), .addresses(.loopback), .addresses(.loopback)),
        ("https://[::1]/", .addresses(.loopback), .addresses(.loopback), .addresses(.loopback)),
        ("https://10.0.0.1/", .refused(.blockedAddress), .refused(.blockedAddress), .refused(.blockedAddress)),
        (
            "https://[::ffff:127.0.0.1]/", .refused(.blockedAddress), .refused(.blockedAddress),
            .refused(.blockedAddress)
        ),
        ("http://localhost/", .refused(.notAllowed), .addresses(.loopback), .addresses(.loopback)),
        ("http://[::1]/", .refused(.notAllowed), .addresses(.loopback), .addresses(.loopback)),
        (
            "http://a.example/", .refused(.notAllowed), .refused(.notAllowed), .addresses(.globallyReachable)
        ),
        ("http://10.0.0.1/", .refused(.notAllowed), .refused(.notAllowed), .refused(.blockedAddress)),
        ("https://a.example/#x", .refused(.notAllowed), .refused(.notAllowed), .refused(.notAllowed)),
        ("http://localhost/#", .refused(.notAllowed), .refused(.notAllowed), .refused(.notAllowed)),
    ]

    @Test("POLICY §13: what an operator's URL may be, by the permission for plain http", arguments: operatorURLs)
    func operatorNamed(url: String, never: Verdict, loopback: Verdict, anyHost: Verdict) {
        for (insecureHTTP, verdict) in [
            (InsecureHTTP.never, never), (.loopback, loopback), (.dangerouslyAnyHost, anyHost),
        ] {
            let policy = FetchPolicy(permissions: FetchPermissions(insecureHTTP: insecureHTTP))
            #expect(Self.verdict(of: policy, on: url) == verdict, "\(insecureHTTP)")
        }
    }

    @Test(
        "POLICY §13: private addresses with a permission for that host alone",
        arguments: [
            (["idp.corp.example"], "https://idp.corp.example/", Verdict.addresses(.any)),
            (["IDP.corp.example"], "https://idp.CORP.example:8443/a", .addresses(.any)),
            (["idp.corp.example"], "https://a.idp.corp.example/", .addresses(.globallyReachable)),
            (["idp.corp.example"], "https://corp.example/", .addresses(.globallyReachable)),
            (["idp.corp.example"], "https://idp.corp.example.evil.example/", .addresses(.globallyReachable)),
            (["idp.corp.example"], "http://idp.corp.example/", .refused(.notAllowed)),
            (["10.0.0.1"], "https://10.0.0.1/", .addresses(.any)),
            (["10.0.0.1"], "https://10.0.0.2/", .refused(.blockedAddress)),
            (["10.0.0.1"], "https://[::ffff:10.0.0.1]/", .refused(.blockedAddress)),
            (["fd00::1"], "https://[FD00:0::1]/", .addresses(.any)),
            (["[fd00::1]"], "https://[fd00::1]/", .addresses(.any)),
            (["fd00::1"], "https://[fd00::2]/", .refused(.blockedAddress)),
            (["idp"], "https://idp/", .addresses(.any)),
            (["localhost"], "https://localhost/", .addresses(.any)),
        ])
    func privateHosts(names: [String], url: String, verdict: Verdict) throws {
        let hosts = try names.map { try #require(HTTPHost($0)) }
        #expect(Self.verdict(of: FetchPolicy(permissions: FetchPermissions(privateHosts: hosts)), on: url) == verdict)
    }

    @Test("plain http to localhost goes to loopback addresses, whatever else is permitted")
    func httpStaysOnTheMachine() {
        let permissions = FetchPermissions(insecureHTTP: .loopback, privateHosts: ["localhost"])
        let policy = FetchPolicy(permissions: permissions)
        #expect(Self.verdict(of: policy, on: "http://localhost/") == .addresses(.loopback))
    }

    @Test("\"would you fetch this?\" is answered by spelling and literal address, without a fetch")
    func refusal() throws {
        let operatorNamed = FetchPolicy(permissions: FetchPermissions(privateHosts: ["10.0.0.1"]))
        for (policy, url, refusal) in [
            (operatorNamed, "https://a.example/", nil), (operatorNamed, "http://a.example/", .notAllowed),
            (operatorNamed, "https://a.example/#f", .notAllowed), (operatorNamed, "https://10.0.0.1/", nil),
            (operatorNamed, "https://10.0.0.2/", .blockedAddress), (.untrusted(), "https://a.example/x", nil),
            (.untrusted(), "https://a.example", .notAllowed), (.untrusted(), "https://localhost/x", .notAllowed),
            (.untrusted(), "https://a.example:8443/x", .notAllowed),
            (.untrusted(ports: [8443]), "https://a.example:8443/x", nil),
            (.untrusted(), "https://127.0.0.1/x", .blockedAddress),
            // A name is checked after it is resolved.
            (.untrusted(), "https://resolves-to-loopback.example/x", nil),
        ] as [(FetchPolicy, String, FetchError?)] {
            #expect(policy.refusal(of: try AbsoluteURL(parsing: url)) == refusal, "\(url)")
        }
    }

    @Test("What the policy refuses beforehand is what the fetcher throws", .timeLimit(.minutes(5)))
    func refusalIsThrown() async throws {
        let fetcher = CurlFetcher()
        for text in ["http://a.example/", "https://a.example/#f", "https://10.0.0.2/"] {
            let url = try AbsoluteURL(parsing: text)
            let refusal = try #require(fetcher.policy.refusal(of: url))
            await #expect(throws: refusal) {
                _ = try await fetcher.fetch(DocumentRequest(url: url, maximumBodyBytes: 1))
            }
        }
    }

    @Test("an operator's proxy is for public hosts; private and loopback ones are reached directly")
    func proxied() throws {
        let proxy = try AbsoluteURL(parsing: "http://proxy.corp.example:3128")
        let permissions = FetchPermissions(insecureHTTP: .loopback, privateHosts: ["idp.corp.example"])
        let policy = FetchPolicy(permissions: permissions, proxy: proxy)
        for (url, isProxied, addresses) in [
            ("https://a.example/", true, AddressPolicy.any), ("https://1.1.1.1/", true, .any),
            ("https://idp.corp.example/", false, .any), ("https://localhost/", false, .loopback),
            ("http://localhost/", false, .loopback),
        ] {
            let route = try policy.route(to: AbsoluteURL(parsing: url))
            #expect(route == FetchPolicy.Route(addresses: addresses, proxy: isProxied ? proxy : nil), "\(url)")
        }
        #expect(Self.verdict(of: policy, on: "https://10.0.0.1/") == .refused(.blockedAddress))
    }

    @Test(
        "a proxy is a scheme, a host and a port, nothing else", arguments: ["http://p/a", "http://p/?a", "http://p/#"])
    func proxyFaults(url: String) throws {
        let policy = FetchPolicy(proxy: try AbsoluteURL(parsing: url))
        #expect(throws: FetchPolicy.Invalid(faults: ["proxy must be a scheme, a host and perhaps a port"])) {
            try CurlFetcher(policy: policy)
        }
    }

    @Test("no ports at all, or port 0, are an error", arguments: [[], [0], [0, 443]] as [Set<UInt16>])
    func portFaults(ports: Set<UInt16>) {
        #expect(throws: FetchPolicy.Invalid(faults: ["ports must be 1…65535, at least one"])) {
            try CurlFetcher(policy: .untrusted(ports: ports))
        }
    }
}
