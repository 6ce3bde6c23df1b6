import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

@testable import OAuthClientMetadata

/// Strangers choose the URLs, and what is at many of them. They must not decide about the clients of others.
@Suite("ClientIDResolver against strangers")
struct ClientResolverAttackTests {
    private static let url = "https://app.example/client.json"
    private let fetcher = ScriptedFetcher()
    private let clock = FakeClock()

    private func resolver(_ change: (inout ClientIDResolver.Settings) -> Void = { _ in }) throws -> ClientIDResolver {
        var settings = ClientIDResolver.Settings()
        change(&settings)
        return try ClientIDResolver(fetcher: fetcher, settings: settings, clock: clock.monotonicClock)
    }

    private func serve(
        at url: String = Self.url, status: HTTPStatus = .ok, keys: String? = nil,
        _ fields: HTTPFields = [:]
    ) {
        var document: JSONDocument.Object = [
            "client_id": .string(url), "client_name": "App", "redirect_uris": ["https://app.example/cb"],
        ]
        if let keys {
            document["token_endpoint_auth_method"] = "private_key_jwt"
            document["jwks_uri"] = .string(keys)
        }
        fetcher.set(url, json: document, status: status, fields: fields)
    }

    private func failure(_ resolver: ClientIDResolver, _ clientID: String) async -> ClientResolutionError? {
        do throws(ClientResolutionError) {
            _ = try await resolver.client(clientID)
            return nil
        } catch {
            return error
        }
    }

    @Test("made-up URLs of a host do not keep a document in use that the host has withdrawn")
    func withdrawn() async throws {
        serve()
        let resolver = try resolver()
        _ = try await resolver.client(Self.url)
        clock.advance(by: .seconds(300))
        serve(status: .notFound)
        for number in 0..<50 { _ = await failure(resolver, "https://app.example/\(number)") }
        #expect(await failure(resolver, "https://app.example/51") == .tooManyFetches)
        #expect(await failure(resolver, Self.url) == .status(404))
    }

    @Test("hosts that do not answer do not keep a withdrawn document in use either")
    func slowHosts() async throws {
        serve()
        let resolver = try resolver()
        _ = try await resolver.client(Self.url)
        clock.advance(by: .seconds(300))
        serve(status: .notFound)
        fetcher.hold()
        let strangers = (0..<ClientIDResolver.Limits.concurrentFetches).map { number in
            Task { await failure(resolver, "https://slow\(number).example/c") }
        }
        while fetcher.requests.count < 1 + strangers.count { await Task.yield() }
        let hasEnded = Atomic(false)
        let client = Task {
            defer { hasEnded.store(true, ordering: .releasing) }
            return await failure(resolver, Self.url)
        }
        // Its fetch begins beside those of the strangers. Without one, it would end with the document that it knows.
        while fetcher.requests.count < 2 + strangers.count, !hasEnded.load(ordering: .acquiring) { await Task.yield() }
        fetcher.release()
        #expect(await client.value == .status(404))
        for stranger in strangers { _ = await stranger.value }
    }

    @Test("THREATS R18: a host is not forgotten because other hosts were asked")
    func manyHosts() async throws {
        let resolver = try resolver { $0.capacity = 2 }
        for number in 0..<30 {
            _ = await failure(resolver, "https://app.example/\(number)")
            for other in 0..<3 { _ = await failure(resolver, "https://other\(number)-\(other).example/c") }
        }
        #expect(fetcher.requests.count { $0.hasPrefix("https://app.example/") } == 10)
    }

    @Test("THREATS R18: the documents of many hosts cannot name one host's keys without limit")
    func keysOfAnotherHost() async throws {
        let resolver = try resolver()
        var outages = 0
        for number in 0..<30 {
            let url = "https://a\(number).example/c"
            serve(at: url, keys: "https://victim.example/?\(number)")
            let source = try #require(resolver.keys(of: try await resolver.client(url)))
            do throws(KeySourceError) {
                _ = try await source.keys(for: .noKeys)
            } catch {
                outages += 1
            }
        }
        #expect(outages == 30)
        #expect(fetcher.requests.count { $0.hasPrefix("https://victim.example/") } == 10)
        clock.advance(by: .seconds(2))
        serve(at: "https://b.example/c", keys: "https://victim.example/b")
        let source = try #require(resolver.keys(of: try await resolver.client("https://b.example/c")))
        await #expect(throws: KeySourceError.self) { try await source.keys(for: .noKeys) }
        #expect(fetcher.requests.count { $0.hasPrefix("https://victim.example/") } == 11)
    }

    @Test("the documents of strangers do not keep a client from its keys")
    func keysOfOthers() async throws {
        let keys = FakeIssuer("https://keys.example", algorithms: [.es256]).jwks
        for url in ["https://app.example/jwks", "https://cdn.example/jwks"] { fetcher.set(url, json: keys) }
        let resolver = try resolver()
        serve(at: "https://known.example/c", keys: "https://cdn.example/jwks")
        let known = try #require(resolver.keys(of: try await resolver.client("https://known.example/c")))
        _ = try await known.keys(for: .noKeys)
        for number in 0..<15 {
            for host in ["app", "cdn"] {
                let url = "https://\(host)\(number).example/c"
                serve(at: url, keys: "https://\(host).example/?\(number)")
                let source = try #require(resolver.keys(of: try await resolver.client(url)))
                await #expect(throws: KeySourceError.self) { try await source.keys(for: .noKeys) }
            }
        }
        serve(keys: "https://app.example/jwks")
        let own = try #require(resolver.keys(of: try await resolver.client(Self.url)))
        #expect(try await own.keys(for: .noKeys).keys.count == 1)
        let before = fetcher.requests.count
        _ = try await known.keys(for: .unknownKey)
        #expect(fetcher.requests.count == before + 1)
    }

    @Test("a key set of a stranger is small, so that many of them fit into memory")
    func keySetSize() async throws {
        serve(keys: "https://keys.example/jwks")
        let resolver = try resolver()
        let source = try #require(resolver.keys(of: try await resolver.client(Self.url)))
        await #expect(throws: KeySourceError.self) { try await source.keys(for: .noKeys) }
        #expect(fetcher.lastRequest?.url.text == "https://keys.example/jwks")
        #expect(fetcher.lastRequest?.maximumBodyBytes == 32_768)
    }

    @Test("RFC 9111 §4.3.4: the ETag of a 304 is not that of the document that is kept")
    func validatorsOfNotModified() async throws {
        serve([.eTag: "\"1\""])
        let resolver = try resolver()
        _ = try await resolver.client(Self.url)
        clock.advance(by: .seconds(300))
        var fields = HTTPFields()
        fields.append(.eTag, "\"2\"")
        fetcher.set(Self.url, .success(FetchedDocument(status: .notModified, fields: fields, body: [])))
        _ = try await resolver.client(Self.url)
        clock.advance(by: .seconds(300))
        _ = try await resolver.client(Self.url)
        #expect(fetcher.requests.count == 3)
        #expect(fetcher.lastRequest?.fields[.ifNoneMatch]?.string == "\"1\"")
    }

    @Test("a coding that is not undone is the host's fault, and its earlier document is not used")
    func coding() async throws {
        serve()
        let resolver = try resolver()
        _ = try await resolver.client(Self.url)
        clock.advance(by: .seconds(300))
        fetcher.set(Self.url, .failure(.unsupportedEncoding))
        await #expect(throws: ClientResolutionError.fetch(.unsupportedEncoding)) { try await resolver.client(Self.url) }
        #expect(ClientResolutionError.fetch(.unsupportedEncoding).oauthError == "invalid_client")
        #expect(ClientResolutionError.fetch(.tls).oauthError == "temporarily_unavailable")
    }

    @Test("settings with which every document would be refused are faults")
    func uselessSettings() {
        let rows: [(String, (inout ClientIDResolver.Settings) -> Void)] = [
            ("rules.maximumRedirectURIs", { $0.rules.maximumRedirectURIs = 0 }),
            ("rules.maximumRedirectURIs", { $0.rules.maximumRedirectURIs = -1 }),
            ("rules.maximumRedirectURIs", { $0.rules.maximumRedirectURIs = 1_001 }),
            ("rules.grantTypes", { $0.rules.grantTypes = [] }),
            ("rules.grantTypes", { $0.rules.grantTypes = ["refresh_token"] }),
        ]
        for (setting, change) in rows {
            let error = #expect(throws: ConfigurationError.self) { try resolver(change) }
            #expect(error?.settings == [setting])
        }
        #expect(throws: Never.self) { try resolver { $0.rules.grantTypes = ["authorization_code"] } }
    }
}
