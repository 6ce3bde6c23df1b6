package import HTTPMessages

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

    /// - Parameter peer: The IP address of the other end; nil when it has none.
    package init(descriptor: Int32, peer: HTTPRequest.PeerAddress?, loop: EventLoop, service: HTTPService) {
        self.loop = loop
        self.service = service
        self.peer = peer
        memory = MemoryAccount(service.memory)
        socket = Socket(descriptor: descriptor, loop: loop)
    }

    /// What follows after a request.
    enum NextStep {
        case nextRequest
        /// Reads and drops what the client still sends, then closes.
        case linger
        case close
    }

    /// Serves the connection until it ends.
    package func run() async {
        if socket.open() {
            var step = NextStep.nextRequest
            while case .nextRequest = step, !socket.isGone {
                step = await serveNext()
                guard exchange % 16 == 0 else { continue }
                // A client that always has another request ready must not keep the loop from other connections, nor
                // its place from a new one.
                loop.beginWaiting(socket, for: .reader)
                await Task.yield()
                loop.endWaiting(socket)
            }
            // The request and its response are released by now.
            if case .linger = step { await linger() }
        }
        openStream = nil
        exchange &+= 1
        loop.remove(socket)
        service.census.leave(service.network(of: peer))
    }

    private func serveNext() async -> NextStep {
        switch await nextHead() {
        case .head(let head): return await serve(head)
        case .fault(let fault): return await refuse(fault)
        case .end: return .close
        }
    }

    // MARK: - Reading

    private enum HeadResult {
        case head(RequestHead)
        case fault(RequestFault)
        /// The connection must be closed without a response.
        case end
    }

    /// Reads the next head.
    private func nextHead() async -> HeadResult {
        defer {
            loop.endWaiting(socket)
            _ = memory.setIncompleteHead(0)
        }
        var parser = RequestHeadParser(limits: service.limits)
        var hasBegun = !input.isEmpty
        // A client that has sent nothing yet is given no more time than one that has begun.
        let isFirst = exchange == 0
        var deadline = loop.now + (hasBegun || isFirst ? service.times.head : service.times.idle)
        while true {
            do throws(RequestFault) {
                if !input.isEmpty, let end = try parser.parse(input.span) {
                    return .head(try RequestHead(parser, buffer: takeInput(end), limits: service.limits))
                }
            } catch {
                return .fault(error)
            }
            switch socket.receive(into: &input, atMost: ServerLimits.receiveBytes) {
            case .bytes:
                if !hasBegun, !isFirst { deadline = loop.now + service.times.head }
                hasBegun = true
            case .wouldBlock:
                if loop.isDraining { return .end }
                if input.isEmpty { input = [] }
                guard await holdHead(input.capacity) else { return .fault(.memoryExhausted) }
                loop.beginWaiting(socket, for: hasBegun ? .restOfHead : isFirst ? .firstByte : .nextRequest)
                guard await socket.readable(until: deadline) else { return hasBegun ? .fault(.headTimedOut) : .end }
            case .end, .gone: return .end
            }
        }
    }

    /// Counts the bytes of an incomplete head. When such heads hold more than their share, those that have waited
    /// longest are closed, so that a few large ones cannot lock out the clients whose heads come in two packets. False
    /// when that is not enough.
    private func holdHead(_ bytes: Int) async -> Bool {
        while !memory.setIncompleteHead(bytes) {
            guard memory.couldHoldHead(bytes), await evictHead() else { return false }
            service.census.reject(.evicted)
        }
        return true
    }

    /// Closes another connection with an incomplete head, and returns when its memory has been released. False when
    /// there is none.
    private func evictHead() async -> Bool {
        if loop.evictHead(except: socket) {
            await Task.yield()
            return true
        }
        for other in service.loops where other !== loop {
            guard await Task(executorPreference: other, operation: { other.evictHead() }).value else { continue }
            await Task(executorPreference: other) {}.value
            return true
        }
        return false
    }

    /// Removes the first `count` bytes of the input and returns them.
    func takeInput(_ count: Int) -> [UInt8] {
        var taken: [UInt8] = []
        if count == input.count {
            swap(&taken, &input)
        } else {
            taken = Array(input[..<count])
            input.removeFirst(count)
        }
        return taken
    }

    // MARK: - One exchange

    /// Answers one request.
    private func serve(_ head: RequestHead) async -> NextStep {
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
            let isKept = try await send(response, to: head)
            endExchange(isComplete: true)
            return await endBody(isKept: isKept)
        } catch {
            return await fail(error, head)
        }
    }

    /// Ends the exchange: the handler has returned or thrown, and nothing more is sent for it.
    ///
    /// Not inlined, because its variables for the log would enlarge the frame of every waiting connection.
    @inline(never)
    private func endExchange(isComplete: Bool, _ fault: RequestFault? = nil) {
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
    private func fail(_ error: any Error, _ head: RequestHead) async -> NextStep {
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
        guard status == nil else { return .close }
        var response = HTTPResponse(
            status: .internalServerError, body: .bytes(Array(#"{"error":"server_error"}"#.utf8)))
        response.fields[.contentType] = "application/json"
        guard let isKept = try? await send(response, to: head) else { return .close }
        endExchange(isComplete: true)
        return await endBody(isKept: isKept)
    }

    // MARK: - Closing

    /// Answers a request that the server itself refuses. What has arrived of it is dropped.
    private func refuse(_ fault: RequestFault) async -> NextStep {
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
    private func linger() async {
        exchange &+= 1
        input = []
        loop.beginWaiting(socket, for: .droppedContent)
        socket.finishSending()
        let deadline = loop.now + service.times.linger
        while loop.now < deadline {
            switch socket.discard() {
            case .bytes: await Task.yield()
            case .wouldBlock: guard await socket.readable(until: deadline) else { return }
            case .end, .gone: return
            }
        }
    }
}

/// The client has gone away, or has stopped reading.
struct ConnectionLost: Error {}

/// A handler answered with a 1xx status.
struct InterimResponse: Error, CustomStringConvertible {
    var description: String { "a handler answered with a 1xx status, which no final response can have" }
}
