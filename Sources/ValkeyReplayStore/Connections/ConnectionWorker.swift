internal import Synchronization
internal import TokenVerification

/// The thread that runs all connections of one store.
///
/// It starts with the first command. Then it keeps the connections, and makes them again when they fail, until the
/// store ends. The running thread keeps the worker alive; the store tells it to stop.
final class ConnectionWorker: Sendable {
    private struct State {
        /// Nil until the thread runs.
        var waker: StoreWaker?
        var isAsleep = false
        var isStopping = false
        /// What becomes of a command at once, because the server is down.
        var outcomeWhileDown: RecordOutcome?
        var waiting: [StoreCommand] = []
    }

    private let location: StoreLocation
    private let settings: ValkeyReplayStore.Settings
    private let status: StoreStatus
    private let clock = MonotonicClock.system
    private let state = Mutex(State())
    private let count = CommandCount()

    init(location: StoreLocation, settings: ValkeyReplayStore.Settings, status: StoreStatus) {
        self.location = location
        self.settings = settings
        self.status = status
    }

    // MARK: From any thread

    /// Puts a command into the queue. When the server is down, the queue is full or no thread can be started, the
    /// ticket is resolved at once.
    ///
    /// - Parameter encoded: The bytes of the protocol; nil to wait for a connection only.
    func submit(_ encoded: [UInt8]?, _ ticket: RecordTicket) {
        // An attempt that fails ends the wait for a connection; the tenth is for an attempt that began before.
        let timeout = encoded == nil ? settings.connectTimeout + .milliseconds(100) : settings.commandTimeout
        let command = StoreCommand(encoded: encoded, ticket: ticket, deadline: clock.now() + timeout)
        var isFull = false
        let outcome: RecordOutcome? = state.withLock { state in
            if let outcome = state.outcomeWhileDown { return outcome }
            isFull = count.value >= settings.maximumWaiting
            if isFull { return .undecided }
            if state.waker == nil { state.waker = startThread() }
            guard let waker = state.waker else { return .undecided }
            state.waiting.append(command)
            count.begin()
            if state.isAsleep {
                state.isAsleep = false
                waker.wake()
            }
            return nil
        }
        if let outcome { ticket.resolve(outcome) }
        if isFull { status.tooManyWaiting() }
    }

    /// Ends the thread and its connections.
    func stop() {
        state.withLock { state in
            state.isStopping = true
            state.waker?.wake()
        }
    }

    private func startThread() -> StoreWaker? {
        guard let waker = StoreWaker(), StoreThread.start({ [self] in run(waker) }) else { return nil }
        return waker
    }

    // MARK: On the thread

    private func run(_ waker: StoreWaker) {
        if !location.isEncrypted, !location.isLocal { status.notEncrypted() }
        let lookUp: HostLookUp? = if case .name(let name, _) = location.place { HostLookUp(name) } else { nil }
        var crew = ConnectionCrew(location: location, settings: settings, status: status, count: count, lookUp: lookUp)
        { outcome in
            self.state.withLock { $0.outcomeWhileDown = outcome }
        }
        while true {
            let (commands, isStopping) = takeCommands()
            if isStopping {
                crew.close(commands)
                return
            }
            crew.turn(commands, now: clock.now()) { waker.wake() }
            var (links, milliseconds) = crew.interests(clock.now())
            state.withLock { state in
                state.isAsleep = state.waiting.isEmpty && !state.isStopping
                if !state.isAsleep { milliseconds = 0 }
            }
            waker.wait(for: links, milliseconds: milliseconds)
        }
    }

    private func takeCommands() -> (commands: [StoreCommand], isStopping: Bool) {
        state.withLock { state in
            state.isAsleep = false
            defer { state.waiting.removeAll(keepingCapacity: state.waiting.capacity < 1_024) }
            return (state.waiting, state.isStopping)
        }
    }
}
