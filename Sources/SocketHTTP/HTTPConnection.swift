import HTTPMessages

/// One connection: reads a head, awaits the handler, writes the response, and again (RFC 9112 §9).
///
/// The actor's executor is the event loop, so the state below belongs to one thread, and whoever writes to the body of a response
/// from elsewhere hops here. A single task runs ``run()``; it is the one that is cancelled when the client goes away.
actor HTTPConnection {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    let service: HTTPService
    let socket: Socket
    /// Bytes that have arrived and belong to nobody yet. Bounded by the head limits, or by one receive.
    var input: [UInt8] = []
    /// Counts the requests, so that a body or a writer that outlives its request is recognised.
    var exchange: UInt64 = 0
    /// The content of the present request.
    var body = RequestBodyState()
    /// The response has begun: no interim response may be sent.
    private var hasResponded = false
    /// The exchange whose response stream is open.
    private var openStream: UInt64?
    private var isChunked = false
    private var pieces = 0
    /// Somebody is sending; the others wait here, first come first served.
    private var isSending = false
    private var sendQueue: [CheckedContinuation<Void, Never>] = []

    init(descriptor: Int32, loop: EventLoop, service: HTTPService) {
        self.loop = loop
        self.service = service
        socket = Socket(descriptor: descriptor, loop: loop)
    }

    /// Serves the connection to its end.
    func run() async {
        if socket.open() {
            while let head = await nextHead(), await serve(head) {
                // A client that always has one more request ready must not keep the loop from the others.
                if exchange % 16 == 0 { await Task.yield() }
            }
        }
        openStream = nil
        exchange &+= 1
        loop.remove(socket)
        service.census.leave()
    }

    // MARK: - Reading

    /// Reads the next head; nil when the connection is to be closed. A refused head is answered here.
    private func nextHead() async -> RequestHead? {
        var parser = RequestHeadParser(limits: service.limits)
        var hasBegun = !input.isEmpty
        var deadline = loop.now + (hasBegun ? service.times.head : service.times.idle)
        while true {
            do throws(RequestFault) {
                if !input.isEmpty, let end = try parser.parse(input.span) {
                    return try RequestHead(parser, buffer: takeInput(end), limits: service.limits)
                }
            } catch {
                await refuse(error)
                return nil
            }
            switch socket.receive(into: &input, atMost: ServerLimits.receiveBytes) {
            case .bytes:
                if !hasBegun {
                    hasBegun = true
                    deadline = loop.now + service.times.head
                }
            case .wouldBlock:
                if loop.isDraining, !hasBegun { return nil }
                socket.isIdle = !hasBegun
                let isReady = await socket.readable(until: deadline)
                socket.isIdle = false
                guard isReady else {
                    if hasBegun { await refuse(.headTimedOut) }
                    return nil
                }
            case .end, .gone: return nil
            }
        }
    }

    /// Takes the first `count` bytes off the input.
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

    /// Answers one request. False when the connection is to be closed.
    private func serve(_ head: RequestHead) async -> Bool {
        exchange &+= 1
        hasResponded = false
        body = RequestBodyState(
            head, hasArrived: !input.isEmpty, bodyBytes: service.limits.bodyBytes, waiting: service.times.body)
        let request = HTTPRequest(
            method: head.method, target: head.target, fields: head.fields, body: requestBody(head.framing))
        socket.beginHandling()
        do {
            let response = try await service.handler.respond(to: request)
            let isKept = try await send(response, to: head)
            socket.endHandling()
            openStream = nil
            return await endBody(isKept: isKept)
        } catch {
            socket.endHandling()
            openStream = nil
            return await fail(error, head)
        }
    }

    private func requestBody(_ framing: RequestHead.Framing) -> HTTPRequestBody {
        guard framing != .none else { return HTTPRequestBody() }
        let exchange = self.exchange
        return HTTPRequestBody { () async throws(HTTPRequestBodyError) -> [UInt8]? in
            try await self.nextChunk(of: exchange)
        }
    }

    /// What a handler's error becomes. Its text stays here.
    private func fail(_ error: any Error, _ head: RequestHead) async -> Bool {
        if error is ConnectionLost || socket.isGone { return false }
        if error is CancellationError, Task.isCancelled { return false }
        if let error = error as? HTTPRequestBodyError, error != .alreadyConsumed {
            // The content was at fault, and the handler left the answer to us. Half a request gets none (RFC 9112 §8).
            if !hasResponded, let fault = body.fault(of: error) { await refuse(fault) }
            return false
        }
        service.onError?(error)
        // A stream that broke must not look complete: no last chunk.
        guard !hasResponded else { return false }
        var response = HTTPResponse(
            status: .internalServerError, body: .bytes(Array(#"{"error":"server_error"}"#.utf8)))
        response.fields[.contentType] = "application/json"
        guard let isKept = try? await send(response, to: head) else { return false }
        return await endBody(isKept: isKept)
    }

    // MARK: - Writing

    /// Sends the response. True when the connection may be kept.
    private func send(_ response: HTTPResponse, to head: RequestHead) async throws -> Bool {
        let status = response.status.code
        // RFC 9110 §15.2, §7.8: interim responses are the server's, and it never switches protocols.
        guard status >= 200 else { throw InterimResponse() }
        let isEmpty = status == 204 || status == 304
        var isKept = head.persists && !loop.isDraining && !socket.peerHasFinished && body.mayBeDrained(input.count)
        var out: [UInt8] = []
        switch response.body {
        case .bytes(let content):
            let sendsContent = !isEmpty && head.method != .head
            let isCopied = sendsContent && content.count <= ServerLimits.copiedBodyBytes
            out.reserveCapacity(256 + response.fields.buffer.count + (isCopied ? content.count : 0))
            // RFC 9110 §8.6: a length in the answer to HEAD is the one that GET has; a handler that left the content out
            // for HEAD does not tell it.
            let saysLength = !isEmpty && !(head.method == .head && content.isEmpty)
            appendHead(response, saysLength ? .length(content.count) : .none, isKept, head, to: &out)
            if isCopied { out.append(contentsOf: content) }
            try await write(out)
            if sendsContent, !isCopied { try await write(content) }
        case .stream(let produce):
            isChunked = !head.isHTTP10
            let hasContent = !isEmpty && head.method != .head
            // RFC 9112 §6.3: to HTTP/1.0 the end of the connection is the end of the content.
            if !isChunked, hasContent { isKept = false }
            let framing: ResponseHead.Framing = !hasContent ? .none : isChunked ? .chunked : .untilClose
            appendHead(response, framing, isKept, head, to: &out)
            try await write(out)
            guard hasContent else { break }
            openStream = exchange
            let exchange = self.exchange
            try await produce(HTTPBodyWriter { piece in try await self.writePiece(piece, of: exchange) })
            openStream = nil
            if isChunked { try await write(Array("0\r\n\r\n".utf8)) }
        }
        return isKept
    }

    private func appendHead(
        _ response: HTTPResponse, _ framing: ResponseHead.Framing, _ isKept: Bool, _ head: RequestHead,
        to out: inout [UInt8]
    ) {
        hasResponded = true
        ResponseHead.append(
            response.status, response.fields, framing, isKept ? (head.isHTTP10 ? .keepAlive : .implied) : .close,
            date: loop.dateLine, to: &out)
    }

    /// One piece of a streamed response, from whichever task.
    private func writePiece(_ piece: [UInt8], of exchange: UInt64) async throws {
        guard openStream == exchange, !socket.isGone else { throw CancellationError() }
        // A client that takes everything at once must not keep the loop from the others.
        pieces &+= 1
        if pieces % 16 == 0 { await Task.yield() }
        do {
            guard isChunked else { return try await write(piece) }
            var out: [UInt8] = []
            if piece.count <= ServerLimits.copiedBodyBytes {
                out.reserveCapacity(piece.count + 16)
                ResponseHead.appendChunkSize(piece.count, to: &out)
                out.append(contentsOf: piece)
                out.append(contentsOf: [0x0D, 0x0A])
                try await write(out)
            } else {
                ResponseHead.appendChunkSize(piece.count, to: &out)
                try await write(out, piece, [0x0D, 0x0A])
            }
        } catch {
            throw CancellationError()
        }
    }

    /// Sends the parts one after another, with nobody else's between them. What the socket does not take waits for the client.
    func write(_ parts: [UInt8]...) async throws(ConnectionLost) {
        if isSending { await withCheckedContinuation { sendQueue.append($0) } }
        isSending = true
        defer {
            if sendQueue.isEmpty { isSending = false } else { sendQueue.removeFirst().resume() }
        }
        for part in parts {
            var sent = socket.send(part, from: 0)
            while sent < part.count {
                guard !socket.isGone, await socket.writable(until: loop.now + service.times.writeStall) else {
                    // A client that takes nothing any more has lost its connection, for every writer.
                    socket.abort()
                    throw ConnectionLost()
                }
                sent = socket.send(part, from: sent)
            }
        }
    }

    /// RFC 9110 §10.1.1: the client may send its content now.
    func sendContinue() async throws(ConnectionLost) {
        guard !hasResponded else { return }
        try await write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }

    // MARK: - Closing

    /// Answers a request that no handler shall see, and closes.
    private func refuse(_ fault: RequestFault) async {
        let code = fault.status.code < 500 ? "invalid_request" : "server_error"
        let content = Array(#"{"error":"\#(code)"}"#.utf8)
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        var out: [UInt8] = []
        ResponseHead.append(fault.status, fields, .length(content.count), .close, date: loop.dateLine, to: &out)
        out.append(contentsOf: content)
        guard (try? await write(out)) != nil else { return }
        await linger()
    }

    /// RFC 9112 §9.6: closes the sending side, and reads for a while: closing with bytes unread would reset the connection and
    /// could take the answer from the client.
    func linger() async {
        exchange &+= 1
        socket.finishSending()
        let deadline = loop.now + service.times.linger
        while loop.now < deadline {
            input.removeAll(keepingCapacity: true)
            switch socket.receive(into: &input, atMost: .max) {
            case .bytes: await Task.yield()
            case .wouldBlock: guard await socket.readable(until: deadline) else { return }
            case .end, .gone: return
            }
        }
    }
}

/// The client is gone, or takes nothing any more.
struct ConnectionLost: Error {}

/// A handler answered with a 1xx status.
struct InterimResponse: Error, CustomStringConvertible {
    var description: String { "a handler answered with a 1xx status, which no final response can have" }
}
