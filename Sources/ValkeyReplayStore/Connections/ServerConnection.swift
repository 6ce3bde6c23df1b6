internal import TokenVerification

/// One connection to the server, from its look-up until its failure, and again. It belongs to the store's thread.
///
/// An answer that is neither `OK` nor nil ends the connection. The next one begins with a greeting that writes a key,
/// so that a server which does not write is not used, and is used again when it writes, without a request.
final class ServerConnection {
    typealias Reason = ValkeyReplayStore.Reason
    typealias Settings = ValkeyReplayStore.Settings

    /// What the crew must know.
    enum Change {
        /// The connection can be used.
        case ready(ServerAnswer.Eviction)
        /// The connection has failed; `retriesAtOnce` when a working one was ended and a new one begins at once.
        case failed(Reason, wasReady: Bool, retriesAtOnce: Bool)
    }

    private enum Phase {
        case resting(until: Duration)
        case resolving(until: Duration)
        case opening(until: Duration)
        case greeting(until: Duration)
        case ready(since: Duration)
    }

    /// Whose answer is expected next.
    private enum Expected {
        case greeting(Greeting.Step)
        case command(StoreCommand)
        case probe(deadline: Duration)
    }

    private let location: StoreLocation
    private let settings: Settings
    private let count: CommandCount
    private var phase = Phase.resting(until: .zero)
    private var link: ServerLink?
    /// The addresses that have not been tried in this attempt, and the end of the attempt.
    private var addresses: [[UInt8]] = []
    private var attemptEnd = Duration.zero
    private var greeting = Greeting()
    private var outgoing: [UInt8] = []
    private var sentCount = 0
    private var expected = WaitingLine<Expected>()
    private var lastUse = Duration.zero
    private var delay = ReconnectDelay()

    /// A connection that was ended by the server after this time is made again without a wait.
    private static let stableTime = Duration.seconds(1)
    /// The most reads in one turn, so that one connection does not starve the others.
    private static let maximumReads = 16

    init(location: StoreLocation, settings: Settings, count: CommandCount) {
        self.location = location
        self.settings = settings
        self.count = count
    }

    // MARK: What the crew asks

    var isReady: Bool {
        if case .ready = phase { true } else { false }
    }

    /// Whether it waits for the addresses of the host.
    var isResolving: Bool {
        if case .resolving = phase { true } else { false }
    }

    /// The number of commands without answer.
    var load: Int { expected.count }

    /// Whether bytes may be left that no wait reports.
    private(set) var hasMore = false

    /// The events to wait for; nil without a socket.
    var interest: StoreWaker.Interest? {
        link.map {
            .init(descriptor: $0.descriptor, wantsToWrite: $0.wantsToWrite || sentCount < outgoing.count)
        }
    }

    /// The time at which ``advance(_:)`` has something to do although the socket is silent.
    var nextTime: Duration {
        switch phase {
        case .resting(let until), .resolving(let until), .opening(let until), .greeting(let until): until
        case .ready: expected.first.map(deadline) ?? lastUse + Settings.idleTime
        }
    }

    // MARK: What the crew does

    /// Sends a command. The connection must be ready.
    func send(_ encoded: [UInt8], of command: StoreCommand, now: Duration) {
        outgoing += encoded
        expected.append(.command(command))
        lastUse = now
    }

    /// The addresses of the host have arrived.
    func use(_ addresses: [[UInt8]], now: Duration) -> Change? {
        guard isResolving else { return nil }
        self.addresses = addresses
        return addresses.isEmpty ? fail(.notResolved, now) : openNext(now)
    }

    /// Begins, ends and watches over what is due now. It does not read.
    func advance(_ now: Duration) -> Change? {
        switch phase {
        case .resting(let until):
            return until <= now ? begin(now) : nil
        case .resolving(let until):
            return until <= now ? fail(.notResolved, now) : nil
        case .opening(let until):
            return until <= now ? openNext(now) : nil
        case .greeting(let until):
            return until <= now ? fail(.noAnswer, now) : nil
        case .ready:
            if let first = expected.first { return deadline(first) <= now ? fail(.noAnswer, now) : nil }
            guard lastUse + Settings.idleTime <= now else { return nil }
            guard let probe = Greeting.probe(settings) else { return fail(.noResources, now) }
            outgoing += probe
            expected.append(.probe(deadline: now + settings.commandTimeout))
            lastUse = now
            return nil
        }
    }

    /// The socket is ready: goes on with the handshake, or reads answers.
    func serve(_ now: Duration) -> Change? {
        guard let link else { return nil }
        guard case .opening = phase else { return read(link, now) }
        switch link.advance() {
        case .pending: return nil
        case .failed(.notConnected) where !addresses.isEmpty: return openNext(now)
        case .failed(let reason): return fail(reason, now)
        case .established:
            phase = .greeting(until: attemptEnd)
            return greet(now)
        }
    }

    /// Sends what is left to send.
    func flush(_ now: Duration) -> Change? {
        guard let link, sentCount < outgoing.count else { return nil }
        while sentCount < outgoing.count {
            guard let count = link.send(outgoing[sentCount...]) else {
                // What the server said before it closed the connection is more useful than that it did.
                if let change = read(link, now) { return change }
                return fail(.closed, now)
            }
            guard count > 0 else { return nil }
            sentCount += count
        }
        outgoing.removeAll(keepingCapacity: outgoing.capacity < 65_536)
        sentCount = 0
        return nil
    }

    /// Ends everything.
    func close() {
        link = nil
        for waiting in expected.takeAll() { finish(waiting, .undecided) }
    }

    // MARK: One attempt

    private func begin(_ now: Duration) -> Change? {
        attemptEnd = now + settings.connectTimeout
        switch location.place {
        case .name:
            phase = .resolving(until: attemptEnd)
            return nil
        case .address(let address, _, _):
            addresses = [address]
            return openNext(now)
        case .file(let path):
            guard let link = ServerLink(path: path) else { return fail(.notConnected, now) }
            self.link = link
            phase = .opening(until: attemptEnd)
            return nil
        }
    }

    /// Tries the next address. Each address gets its share of the time that is left.
    private func openNext(_ now: Duration) -> Change? {
        link = nil
        while now < attemptEnd, !addresses.isEmpty {
            let share = (attemptEnd - now) / addresses.count
            let address = addresses.removeFirst()
            guard let link = ServerLink(address: address, port: location.port) else { continue }
            if location.isEncrypted,
                let reason = link.useTLS(name: location.host, isAddress: location.isAddress, settings: settings)
            {
                return fail(reason, now)
            }
            self.link = link
            phase = .opening(until: now + share)
            return nil
        }
        return fail(.notConnected, now)
    }

    private func greet(_ now: Duration) -> Change? {
        do throws(Greeting.Failure) {
            greeting = Greeting()
            for step in try Greeting.steps(location: location, settings: settings) {
                outgoing += step.encoded
                expected.append(.greeting(step.step))
            }
        } catch {
            return fail(error.reason, now)
        }
        return flush(now)
    }

    private func fail(_ reason: Reason, _ now: Duration) -> Change {
        var (wasReady, retriesAtOnce) = (false, false)
        if case .ready(let since) = phase {
            wasReady = true
            retriesAtOnce = reason == .closed && now - since >= Self.stableTime
        }
        link = nil
        hasMore = false
        addresses = []
        outgoing = []
        sentCount = 0
        let wait = retriesAtOnce ? .zero : delay.fail(fraction: .random(in: 0...1))
        phase = .resting(until: now + wait)
        for waiting in expected.takeAll() { finish(waiting, reason.isAbsence ? .unreachable : .undecided) }
        return .failed(reason, wasReady: wasReady, retriesAtOnce: retriesAtOnce)
    }

    // MARK: Answers

    private func read(_ link: ServerLink, _ now: Duration) -> Change? {
        hasMore = false
        var change: Change?
        for _ in 0..<Self.maximumReads {
            let receipt = link.receive()
            if case .nothing = receipt { return change }
            answers: while true {
                switch link.nextAnswer() {
                case .unfinished: break answers
                case .malformed: return fail(.malformedAnswer, now)
                case .answer(let answer):
                    guard let next = take(answer, now) else { continue }
                    if case .failed = next { return next }
                    change = next
                }
            }
            if case .ended(let reason) = receipt { return fail(reason, now) }
        }
        hasMore = true
        return change
    }

    private func take(_ answer: ServerAnswer, _ now: Duration) -> Change? {
        guard let waiting = expected.takeFirst() else { return fail(.unexpectedAnswer, now) }
        switch (waiting, answer) {
        case (.greeting(let step), _):
            if let reason = greeting.take(answer, to: step) { return fail(reason, now) }
            guard expected.isEmpty else { return nil }
            phase = .ready(since: now)
            lastUse = now
            return .ready(greeting.eviction)
        case (.command, .ok):
            delay.succeed()
            finish(waiting, .first)
            return nil
        case (.command, .absent):
            delay.succeed()
            finish(waiting, .replayed)
            return nil
        case (.probe, .ok): return nil
        case (.command, .error(let reason)), (.probe, .error(let reason)):
            finish(waiting, .undecided)
            return fail(reason, now)
        case (.command, .text), (.command, .other), (.probe, .absent), (.probe, .text), (.probe, .other):
            finish(waiting, .undecided)
            return fail(.unexpectedAnswer, now)
        }
    }

    private func deadline(_ waiting: Expected) -> Duration {
        switch waiting {
        case .greeting: attemptEnd
        case .command(let command): command.deadline
        case .probe(let deadline): deadline
        }
    }

    private func finish(_ waiting: Expected, _ outcome: RecordOutcome) {
        guard case .command(let command) = waiting else { return }
        count.finish(command, outcome)
    }
}
