import OAuthResourceServer
import TokenVerification

// The code of the article EventBridges.md, with stand-ins for the types of the libraries.

struct EventBridges {
    func both(
        _ first: @escaping ResourceServerEvent.Observer, _ second: @escaping ResourceServerEvent.Observer
    ) -> ResourceServerEvent.Observer {
        { event in
            first(event)
            second(event)
        }
    }
}

extension SwiftLogBridge {
    func logging(to logger: Logger) -> ResourceServerEvent.Observer {
        { event in
            var metadata: Logger.Metadata = [:]
            for (name, value) in event.attributes { metadata[name] = .string(value) }
            metadata["reason"] = event.reason.map { .string($0) }
            metadata["hint"] = event.hint.map { .string($0) }
            let level = Logger.Level(rawValue: event.level.rawValue) ?? .info
            logger.log(level: level, "\(event.name)", metadata: metadata)
        }
    }
}

extension SwiftMetricsBridge {
    func counting(_ event: ResourceServerEvent) {
        let dimensions = [("event", event.name), ("reason", event.reason ?? "none"), ("level", event.level.rawValue)]
        Counter(label: "oauth_events", dimensions: dimensions).increment()
    }
}

extension OpenTelemetryBridge {
    func recording(_ event: ResourceServerEvent) {
        var attributes = Dictionary(
            uniqueKeysWithValues: event.attributes.map { ("oauth.\($0.key)", AttributeValue.string($0.value)) })
        attributes["oauth.reason"] = event.reason.map { .string($0) }
        attributes["oauth.hint"] = event.hint.map { .string($0) }
        let severities: [EventLevel: Severity] = [.debug: .debug, .info: .info, .warning: .warn, .error: .error]
        OpenTelemetry.instance.loggerProvider.get(instrumentationScopeName: "OAuthResourceServer").logRecordBuilder()
            .setSeverity(severities[event.level] ?? .info).setBody(.string(event.name)).setAttributes(attributes).emit()
    }
}
