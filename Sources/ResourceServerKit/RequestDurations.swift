internal import HTTPMessages
public import OAuthResourceServer
public import SocketHTTP
internal import Synchronization

/// A histogram of the durations of requests, from the records of an access log.
///
/// The duration is the time from the end of a request's head to the end of its response. A request without a response,
/// because its client went away, has the class `none`. An event stream counts when it ends.
public final class RequestDurations: Sendable {
    /// The upper bounds in seconds. Longer requests are in the last bucket, `+Inf`.
    public static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let classes = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"]

    private struct Series {
        var counts = [UInt64](repeating: 0, count: RequestDurations.bounds.count + 1)
        var sum = 0.0
    }

    private let series = Mutex([Series](repeating: Series(), count: RequestDurations.classes.count))

    /// A histogram without values.
    public init() {}

    /// Counts a request. Pass this function as the `accessLog` of a server.
    public func record(_ record: AccessRecord) {
        let parts = record.duration.components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        let position = record.status.map { $0.code / 100 - 1 } ?? Self.classes.count - 1
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        series.withLock { series in
            series[position].counts[bucket] &+= 1
            series[position].sum += seconds
        }
    }

    /// The histogram, with a series for each class of status that occurred.
    public var family: MetricFamily {
        var samples: [MetricFamily.Sample] = []
        for (name, series) in zip(Self.classes, series.withLock { $0 }) {
            let total = series.counts.reduce(0, &+)
            guard total > 0 else { continue }
            let label = [(name: "class", value: name)]
            var below: UInt64 = 0
            for (index, count) in series.counts.enumerated() {
                below &+= count
                let bound = index < Self.bounds.count ? "\(Self.bounds[index])" : "+Inf"
                samples.append(.init(Double(below), labels: label + [("le", bound)], suffix: "_bucket"))
            }
            samples.append(.init(series.sum, labels: label, suffix: "_sum"))
            samples.append(.init(Double(total), labels: label, suffix: "_count"))
        }
        return MetricFamily(
            "http_request_duration_seconds", .histogram,
            help: "Time from the end of a request's head to the end of its response.", samples)
    }
}
