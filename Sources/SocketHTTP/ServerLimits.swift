/// Every limit of a server: sizes in bytes, times, and numbers of connections.
///
/// The defaults suit a server on the internet behind a TLS proxy. Limits are enforced while reading: no byte beyond a
/// limit is buffered.
public struct ServerLimits: Sendable {
    /// Longest request line in bytes, without its CRLF; a longer one is answered 414. Default 8 KiB.
    public var requestLineBytes = 8 * 1024
    /// Largest number of field lines in a request head; more are answered 431. Default 100.
    public var fieldCount = 100
    /// Longest header section in bytes, which is the field lines with their line ends; a longer one is answered 431.
    /// Default 32 KiB.
    public var fieldSectionBytes = 32 * 1024
    /// Longest request content in bytes; longer content is answered 413. Default 4 MiB.
    public var bodyBytes = 4 * 1024 * 1024
    /// Largest number of bytes that are held for all connections: heads, request content that a handler collects, and
    /// response content that clients have not taken. Default 64 MiB; at least 1 MiB, and a smaller number counts as
    /// that.
    ///
    /// A quarter of it is for heads that are not complete, the rest for requests and their responses. Beyond the first
    /// share, the connections are closed that have waited longest for the rest of a head. Beyond the second, a new
    /// request and further content (see ``HTTPMessages/HTTPRequest/Body/ReadError/memoryExhausted``) are answered 503.
    /// Heads of up to 2 KiB and responses count, and are never refused. In a control group whose memory is limited, the
    /// budget is never more than a quarter of that memory.
    public var memoryBytes = 64 * 1024 * 1024
    /// Longest time from the first byte of a head to its end, and for the first head of a connection from the beginning
    /// of the connection; after it the request is answered 408, and a connection without a byte is closed. Default
    /// 10 s.
    public var headTime = Duration.seconds(10)
    /// Longest time, in sum, that the server waits for the content of one request; after it the request is answered
    /// 408. Default 30 s.
    public var bodyTime = Duration.seconds(30)
    /// Longest time between two requests of a connection. Default 60 s.
    public var idleTime = Duration.seconds(60)
    /// Longest time in which a client reads nothing of a response that waits for it; after it the connection is closed.
    /// Default 30 s.
    public var writeStallTime = Duration.seconds(30)
    /// Time that requests in flight have to end when the server stops. Default 10 s.
    public var shutdownGrace = Duration.seconds(10)
    /// Largest number of open connections. For one more, a connection is closed that waits for its client. Default
    /// 10,000; at least 1, and a smaller number counts as that.
    ///
    /// The kinds of waits give way in this order: for the first byte of the first request; for the rest of a head; for
    /// content that is dropped after the answer; for the next request; and for a client that takes its response
    /// slowly, unless it is a stream. A kind with at most an eighth of the connections is spared while another has
    /// more, so that a client that has just connected does not go first. In a kind, the longest wait goes. A connection
    /// whose handler works, or whose response is a stream, is never closed for another; when there are only such ones,
    /// the new one is answered 503 and closed.
    ///
    /// A server that runs raises the process's soft limit of open files as far as this number needs and the hard limit
    /// allows. Its connections never take the last 64 descriptors, which are for the program's own files and fetches.
    /// Handlers that open more need a smaller number here: on Linux, Swift's runtime ends a process that has none left.
    /// In a control group whose memory is limited there is at most one connection for each 16 KiB of that memory.
    public var connections = 10_000
    /// Largest number of open connections from one IPv4 address or one IPv6 /64; one more is answered 503 and closed.
    /// Connections to a Unix-domain socket are not counted. The default, nil, sets no limit, because behind a proxy all
    /// connections come from one address.
    public var connectionsPerPeer: Int?
    /// Number of event loops, each of which is a thread; nil means one for each processor that this process may use.
    public var eventLoops: Int?
    /// How long the server reads what it drops: the content that a handler has not read, and what comes on a connection
    /// that is being closed, so that the response is not lost to a reset. A test sets another value.
    var lingerTime = Duration.seconds(2)
    /// Time that handlers have to end after their cancellation, which comes at the end of the grace. A test sets
    /// another value.
    var cancellationTime = Duration.seconds(1)
    /// Time that a loop has to close a connection for a new one, and to begin with a connection. A handler that blocks
    /// lets it pass. A test sets another value.
    var answerTime = Duration.milliseconds(500)

    /// The defaults.
    public init() {}
}

extension ServerLimits {
    /// Largest size of unread content that is read and dropped to keep a connection; for more the connection is closed.
    static let drainedBodyBytes = 64 * 1024
    /// Descriptors that the connections leave to the program.
    static let reservedDescriptors = 64
    /// Descriptors of one event loop.
    static let loopDescriptors = 2
    /// Descriptors without which a server does not start: for the first connections, the runtime's timers and a fetch.
    static let leastDescriptors = 16
    /// Memory of a limited control group for each connection. A connection without bytes takes about a third of it.
    static let memoryBytesPerConnection = 16 * 1024
    /// Smallest budget of memory: some heads and some content always have room.
    static let smallestMemoryBytes = 1024 * 1024
    /// A head of this size is kept also beyond the budget.
    static let smallHeadBytes = 2 * 1024
    /// The TCP keep-alive of a client that has closed its sending side: seconds before the first probe and between
    /// probes, and the number of probes without an answer after which the connection is lost.
    static let keepAliveProbe: (first: Int32, next: Int32, count: Int32) = (20, 10, 3)
    /// Largest number of bytes that are received at once. It bounds what a pipelining client can make the server hold.
    static let receiveBytes = 16 * 1024
    /// Content up to this size is copied behind the head, so that both are sent at once; longer content is not copied.
    static let copiedBodyBytes = 16 * 1024
    /// Largest total size of the chunk extensions in one body (RFC 9112 §7.1.1).
    static let chunkExtensionBytes = 4 * 1024
    /// Largest size of the trailer section of one body.
    static let trailerBytes = 8 * 1024
    /// Largest number of lines in the trailer section of one body.
    static let trailerLines = 16
}

/// The times of ``ServerLimits`` in milliseconds.
struct ServerTimes: Sendable {
    let head: Int64
    let body: Int64
    let idle: Int64
    let writeStall: Int64
    let linger: Int64
    let answer: Int64
    /// How long a connection between two requests keeps its task.
    static let restAfter: Int64 = 1_000

    init(_ limits: ServerLimits) {
        head = Self.milliseconds(limits.headTime)
        body = Self.milliseconds(limits.bodyTime)
        idle = Self.milliseconds(limits.idleTime)
        writeStall = Self.milliseconds(limits.writeStallTime)
        linger = Self.milliseconds(limits.lingerTime)
        answer = Self.milliseconds(limits.answerTime)
    }

    /// The duration in milliseconds, rounded up, and clamped to zero…1,000 years, so that sums with the clock cannot
    /// overflow.
    static func milliseconds(_ duration: Duration) -> Int64 {
        guard duration > .zero else { return 0 }
        let (seconds, attoseconds) = duration.components
        guard seconds < 31_557_600_000 else { return 31_557_600_000_000 }
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
