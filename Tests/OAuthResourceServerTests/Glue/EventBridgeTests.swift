import HTTPMessages
import OAuthResourceServer
import Synchronization
import Testing
import TokenVerification

@Suite("The article about bridges", .serialized)
struct EventBridgeTests {
    private static let events: [ResourceServerEvent] = [
        .allowed(.init(method: .post, path: "/mcp", id: .init(1), fingerprint: "f")),
        .denied(.missingCredentials, .init(method: .get, path: "/a")),
        .denied(.token(.invalid(.syntax)), .init(fingerprint: "f")),
        .verification(.keySource(.hardExpired, issuer: "https://i.example")),
    ]

    @Test("swift-log: the level, the name, the reason, each attribute and the hint")
    func swiftLog() {
        typealias Logger = SwiftLogBridge.Logger
        let lines = Mutex<[(Logger.Level, String, Logger.Metadata)]>([])
        let observer = SwiftLogBridge().logging(
            to: Logger { level, text, data in lines.withLock { $0.append((level, text, data)) } })
        for event in Self.events { EventBridges().both(observer, { _ in })(event) }
        let written = lines.withLock { $0 }
        #expect(written.map(\.0) == [.debug, .info, .warning, .error])
        #expect(written.map(\.1) == ["allowed", "denied", "denied", "keys_hard_expired"])
        #expect(
            written[0].2 == [
                "token": .string("f"), "method": .string("POST"), "path": .string("/mcp"),
                "request": .string("0000000000000001"),
            ])
        #expect(written[1].2["reason"] == .string("missing_credentials") && written[1].2["hint"] == nil)
        #expect(written[2].2["hint"] != nil)
    }

    @Test("swift-metrics: a counter for each name and reason")
    func swiftMetrics() {
        for event in Self.events + Self.events { SwiftMetricsBridge().counting(event) }
        let totals = SwiftMetricsBridge.Counter.totals.withLock { $0 }
        #expect(totals["oauth_events event=denied reason=token_syntax level=warning"] == 2)
        #expect(totals["oauth_events event=allowed reason=none level=debug"] == 2)
    }

    @Test("OpenTelemetry: a log record for each event")
    func openTelemetry() {
        for event in Self.events { OpenTelemetryBridge().recording(event) }
        let records = OpenTelemetryBridge.Builder.records.withLock { $0 }
        #expect(records.map(\.severity) == [.debug, .info, .warn, .error])
        #expect(records.last?.body == .string("keys_hard_expired"))
        #expect(records[2].attributes["oauth.reason"] == .string("token_syntax"))
    }
}
