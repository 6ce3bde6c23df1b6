import HTTPMessages

/// How a connection reads the heads of its requests.
extension HTTPConnection {
    /// Reads the next head and answers it.
    func serveNext() async -> NextStep {
        var reading = HeadReading(
            service.limits, service.times, isFirst: exchange == 0, hasBegun: !input.isEmpty, now: loop.now)
        while true {
            switch read(&reading) {
            case .head(let head):
                endReading()
                return await serve(head)
            case .fault(let fault): return await refuse(fault)
            case .end: return .close
            case .incomplete: break
            }
            if !memory.setIncompleteHead(input.capacity), await !holdHead(input.capacity) {
                return await refuse(.memoryExhausted)
            }
            loop.beginWaiting(socket, for: reading.wait)
            let time = reading.restTime(now: loop.now)
            if await socket.readable(until: time ?? reading.deadline) { continue }
            if time != nil, loop.now < reading.deadline { return .rest(until: reading.deadline) }
            return reading.hasBegun ? await refuse(.headTimedOut) : .close
        }
    }

    /// Takes the next head from the bytes that have arrived.
    private func read(_ reading: inout HeadReading) -> HeadReading.Result {
        while true {
            do throws(RequestFault) {
                if !input.isEmpty, let end = try reading.parser.parse(input.span) {
                    return .head(try RequestHead(reading.parser, buffer: takeInput(end), limits: service.limits))
                }
            } catch {
                return .fault(error)
            }
            switch socket.receive(into: &input, atMost: ServerLimits.receiveBytes) {
            case .bytes: reading.begin(service.times, now: loop.now)
            case .wouldBlock:
                if loop.isDraining { return .end }
                if input.isEmpty { input = [] }
                return .incomplete
            case .end, .gone: return .end
            }
        }
    }

    func endReading() {
        loop.endWaiting(socket)
        _ = memory.setIncompleteHead(0)
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
}
