/// One event of a `text/event-stream` (WHATWG HTML §9.2).
///
/// The name and the identifier cannot hold a line end, which would begin another field. The data may: each line of the
/// data is sent as a separate `data` line, and the client joins these lines with LF.
public struct ServerSentEvent: Sendable, Hashable {
    /// The data.
    public let data: String
    /// The type of the event; nil means `message`.
    public let name: String?
    /// The identifier that a client sends as `Last-Event-ID` when it reconnects.
    public let id: String?
    /// How long a client waits before it reconnects. It is sent in whole milliseconds.
    public let retry: Duration?

    /// An event that has only data.
    public init(data: String) {
        self.data = data
        name = nil
        id = nil
        retry = nil
    }

    /// An event; nil when the name or the identifier holds CR or LF, the identifier holds NUL, or the time is negative.
    public init?(data: String, name: String? = nil, id: String? = nil, retry: Duration? = nil) {
        func isOneLine(_ text: String) -> Bool { !text.utf8.contains { $0 == 0x0A || $0 == 0x0D } }
        guard name.map(isOneLine) ?? true, id.map(isOneLine) ?? true, !(id?.utf8.contains(0) ?? false),
            retry.map({ $0 >= .zero }) ?? true
        else { return nil }
        self.data = data
        self.name = name
        self.id = id
        self.retry = retry
    }

    /// The event as it is sent, with the empty line at its end.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.utf8.count + 64)
        func append(_ field: String, _ value: some Sequence<UInt8>) {
            bytes.append(contentsOf: field.utf8)
            bytes.append(contentsOf: [0x3A, 0x20])
            bytes.append(contentsOf: value)
            bytes.append(0x0A)
        }
        if let name { append("event", name.utf8) }
        if let id { append("id", id.utf8) }
        if let retry {
            let (seconds, attoseconds) = retry.components
            let milliseconds = seconds < 1 << 53 ? seconds * 1000 + attoseconds / 1_000_000_000_000_000 : .max
            append("retry", String(milliseconds).utf8)
        }
        // WHATWG HTML §9.2.6: a line ends with CR LF, LF or CR.
        var line = data.utf8[...]
        while let end = line.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            append("data", line[..<end])
            let isPair = line[end] == 0x0D && line[end...].dropFirst().first == 0x0A
            line = line[end...].dropFirst(isPair ? 2 : 1)
        }
        append("data", line)
        bytes.append(0x0A)
        return bytes
    }
}

extension ServerSentEvent {
    /// Writes the events of a response. `send` returns when the server is ready for more.
    public struct Writer: Sendable {
        private let writer: HTTPResponse.Body.Writer

        /// A writer to the body of a response.
        public init(_ writer: HTTPResponse.Body.Writer) {
            self.writer = writer
        }

        /// Sends one event.
        ///
        /// - Throws: `CancellationError` when the client has gone away or the server is stopping.
        public func send(_ event: ServerSentEvent) async throws {
            try await writer.write(event.encoded())
        }
    }
}

extension HTTPResponse {
    /// A stream of server-sent events. Its fields tell caches and proxies neither to store nor to buffer it.
    ///
    /// When the client goes away, the task of `produce` is cancelled.
    /// - Parameters:
    ///   - keepAlive: When nothing has been sent for this time, the server sends a comment. A proxy then does not close
    ///     the stream as idle, and the server notices a client that has gone away silently.
    ///   - produce: Sends the events. The stream ends when it returns.
    public static func events(
        keepAlive: Duration = .seconds(15), _ produce: @escaping @Sendable (ServerSentEvent.Writer) async throws -> Void
    ) -> HTTPResponse {
        var response = HTTPResponse(
            status: .ok,
            body: .stream { writer in
                await writer.fillSilence(with: [0x3A, 0x0A, 0x0A], after: keepAlive)  // `:`, a comment
                try await produce(ServerSentEvent.Writer(writer))
            })
        response.fields[.contentType] = "text/event-stream"
        response.fields[.cacheControl] = "no-store"
        response.fields[.xAccelBuffering] = "no"
        return response
    }

    /// A stream of the events of an async sequence; see ``events(keepAlive:_:)``.
    public static func events<Events: AsyncSequence & Sendable>(
        of events: Events, keepAlive: Duration = .seconds(15)
    ) -> HTTPResponse where Events.Element == ServerSentEvent {
        .events(keepAlive: keepAlive) { writer in
            for try await event in events { try await writer.send(event) }
        }
    }
}
