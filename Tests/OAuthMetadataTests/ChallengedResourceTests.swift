import OAuthMetadata
import Testing
import WireFormat

@Suite("ChallengedResource")
struct ChallengedResourceTests {
    private static let metadataURL = "https://mcp.example/.well-known/oauth-protected-resource/mcp"

    private static func bearer(_ parameters: String) throws -> AuthenticationChallenge.Bearer {
        let challenges = try AuthenticationChallenges(parsing: [Array("Bearer \(parameters)".utf8)])
        return try #require(try challenges.bearer.first)
    }

    private static func challenged(
        _ url: String, metadata: String = metadataURL, insecureHTTP: InsecureHTTP = .never
    ) throws -> ChallengedResource {
        try ChallengedResource(
            calling: AbsoluteURL(parsing: url), challenge: bearer(#"resource_metadata="\#(metadata)""#),
            insecureHTTP: insecureHTTP)
    }

    private static func document(_ resource: String) -> [UInt8] {
        Array(#"{"resource":"\#(resource)","authorization_servers":["https://as.example"]}"#.utf8)
    }

    /// The URL that was called, the resource of the document, and whether each rule accepts it.
    static let pairs: [(called: String, resource: String, identical: Bool, parent: Bool)] = [
        ("https://mcp.example/mcp", "https://mcp.example/mcp", true, true),
        ("https://mcp.example/mcp?x=1", "https://mcp.example/mcp?x=1", true, true),
        ("https://mcp.example", "https://mcp.example", true, true),
        // A parent, or another spelling of the origin.
        ("https://mcp.example/mcp", "https://mcp.example", false, true),
        ("https://mcp.example/mcp", "https://mcp.example/", false, true),
        ("https://mcp.example", "https://mcp.example/", false, true),
        ("https://mcp.example/", "https://mcp.example", false, true),
        ("https://mcp.example/a/b/c", "https://mcp.example/a", false, true),
        ("https://mcp.example/a/b/c", "https://mcp.example/a/b/", false, true),
        ("https://mcp.example/mcp/", "https://mcp.example/mcp", false, true),
        ("https://mcp.example/mcp?x=1", "https://mcp.example/mcp", false, true),
        ("https://MCP.example/mcp", "https://mcp.example/mcp", false, true),
        ("https://mcp.example:443/mcp", "https://mcp.example/mcp", false, true),
        ("https://mcp.example//mcp", "https://mcp.example/", false, true),
        // Neighbours.
        ("https://mcp.example/mcp", "https://mcp.example/mcp/", false, false),
        ("https://mcp.example/mcp2", "https://mcp.example/mcp", false, false),
        ("https://mcp.example/mcp", "https://mcp.example/mcp/tools", false, false),
        ("https://mcp.example/mcp", "https://mcp.example/other", false, false),
        ("https://mcp.example/mcp", "https://mcp.example/MCP", false, false),
        ("https://mcp.example/a%2Fb", "https://mcp.example/a", false, false),
        ("https://mcp.example/a%2fb", "https://mcp.example/a%2Fb", false, false),
        ("https://mcp.example/mcp", "https://mcp.example/%6Dcp", false, false),
        ("https://mcp.example/mcp", "https://mcp.example/mcp?x=1", false, false),
        ("https://mcp.example/mcp?x=1&y=2", "https://mcp.example/mcp?x=1", false, false),
        ("https://mcp.example/mcp", "https://mcp.example:8443/mcp", false, false),
        ("https://mcp.example/mcp", "https://evil.example/mcp", false, false),
        ("https://mcp.example.evil.example/mcp", "https://mcp.example/mcp", false, false),
        ("https://mcp.example/mcp", "http://mcp.example/mcp", false, false),
        ("https://mcp.example/mcp", "https://mcp.example/mcp#x", false, false),
        ("https://mcp.example/mcp", "https://user@mcp.example/mcp", false, false),
        ("https://mcp.example/mcp", "urn:example:mcp", false, false), ("https://mcp.example/mcp", "", false, false),
        ("https://mcp.example/a", "https://mcp.example/a/../a", false, false),
    ]

    @Test("RFC 9728 §3.3: the resource is the URL that was called; the rule of MCP clients also takes a parent path")
    func rules() throws {
        for pair in Self.pairs {
            let challenged = try Self.challenged(pair.called)
            for (rule, expected) in [(ResourceIdentifier.Match.identical, pair.identical), (.parent, pair.parent)] {
                let document = Self.document(pair.resource)
                if expected {
                    let metadata = try challenged.metadata(parsing: document, accepting: rule)
                    #expect(metadata.resource.text == pair.resource)
                    #expect(metadata.authorizationServers.map(\.text) == ["https://as.example"])
                } else {
                    #expect(throws: MetadataError.identifierMismatch, "\(pair) \(rule)") {
                        try challenged.metadata(parsing: document, accepting: rule)
                    }
                }
            }
            let isDefault = (try? challenged.metadata(parsing: Self.document(pair.resource))) != nil
            #expect(isDefault == pair.identical, "identical is the default")
        }
    }

    @Test("The location of the document does not decide: a document of the called URL may be anywhere on https")
    func location() throws {
        let metadataURLs = [
            (Self.metadataURL, false), ("https://mcp.example/meta?x=1", false), ("https://MCP.example:443/meta", false),
            ("https://docs.example/meta", true), ("https://mcp.example:8443/meta", true),
        ]
        for (metadataURL, isCrossOrigin) in metadataURLs {
            let challenged = try Self.challenged("https://mcp.example/mcp", metadata: metadataURL)
            #expect(challenged.metadataURL.text == metadataURL)
            #expect(challenged.calledURL.text == "https://mcp.example/mcp")
            #expect(challenged.isCrossOrigin == isCrossOrigin, "\(metadataURL)")
            _ = try challenged.metadata(parsing: Self.document("https://mcp.example/mcp"))
        }
    }

    @Test("A URL that must not be called or fetched is refused, each with its reason")
    func faults() throws {
        let good = "https://mcp.example/mcp"
        let cases: [(called: String, metadata: String, fault: ChallengedResource.Fault)] = [
            ("http://mcp.example/mcp", Self.metadataURL, .calledURL(.insecure)),
            ("http://127.0.0.1/mcp", Self.metadataURL, .calledURL(.insecure)),
            ("https://mcp.example/mcp#x", Self.metadataURL, .calledURL(.fragment)),
            ("https://mcp.example/a/../mcp", Self.metadataURL, .calledURL(.dotSegments)),
            (good, "http://mcp.example/meta", .metadataURL(.insecure)),
            (good, "http://169.254.169.254/latest", .metadataURL(.insecure)),
            (good, "https://mcp.example/meta#x", .metadataURL(.fragment)),
            (good, "https://mcp.example/%2e%2e/meta", .metadataURL(.dotSegments)),
        ]
        for (called, metadata, fault) in cases {
            #expect(throws: fault) { try Self.challenged(called, metadata: metadata) }
        }
        #expect(throws: ChallengedResource.Fault.noMetadataURL) {
            try ChallengedResource(calling: AbsoluteURL(parsing: good), challenge: Self.bearer(#"scope="a""#))
        }
        #expect(Set(cases.map(\.fault.code) + [ChallengedResource.Fault.noMetadataURL.code]).count == 3)
    }

    @Test("http needs permission, for the URLs and for the authorization servers of the document")
    func insecureHTTP() throws {
        let url = "http://127.0.0.1:8080/mcp"
        let text = #"{"resource":"\#(url)","authorization_servers":["http://127.0.0.1:9000"]}"#
        let challenged = try Self.challenged(
            url, metadata: "http://127.0.0.1:8080/meta", insecureHTTP: .loopback)
        #expect(try challenged.metadata(parsing: Array(text.utf8)).authorizationServers.count == 1)
        let secure = try Self.challenged("https://mcp.example/mcp", insecureHTTP: .loopback)
        #expect(throws: MetadataError.identifierMismatch) { try secure.metadata(parsing: Array(text.utf8)) }
        let other = #"{"resource":"https://mcp.example/mcp","authorization_servers":["http://as.example"]}"#
        #expect(throws: MetadataError.invalid("authorization_servers")) {
            try secure.metadata(parsing: Array(other.utf8))
        }
    }

    @Test("Another fault of the document keeps its own reason")
    func document() throws {
        let challenged = try Self.challenged("https://mcp.example/mcp")
        #expect(throws: MetadataError.missing("resource")) { try challenged.metadata(parsing: Array("{}".utf8)) }
        #expect(throws: MetadataError.invalid("resource")) {
            try challenged.metadata(parsing: Array(#"{"resource":null}"#.utf8))
        }
        #expect(throws: MetadataError.json(.duplicateMember)) {
            try challenged.metadata(
                parsing: Array(#"{"resource":"https://mcp.example/mcp","resource":"https://mcp.example/mcp"}"#.utf8))
        }
    }

    @Test("MCP: without a location in the challenge, a client tries the path of the URL, and then the root")
    func wellKnown() throws {
        let cases = [
            ("https://mcp.example", [""]), ("https://mcp.example/", [""]), ("https://mcp.example/mcp", ["/mcp", ""]),
            ("https://mcp.example/a/b/", ["/a/b/", ""]), ("https://mcp.example/mcp?x=1", ["/mcp?x=1", ""]),
            ("https://mcp.example?x=1", ["?x=1", ""]),
        ]
        for (url, suffixes) in cases {
            let found = try ChallengedResource.wellKnown(calling: AbsoluteURL(parsing: url))
            let expected = suffixes.map { "https://mcp.example/.well-known/oauth-protected-resource" + $0 }
            #expect(found.map(\.metadataURL.text) == expected, "\(url)")
            for challenged in found {
                #expect(challenged.calledURL.text == url && !challenged.isCrossOrigin)
                #expect(try challenged.metadata(parsing: Self.document(url)).resource.text == url)
                #expect(throws: MetadataError.identifierMismatch) {
                    try challenged.metadata(parsing: Self.document("https://mcp.example/other"), accepting: .parent)
                }
            }
        }
        #expect(throws: ChallengedResource.Fault.calledURL(.insecure)) {
            try ChallengedResource.wellKnown(calling: AbsoluteURL(parsing: "http://mcp.example/mcp"))
        }
    }
}
