internal import Synchronization
public import TokenVerification

/// A ready-made observer. It counts events by name and reason, and gives the counts and the age of keys in the text
/// format of Prometheus.
///
/// ```swift
/// let metrics = EventMetrics()
/// let resourceServer = try ResourceServer(configuration, fetcher: fetcher, observer: metrics.observe)
/// // … on a port that only your monitoring can reach:
/// let operations = OperationsHandler([resourceServer], metrics: metrics)
/// ```
///
/// ```
/// # TYPE oauth_events_total counter
/// oauth_events_total{event="key_refresh_failed",reason="status_503",level="warning"} 4
/// # TYPE oauth_keys gauge
/// oauth_keys{issuer="https://issuer.example",state="stale"} 1
/// # TYPE oauth_keys_age_seconds gauge
/// oauth_keys_age_seconds{issuer="https://issuer.example"} 412
/// ```
///
/// Memory and the number of lines are bounded: at most ``maximumCounts`` counts are kept. Further kinds of events are
/// counted together as `other`. No label has a value of a request or token.
public final class EventMetrics: Sendable {
    /// The maximum number of counts, `other` included.
    public static let maximumCounts = 256

    private struct Group: Hashable {
        let event: String
        let reason: String?
        let level: EventLevel

        var sortKey: String { "\(event) \(reason ?? "")" }
    }

    private let counts = Mutex<[Group: UInt64]>([:])

    /// Metrics without counts.
    public init() {}

    /// Takes an event. Pass this function as the `observer` of a ``ResourceServer``.
    public func observe(_ event: ResourceServerEvent) {
        let group = Group(event: event.name, reason: event.reason, level: event.level)
        counts.withLock { counts in
            let isFull = counts[group] == nil && counts.count >= Self.maximumCounts - 1
            let counted = isFull ? Group(event: "other", reason: nil, level: .info) : group
            counts[counted, default: 0] &+= 1
        }
    }

    /// An observer that counts an event and passes it on.
    public func observing(_ next: @escaping ResourceServerEvent.Observer) -> ResourceServerEvent.Observer {
        { [self] event in
            observe(event)
            next(event)
        }
    }

    /// The counts.
    public var family: MetricFamily {
        let samples = counts.withLock { $0 }.sorted { $0.key.sortKey < $1.key.sortKey }.map {
            group, count -> MetricFamily.Sample in
            var labels = [(name: "event", value: group.event)]
            if let reason = group.reason { labels.append((name: "reason", value: reason)) }
            labels.append((name: "level", value: group.level.rawValue))
            return MetricFamily.Sample(Double(count), labels: labels)
        }
        return MetricFamily(
            "oauth_events_total", .counter, help: "Events of the guard, by name and reason.", samples)
    }

    /// The counts and the health, as lines in the text format of Prometheus.
    ///
    /// - Parameter keySources: The key sources whose health is shown, each with its issuer. Nothing is fetched.
    public func text(keySources: [(issuer: String, keys: any KeySource)] = []) -> String {
        ([family] + Self.families(of: keySources)).map(\.text).joined()
    }

    /// The state and the age of the keys of each issuer.
    static func families(of keySources: [(issuer: String, keys: any KeySource)]) -> [MetricFamily] {
        var states: [MetricFamily.Sample] = []
        var ages: [MetricFamily.Sample] = []
        var outages: [MetricFamily.Sample] = []
        for (issuer, keys) in keySources {
            let label = [(name: "issuer", value: issuer)]
            let (present, since) = parts(of: keys.health)
            for state in ["healthy", "stale", "unavailable"] {
                states.append(.init(state == present ? 1 : 0, labels: label + [("state", state)]))
            }
            if let age = keys.age { ages.append(.init(Double(age.components.seconds), labels: label)) }
            outages.append(.init(Double(since.components.seconds), labels: label))
        }
        return [
            MetricFamily("oauth_keys", .gauge, help: "1 for the present state of an issuer's keys.", states),
            MetricFamily(
                "oauth_keys_age_seconds", .gauge, help: "Time since the issuer last confirmed the present keys.", ages),
            MetricFamily(
                "oauth_keys_unavailable_seconds", .gauge,
                help: "Time for which an issuer has had no usable keys; 0 when it has some.", outages),
        ]
    }

    private static func parts(of health: KeySourceHealth) -> (state: String, unavailable: Duration) {
        switch health {
        case .healthy: ("healthy", .zero)
        case .stale: ("stale", .zero)
        case .unavailable(let time): ("unavailable", time)
        }
    }
}
