import JOSE
import OAuthMetadata
import Testing
import WireFormat

@testable import fuzz

@Suite("Fuzz targets", .serialized)
struct FuzzCorpusTests {
    /// The path of `Tests/Fuzz/Corpus`.
    private static let corpus: String = {
        let folders = #filePath.split(separator: "/").dropLast(2)
        return "/" + folders.joined(separator: "/") + "/Fuzz/Corpus"
    }()

    private func files(of target: String) throws -> [CorpusFile] {
        try #require(CorpusFile.files(at: "\(Self.corpus)/\(target)"), "the corpus of \(target)")
    }

    @Test("No seed and no former finding violates a property", arguments: FuzzTarget.all.map(\.name))
    func corpus(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let files = try files(of: name)
        #expect(files.count >= 20)
        for file in files {
            #expect(throws: Never.self, "\(file.path)") { try target.check(file.bytes) }
        }
    }

    /// For each target, whether its parser accepts an input.
    private static let parsers: [(target: String, accepts: @Sendable ([UInt8]) -> Bool)] = [
        ("base64url", { Base64URL.decode($0.span) != nil }),
        ("json", { (try? JSONDocument(parsing: $0)) != nil }),
        ("url", { (try? AbsoluteURL(parsing: String(decoding: $0, as: UTF8.self))) != nil }),
        ("jws", { (try? TokenProperties.isAccepted($0)) == true }),
        ("claims", { (try? ClaimProperties.verified($0)) != nil }),
        ("challenge", { (try? AuthenticationChallenges(parsing: [$0])) != nil }),
        ("authorization", { AuthorizationProperties.isGood($0) }),
        (
            "resource-uri",
            { (try? ResourceRuleProperties.isRefused(String(decoding: $0, as: UTF8.self))) == false }
        ),
        ("session-id", { SessionProperties.isAcceptable($0) }),
        ("http-head", { HTTPHeadProperties.isAccepted($0) }),
        ("jwks", { (try? JSONWebKeySet(parsing: $0, issuer: GoodTokens.issuer))?.keys.isEmpty == false }),
    ]

    @Test("Seeds are what their names say: good- is accepted, hostile- is refused", arguments: parsers.map(\.target))
    func names(target: String) throws {
        let parser = try #require(Self.parsers.first { $0.target == target })
        for file in try files(of: target) {
            let name = try #require(file.path.split(separator: "/").last)
            if name.hasPrefix("hostile-") { #expect(!parser.accepts(file.bytes), "\(name)") }
            if name.hasPrefix("good-") { #expect(parser.accepts(file.bytes), "\(name)") }
        }
    }

    @Test("The good tokens verify, each under its algorithm, and are seeds", arguments: GoodTokens.all.map(\.token))
    func goodTokens(token: String) throws {
        #expect(try TokenProperties.isAccepted(Array(token.utf8)))
        #expect(try files(of: "jws").contains { $0.bytes == Array(token.utf8) })
    }

    @Test("A violated property is reported by name")
    func violation() {
        #expect(throws: Violation(property: "it holds")) { try require(false, "it holds") }
        #expect(throws: Never.self) { try require(true, "it holds") }
        // The reference parser shares no code with the library, so its own refusals are tested here.
        #expect(ReferenceJSON.value(of: Array(#"{"a":1,"\u0061":2}"#.utf8), maximumDepth: 16) == nil)
        #expect(ReferenceJSON.value(of: Array("[[1]]".utf8), maximumDepth: 1) == nil)
        #expect(ReferenceJSON.value(of: Array("[[1e2]]".utf8), maximumDepth: 2) != nil)
    }
}
