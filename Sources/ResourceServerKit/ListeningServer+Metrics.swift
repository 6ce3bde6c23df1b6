public import OAuthResourceServer
public import SocketHTTP

extension ListeningServer {
    /// The counters of the server as metrics, for an ``OAuthResourceServer/OperationsHandler``.
    public var metricFamilies: [MetricFamily] {
        let counters = counters
        let classes = counters.responses.sorted { $0.key < $1.key }
        let rejections = counters.rejections.sorted { $0.key < $1.key }
        return [
            MetricFamily(
                "http_connections_open", .gauge, help: "Connections that are open now.",
                [.init(Double(counters.openConnections))]),
            MetricFamily(
                "http_connections_total", .counter, help: "Connections that were accepted or refused.",
                [
                    .init(Double(counters.acceptedConnections), labels: [("result", "accepted")]),
                    .init(Double(counters.refusedConnections), labels: [("result", "refused")]),
                ]),
            MetricFamily(
                "http_responses_total", .counter, help: "Final responses that were begun.",
                classes.map { .init(Double($0.value), labels: [("class", "\($0.key)xx")]) }),
            MetricFamily(
                "http_rejections_total", .counter, help: "Requests and connections that the server itself refused.",
                rejections.map { .init(Double($0.value), labels: [("reason", $0.key)]) }),
            MetricFamily(
                "http_held_bytes", .gauge, help: "Bytes that are held for connections now.",
                [.init(Double(counters.heldBytes))]),
            MetricFamily(
                "http_bytes_total", .counter, help: "Bytes on connections.",
                [
                    .init(Double(counters.receivedBytes), labels: [("direction", "received")]),
                    .init(Double(counters.sentBytes), labels: [("direction", "sent")]),
                ]),
        ]
    }
}
