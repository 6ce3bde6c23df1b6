import OAuthMetadata
import Testing
import WireFormat

@testable import mcp_quickstart

@Suite("mcp-quickstart: what it prints", .serialized)
struct IntroductionTests {
    private func lines(resource: String, issuer: String, tokenCommand: String? = nil, needsProofs: Bool = false) throws
        -> [String]
    {
        let introduction = Introduction(
            resource: try ResourceIdentifier(resource, insecureHTTP: .loopback), port: 8080,
            issuers: try issuer.split(separator: ",").map { try IssuerIdentifier(String($0), insecureHTTP: .loopback) },
            tokenCommand: tokenCommand, needsProofs: needsProofs)
        return introduction.text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test("the first line is the ready line, and every command is indented by two spaces")
    func readyLine() throws {
        let lines = try lines(
            resource: "http://127.0.0.1:8080/mcp", issuer: "http://127.0.0.1:9000", tokenCommand: "curl -s x")
        #expect(lines.first == "ready resource=http://127.0.0.1:8080/mcp issuer=http://127.0.0.1:9000")
        #expect(lines.filter { $0.hasPrefix("  ") }.count == 5)
        #expect(lines.filter { $0.hasPrefix(" ") && !$0.hasPrefix("  ") }.isEmpty)
        #expect(lines.contains(#"  TOKEN=$(curl -s x | sed 's/.*"access_token":"\([^"]*\)".*/\1/')"#))
    }

    @Test("where each call needs a proof, no command sends a bearer token")
    func needsProofs() throws {
        let lines = try lines(
            resource: "http://127.0.0.1:8080/mcp", issuer: "http://127.0.0.1:9000", tokenCommand: "curl -s x",
            needsProofs: true)
        #expect(lines.first == "ready resource=http://127.0.0.1:8080/mcp issuer=http://127.0.0.1:9000")
        #expect(lines.filter { $0.hasPrefix("  ") }.count == 3)
        #expect(!lines.contains { $0.contains("TOKEN") })
    }

    @Test("several issuers stand in one word, and each has its metadata; none is said to be none")
    func severalIssuers() throws {
        let several = try lines(
            resource: "http://127.0.0.1:8080/mcp", issuer: "https://a.example,https://b.example")
        #expect(several.first == "ready resource=http://127.0.0.1:8080/mcp issuer=https://a.example,https://b.example")
        #expect(several.filter { $0.contains("/.well-known/oauth-authorization-server") }.count == 2)
        let none = try lines(resource: "http://127.0.0.1:8080/mcp", issuer: "")
        #expect(none.first == "ready resource=http://127.0.0.1:8080/mcp issuer=none")
        #expect(!none.contains { $0.contains("/.well-known/") })
    }

    @Test("the metadata of an issuer with a path stands where RFC 8414 §3.1 puts it")
    func issuerWithPath() throws {
        let lines = try lines(resource: "http://127.0.0.1:8080/mcp", issuer: "https://as.example/tenant")
        #expect(lines.contains("  curl -s https://as.example/.well-known/oauth-authorization-server/tenant"))
        #expect(!lines.contains { $0.contains("TOKEN=$(") })
    }

    @Test("a resource elsewhere is called here; what a shell would read is quoted")
    func quoting() throws {
        let lines = try lines(resource: "https://mcp.example/a'b;c&d", issuer: "https://as.example")
        #expect(lines.first == "ready resource=https://mcp.example/a'b;c&d issuer=https://as.example")
        #expect(lines.contains(#"  curl -si -X POST 'http://127.0.0.1:8080/a'\''b;c&d'"#))
        #expect(
            lines.contains(#"  curl -s 'http://127.0.0.1:8080/.well-known/oauth-protected-resource/a'\''b;c&d'"#))
    }
}
