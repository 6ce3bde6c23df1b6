internal import TokenVerification

/// The connections of a store and the commands that wait for one. It belongs to the store's thread.
struct ConnectionCrew {
    typealias Reason = ValkeyReplayStore.Reason

    private let status: StoreStatus
    private let publish: (RecordOutcome?) -> Void
    private let lookUp: HostLookUp?
    private let connections: [ServerConnection]
    private let count: CommandCount
    private var backlog = WaitingLine<StoreCommand>()
    /// The callers that wait for a connection only.
    private var arrivals: [StoreCommand] = []
    /// Why there is no connection, after an attempt has failed. Nil while one can be used, and while the first attempts
    /// are made.
    private var downReason: Reason?

    /// - Parameter publish: Receives what becomes of commands from now on, before the status changes and before a
    ///   command gets its outcome: nil when they are sent.
    init(
        location: StoreLocation, settings: ValkeyReplayStore.Settings, status: StoreStatus, count: CommandCount,
        lookUp: HostLookUp?, publish: @escaping (RecordOutcome?) -> Void
    ) {
        self.status = status
        self.publish = publish
        self.lookUp = lookUp
        self.count = count
        connections = (0..<settings.connections).map { _ in
            ServerConnection(location: location, settings: settings, count: count)
        }
    }

    /// What to wait for, and how long: nil for no end.
    func interests(_ now: Duration) -> (links: [StoreWaker.Interest], milliseconds: Int32?) {
        if connections.contains(where: \.hasMore) { return (connections.compactMap(\.interest), 0) }
        var next = (arrivals.map(\.deadline) + (backlog.first.map { [$0.deadline] } ?? [])).min()
        for connection in connections { next = min(next ?? connection.nextTime, connection.nextTime) }
        return (connections.compactMap(\.interest), next.map { ($0 - now).millisecondsToWait })
    }

    /// One turn: new commands, what the sockets have, and what is due.
    mutating func turn(_ commands: [StoreCommand], now: Duration, wake: @escaping @Sendable () -> Void) {
        for command in commands {
            if command.encoded == nil { arrivals.append(command) } else { backlog.append(command) }
        }
        let addresses = lookUp?.takeAnswer()
        for connection in connections {
            take(connection.serve(now), of: connection)
            if let addresses { take(connection.use(addresses, now: now), of: connection) }
            take(connection.advance(now), of: connection)
        }
        if connections.contains(where: \.isResolving), let lookUp, !lookUp.start(done: wake) {
            for connection in connections { take(connection.use([], now: now), of: connection) }
        }
        distribute(now)
        for connection in connections { take(connection.flush(now), of: connection) }
    }

    /// Ends every connection and command.
    mutating func close(_ commands: [StoreCommand]) {
        for connection in connections { connection.close() }
        for command in backlog.takeAll() + arrivals + commands { count.finish(command, .undecided) }
    }

    private mutating func take(_ change: ServerConnection.Change?, of changed: ServerConnection) {
        switch change {
        case nil: break
        case .ready(let eviction):
            downReason = nil
            publish(nil)
            status.connected(eviction)
        case .failed(let reason, let wasReady, let retriesAtOnce):
            if connections.contains(where: \.isReady) {
                if wasReady { status.connectionLost(reason) }
            } else if !retriesAtOnce {
                downReason = reason
                publish(reason.outcome)
                status.lost(reason)
            }
        }
    }

    private mutating func distribute(_ now: Duration) {
        if let downReason {
            for command in backlog.takeAll() + arrivals { count.finish(command, downReason.outcome) }
            arrivals = []
            return
        }
        let ready = connections.filter(\.isReady)
        var waiting: [StoreCommand] = []
        for command in arrivals {
            if !ready.isEmpty || command.deadline <= now || command.ticket.isResolved {
                count.finish(command, .undecided)
            } else {
                waiting.append(command)
            }
        }
        arrivals = waiting
        while let command = backlog.first {
            if command.ticket.isResolved || command.deadline <= now {
                count.finish(command, .unreachable)
            } else if let least = ready.min(by: { $0.load < $1.load }), let encoded = command.encoded {
                least.send(encoded, of: command, now: now)
            } else {
                return
            }
            _ = backlog.takeFirst()
        }
    }
}

extension ValkeyReplayStore.Reason {
    /// The result of a command when every connection has failed for this reason.
    var outcome: RecordOutcome { isAbsence ? .unreachable : .undecided }
}

extension Duration {
    /// The milliseconds, rounded up, that `poll` can wait.
    fileprivate var millisecondsToWait: Int32 {
        let (seconds, attoseconds) = components
        let milliseconds = seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: max(0, min(milliseconds, 3_600_000)))
    }
}
