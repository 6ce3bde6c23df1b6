import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification

@Suite("EventMetrics", .serialized)
struct EventMetricsTests {
    @Test("POLICY §17: events are counted by name and reason; each source shows its health")
    func lines() {
        let metrics = EventMetrics()
        #expect(metrics.text() == "")
        for _ in 0..<3 {
            metrics.observe(.verification(.keySource(.refreshFailed(.status(503)), issuer: "https://i.example")))
        }
        metrics.observe(.verification(.keySource(.refreshSucceeded(usableKeys: 2), issuer: "https://i.example")))
        metrics.observe(.denied(.missingCredentials, fingerprint: nil))
        metrics.observe(.guardInShadow)
        for token in ["a", "b"] { metrics.observe(.streamExpired(fingerprint: token)) }
        metrics.observe(.sessionWithheld(.onOtherMethod, fingerprint: nil))
        let sources: [(String, any KeySource)] = [
            ("https://i.example", GuardFixture.issuer.keySource), ("a\"\\\n", InProcessKeySource { nil }),
        ]
        #expect(
            metrics.text(keySources: sources) == #"""
                oauth_events_total{event="GUARD_SHADOW"} 1
                oauth_events_total{event="denied",reason="missing_credentials"} 1
                oauth_events_total{event="key_refresh_failed",reason="status_503"} 3
                oauth_events_total{event="key_refresh_succeeded"} 1
                oauth_events_total{event="session_withheld",reason="session_on_other_method"} 1
                oauth_events_total{event="stream_expired"} 2
                oauth_keys{issuer="https://i.example",state="healthy"} 1
                oauth_keys_age_seconds{issuer="https://i.example"} 0
                oauth_keys{issuer="a\"\\\n",state="unavailable"} 1
                oauth_keys_age_seconds{issuer="a\"\\\n"} 0

                """#)
    }

    @Test("What is beyond 256 different events is counted together")
    func bounded() {
        let metrics = EventMetrics()
        for number in 0..<1_000 {
            metrics.observe(.verification(.keySource(.refreshFailed(.status(number)), issuer: "https://i.example")))
        }
        let lines = metrics.text().utf8.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        #expect(lines.count == EventMetrics.maximumCounts)
        #expect(lines.contains(#"oauth_events_total{event="other"} 745"#))
    }
}
