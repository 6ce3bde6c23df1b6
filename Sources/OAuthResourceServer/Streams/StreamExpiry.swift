internal import HTTPMessages
internal import TokenVerification

/// Decides when the event stream that answers a request must end: see ``ResourceServerConfiguration/Streams``.
struct StreamExpiry: Sendable {
    private let settings: ResourceServerConfiguration.Streams
    private let skews: IssuerClockSkews
    /// Waits for the deadlines. Tests replace it.
    var alarm: StreamAlarm

    /// The expiry of a guard; nil in the modes that do not enforce tokens.
    init?(_ configuration: CheckedConfiguration, _ skews: IssuerClockSkews) {
        switch configuration.mode {
        case .enforced, .staticTokens: break
        case .shadow, .disabled: return nil
        }
        settings = configuration.streams
        self.skews = skews
        alarm = StreamAlarm(wallClock: configuration.clocks.wall, clock: configuration.clocks.monotonic)
    }

    /// When an event stream that answers the request must end, in seconds since 1970; nil when it may run to its end.
    func deadline(of request: GuardedRequest, for principal: Principal) -> Double? {
        guard let expiresAt = principal.expiresAt else { return nil }
        let end = expiresAt + Double(skews.skew(of: principal.issuer))
        if request.method == .get || request.opensSubscription {
            return settings.listening == .endsWithToken ? end : nil
        }
        return settings.responseGrace.map { end + Double($0.components.seconds) }
    }

    /// A writer that writes nothing after the deadline, even if `produce` ignores that it was cancelled.
    func limited(_ writer: HTTPResponse.Body.Writer, until deadline: Double) -> HTTPResponse.Body.Writer {
        HTTPResponse.Body.Writer { [wallClock = alarm.wallClock] piece in
            guard !Task.isCancelled, wallClock.now() < deadline else { throw CancellationError() }
            try await writer.write(piece)
        } filler: { bytes, time in
            await writer.fillSilence(with: bytes, after: time)
        }
    }

    /// Runs `produce` until it returns or the deadline passes, and cancels it then.
    ///
    /// - Returns: Whether `produce` ended in time.
    /// - Throws: The error of `produce`, unless it was cancelled because of the deadline.
    func run(until deadline: Double, _ produce: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let signal = StreamSignal()
            group.addTask {
                defer { signal.fire(.ofStream) }
                try await produce()
            }
            alarm.set(signal, at: deadline)
            defer { alarm.remove() }
            let isLate = await signal.wait() == .ofTime
            // When the task of the request is cancelled, the stream ends because of that.
            let isExpired = isLate && !Task.isCancelled
            if isLate { group.cancelAll() }
            do {
                try await group.next()
            } catch {
                guard isExpired else { throw error }
            }
            return !isExpired
        }
    }
}
