import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

/// The metadata, key sets and tokens of real products are read as they are, with the expected verdicts. The shapes were
/// written from the public documentation and source of the products, which each file names with the day on which they
/// were read; the keys are new.
@Suite("Shapes of real providers", .serialized)
struct ProviderShapesTests {
    /// A verifier that is configured as the shape says.
    private func subject(_ shape: ProviderShape, _ log: EventLog) throws -> (JWTTokenVerifier, any KeySource) {
        let fetcher = ScriptedFetcher()
        for (url, status, body) in shape.documents {
            fetcher.set(url, .success(FetchedDocument(status: status, body: body)))
        }
        let source: any KeySource
        if let url = shape.keySetURL {
            // The issuer need not be a URL.
            source = try RemoteKeySet(
                of: TokenIssuer(shape.issuer), at: AbsoluteURL(parsing: url), fetcher: fetcher,
                clock: FakeClock().monotonicClock, observer: { log.append($0) })
        } else {
            source = try RemoteKeySet(
                of: IssuerIdentifier(shape.issuer), at: .discovered, fetcher: fetcher,
                clock: FakeClock().monotonicClock,
                observer: { log.append($0) })
        }
        let issuer = TrustedIssuer(try JWTValidation(shape.policy), keys: source, scopes: shape.scopes)
        let clock = WallClock { Double(ProviderShape.now) }
        return (try JWTTokenVerifier([issuer], clock: clock), source)
    }

    @Test("At least twenty were written from pages that were read, and each of the others says that none was")
    func count() {
        #expect(ProviderShape.all.count { $0.sources.read != nil } >= 20)
        for shape in ProviderShape.all {
            let (documentation, read, written) = shape.sources
            #expect(!documentation.isEmpty, "\(shape.testDescription)")
            #expect(written.count == 10, "\(shape.testDescription)")
            let prefix = read == nil ? "not read: " : "http"
            #expect(documentation.allSatisfy { $0.hasPrefix(prefix) }, "\(shape.testDescription)")
            #expect(read.map { $0.count == 10 && $0 <= written } ?? true, "\(shape.testDescription)")
        }
    }

    @Test(
        "Each token has the expected verdict, and an accepted one its subject, client and scopes",
        arguments: ProviderShape.all)
    func verdicts(shape: ProviderShape) async throws {
        let (verifier, _) = try subject(shape, EventLog())
        let tokens = try shape.tokens()
        #expect(!tokens.isEmpty)
        for token in tokens {
            do throws(TokenRejection) {
                let verified = try await verifier.verify(PresentedToken(token.compact))
                let expected = token.accepted
                #expect(expected != nil, "\(token.name) is accepted")
                #expect(verified.subject == expected?["subject"]?.string, "\(token.name)")
                #expect(verified.clientID == expected?["client"]?.string, "\(token.name)")
                let scopes = (expected?["scopes"]?.string ?? "").split(separator: " ").map(String.init)
                #expect(verified.scopes == ScopeSet(keepingValid: scopes), "\(token.name)")
            } catch {
                #expect(error.code == token.refusal, "\(token.name)")
            }
        }
    }

    @Test(
        "The keys that are not used, and the members that are ignored, are those that are known",
        arguments: ProviderShape.all)
    func events(shape: ProviderShape) async throws {
        let log = EventLog()
        let (_, source) = try subject(shape, log)
        try? await source.prepare()
        var skipped: [String] = []
        var ignored: [String] = []
        for case .keySource(let event, _) in log.all {
            if case .keySkipped(_, let reason) = event { skipped.append(reason.rawValue) }
            if case .metadataMembersIgnored(let names) = event { ignored += names }
        }
        #expect(skipped == shape.skipped)
        #expect(ignored.sorted() == shape.ignored)
    }
}
