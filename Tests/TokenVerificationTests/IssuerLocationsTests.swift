import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@testable import TokenVerification

/// Which of the well-known locations of an issuer gives its metadata.
@Suite(.timeLimit(.minutes(5)))
struct IssuerLocationsTests {
    private static let issuer = "https://issuer.example/tenant"
    /// In the order in which they are asked.
    private static let locations = [
        "https://issuer.example/.well-known/oauth-authorization-server/tenant",
        "https://issuer.example/.well-known/openid-configuration/tenant",
        "https://issuer.example/tenant/.well-known/openid-configuration",
    ]
    private static let keySet = "https://issuer.example/jwks"
    private static let good = #"{"issuer":"\#(issuer)","jwks_uri":"\#(keySet)"}"#

    /// Answers that are not the issuer's document, and their reasons.
    private static let refused: [(answer: ScriptedFetcher.Answer, code: String)] = [
        (answer("<!doctype html><html></html>"), "metadata_not_json"), (answer(""), "metadata_not_json"),
        (answer(good + "x"), "metadata_not_json"), (answer("\u{FEFF}" + good), "metadata_not_json"),
        (answer(good.replacing("{", with: #"{"issuer":"x","#)), "metadata_not_json"),
        (answer("[]"), "metadata_not_an_object"), (answer("null"), "metadata_not_an_object"),
        (answer(#""ok""#), "metadata_not_an_object"), (answer("{}"), "metadata_without_issuer"),
        (answer(#"{"error":"not_found"}"#), "metadata_without_issuer"),
        (answer(#"{"issuer":null}"#), "metadata_without_issuer"),
        (answer(good.replacing("/tenant", with: "/other")), "metadata_issuer_mismatch"),
        (answer(good.replacing("/tenant", with: "/tenant/")), "metadata_issuer_mismatch"),
        (answer(good.replacing("/tenant", with: "")), "metadata_issuer_mismatch"),
        (answer(#"{"issuer":"\#(issuer)"}"#), "jwks_uri_not_acceptable"),
        (answer(#"{"issuer":"\#(issuer)","jwks_uri":null}"#), "jwks_uri_not_acceptable"),
        (answer(#"{"issuer":"\#(issuer)","jwks_uri":"/jwks"}"#), "jwks_uri_not_acceptable"),
        (answer(#"{"issuer":"\#(issuer)","jwks_uri":["\#(keySet)"]}"#), "jwks_uri_not_acceptable"),
        (answer(#"{"issuer":"\#(issuer)","jwks_uri":"http://issuer.example/jwks"}"#), "jwks_uri_not_acceptable"),
        (answer(#"{"issuer":"\#(issuer)","jwks_uri":"https://127.0.0.1/jwks"}"#), "jwks_uri_not_acceptable"),
        (answer(#"{"issuer":"\#(issuer)","jwks_uri":"\#(keySet)#a"}"#), "jwks_uri_not_acceptable"),
        (answer(#"{"issuer":"\#(issuer)","jwks_uri":"https://u@issuer.example/jwks"}"#), "jwks_uri_not_acceptable"),
        (answer(good, .noContent), "status_204"), (answer(good, .found), "status_302"),
        (answer(good, .accepted), "status_202"), (answer(good, .notModified), "status_304"),
        (answer(good, .unauthorized), "status_401"), (answer(good, .forbidden), "status_403"),
        (answer(good, .notFound), "status_404"), (answer(good, .internalServerError), "status_500"),
        (answer(good, .serviceUnavailable), "status_503"), (.failure(.timedOut), "fetch_timed_out"),
        (.failure(.connectionFailed), "fetch_connection_failed"),
        (.failure(.tooLarge(limit: 262_144)), "fetch_too_large"),
    ]

    private let fetcher = ScriptedFetcher()
    private let clock = FakeClock()
    private let log = EventLog()

    private static func answer(_ text: String, _ status: HTTPStatus = .ok) -> ScriptedFetcher.Answer {
        .success(FetchedDocument(status: status, body: Array(text.utf8)))
    }

    private func keys(_ fetcher: (any DocumentFetcher)? = nil) throws -> RemoteKeySet {
        let log = log
        return RemoteKeySet(
            of: try IssuerIdentifier(Self.issuer), at: .discovered, checked: RemoteKeySet.Settings(),
            fetcher: fetcher ?? self.fetcher, timing: RefreshTiming(clock: clock.monotonicClock, jitter: Jitter { 1 }),
            observer: { log.append($0) })
    }

    @Test("After any answer that is not the issuer's document, the next location is asked", arguments: 0..<34)
    func next(_ index: Int) async throws {
        #expect(Self.refused.count == 34)
        let refused = Self.refused[index]
        fetcher.set(Self.keySet, json: IssuerFixture.issuer.jwks)
        for good in 0..<3 {
            let fetcher = ScriptedFetcher()
            fetcher.set(Self.keySet, json: IssuerFixture.issuer.jwks)
            for location in Self.locations[..<good] { fetcher.set(location, refused.answer) }
            fetcher.set(Self.locations[good], Self.answer(Self.good))
            let keys = try keys(fetcher)
            try await keys.prepare()
            #expect(fetcher.requests == Self.locations[...good] + [Self.keySet])
            #expect(try await keys.discovery?.metadata().location.text == Self.locations[good])
        }
        #expect(!log.all.contains { $0.description.hasPrefix("discovery_") })
    }

    @Test("When no location has the document, the event lists each with its reason", arguments: 0..<34)
    func none(_ index: Int) async throws {
        let refused = Self.refused[index]
        for location in Self.locations { fetcher.set(location, refused.answer) }
        let keys = try keys()
        await #expect(throws: KeySourceError.self) { try await keys.prepare() }
        #expect(fetcher.requests == Self.locations)
        let list = Self.locations.enumerated().map { index, url in
            index == 0
                ? "reason=\(refused.code) url=\(url)" : "url_\(index + 1)=\(url) reason_\(index + 1)=\(refused.code)"
        }.joined(separator: " ")
        #expect(
            log.all.map(\.description).suffix(2) == [
                "discovery_failed \(list) issuer=\(Self.issuer)",
                "key_refresh_failed reason=\(refused.code) issuer=\(Self.issuer)",
            ])
    }

    @Test("The reason that is given for all locations is the first that is no 4xx")
    func telling() async throws {
        fetcher.set(Self.locations[1], Self.answer("<html>"))
        fetcher.set(Self.locations[2], Self.answer("", .internalServerError))
        let keys = try keys()
        await #expect(throws: KeySourceError.self) { try await keys.prepare() }
        #expect(log.all.last?.description == "key_refresh_failed reason=metadata_not_json issuer=\(Self.issuer)")
    }

    @Test("Where the document was last is asked first, and the others only when it is gone from there")
    func lastGood() async throws {
        fetcher.set(Self.keySet, json: IssuerFixture.issuer.jwks)
        fetcher.set(Self.locations[2], Self.answer(Self.good))
        let keys = try keys()
        try await keys.prepare()
        clock.advance(by: .seconds(86_401))
        try await keys.prepare()
        #expect(fetcher.requests == Self.locations + [Self.keySet, Self.locations[2], Self.keySet])
        fetcher.set(Self.locations[2], Self.answer("", .notFound))
        fetcher.set(Self.locations[0], Self.answer(Self.good))
        clock.advance(by: .seconds(86_401))
        try await keys.prepare()
        #expect(fetcher.requests.suffix(3) == [Self.locations[2], Self.locations[0], Self.keySet])
    }

    @Test("A location that does not answer leaves time for the next one, and all together take 5 s")
    func deadline() async throws {
        let hanging = HangingFetcher(clock: clock.monotonicClock)
        let keys = try keys(hanging)
        let failed = Task { try? await keys.prepare() }
        for time in [Duration.seconds(4), .milliseconds(500), .milliseconds(500)] {
            // The fetch, its time limit, the wait for the metadata, and the wait for the keys.
            while clock.sleepers < 4 { await Task.yield() }
            clock.advance(by: time)
        }
        await failed.value
        while !log.all.contains(where: { $0.description.hasPrefix("discovery_failed") }) { await Task.yield() }
        #expect(hanging.requests == Self.locations)
    }

    @Test("Members that count as absent are named once for each document")
    func unusableMembers() async throws {
        fetcher.set(Self.keySet, json: IssuerFixture.issuer.jwks)
        let odd = Self.good.replacing("{", with: #"{"op_policy_uri":"","ui_locales_supported":"en","#)
        fetcher.set(Self.locations[0], Self.answer(odd))
        let keys = try keys()
        for _ in 1...3 {
            try await keys.prepare()
            clock.advance(by: .seconds(86_401))
        }
        let event = "metadata_members_ignored names=op_policy_uri,ui_locales_supported issuer=\(Self.issuer)"
        #expect(log.all.map(\.description).filter { $0.hasPrefix("metadata_members") } == [event])
        fetcher.set(Self.locations[0], Self.answer(odd.replacing(#""en""#, with: #""de""#)))
        try await keys.prepare()
        #expect(log.all.map(\.description).filter { $0.hasPrefix("metadata_members") } == [event, event])
    }
}

/// A fetcher that never answers in time.
private final class HangingFetcher: DocumentFetcher {
    private let clock: MonotonicClock
    private let asked = Mutex<[String]>([])

    init(clock: MonotonicClock) {
        self.clock = clock
    }

    var requests: [String] { asked.withLock { $0 } }

    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        asked.withLock { $0.append(request.url.text) }
        await clock.sleep(.seconds(100))
        throw .timedOut
    }
}
