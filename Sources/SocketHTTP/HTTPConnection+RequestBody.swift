import HTTPMessages

/// The content of the current request: how it is framed, and how much of it has been read.
struct RequestBodyState {
    fileprivate enum Source {
        case end
        case length(Int)
        case chunked(ChunkedDecoder)
        /// Reading failed, so the start of the next request is unknown.
        case broken(HTTPRequest.Body.ReadError)
    }

    fileprivate var source = Source.end
    /// Whether the reader has got the end.
    fileprivate var isConsumed = false
    /// Whether a task waits for a chunk.
    fileprivate var isBeingRead = false
    fileprivate var awaitsContinue = false
    /// Milliseconds that the server will still wait for the content, in sum.
    fileprivate var patience: Int64 = 0
    fileprivate var bodyBytes = 0
    fileprivate var chunkFault: RequestFault?

    init() {}

    init(_ head: RequestHead, hasArrived: Bool, bodyBytes: Int, waiting patience: Int64) {
        switch head.framing {
        case .none: return
        case .length(let count): source = .length(count)
        case .chunked: source = .chunked(ChunkedDecoder(bodyBytes: bodyBytes))
        }
        awaitsContinue = head.expectsContinue && !hasArrived
        self.bodyBytes = bodyBytes
        self.patience = patience
    }

    /// Whether the whole content has been read, and no task waits for it.
    var isOver: Bool { hasEnded && !isBeingRead }

    /// Whether the whole content has been read from the connection.
    var hasEnded: Bool { if case .end = source { true } else { false } }

    /// Whether the server may read and drop the rest of the content, which the handler has not read.
    ///
    /// - Parameter arrived: The number of bytes that have arrived already.
    func mayBeDrained(_ arrived: Int) -> Bool {
        guard !isBeingRead else { return false }
        switch source {
        case .end: return true
        case .broken: return false
        // RFC 9110 §10.1.1: without `100 Continue` the client may or may not send the content.
        case .length(let count): return !awaitsContinue && count - arrived <= ServerLimits.drainedBodyBytes
        case .chunked: return !awaitsContinue
        }
    }

    /// The fault that the server answers when a handler has thrown this error of the body.
    func fault(of error: HTTPRequest.Body.ReadError) -> RequestFault? {
        switch error {
        case .tooLarge: .bodyTooLarge  // Also for a limit that the handler has set.
        case .timedOut: .bodyTimedOut
        case .memoryExhausted: .memoryExhausted
        case .malformed: chunkFault ?? .malformedChunk
        case .disconnected, .alreadyConsumed: nil
        }
    }
}

extension HTTPConnection {
    /// The next chunk for the reader of this exchange's body.
    func nextChunk(
        of exchange: UInt64, _ earlier: HTTPRequest.Body.EarlierChunks
    ) async throws(HTTPRequest.Body.ReadError) -> [UInt8]? {
        guard exchange == self.exchange, !body.isConsumed, !body.isBeingRead else { throw .alreadyConsumed }
        body.isBeingRead = true
        if case .released = earlier { memory.releaseContent() }
        let result: Result<[UInt8]?, HTTPRequest.Body.ReadError>
        do throws(HTTPRequest.Body.ReadError) {
            result = .success(try await readChunk(of: exchange))
        } catch {
            result = .failure(error)
        }
        // The exchange may have ended during the wait.
        guard exchange == self.exchange else { throw .alreadyConsumed }
        body.isBeingRead = false
        switch result {
        case .success(let chunk):
            if chunk == nil { body.isConsumed = true }
            return chunk
        case .failure(let error):
            body.source = .broken(error)
            throw error
        }
    }

    private func readChunk(of exchange: UInt64) async throws(HTTPRequest.Body.ReadError) -> [UInt8]? {
        while true {
            if let chunk = try decodeInput() { return chunk.isEmpty ? nil : chunk }
            if body.awaitsContinue {
                body.awaitsContinue = false
                do throws(ConnectionLost) { try await sendContinue() } catch { throw .disconnected }
                guard exchange == self.exchange else { throw .alreadyConsumed }
            }
            switch socket.receive(into: &input, atMost: ServerLimits.drainedBodyBytes) {
            case .bytes(let count):
                body.awaitsContinue = false
                guard memory.addContent(count) else { throw .memoryExhausted }
                // A client that always has more content ready must not keep the loop from other connections.
                guard count == ServerLimits.drainedBodyBytes else { continue }
                await Task.yield()
                guard exchange == self.exchange else { throw .alreadyConsumed }
            case .end, .gone: throw .disconnected
            case .wouldBlock:
                // What is only dropped does not delay a stop.
                if body.isConsumed, loop.isDraining { throw .disconnected }
                let start = loop.now
                guard await socket.readable(until: start + body.patience) else { throw .timedOut }
                guard exchange == self.exchange else { throw .alreadyConsumed }
                body.patience -= min(body.patience, loop.now - start)
            }
        }
    }

    /// The next content in the input; nil when more bytes must be received, empty at the end.
    private func decodeInput() throws(HTTPRequest.Body.ReadError) -> [UInt8]? {
        switch body.source {
        case .end: return []
        case .broken(let error): throw error
        case .length(let remaining):
            guard !input.isEmpty else { return nil }
            let chunk = takeInput(min(remaining, input.count))
            body.source = chunk.count == remaining ? .end : .length(remaining - chunk.count)
            return chunk
        case .chunked(var decoder):
            guard !input.isEmpty else { return nil }
            do throws(RequestFault) {
                let chunk = try decoder.decode(&input)
                body.source = decoder.isDone ? .end : .chunked(decoder)
                return chunk.isEmpty && !decoder.isDone ? nil : chunk
            } catch {
                body.chunkFault = error
                throw error == .bodyTooLarge ? .tooLarge(limit: body.bodyBytes) : .malformed
            }
        }
    }

    /// Reads the rest of the content after the response, up to a bound.
    func endBody(isKept: Bool) async -> NextStep {
        guard isKept, !body.isBeingRead else {
            // Bytes that have arrived or are still to come would meet a closed socket, and reset the connection.
            return !input.isEmpty || socket.mayRead || !body.hasEnded ? .linger : .close
        }
        guard !body.hasEnded else { return .nextRequest }
        var dropped = 0
        body.isConsumed = true
        defer { memory.releaseContent() }
        // The client has its answer. What is left is only dropped, so it gets no more time than a connection that is
        // being closed, and gives way to others like that.
        body.patience = min(body.patience, service.times.linger)
        loop.beginWaiting(socket, for: .droppedContent)
        while !body.hasEnded, dropped <= ServerLimits.drainedBodyBytes {
            guard let chunk = try? await readChunk(of: exchange) else { break }
            dropped += chunk.count
            memory.releaseContent()
        }
        guard body.hasEnded else { return .linger }
        loop.endWaiting(socket)
        return .nextRequest
    }
}
