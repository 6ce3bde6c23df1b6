public import HTTPMessages
import WireFormat

/// One request in an access log. It is made once, when the response has been handed to the system or can no longer be.
///
/// It holds no query, no field and no token. The client chose the path and the method, within the grammar of a request
/// line.
public struct AccessRecord: Sendable, CustomStringConvertible {
    /// The method; nil when the head was refused.
    public let method: HTTPMethod?
    /// The path without the query, undecoded; nil when the head was refused.
    public let path: String?
    /// The status that was sent; nil when the client went away before.
    public let status: HTTPStatus?
    /// Why the server itself refused the request, as a snake-case code; nil when a handler has responded.
    public let rejection: String?
    /// Whether the whole response was handed to the system.
    public let isComplete: Bool
    /// The time from the end of the head to the end of the response. For a refused head it is nearly zero.
    public let duration: Duration
    /// The bytes of the response that were sent, with its head.
    public let sentBytes: Int
    /// ``HTTPMessages/HTTPResponse/principalID`` of the response.
    public let principalID: String?
    /// The identifier of the request, which the handler and the events of a guard have too; nil when the head was
    /// refused.
    public let requestID: HTTPRequest.ID?

    /// One line of printable ASCII, at most about a kilobyte, whose parts are separated by one space. Text from the
    /// caller is cut, and escaped where it is not printable.
    public var description: String {
        let words: [String] = [
            method?.name ?? "-", path.map { Self.word($0, limit: 512) } ?? "-",
            status.map { "\($0.code)" } ?? "-", isComplete ? "complete" : "cut",
            "\(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000)ms",
            "\(sentBytes)B",
        ]
        return words.joined(separator: " ") + (rejection.map { " rejection=\($0)" } ?? "")
            + (principalID.map { " principal=\(Self.word($0, limit: 128))" } ?? "")
            + (requestID.map { " request=\($0)" } ?? "")
    }

    private static func word(_ text: String, limit: Int) -> String {
        var bytes: [UInt8] = []
        LogText.append(text, to: &bytes, space: .escaped, limit: limit)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The part of a record that is known before the response has ended. It is a class, so that a connection without a log
/// holds only an empty reference.
final class AccessEntry {
    private let method: HTTPMethod?
    private let path: String?
    private let id: HTTPRequest.ID?
    private let start: ContinuousClock.Instant
    private let sentBefore: Int
    var principalID: String?

    /// - Parameter head: nil when the head was refused.
    init(_ head: RequestHead?, _ id: HTTPRequest.ID?, sentBytes: Int) {
        self.id = id
        method = head?.method
        path = head?.target.path
        start = .now
        sentBefore = sentBytes
    }

    func record(status: HTTPStatus?, fault: RequestFault?, isComplete: Bool, sentBytes: Int) -> AccessRecord {
        AccessRecord(
            method: method, path: path, status: status, rejection: fault?.rawValue, isComplete: isComplete,
            duration: start.duration(to: .now), sentBytes: sentBytes &- sentBefore, principalID: principalID,
            requestID: id)
    }
}
