import HTTPMessages

/// How far the next head of a connection has been read, and how long the connection waits for the rest.
struct HeadReading {
    enum Result {
        case head(RequestHead)
        case fault(RequestFault)
        /// The connection must be closed without a response.
        case end
        /// Bytes are missing.
        case incomplete
    }

    var parser: RequestHeadParser
    private(set) var hasBegun: Bool
    private(set) var deadline: Int64
    /// Whether the connection has had no request. A client that has sent nothing yet is given no more time than one
    /// that has begun.
    private let isFirst: Bool

    /// - Parameter hasBegun: Whether bytes of the head have arrived already.
    init(_ limits: ServerLimits, _ times: ServerTimes, isFirst: Bool, hasBegun: Bool, now: Int64) {
        parser = RequestHeadParser(limits: limits)
        self.isFirst = isFirst
        self.hasBegun = hasBegun
        deadline = now + (hasBegun || isFirst ? times.head : times.idle)
    }

    /// Notes that bytes have arrived.
    mutating func begin(_ times: ServerTimes, now: Int64) {
        if !hasBegun, !isFirst { deadline = now + times.head }
        hasBegun = true
    }

    var wait: SocketWait { hasBegun ? .restOfHead : isFirst ? .firstByte : .nextRequest }

    /// Until when a task waits for the first byte of a later request; nil for other waits. Most clients send the next
    /// request soon, or not for a long time. A connection waits for a long time without a task.
    func restTime(now: Int64) -> Int64? {
        hasBegun || isFirst || now >= deadline ? nil : min(deadline, now + ServerTimes.restAfter)
    }
}
