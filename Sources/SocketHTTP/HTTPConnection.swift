package import HTTPMessages
package import Synchronization

/// One connection (RFC 9112 §9): it reads a head, awaits the handler, writes the response, and begins again.
///
/// The executor of the actor is the event loop, so one thread owns the state below. A task that writes to the body of a
/// response from another executor hops to this thread. A single task runs ``run()``; it is cancelled when the client
/// goes away.
package actor HTTPConnection {
    nonisolated let loop: EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    let service: HTTPService
    let socket: Socket
    /// Bytes that have arrived and are not used yet. The limits of the head bound them, or the size of one receive.
    var input: [UInt8] = []
    /// The number of the current request. A body or a writer that outlives its request is recognised by an older
    /// number.
    var exchange: UInt64 = 0
    /// The content of the current request.
    var body = RequestBodyState()
    /// The status of the current response, once it has begun. From then on no interim response may be sent.
    var status: HTTPStatus?
    /// The number of the request whose response stream is open.
    var openStream: UInt64?
    var isChunked = false
    var pieces = 0
    /// Whether a task is sending.
    var isSending = false
    /// The other tasks that want to send, in order.
    var sendQueue: [CheckedContinuation<Void, Never>] = []
    /// What the connection holds of the server's memory.
    var memory: MemoryAccount
    /// The access record of the current request; nil without an access log, and after the record has been logged.
    var entry: AccessEntry?
    private let peer: HTTPRequest.PeerAddress?
    /// Whether the connection is closed and counted no more.
    package nonisolated let hasEnded = Atomic(false)

    /// - Parameter peer: The IP address of the other end; nil when it has none.
    package init(descriptor: Int32, peer: HTTPRequest.PeerAddress?, loop: EventLoop, service: HTTPService) {
        self.loop = loop
        self.service = service
        self.peer = peer
        memory = MemoryAccount(service.memory)
        socket = Socket(descriptor: descriptor, loop: loop)
    }

    /// What follows in the life of the connection.
    enum NextStep: Sendable {
        case nextRequest
        /// Waits for the next request without a task.
        case rest(until: Int64)
        /// Writes the stream that answers the current request, in a task of its own.
        case stream(OpenStream)
        /// Reads and drops what the client still sends, then closes.
        case linger
        case close
    }

    /// Serves the connection. Returns when it has ended, or when it goes on without this task.
    package func run() async {
        await go(on: socket.open() ? .nextRequest : .close)
    }

    /// Takes one step after another.
    ///
    /// A task keeps the memory of its deepest call until it ends. So the task that has called a handler ends before the
    /// connection waits for a long time, or writes a stream.
    func go(on first: NextStep) async {
        var step = first
        while !socket.isGone {
            switch step {
            case .nextRequest: step = await serveNext()
            case .rest(let deadline): return rest(until: deadline)
            case .stream: return continueInNewTask(step)
            // The request and its response are released by now.
            case .linger: step = await linger()
            case .close: return end()
            }
            guard case .nextRequest = step, exchange % 16 == 0 else { continue }
            // A client that always has another request ready must not keep the loop from other connections, nor its
            // place from a new one.
            loop.beginWaiting(socket, for: .reader)
            await Task.yield()
            loop.endWaiting(socket)
        }
        end()
    }

    private func end() {
        openStream = nil
        exchange &+= 1
        loop.remove(socket)
        service.census.leave(service.network(of: peer))
        hasEnded.store(true, ordering: .releasing)
    }

    private func rest(until deadline: Int64) {
        socket.rest(until: deadline) { [self] isReady in
            continueInNewTask(isReady ? .nextRequest : .close)
        }
    }

    /// The caller's task must end now.
    private func continueInNewTask(_ step: NextStep) {
        socket.endTask()
        Task(executorPreference: loop) { await self.goOn(with: step) }
    }

    private func goOn(with step: NextStep) async {
        socket.beginTask()
        var step = step
        if case .stream(let stream) = step { step = await finish(stream) }
        await go(on: step)
    }

    // MARK: - One exchange

    /// Answers one request.
    func serve(_ head: RequestHead) async -> NextStep {
        exchange &+= 1
        status = nil
        body = RequestBodyState(
            head, hasArrived: !input.isEmpty, bodyBytes: service.limits.bodyBytes, waiting: service.times.body)
        var request = HTTPRequest(
            method: head.method, target: head.target, fields: head.fields, body: requestBody(head.framing))
        request.listener = service.listener
        request.peer = peer
        request.id = loop.nextRequestID()
        if service.accessLog != nil { entry = AccessEntry(head, request.id, sentBytes: socket.sentBytes) }
        guard memory.setRequest(head.fields.buffer.count + input.count) else {
            return await refuse(.memoryExhausted)
        }
        socket.beginHandling()
        do {
            let response = try await service.handler.respond(to: request)
            entry?.principalID = response.principalID
            let message = try begin(response, to: head)
            let sent = sendAtOnce(message.head)
            if sent < message.head.count { try await write(message.head, from: sent) }
            if let content = message.content { try await write(content) }
            if let produce = message.stream { return .stream(open(produce, isKept: message.isKept)) }
            endExchange(isComplete: true)
            return message.isKept && body.isOver ? .nextRequest : await endBody(isKept: message.isKept)
        } catch {
            return await fail(error, head)
        }
    }

    /// Ends the exchange: the handler has returned or thrown, and nothing more is sent for it.
    ///
    /// Not inlined, because its variables for the log would enlarge the frame of every waiting connection.
    @inline(never)
    func endExchange(isComplete: Bool, _ fault: RequestFault? = nil) {
        socket.endHandling()
        socket.stopFilling()
        _ = memory.setRequest(0)
        memory.releaseContent()
        openStream = nil
        guard let entry, let log = service.accessLog else { return }
        self.entry = nil
        log(entry.record(status: status, fault: fault, isComplete: isComplete, sentBytes: socket.sentBytes))
    }

    private func requestBody(_ framing: RequestHead.Framing) -> HTTPRequest.Body {
        let announced: Int
        switch framing {
        case .none: return HTTPRequest.Body()
        case .length(let count): announced = count
        case .chunked: announced = 0
        }
        let exchange = self.exchange
        return HTTPRequest.Body(
            source: { earlier async throws(HTTPRequest.Body.ReadError) -> [UInt8]? in
                try await self.nextChunk(of: exchange, earlier)
            }, announced: announced)
    }

    /// Answers an error of a handler. Its text is not sent.
    ///
    /// - Parameter head: The head of the request; nil when the response has begun.
    func fail(_ error: any Error, _ head: RequestHead?) async -> NextStep {
        defer { endExchange(isComplete: false) }  // No effect when it has been ended below.
        if error is ConnectionLost || socket.isGone { return .close }
        if error is CancellationError, Task.isCancelled { return .close }
        if let error = error as? HTTPRequest.Body.ReadError, error != .alreadyConsumed {
            // The content was faulty, and the handler left the answer to the server. An incomplete request gets none
            // (RFC 9112 §8).
            guard status == nil, let fault = body.fault(of: error) else { return .close }
            return await refuse(fault)
        }
        service.onError?(error)
        // A stream that broke must not look complete, so no last chunk is sent.
        guard status == nil, let head else { return .close }
        var response = HTTPResponse(
            status: .internalServerError, body: .bytes(Array(#"{"error":"server_error"}"#.utf8)))
        response.fields[.contentType] = "application/json"
        guard let message = try? begin(response, to: head), (try? await write(message.head)) != nil else {
            return .close
        }
        endExchange(isComplete: true)
        return await endBody(isKept: message.isKept)
    }

    // MARK: - Closing

    /// Answers a request that the server itself refuses. What has arrived of it is dropped.
    func refuse(_ fault: RequestFault) async -> NextStep {
        endReading()
        input = []
        service.census.reject(fault)
        if service.accessLog != nil, entry == nil { entry = AccessEntry(nil, nil, sentBytes: socket.sentBytes) }
        let code = fault.status.code < 500 ? "invalid_request" : "server_error"
        let content = Array(#"{"error":"\#(code)"}"#.utf8)
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        var out: [UInt8] = []
        appendHead(fault.status, fields, .length(content.count), .close, to: &out)
        out.append(contentsOf: content)
        let isSent = (try? await write(out)) != nil
        endExchange(isComplete: isSent, fault)
        return isSent ? .linger : .close
    }

    /// RFC 9112 §9.6: closes the sending side, and reads for a while. A close with unread bytes would reset the
    /// connection, and the client could lose the response.
    private func linger() async -> NextStep {
        exchange &+= 1
        input = []
        loop.beginWaiting(socket, for: .droppedContent)
        socket.finishSending()
        let deadline = loop.now + service.times.linger
        while loop.now < deadline {
            switch socket.discard() {
            case .bytes: await Task.yield()
            case .wouldBlock: guard await socket.readable(until: deadline) else { return .close }
            case .end, .gone: return .close
            }
        }
        return .close
    }
}

/// The client has gone away, or has stopped reading.
struct ConnectionLost: Error {}

/// A handler answered with a 1xx status.
struct InterimResponse: Error, CustomStringConvertible {
    var description: String { "a handler answered with a 1xx status, which no final response can have" }
}
