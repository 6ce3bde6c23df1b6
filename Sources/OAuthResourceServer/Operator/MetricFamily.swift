/// A metric with its samples, for the text format of Prometheus.
///
/// - SeeAlso: [Exposition formats](https://prometheus.io/docs/instrumenting/exposition_formats/)
public struct MetricFamily: Sendable {
    /// What a metric measures.
    public enum Kind: String, Sendable, Hashable {
        /// A number that only grows. Its name ends in `_total`.
        case counter
        /// A number that grows and shrinks.
        case gauge
        /// Counts of values up to some bounds.
        case histogram
    }

    /// One value of a metric.
    public struct Sample: Sendable {
        /// What follows the name of the metric: `_bucket`, `_sum` and `_count` of a histogram; otherwise empty.
        public var suffix: String
        /// The labels, in order.
        public var labels: [(name: String, value: String)]
        /// The value.
        public var value: Double

        /// A sample.
        public init(_ value: Double, labels: [(name: String, value: String)] = [], suffix: String = "") {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    /// The name: letters, digits and underscores.
    public var name: String
    /// What the metric measures, for people.
    public var help: String
    /// What kind of number it is.
    public var kind: Kind
    /// The values.
    public var samples: [Sample]

    /// A metric.
    public init(_ name: String, _ kind: Kind, help: String, _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// The lines of the metric; none when it has no samples.
    public var text: String {
        guard !samples.isEmpty else { return "" }
        let lines = samples.map { sample in
            let labels = sample.labels.map { "\($0.name)=\(Self.quoted($0.value))" }.joined(separator: ",")
            return "\(name)\(sample.suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.number(sample.value))\n"
        }
        return "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n" + lines.joined()
    }

    /// A whole number has no point, and the infinite one is `+Inf`.
    static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
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
