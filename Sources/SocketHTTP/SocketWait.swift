/// What a connection waits for while it may be closed for another connection.
///
/// The order is the one in which they give way: see ``SocketTable/firstToGiveWay``.
enum SocketWait: Int, CaseIterable {
    /// The first byte of its first request.
    case firstByte
    /// The rest of a head.
    case restOfHead
    /// The end of what is read and dropped, after the answer.
    case droppedContent
    /// The next request.
    case nextRequest
    /// A client that takes a response which is not a stream, or its turn for the next of many pipelined requests.
    case reader

    /// Whether bytes that have arrived end this wait, so that the connection must not be closed.
    var endsWithBytes: Bool {
        switch self {
        case .firstByte, .restOfHead, .nextRequest: true
        // A client that keeps sending would be safe otherwise.
        case .droppedContent, .reader: false
        }
    }
}
