import HTTPMessages

/// One connection: reads a head, awaits the handler, writes the response, and again (RFC 9112 §9).
///
/// The actor's executor is the event loop, so the state below belongs to one thread, and whoever writes to the body of a response
/// from elsewhere hops here. A single task runs ``run()``; it is the one that is cancelled when the client goes away.
package actor HTTPConnection {
    nonisolated let loop: EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    let service: HTTPService
    let socket: Socket
    /// Bytes that have arrived and belong to nobody yet. Bounded by the head limits, or by one receive.
    var input: [UInt8] = []
    /// Counts the requests, so that a body or a writer that outlives its request is recognised.
    var exchange: UInt64 = 0
    /// The content of the present request.
    var body = RequestBodyState()
    /// The status of the present response once it has begun: no interim response may be sent any more.
    var status: HTTPStatus?
    /// The exchange whose response stream is open.
    var openStream: UInt64?
    var isChunked = false
    var pieces = 0
    /// Somebody is sending; the others wait here, first come first served.
    var isSending = false
    var sendQueue: [CheckedContinuation<Void, Never>] = []
    /// What the access log will say of the present request; nil when nobody listens or it has been said.
    var entry: AccessEntry?
    private let network: SocketAddress.Network?

    /// `network` is what the census has counted.
    package init(descriptor: Int32, network: SocketAddress.Network?, loop: EventLoop, service: HTTPService) {
        self.loop = loop
        self.service = service
        self.network = network
        socket = Socket(descriptor: descriptor, loop: loop)
    }

    /// Serves the connection to its end.
    package func run() async {
        if socket.open() {
            while let head = await nextHead(), await serve(head) {
                // A client that always has one more request ready must not keep the loop from the others.
                if exchange % 16 == 0 { await Task.yield() }
            }
        }
        openStream = nil
        exchange &+= 1
        loop.remove(socket)
        service.census.leave(network)
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
        status = nil
        body = RequestBodyState(
            head, hasArrived: !input.isEmpty, bodyBytes: service.limits.bodyBytes, waiting: service.times.body)
        var request = HTTPRequest(
            method: head.method, target: head.target, fields: head.fields, body: requestBody(head.framing))
        request.listener = service.listener
        if service.accessLog != nil { entry = AccessEntry(head, sentBytes: socket.sentBytes) }
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

    /// The handler has returned or thrown, and nothing more is sent on its behalf.
    ///
    /// Not inlined: what it needs for the log would make the frame of every waiting connection larger.
    @inline(never)
    private func endExchange(isComplete: Bool, _ fault: RequestFault? = nil) {
        socket.endHandling()
        socket.stopFilling()
        openStream = nil
        guard let entry, let log = service.accessLog else { return }
        self.entry = nil
        log(entry.record(status: status, fault: fault, isComplete: isComplete, sentBytes: socket.sentBytes))
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
        defer { endExchange(isComplete: false) }  // Unless it has been ended below.
        if error is ConnectionLost || socket.isGone { return false }
        if error is CancellationError, Task.isCancelled { return false }
        if let error = error as? HTTPRequestBodyError, error != .alreadyConsumed {
            // The content was at fault, and the handler left the answer to us. Half a request gets none (RFC 9112 §8).
            if status == nil, let fault = body.fault(of: error) { await refuse(fault) }
            return false
        }
        service.onError?(error)
        // A stream that broke must not look complete: no last chunk.
        guard status == nil else { return false }
        var response = HTTPResponse(
            status: .internalServerError, body: .bytes(Array(#"{"error":"server_error"}"#.utf8)))
        response.fields[.contentType] = "application/json"
        guard let isKept = try? await send(response, to: head) else { return false }
        endExchange(isComplete: true)
        return await endBody(isKept: isKept)
    }

    // MARK: - Closing

    /// Answers a request that no handler shall see to the end, and closes.
    private func refuse(_ fault: RequestFault) async {
        service.census.reject(fault)
        if service.accessLog != nil, entry == nil { entry = AccessEntry(nil, sentBytes: socket.sentBytes) }
        let code = fault.status.code < 500 ? "invalid_request" : "server_error"
        let content = Array(#"{"error":"\#(code)"}"#.utf8)
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        var out: [UInt8] = []
        appendHead(fault.status, fields, .length(content.count), .close, to: &out)
        out.append(contentsOf: content)
        let isSent = (try? await write(out)) != nil
        endExchange(isComplete: isSent, fault)
        if isSent { await linger() }
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
