/// How much an event matters to the operator. The names are those of most logging systems.
public enum EventLevel: String, Sendable, Hashable, CaseIterable, Comparable {
    /// An event of normal work that happens for each request.
    case debug
    /// An event of normal work, such as the first step of a login or a refresh of keys.
    case info
    /// A fault of a client, of an issuer or of the configuration. Requests are refused because of it, or soon will be.
    case warning
    /// No request can be served as configured until the cause is gone.
    case error

    /// Whether the left level matters less.
    public static func < (left: EventLevel, right: EventLevel) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
}
