import HTTPMessages

/// The content of the present request: how it is framed, and how far it has been read.
struct RequestBodyState {
    fileprivate enum Source {
        case end
        case length(Int)
        case chunked(ChunkedDecoder)
        /// What comes next on the connection is not known any more.
        case broken(HTTPRequestBodyError)
    }

    fileprivate var source = Source.end
    /// The end has been given to the reader.
    fileprivate var isConsumed = false
    /// Somebody waits for a chunk.
    fileprivate var isBeingRead = false
    fileprivate var awaitsContinue = false
    /// Milliseconds that the server still waits for the content, in sum.
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

    /// Nothing of the content is left on the connection or to come.
    var hasEnded: Bool { if case .end = source { true } else { false } }

    /// Whether what the handler has not read may be read and dropped, `arrived` bytes of it being here already.
    func mayBeDrained(_ arrived: Int) -> Bool {
        guard !isBeingRead else { return false }
        switch source {
        case .end: return true
        case .broken: return false
        // RFC 9110 §10.1.1: without `100 Continue` nobody knows whether the content will come.
        case .length(let count): return !awaitsContinue && count - arrived <= ServerLimits.drainedBodyBytes
        case .chunked: return !awaitsContinue
        }
    }

    /// The answer to an error of this body that the handler did not handle.
    func fault(of error: HTTPRequestBodyError) -> RequestFault? {
        switch error {
        case .tooLarge: .bodyTooLarge  // Also beyond a limit of the handler's own.
        case .timedOut: .bodyTimedOut
        case .malformed: chunkFault ?? .malformedChunk
        case .disconnected, .alreadyConsumed: nil
        }
    }
}

extension HTTPConnection {
    /// The next chunk for the reader of this exchange's body.
    func nextChunk(of exchange: UInt64) async throws(HTTPRequestBodyError) -> [UInt8]? {
        guard exchange == self.exchange, !body.isConsumed, !body.isBeingRead else { throw .alreadyConsumed }
        body.isBeingRead = true
        let result: Result<[UInt8]?, HTTPRequestBodyError>
        do throws(HTTPRequestBodyError) {
            result = .success(try await readChunk(of: exchange))
        } catch {
            result = .failure(error)
        }
        // While this waited, the exchange may have ended.
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

    private func readChunk(of exchange: UInt64) async throws(HTTPRequestBodyError) -> [UInt8]? {
        while true {
            if let chunk = try decodeInput() { return chunk.isEmpty ? nil : chunk }
            if body.awaitsContinue {
                body.awaitsContinue = false
                do throws(ConnectionLost) { try await sendContinue() } catch { throw .disconnected }
                guard exchange == self.exchange else { throw .alreadyConsumed }
            }
            switch socket.receive(into: &input, atMost: ServerLimits.drainedBodyBytes) {
            case .bytes: body.awaitsContinue = false
            case .end, .gone: throw .disconnected
            case .wouldBlock:
                let start = loop.now
                guard await socket.readable(until: start + body.patience) else { throw .timedOut }
                guard exchange == self.exchange else { throw .alreadyConsumed }
                body.patience -= min(body.patience, loop.now - start)
            }
        }
    }

    /// What the input holds of the content: nil when more must be read, empty at the end.
    private func decodeInput() throws(HTTPRequestBodyError) -> [UInt8]? {
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

    /// After the response: reads what the handler left, within a bound. False when the connection is to be closed, in which case
    /// everything but the closing itself has been done.
    func endBody(isKept: Bool) async -> Bool {
        guard isKept, !body.isBeingRead else {
            // What has come, and content that is still to come, would meet a closed socket.
            if !input.isEmpty || socket.mayRead || !body.hasEnded { await linger() }
            return false
        }
        var dropped = 0
        body.isConsumed = true
        while !body.hasEnded, dropped <= ServerLimits.drainedBodyBytes {
            guard let chunk = try? await readChunk(of: exchange) else { break }
            dropped += chunk.count
        }
        if body.hasEnded { return true }
        await linger()
        return false
    }
}
