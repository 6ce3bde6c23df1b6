import HTTPMessages

extension HTTPConnection {
    /// A response whose head is written, and not yet sent.
    struct Message {
        /// The head, and behind it the content if that is short.
        var head: [UInt8] = []
        /// Content that was not copied behind the head.
        var content: [UInt8]?
        var stream: OpenStream.Source?
        /// Whether the connection may be kept open.
        var isKept: Bool
    }

    /// A stream whose head has been sent.
    struct OpenStream: Sendable {
        typealias Source = @Sendable (HTTPResponse.Body.Writer) async throws -> Void

        let produce: Source
        let isKept: Bool
    }

    /// Begins the response: from now on, no other response can answer the request.
    func begin(_ response: HTTPResponse, to head: RequestHead) throws -> Message {
        let code = response.status.code
        // RFC 9110 §15.2, §7.8: only the server sends interim responses, and it never switches protocols.
        guard code >= 200 else { throw InterimResponse() }
        // RFC 9110 §15.3.5, §15.4.5: 204 and 304 have no content, and no field says its length. §15.3.6: 205 has a
        // length of zero.
        let isSilent = code == 204 || code == 304
        let hasContent = !isSilent && code != 205 && head.method != .head
        var message = Message(
            isKept: head.persists && !loop.isDraining && body.mayBeDrained(input.count) && !clientHasFinished())
        let framing: ResponseHead.Framing
        var copied: [UInt8] = []
        switch response.body {
        case .bytes(let content):
            // RFC 9110 §8.6: the length in a response to HEAD is the one that a GET would have. It is unknown when the
            // handler has left the content out.
            let isUnknown = head.method == .head && content.isEmpty
            framing = isSilent || isUnknown ? .none : .length(code == 205 ? 0 : content.count)
            if hasContent, content.count <= ServerLimits.copiedBodyBytes {
                copied = content
            } else if hasContent {
                message.content = content
            }
        case .stream(let produce):
            isChunked = !head.isHTTP10
            // RFC 9112 §6.3: for HTTP/1.0 the end of the connection is the end of the content.
            if !isChunked, hasContent { message.isKept = false }
            framing = hasContent ? (isChunked ? .chunked : .untilClose) : code == 205 ? .length(0) : .none
            if hasContent { message.stream = produce }
        }
        message.head.reserveCapacity(256 + response.fields.buffer.count + copied.count)
        appendHead(
            response.status, response.fields, framing,
            message.isKept ? (head.isHTTP10 ? .keepAlive : .implied) : .close, to: &message.head)
        message.head.append(contentsOf: copied)
        return message
    }

    /// Opens the stream of a message whose head has been sent.
    func open(_ produce: @escaping OpenStream.Source, isKept: Bool) -> OpenStream {
        openStream = exchange
        if isChunked { probeDeparture() }
        return OpenStream(produce: produce, isKept: isKept)
    }

    /// Writes an open stream to its end.
    func finish(_ stream: OpenStream) async -> NextStep {
        do {
            try await stream.produce(writer(of: exchange))
            openStream = nil
            if isChunked { try await write(Array("0\r\n\r\n".utf8)) }
            endExchange(isComplete: true)
            return await endBody(isKept: stream.isKept)
        } catch {
            return await fail(error, nil)
        }
    }

    /// Whether the client has closed its sending side and no pipelined request is left. Receives bytes into `input`.
    private func clientHasFinished() -> Bool {
        guard socket.peerHasFinished, body.hasEnded, input.isEmpty else { return false }
        if case .bytes = socket.receive(into: &input, atMost: ServerLimits.receiveBytes) { return false }
        return true
    }

    /// When the client closes its sending side during the stream, sends it one byte, which is answered with a reset if
    /// the client has closed the whole connection.
    private func probeDeparture() {
        let exchange = self.exchange
        socket.probeDeparture { [loop] in
            Task(executorPreference: loop) { await self.sendProbe(of: exchange) }
        }
    }

    private func sendProbe(of exchange: UInt64) {
        // A write that is in progress, or bytes that the client has not taken, find out the same.
        guard openStream == exchange, !isSending else { return }
        socket.sendProbe()
    }

    func appendHead(
        _ status: HTTPStatus, _ fields: HTTPFields, _ framing: ResponseHead.Framing,
        _ persistence: ResponseHead.Persistence, to out: inout [UInt8]
    ) {
        self.status = status
        loop.counters.countResponse(status)
        ResponseHead.append(status, fields, framing, persistence, date: loop.dateLine, to: &out)
    }

    private func writer(of exchange: UInt64) -> HTTPResponse.Body.Writer {
        HTTPResponse.Body.Writer(
            sink: { piece in try await self.writePiece(piece, of: exchange) },
            filler: { bytes, time in await self.fillSilence(with: bytes, after: time, of: exchange) })
    }

    /// Sends one piece of a streamed response. Any task may call it.
    private func writePiece(_ piece: [UInt8], of exchange: UInt64) async throws {
        // A client that takes every piece at once must not keep the loop from other connections.
        pieces &+= 1
        if pieces % 16 == 0 { await Task.yield() }
        guard openStream == exchange, !socket.isGone else { throw CancellationError() }
        do {
            socket.postponeFiller()
            guard isChunked else { return try await write(piece) }
            var out: [UInt8] = []
            if piece.count <= ServerLimits.copiedBodyBytes {
                out.reserveCapacity(piece.count + 16)
                ResponseHead.appendChunkSize(piece.count, to: &out)
                out.append(contentsOf: piece)
                out.append(contentsOf: [0x0D, 0x0A])
                let sent = sendAtOnce(out)
                if sent < out.count { try await write(out, from: sent) }
            } else {
                ResponseHead.appendChunkSize(piece.count, to: &out)
                try await write(out, piece, [0x0D, 0x0A])
            }
        } catch {
            throw CancellationError()
        }
    }

    /// Makes the loop send `bytes` when the stream is silent. A task exists only while the bytes are being written.
    private func fillSilence(with bytes: [UInt8], after time: Duration, of exchange: UInt64) {
        guard openStream == exchange, !bytes.isEmpty else { return }
        socket.fillSilence(after: ServerTimes.milliseconds(time)) { [loop] in
            Task(executorPreference: loop) { await self.writeFiller(bytes, of: exchange) }
        }
    }

    private func writeFiller(_ bytes: [UInt8], of exchange: UInt64) async {
        // A write that is in progress waits for the client. More bytes would not help.
        guard !isSending else { return }
        try? await writePiece(bytes, of: exchange)
    }

    /// Sends as much as the system takes, unless another task is sending. Returns how many bytes were sent.
    func sendAtOnce(_ bytes: [UInt8]) -> Int {
        isSending ? 0 : socket.send(bytes, from: 0)
    }

    /// Sends the parts one after another, without bytes of another writer between them. Suspends while the socket takes
    /// no more.
    ///
    /// - Parameter start: How many bytes of the first part have been sent.
    func write(_ first: [UInt8], from start: Int = 0, _ more: [UInt8]...) async throws(ConnectionLost) {
        if isSending {
            let waiting = more.reduce(first.count) { $0 + $1.count }
            memory.addUnsent(waiting)
            await withCheckedContinuation { turn in
                // The other task may have finished before this closure runs, as in `Socket.readable(until:)`.
                if isSending { return sendQueue.append(turn) }
                isSending = true
                turn.resume()
            }
            memory.addUnsent(-waiting)
        }
        isSending = true
        defer {
            if sendQueue.isEmpty { isSending = false } else { sendQueue.removeFirst().resume() }
        }
        let sent = socket.send(first, from: start)
        if sent < first.count { try await transfer(first, from: sent) }
        for part in more { try await transfer(part, from: 0) }
    }

    private func transfer(_ bytes: [UInt8], from start: Int) async throws(ConnectionLost) {
        var sent = socket.send(bytes, from: start)
        guard sent < bytes.count else { return }
        memory.addUnsent(bytes.count)
        // A client that takes a response slowly must not lock the others out. A stream is slow by its nature.
        if openStream == nil { loop.beginWaiting(socket, for: .reader) }
        defer {
            memory.addUnsent(-bytes.count)
            loop.endWaiting(socket)
        }
        while sent < bytes.count {
            guard !socket.isGone, await socket.writable(until: loop.now + service.times.writeStall) else {
                // The client has stopped reading: the connection is lost for every writer.
                socket.abort()
                throw ConnectionLost()
            }
            sent = socket.send(bytes, from: sent)
        }
    }

    /// RFC 9110 §10.1.1: tells the client to send its content.
    func sendContinue() async throws(ConnectionLost) {
        guard status == nil else { return }
        try await write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
}
