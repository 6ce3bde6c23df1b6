import Synchronization

// Stand-ins for the types that the article EventBridges.md uses, with the signatures of swift-log 1.6, swift-metrics
// 2.5 and opentelemetry-swift-core 2. What they record is for the tests.

struct SwiftLogBridge {
    struct Logger: Sendable {
        enum Level: String, Sendable {
            case trace, debug, info, notice, warning, error, critical
        }

        enum MetadataValue: Sendable, Hashable {
            case string(String)
        }

        typealias Metadata = [String: MetadataValue]

        struct Message: ExpressibleByStringInterpolation, Sendable {
            let text: String
            init(stringLiteral text: String) { self.text = text }
        }

        let record: @Sendable (Level, String, Metadata) -> Void

        func log(
            level: Level, _ message: @autoclosure () -> Message, metadata: @autoclosure () -> Metadata? = nil
        ) {
            record(level, message().text, metadata() ?? [:])
        }
    }
}

struct SwiftMetricsBridge {
    final class Counter: Sendable {
        static let totals = Mutex<[String: Int64]>([:])
        private let key: String

        init(label: String, dimensions: [(String, String)] = []) {
            key = label + dimensions.map { " \($0.0)=\($0.1)" }.joined()
        }

        func increment<DataType: BinaryInteger>(by amount: DataType) {
            Self.totals.withLock { $0[key, default: 0] += Int64(amount) }
        }

        func increment() { increment(by: 1) }
    }
}

struct OpenTelemetryBridge {
    enum AttributeValue: Hashable, Sendable {
        case string(String)
    }

    enum Severity: Int, Sendable {
        case debug = 5
        case info = 9
        case warn = 13
        case error = 17
    }

    struct Record: Sendable {
        var severity = Severity.info
        var body: AttributeValue?
        var attributes: [String: AttributeValue] = [:]
    }

    protocol LogRecordBuilder {
        func setSeverity(_ severity: Severity) -> Self
        func setBody(_ body: AttributeValue) -> Self
        func setAttributes(_ attributes: [String: AttributeValue]) -> Self
        func emit()
    }

    struct Builder: LogRecordBuilder {
        static let records = Mutex<[Record]>([])
        private var record = Record()

        func setSeverity(_ severity: Severity) -> Builder { with { $0.severity = severity } }
        func setBody(_ body: AttributeValue) -> Builder { with { $0.body = body } }
        func setAttributes(_ attributes: [String: AttributeValue]) -> Builder {
            with { $0.attributes.merge(attributes) { $1 } }
        }
        func emit() { Self.records.withLock { $0.append(record) } }

        private func with(_ edit: (inout Record) -> Void) -> Builder {
            var copy = self
            edit(&copy.record)
            return copy
        }
    }

    struct LoggerProvider: Sendable {
        func get(instrumentationScopeName: String) -> Logger { Logger() }
    }

    struct Logger: Sendable {
        func logRecordBuilder() -> any LogRecordBuilder { Builder() }
    }

    struct OpenTelemetry: Sendable {
        static let instance = OpenTelemetry()
        var loggerProvider: LoggerProvider { LoggerProvider() }
    }
}
