import HTTPMessages
@testable import OAuthClientMetadata
import OAuthMetadata
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

@Suite("ClientIDResolver")
struct ClientIDResolverTests {
    private static let url = "https://app.example/client.json"
    private let fetcher = ScriptedFetcher()
    private let clock = FakeClock()
    private let events = EventList()

    final class EventList: Sendable {
        private let list = Mutex<[ClientMetadataEvent]>([])
        func add(_ event: ClientMetadataEvent) { list.withLock { $0.append(event) } }
        var all: [ClientMetadataEvent] { list.withLock { $0 } }
        var names: [String] { all.map(\.name) }
    }

    private func resolver(_ change: (inout ClientIDResolver.Settings) -> Void = { _ in }) throws -> ClientIDResolver {
        var settings = ClientIDResolver.Settings()
        change(&settings)
        return try ClientIDResolver(fetcher: fetcher, settings: settings, clock: clock.monotonicClock) { [events] in
            events.add($0)
        }
    }

    private func document(_ url: String = Self.url, name: String = "App") -> JSONDocument.Object {
        [
            "client_id": .string(url), "client_name": .string(name),
            "redirect_uris": ["https://app.example/cb", "http://localhost/cb"],
        ]
    }

    private func serve(
        _ object: JSONDocument.Object? = nil, at url: String = Self.url, status: HTTPStatus = .ok,
        type: HTTPFields.Value? = "application/json", _ fields: HTTPFields = [:]
    ) {
        var fields = fields
        fields[.contentType] = type
        let body = JSONValue.object(object ?? document(url)).encoded()
        fetcher.set(url, .success(FetchedDocument(status: status, fields: fields, body: body)))
    }

    private func failure(
        _ resolver: ClientIDResolver, _ clientID: String = Self.url
    ) async throws -> ClientResolutionError? {
        do throws(ClientResolutionError) {
            _ = try await resolver.client(clientID)
            return nil
        } catch {
            return error
        }
    }

    @Test("a client is found by its document, once for its lifetime")
    func found() async throws {
        serve()
        let resolver = try resolver()
        let client = try await resolver.client(Self.url)
        #expect(client.document.displayName == "App" && client.trust == .unverified && client.staleAge == nil)
        #expect(fetcher.lastRequest?.fields[.accept]?.string == "application/json")
        #expect(fetcher.lastRequest?.maximumBodyBytes == 5_120)
        clock.advance(by: .seconds(299))
        _ = try await resolver.client(Self.url)
        #expect(fetcher.requests == [Self.url])
        clock.advance(by: .seconds(1))
        _ = try await resolver.client(Self.url)
        #expect(fetcher.requests.count == 2)
        #expect(events.names == ["client_document_fetched", "client_document_fetched"])
    }

    @Test("nothing is fetched for a URL that is not acceptable or not admitted")
    func withoutFetch() async throws {
        let resolver = try resolver { settings in
            settings.trust.denied = [try! DomainRule("denied.example")]
        }
        #expect(try await failure(resolver, "http://app.example/c") == .clientID(.notHTTPS))
        #expect(try await failure(resolver, "client") == .clientID(.url(.unsupportedScheme)))
        #expect(try await failure(resolver, "https://denied.example/c") == .denied)
        #expect(fetcher.requests.isEmpty)
    }

    @Test("every unacceptable response has its reason, and an error for the client without detail")
    func refused() async throws {
        var other = document()
        other["client_id"] = "https://app.example/Client.json"
        let answers: [(ScriptedFetcher.Answer?, ClientResolutionError, String)] = [
            (.failure(.blockedAddress), .fetch(.blockedAddress), "invalid_client"),
            (.failure(.notAllowed), .fetch(.notAllowed), "invalid_client"),
            (.failure(.timedOut), .fetch(.timedOut), "temporarily_unavailable"),
            (.failure(.connectionFailed), .fetch(.connectionFailed), "temporarily_unavailable"),
            (.failure(.notResolved), .fetch(.notResolved), "temporarily_unavailable"),
            (.failure(.tooLarge(limit: 5_120)), .document(.init(faults: [.tooLarge(limit: 5_120)])), "invalid_client"),
        ]
        for (index, (answer, error, oauth)) in answers.enumerated() {
            let url = "https://app\(index).example/c"
            fetcher.set(url, answer ?? .failure(.timedOut))
            #expect(try await failure(resolver(), url) == error)
            #expect(error.oauthError == oauth)
        }
        for (status, oauth) in [
            (HTTPStatus.found, "invalid_client"), (.notFound, "invalid_client"), (.noContent, "invalid_client"),
            (.created, "invalid_client"), (.notModified, "invalid_client"),
            (.internalServerError, "temporarily_unavailable"), (HTTPStatus(429)!, "temporarily_unavailable"),
        ] {
            serve(status: status)
            let error = try await failure(resolver())
            #expect(error == .status(status.code))
            #expect(error?.oauthError == oauth)
        }
        for type: HTTPFields.Value? in [
            nil, "text/html", "text/json", "application/jwt", "application/json, text/html", "application/+json",
            "image/svg+xml", "text/x+json",
        ] {
            serve(type: type)
            let error = try await failure(resolver())
            #expect(error == .contentType, "\(String(describing: type))")
        }
        for type: HTTPFields.Value in ["application/json", "application/json; charset=utf-8", "Application/CIMD+JSON"] {
            serve(type: type)
            #expect(try await failure(resolver()) == nil)
        }
        serve(other)
        #expect(try await failure(resolver()) == .document(.init(faults: [.clientIDMismatch(.letterCase)])))
    }

    @Test("a failure is remembered for a moment only, and one client's failure is no other's")
    func failures() async throws {
        serve(status: .notFound)
        serve(at: "https://app.example/other")
        let resolver = try resolver()
        for _ in 0..<5 { #expect(try await failure(resolver) == .status(404)) }
        #expect(fetcher.requests.count == 1)
        #expect(try await failure(resolver, "https://app.example/other") == nil)
        serve()
        clock.advance(by: ClientIDResolver.Limits.failureTime)
        #expect(try await failure(resolver) == nil)
    }

    @Test("RFC 9111: max-age within 60 s and 24 h, no-store, no-cache, Age")
    func cacheControl() async throws {
        let rows: [(HTTPFields.Value, Int?, Int)] = [
            ("max-age=1", nil, 60), ("max-age=120", nil, 120), ("max-age=9999999", nil, 86_400),
            ("max-age=600", 100, 500), ("no-cache", nil, 300), ("public", nil, 300), ("max-age=x", nil, 300),
        ]
        for (control, age, seconds) in rows {
            let resolver = try resolver()
            var fields: HTTPFields = [.cacheControl: control]
            fields[.age] = age.map { HTTPFields.Value($0) }
            serve(fields)
            let before = fetcher.requests.count
            _ = try await resolver.client(Self.url)
            clock.advance(by: .seconds(seconds) - .milliseconds(1))
            _ = try await resolver.client(Self.url)
            #expect(fetcher.requests.count == before + 1, "\(control)")
            clock.advance(by: .milliseconds(1))
            _ = try await resolver.client(Self.url)
            #expect(fetcher.requests.count == before + 2, "\(control)")
        }
        let resolver = try resolver()
        serve([.cacheControl: "no-store, max-age=600"])
        let before = fetcher.requests.count
        for _ in 0..<3 { _ = try await resolver.client(Self.url) }
        #expect(fetcher.requests.count == before + 3)
    }

    private func serve(_ fields: HTTPFields) {
        serve(nil, fields)
    }

    @Test("an expired document is revalidated with its ETag; 304 renews it")
    func revalidation() async throws {
        serve([.eTag: "\"1\""])
        let resolver = try resolver()
        _ = try await resolver.client(Self.url)
        clock.advance(by: .seconds(300))
        fetcher.set(Self.url, .success(FetchedDocument(status: .notModified, body: [])))
        #expect(try await resolver.client(Self.url).staleAge == nil)
        #expect(fetcher.lastRequest?.fields[.ifNoneMatch]?.string == "\"1\"")
        clock.advance(by: .seconds(299))
        _ = try await resolver.client(Self.url)
        #expect(fetcher.requests.count == 2)
    }

    @Test("a host that cannot be reached leaves its expired document in use, for a day at most")
    func stale() async throws {
        serve()
        let resolver = try resolver()
        _ = try await resolver.client(Self.url)
        for answer: ScriptedFetcher.Answer in [
            .failure(.timedOut), .success(FetchedDocument(status: .serviceUnavailable, body: [])),
        ] {
            fetcher.set(Self.url, answer)
            clock.advance(by: .seconds(600))
            #expect(try await resolver.client(Self.url).staleAge != nil)
        }
        let fetches = fetcher.requests.count
        for _ in 0..<5 { #expect(try await resolver.client(Self.url).staleAge != nil) }
        #expect(fetcher.requests.count == fetches)
        #expect(events.names.contains("client_document_served_stale"))
        clock.advance(by: ClientIDResolver.Limits.staleTime)
        #expect(try await failure(resolver) == .status(503))
    }

    @Test("a host that says no, or serves a bad document, has withdrawn the client: nothing stale is used")
    func withdrawn() async throws {
        var secret = document()
        secret["client_secret"] = "s"
        let answers: [(JSONDocument.Object, HTTPStatus, ClientResolutionError)] = [
            (document(), .notFound, .status(404)),
            (secret, .ok, .document(.init(faults: [.sharedSecret("client_secret")]))),
            (document("https://x.example/c"), .ok, .document(.init(faults: [.clientIDMismatch(.other)]))),
        ]
        for (object, status, error) in answers {
            let resolver = try resolver()
            serve()
            _ = try await resolver.client(Self.url)
            clock.advance(by: .seconds(300))
            serve(object, status: status)
            #expect(try await failure(resolver) == error)
            #expect(try await failure(resolver) == error)
        }
    }

    @Test("a change of what people consent to is an event and another fingerprint")
    func changed() async throws {
        serve()
        let resolver = try resolver()
        let first = try await resolver.client(Self.url)
        clock.advance(by: .seconds(300))
        var same = document()
        same["contacts"] = ["a@app.example"]
        serve(same)
        #expect(try await resolver.client(Self.url).fingerprint == first.fingerprint)
        clock.advance(by: .seconds(300))
        var changed = document()
        changed["redirect_uris"] = ["https://evil.example/cb"]
        serve(changed)
        #expect(try await resolver.client(Self.url).fingerprint != first.fingerprint)
        #expect(events.names.filter { $0 == "client_document_changed" }.count == 1)
    }

    @Test("requests at the same time share one fetch, and a cancelled one takes nothing from the others")
    func singleFlight() async throws {
        serve()
        fetcher.hold()
        let resolver = try resolver()
        let tasks = (0..<50).map { _ in Task { try await resolver.client(Self.url).document.displayName } }
        while fetcher.requests.isEmpty { await Task.yield() }
        tasks[0].cancel()
        await #expect(throws: ClientResolutionError.fetch(.cancelled)) { try await tasks[0].value }
        fetcher.release()
        for task in tasks.dropFirst() { #expect(try await task.value == "App") }
        #expect(fetcher.requests.count == 1)
    }

    @Test("THREATS R18: one host is asked ten times in a row, then once in two seconds; other hosts are not concerned")
    func hostLimit() async throws {
        let resolver = try resolver()
        for number in 0..<10 {
            #expect(try await failure(resolver, "https://app.example/\(number)") == .status(404))
        }
        #expect(try await failure(resolver, "https://app.example/10") == .tooManyFetches)
        #expect(try await failure(resolver, "https://other.example/c") == .status(404))
        clock.advance(by: .seconds(2))
        #expect(try await failure(resolver, "https://app.example/10") == .status(404))
        #expect(try await failure(resolver, "https://app.example/11") == .tooManyFetches)
        #expect(ClientResolutionError.tooManyFetches.oauthError == "temporarily_unavailable")
    }

    @Test("the number of documents is bounded: the least recently used one leaves")
    func bounded() async throws {
        let resolver = try resolver { $0.capacity = 2 }
        for host in ["a", "b", "c"] {
            serve(document("https://\(host).example/c"), at: "https://\(host).example/c")
            _ = try await resolver.client("https://\(host).example/c")
        }
        _ = try await resolver.client("https://c.example/c")
        #expect(fetcher.requests.count == 3)
        _ = try await resolver.client("https://a.example/c")
        #expect(fetcher.requests.count == 4)
    }

    @Test("failures of made-up URLs push no good document out")
    func failuresApart() async throws {
        serve()
        let resolver = try resolver { $0.capacity = 2 }
        _ = try await resolver.client(Self.url)
        for host in ["a", "b", "c"] {
            #expect(try await failure(resolver, "https://\(host).example/c") == .status(404))
        }
        let fetches = fetcher.requests.count
        _ = try await resolver.client(Self.url)
        #expect(fetcher.requests.count == fetches)
    }

    @Test("fetches at the same time are bounded")
    func concurrentFetches() async throws {
        fetcher.hold()
        let resolver = try resolver()
        let tasks = (0..<ClientIDResolver.Limits.concurrentFetches).map { number in
            Task { try? await resolver.client("https://a\(number).example/c") }
        }
        while fetcher.requests.count < tasks.count { await Task.yield() }
        #expect(try await failure(resolver, "https://late.example/c") == .tooManyFetches)
        fetcher.release()
        for task in tasks { _ = await task.value }
    }

    @Test("the second list narrows what the client has registered")
    func patterns() async throws {
        serve()
        let narrow = try resolver { $0.redirectURIPatterns = [try! RedirectURIPattern("http://localhost:*")] }
        let client = try await narrow.client(Self.url)
        #expect(client.redirectURI(for: "http://localhost:3000/cb")?.text == "http://localhost:3000/cb")
        #expect(client.redirectURI(for: "https://app.example/cb") == nil)
        #expect(client.redirectURI(for: nil) == nil)
        let closed = try await resolver { $0.redirectURIPatterns = [] }.client(Self.url)
        #expect(closed.redirectURI(for: "http://localhost:3000/cb") == nil)
    }

    @Test("keys in the document are imported with it, and a document without a usable key is refused")
    func inlineKeys() async throws {
        let issuer = FakeIssuer("https://keys.example", algorithms: [.es256])
        var object = document()
        object["token_endpoint_auth_method"] = "private_key_jwt"
        object["jwks"] = .object(issuer.jwks)
        serve(object)
        let resolver = try resolver()
        let client = try await resolver.client(Self.url)
        let keys = try #require(resolver.keys(of: client)?.presentKeys())
        #expect(keys.issuer == Self.url && keys.keys.count == 1)
        object["jwks"] = ["keys": [["kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"]]]
        serve(object)
        #expect(try await failure(self.resolver()) == .noUsableKey)
    }

    @Test("keys at a jwks_uri are fetched by the same fetcher, once for all assertions")
    func keysURL() async throws {
        let issuer = FakeIssuer("https://keys.example", algorithms: [.es256])
        var object = document()
        object["token_endpoint_auth_method"] = "private_key_jwt"
        object["jwks_uri"] = "https://keys.example/jwks"
        serve(object)
        fetcher.set("https://keys.example/jwks", json: issuer.jwks)
        let resolver = try resolver()
        let client = try await resolver.client(Self.url)
        let source = try #require(resolver.keys(of: client))
        #expect(source.presentKeys() == nil)
        #expect(try await source.keys(for: .noKeys).issuer == Self.url)
        #expect(resolver.keys(of: client)?.presentKeys()?.keys.count == 1)
        #expect(fetcher.requests == [Self.url, "https://keys.example/jwks"])
    }

    @Test("settings out of range are named")
    func settings() {
        #expect {
            try resolver { settings in
                settings.rules.maximumBytes = 70_000
                settings.capacity = 0
            }
        } throws: { error in
            (error as? ConfigurationError)?.faults.count == 2
        }
    }

    @Test("no event and no error shows a URL or text of a document")
    func silence() async throws {
        serve(document(Self.url + "?secret=1", name: "Secret"), at: Self.url + "?secret=1")
        _ = try await resolver().client(Self.url + "?secret=1")
        #expect(events.names == ["client_document_fetched", "client_id_with_query"])
        #expect(!"\(events.all)".lowercased().contains("secret"))
    }
}
