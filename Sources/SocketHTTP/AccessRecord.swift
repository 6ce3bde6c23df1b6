public import HTTPMessages
import WireFormat

/// One request as an access log tells it: once, when the response has been handed to the system or cannot be any more.
///
/// It holds no query, no field and no token. Path and method are the caller's words, though within the grammar of a request line.
public struct AccessRecord: Sendable, CustomStringConvertible {
    /// The method; nil when the head was refused.
    public let method: HTTPMethod?
    /// The path without the query, undecoded; nil when the head was refused.
    public let path: String?
    /// The status that was sent; nil when the client went away before there was one.
    public let status: HTTPStatus?
    /// Why the server refused the request itself: a snake-case code; nil when a handler answered.
    public let rejection: String?
    /// Whether the whole response was handed to the system.
    public let isComplete: Bool
    /// From the end of the head to the end of the response; zero for a refused head.
    public let duration: Duration
    /// Bytes of the response on the wire, its head included.
    public let sentBytes: Int
    /// ``HTTPMessages/HTTPResponse/principalID`` of the response.
    public let principalID: String?

    /// One line of printable ASCII, at most about a kilobyte, whose parts are separated by one space. Text from the caller is cut,
    /// and escaped where it is not printable.
    public var description: String {
        let words: [String] = [
            method?.name ?? "-", path.map { Self.word($0, limit: 512) } ?? "-",
            status.map { "\($0.code)" } ?? "-", isComplete ? "complete" : "cut",
            "\(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000)ms",
            "\(sentBytes)B",
        ]
        return words.joined(separator: " ") + (rejection.map { " rejection=\($0)" } ?? "")
            + (principalID.map { " principal=\(Self.word($0, limit: 128))" } ?? "")
    }

    private static func word(_ text: String, limit: Int) -> String {
        var bytes: [UInt8] = []
        LogText.append(text, to: &bytes, space: .escaped, limit: limit)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What is known of a request before its response has ended. A class, so that a connection without a log holds a reference only.
final class AccessEntry {
    private let method: HTTPMethod?
    private let path: String?
    private let start: ContinuousClock.Instant
    private let sentBefore: Int
    var principalID: String?

    /// `head` is nil when it was refused.
    init(_ head: RequestHead?, sentBytes: Int) {
        method = head?.method
        path = head?.target.path
        start = .now
        sentBefore = sentBytes
    }

    func record(status: HTTPStatus?, fault: RequestFault?, isComplete: Bool, sentBytes: Int) -> AccessRecord {
        AccessRecord(
            method: method, path: path, status: status, rejection: fault?.rawValue, isComplete: isComplete,
            duration: start.duration(to: .now), sentBytes: sentBytes &- sentBefore, principalID: principalID)
    }
}
