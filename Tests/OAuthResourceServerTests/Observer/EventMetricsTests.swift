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
            metrics.observe(
                .verification(.keySource(.refreshFailed(.status(503), at: nil), issuer: "https://i.example")))
        }
        metrics.observe(.verification(.keySource(.refreshSucceeded(usableKeys: 2), issuer: "https://i.example")))
        metrics.observe(.denied(.missingCredentials, .init()))
        metrics.observe(.guardInShadow)
        for token in ["a", "b"] { metrics.observe(.streamExpired(.init(fingerprint: token))) }
        metrics.observe(.sessionWithheld(.onOtherMethod, .init()))
        let sources: [(String, any KeySource)] = [
            ("https://i.example", GuardFixture.issuer.keySource), ("a\"\\\n", InProcessKeySource { nil }),
        ]
        #expect(
            metrics.text(keySources: sources) == #"""
                # HELP oauth_events_total Events of the guard, by name and reason.
                # TYPE oauth_events_total counter
                oauth_events_total{event="GUARD_SHADOW",level="warning"} 1
                oauth_events_total{event="denied",reason="missing_credentials",level="info"} 1
                oauth_events_total{event="key_refresh_failed",reason="status_503",level="warning"} 3
                oauth_events_total{event="key_refresh_succeeded",level="info"} 1
                oauth_events_total{event="session_withheld",reason="session_on_other_method",level="warning"} 1
                oauth_events_total{event="stream_expired",level="info"} 2
                # HELP oauth_keys 1 for the present state of an issuer's keys.
                # TYPE oauth_keys gauge
                oauth_keys{issuer="https://i.example",state="healthy"} 1
                oauth_keys{issuer="https://i.example",state="stale"} 0
                oauth_keys{issuer="https://i.example",state="unavailable"} 0
                oauth_keys{issuer="a\"\\\n",state="healthy"} 0
                oauth_keys{issuer="a\"\\\n",state="stale"} 0
                oauth_keys{issuer="a\"\\\n",state="unavailable"} 1
                # HELP oauth_keys_unavailable_seconds Time for which an issuer has had no usable keys; 0 when it has some.
                # TYPE oauth_keys_unavailable_seconds gauge
                oauth_keys_unavailable_seconds{issuer="https://i.example"} 0
                oauth_keys_unavailable_seconds{issuer="a\"\\\n"} 0

                """#)
    }

    @Test("What is beyond 256 different events is counted together")
    func bounded() {
        let metrics = EventMetrics()
        for number in 0..<1_000 {
            metrics.observe(
                .verification(.keySource(.refreshFailed(.status(number), at: nil), issuer: "https://i.example")))
        }
        let lines = metrics.text().utf8.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        #expect(lines.count == EventMetrics.maximumCounts + 2)
        #expect(lines.contains(#"oauth_events_total{event="other",level="info"} 745"#))
    }
}
