/// The event loops of a running server, each with its thread.
struct LoopCrew: Sendable {
    let loops: [EventLoop]
    private let threads: [PosixThread]

    /// The number of loops of a server.
    static func count(_ limits: ServerLimits) -> Int {
        max(1, min(limits.eventLoops ?? systemProcessorCount(), 1024))
    }

    init(count: Int, clock: LoopClock) throws(HTTPServer.StartError) {
        var loops: [EventLoop] = []
        var threads: [PosixThread] = []
        do throws(HTTPServer.StartError) {
            for _ in 0..<count {
                let loop = try EventLoop(clock: clock)
                threads.append(try loop.start())
                loops.append(loop)
            }
        } catch {
            for loop in loops { loop.stop() }
            for thread in threads { thread.join() }
            throw error
        }
        self.loops = loops
        self.threads = threads
    }

    /// Stops gracefully. No step waits longer than its limit: a handler may block the thread of its loop.
    func stop(_ service: HTTPService) async {
        for loop in loops { Task(executorPreference: loop) { loop.drain() } }
        var isEmpty = await service.census.isEmpty(within: service.limits.shutdownGrace)
        if !isEmpty {
            for loop in loops { Task(executorPreference: loop) { loop.abort() } }
            isEmpty = await service.census.isEmpty(within: service.limits.cancellationTime)
        }
        if !isEmpty { await closeSockets(within: service.limits.cancellationTime) }
        for loop in loops { loop.stop() }
        for thread in threads {
            // A handler that ignores its cancellation keeps its thread. The server does not wait for it.
            if isEmpty { thread.join() } else { thread.abandon() }
        }
    }

    /// Waits until each loop has closed its sockets, but for those whose thread is blocked: they do it later.
    private func closeSockets(within time: Duration) async {
        let answers = loops.map { loop in
            let answer = FirstAnswer<Void>()
            Task(executorPreference: loop) {
                loop.closeSockets()
                answer.give(())
            }
            return answer
        }
        let timers = answers.map { $0.give((), after: time) }
        for answer in answers { await answer.value }
        for timer in timers { timer.cancel() }
    }
}
