internal import Synchronization
public import TokenVerification

/// A ready-made observer. It counts events, and gives the counts and the health of key sources in the text format of
/// Prometheus.
///
/// ```swift
/// let metrics = EventMetrics()
/// let resourceServer = try ResourceServer(configuration, fetcher: fetcher, observer: metrics.observe)
/// // … at an address that only your monitoring can reach:
/// let page = metrics.text(keySources: resourceServer.trustedIssuers.map { ($0.issuer, $0.keys) })
/// ```
///
/// ```
/// oauth_events_total{event="key_refresh_failed",reason="status_503"} 4
/// oauth_keys{issuer="https://issuer.example",state="stale"} 1
/// oauth_keys_age_seconds{issuer="https://issuer.example"} 412
/// ```
///
/// Memory is bounded: at most ``maximumCounts`` counts are kept. Further kinds of events are counted together as
/// `other`.
public final class EventMetrics: Sendable {
    /// The maximum number of counts, `other` included.
    public static let maximumCounts = 256

    private let counts = Mutex<[String: UInt64]>([:])

    /// Metrics without counts.
    public init() {}

    /// Takes an event. Pass this function as the `observer` of a ``ResourceServer``.
    public func observe(_ event: ResourceServerEvent) {
        let group = event.group
        counts.withLock { counts in
            let isFull = counts[group] == nil && counts.count >= Self.maximumCounts - 1
            counts[isFull ? "other" : group, default: 0] &+= 1
        }
    }

    /// The counts and the health, as lines in the text format of Prometheus.
    ///
    /// - Parameter keySources: The key sources whose health is shown, each with its issuer. Nothing is fetched.
    public func text(keySources: [(issuer: String, keys: any KeySource)] = []) -> String {
        var lines = counts.withLock { $0 }.sorted { $0.key < $1.key }.map { group, count in
            let parts = group.utf8.split(separator: 0x20, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
            let reason = parts.count > 1 ? ",reason=\(Self.quoted(String(parts[1].dropFirst("reason=".count))))" : ""
            return "oauth_events_total{event=\(Self.quoted(parts.first ?? ""))\(reason)} \(count)"
        }
        for (issuer, keys) in keySources {
            let (state, age) = Self.parts(of: keys.health)
            lines.append("oauth_keys{issuer=\(Self.quoted(issuer)),state=\"\(state)\"} 1")
            lines.append("oauth_keys_age_seconds{issuer=\(Self.quoted(issuer))} \(age.components.seconds)")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func parts(of health: KeySourceHealth) -> (state: String, age: Duration) {
        switch health {
        case .healthy: ("healthy", .zero)
        case .stale(let age): ("stale", age)
        case .unavailable(let time): ("unavailable", time)
        }
    }

    /// A label value: quotes, backslashes and line ends are escaped.
    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0A: bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes + [UInt8(ascii: "\"")], as: UTF8.self)
    }
}
