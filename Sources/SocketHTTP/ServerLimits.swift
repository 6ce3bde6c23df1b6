/// Every limit of the server: sizes in bytes, times as durations, numbers of connections.
///
/// The defaults are those of a server on the internet behind a TLS proxy. A limit is enforced while reading: nothing
/// beyond it is buffered.
public struct ServerLimits: Sendable {
    /// Longest request line in bytes, without its CRLF; more is 414. Default 8 KiB.
    public var requestLineBytes = 8 * 1024
    /// Most field lines in a request head; more is 431. Default 100.
    public var fieldCount = 100
    /// Longest header section in bytes: the field lines with their line ends; more is 431. Default 32 KiB.
    public var fieldSectionBytes = 32 * 1024
    /// Longest request content in bytes; more is 413. Default 4 MiB.
    public var bodyBytes = 4 * 1024 * 1024
    /// Longest time from the first byte of a head to its end; then 408. Default 10 s.
    public var headTime = Duration.seconds(10)
    /// Longest time that the server waits, in sum, for the content of one request. Default 30 s.
    public var bodyTime = Duration.seconds(30)
    /// Longest time between two requests of a connection, and before the first. Default 60 s.
    public var idleTime = Duration.seconds(60)
    /// Longest time that a client may take nothing of a response that waits for it. Default 30 s.
    public var writeStallTime = Duration.seconds(30)
    /// Time that requests in flight have to end once the server is told to stop. Default 10 s.
    public var shutdownGrace = Duration.seconds(10)
    /// Most open connections; one more is answered 503 and closed. Default 10,000.
    ///
    /// When the server runs, it raises the process's soft limit of open files as far as this needs and the hard limit allows. Where
    /// that is not enough, further clients wait in the system's queue until a connection ends.
    public var connections = 10_000
    /// Most open connections from one IPv4 address or one IPv6 /64; one more is answered 503 and closed. nil, the default, sets
    /// none: behind a proxy all come from one address. Connections to a Unix-domain socket are not counted.
    public var connectionsPerPeer: Int?
    /// Number of event loops, each a thread; nil is one for each processor that this process may use.
    public var eventLoops: Int?
    /// How long a connection that is being closed still reads, so that the response is not lost to a reset. A test sets another
    /// value.
    var lingerTime = Duration.seconds(2)

    /// The defaults.
    public init() {}
}

extension ServerLimits {
    /// Unread content that is read and dropped to keep a connection; beyond it the connection is closed.
    static let drainedBodyBytes = 64 * 1024
    /// How long handlers may take to end after their cancellation at the end of the grace.
    static let cancellationTime = Duration.seconds(1)
    /// Most bytes taken from a socket at once, which bounds what a pipelining client can make the server hold.
    static let receiveBytes = 16 * 1024
    /// A response up to this size leaves in one buffer; longer content is sent from where it is.
    static let copiedBodyBytes = 16 * 1024
    /// Chunk extensions in one body (RFC 9112 §7.1.1: limit their total).
    static let chunkExtensionBytes = 4 * 1024
    /// The trailer section of one body.
    static let trailerBytes = 8 * 1024
    /// Lines in the trailer section of one body.
    static let trailerLines = 16
}

/// The times of ``ServerLimits`` in milliseconds, computed once.
struct ServerTimes: Sendable {
    let head: Int64
    let body: Int64
    let idle: Int64
    let writeStall: Int64
    let linger: Int64

    init(_ limits: ServerLimits) {
        head = Self.milliseconds(limits.headTime)
        body = Self.milliseconds(limits.bodyTime)
        idle = Self.milliseconds(limits.idleTime)
        writeStall = Self.milliseconds(limits.writeStallTime)
        linger = Self.milliseconds(limits.lingerTime)
    }

    /// Rounded up, and held between zero and a thousand years, so that sums with the clock cannot overflow.
    static func milliseconds(_ duration: Duration) -> Int64 {
        guard duration > .zero else { return 0 }
        let (seconds, attoseconds) = duration.components
        guard seconds < 31_557_600_000 else { return 31_557_600_000_000 }
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
