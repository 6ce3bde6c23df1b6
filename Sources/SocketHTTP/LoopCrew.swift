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

    /// Stops gracefully. The port must be closed already.
    func stop(_ service: HTTPService) async {
        await onEachLoop { $0.drain() }
        var isEmpty = await service.census.isEmpty(within: service.limits.shutdownGrace)
        if !isEmpty {
            await onEachLoop { $0.abort() }
            isEmpty = await service.census.isEmpty(within: service.limits.cancellationTime)
        }
        if !isEmpty { await onEachLoop { $0.closeSockets() } }
        for loop in loops { loop.stop() }
        for thread in threads {
            // A handler that ignores its cancellation keeps its thread, without a socket. The server does not wait for
            // it.
            if isEmpty { thread.join() } else { thread.abandon() }
        }
    }

    private func onEachLoop(_ body: @escaping @Sendable (EventLoop) -> Void) async {
        for loop in loops {
            await Task(executorPreference: loop) { body(loop) }.value
        }
    }
}
